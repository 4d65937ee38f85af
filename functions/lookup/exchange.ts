import type { FcContext } from '../../shared/fc/context.ts';
import { type Deadline, startDeadline } from '../../shared/fc/deadline.ts';
import type { HttpRequest } from '../../shared/fc/event.ts';
import type { Clock } from '../../shared/time.ts';
import { createTrace, type Trace } from './trace.ts';

/** One invocation, from its raw event to its answer: all state of a request is here, none in a module. */
export interface Exchange {
  readonly rawEvent: unknown;
  readonly context: FcContext;
  readonly startedAtMs: number;
  readonly trace: Trace;
  readonly deadline: Deadline;
  requestId: string;
  /** Set once the event is understood. */
  http: HttpRequest | undefined;
}

export function openExchange(rawEvent: unknown, rawContext: unknown, clock: Clock): Exchange {
  const context = toContext(rawContext);
  return {
    rawEvent,
    context,
    startedAtMs: clock.now(),
    trace: createTrace(),
    deadline: startDeadline(context, () => clock.now()),
    requestId: context.requestId,
    http: undefined,
  };
}

/** The context comes from the platform, or from whoever stands in for it: only what has the right type is taken. */
function toContext(raw: unknown): FcContext {
  const given = members(raw);
  const credentials = members(given.credentials);
  const { timeout } = members(given.function);
  return {
    requestId: textOf(given.requestId) ?? '',
    credentials: {
      ...optional('accessKeyId', textOf(credentials.accessKeyId)),
      ...optional('accessKeySecret', textOf(credentials.accessKeySecret)),
      ...optional('securityToken', textOf(credentials.securityToken)),
    },
    ...(typeof timeout === 'number' ? { function: { timeout } } : {}),
    ...optional('accountId', textOf(given.accountId)),
  };
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}
