import type { QuotaMeter } from '../control/quota.ts';
import type { SlsRequest } from '../envelope/request.ts';
import type { QueryAccess } from '../query/contract.ts';
import type { Catalog, ProjectRecord } from '../storage/catalog.ts';
import type { Logstore } from '../storage/logstore.ts';

/** What an action works with. */
export interface ActionContext {
  readonly request: SlsRequest;
  /** Decompressed. */
  readonly body: Buffer;
  /** The `:name` parts of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly catalog: Catalog;
  readonly clock: () => number;
  readonly region: string;
  readonly quotas: QuotaMeter;
  readonly queries: QueryAccess;
}

/** What a successful action sends back: JSON, bytes, or nothing but headers. */
export interface ActionResult {
  readonly json?: unknown;
  readonly body?: { readonly bytes: Buffer; readonly contentType: string };
  readonly headers?: Readonly<Record<string, string | number>>;
}

export interface Action {
  /** The API's own name. */
  readonly name: string;
  readonly method: string;
  /** Parts between slashes; `:x` stands for any one part. */
  readonly path: string;
  /** Query values that tell actions on one path apart. */
  readonly query?: Readonly<Record<string, readonly string[]>>;
  /** One path shows a project, or lists them when the request names none. */
  readonly withoutProject?: true;
  readonly run: (context: ActionContext) => ActionResult | Promise<ActionResult>;
}

/** @throws SlsError ProjectNotExist */
export function requireProject(context: ActionContext): ProjectRecord {
  return context.catalog.project(context.request.project ?? '');
}

/** @throws SlsError ProjectNotExist, LogStoreNotExist */
export function requireLogstore(context: ActionContext): Logstore {
  const project = requireProject(context);
  return context.catalog.logstore(project.name, context.params.logstore ?? '');
}

/** Whole seconds since 1970. */
export function nowSeconds(context: ActionContext): number {
  return Math.floor(context.clock() / 1000);
}
