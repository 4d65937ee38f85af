import type { SlsRequest } from '../envelope/request.ts';
import type { Action } from './action.ts';
import { CONSUMER_GROUP_ACTIONS } from './consumer-group.ts';
import { DOCUMENT_ACTIONS, JOB_ACTIONS } from './document.ts';
import { QUERY_ACTIONS } from './get-logs.ts';
import { INDEX_ACTIONS } from './index-config.ts';
import { PULL_LOGS_ACTIONS, PUT_LOGS_ACTIONS } from './logs.ts';
import { LOGSTORE_ACTIONS } from './logstore.ts';
import { PROJECT_ACTIONS } from './project.ts';
import { SHARD_ACTIONS } from './shard.ts';

/** Every action; of those whose path fits, one that asks for a query value goes before one that does not. */
const ACTIONS: readonly Action[] = [
  ...PROJECT_ACTIONS,
  ...QUERY_ACTIONS,
  ...PULL_LOGS_ACTIONS,
  ...PUT_LOGS_ACTIONS,
  ...SHARD_ACTIONS,
  ...INDEX_ACTIONS,
  ...LOGSTORE_ACTIONS,
  ...CONSUMER_GROUP_ACTIONS,
  ...DOCUMENT_ACTIONS,
  ...JOB_ACTIONS,
];

/** The names of all actions, for rules that name one. */
export const ACTION_NAMES: ReadonlySet<string> = new Set(ACTIONS.map((action) => action.name));

export interface Route {
  readonly action: Action;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the action of a request; undefined when the API has none. */
export function findRoute(request: SlsRequest): Route | undefined {
  for (const action of ACTIONS) {
    if (action.method !== request.method) continue;
    if (action.withoutProject && request.project !== undefined) continue;
    const params = matchPath(action.path, request.path);
    if (params !== undefined && matchesQuery(action, request)) return { action, params };
  }
  return undefined;
}

function matchPath(pattern: string, path: readonly string[]): Record<string, string> | undefined {
  const parts = pattern.split('/').filter(Boolean);
  if (parts.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    const given = path[i] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = given;
    else if (part !== given) return undefined;
  }
  return params;
}

function matchesQuery(action: Action, request: SlsRequest): boolean {
  return Object.entries(action.query ?? {}).every(([name, values]) =>
    values.includes(request.query.get(name) ?? ''),
  );
}
