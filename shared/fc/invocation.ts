import type { Credentials, CredentialsProvider } from '../credentials.ts';
import { DeadlineError } from '../errors.ts';
import { SECOND_MS } from '../time.ts';
import { ProblemError } from './response.ts';

/**
 * What Function Compute hands to a Node.js handler besides the event, as far as it is used here.
 * https://www.alibabacloud.com/help/zh/fc/context-3 (read 2026-11-23). `credentials` is `{}` without a role.
 */
export interface FcContext {
  requestId: string;
  credentials?: { accessKeyId?: string; accessKeySecret?: string; securityToken?: string };
  /** Seconds. */
  function?: { timeout?: number };
  accountId?: string;
}

/** The context comes from the platform, or from whoever stands in for it: only what has the right type is taken. */
export function readContext(raw: unknown): FcContext {
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

/**
 * The function role's keys: the context's, which are fresh for every invocation, else the environment's, which
 * are as old as the instance.
 */
export function credentialsOf(
  context: FcContext,
  environment: {
    accessKeyId?: string | undefined;
    accessKeySecret?: string | undefined;
    securityToken?: string | undefined;
  },
): Credentials | undefined {
  for (const { accessKeyId, accessKeySecret, securityToken } of [context.credentials ?? {}, environment]) {
    if (accessKeyId && accessKeySecret) {
      return securityToken
        ? { accessKeyId, accessKeySecret, securityToken }
        : { accessKeyId, accessKeySecret };
    }
  }
  return undefined;
}

/**
 * The newest keys of the function's role. They belong to the instance, not to a request: FC hands out the same
 * role's keys with every invocation, and whichever came last is good for every call under way. So that the
 * clients and their connections outlive a request, they ask this for keys instead of being made with them.
 */
export interface RoleCredentials {
  /** Takes the keys of an invocation, if it brought any. */
  refresh(context: FcContext): void;
  /** @throws ProblemError CREDENTIALS_MISSING */
  readonly provide: CredentialsProvider & (() => Credentials);
}

export function createRoleCredentials(environment: Parameters<typeof credentialsOf>[1]): RoleCredentials {
  let newest = credentialsOf({ requestId: '' }, environment);
  return {
    refresh(context) {
      newest = credentialsOf(context, {}) ?? newest;
    },
    provide() {
      if (newest === undefined) {
        throw new ProblemError(
          'CREDENTIALS_MISSING',
          'Give the function a role: it was invoked without any keys.',
        );
      }
      return newest;
    },
  };
}

/** FC's context has no remaining-time method; a function's `timeout` is in seconds. s.yaml sets 60. */
const DEFAULT_TIMEOUT_MS = 60_000;
/** Kept back to turn what was reached into a response before the platform cuts the invocation off. */
const RESPONSE_MARGIN_MS = 1_500;

/** The time one invocation has. Belongs to its request; `close` when the response is made. */
export interface Deadline {
  readonly signal: AbortSignal;
  remainingMs(): number;
  close(): void;
}

export function startDeadline(context: FcContext, now: () => number): Deadline {
  const timeout = context.function?.timeout;
  const seconds =
    typeof timeout === 'number' && Number.isFinite(timeout) && timeout > 0 ? timeout : undefined;
  const timeoutMs = seconds === undefined ? DEFAULT_TIMEOUT_MS : seconds * SECOND_MS;
  // A function of one or two seconds keeps half for work rather than none.
  const spanMs = Math.max(timeoutMs - RESPONSE_MARGIN_MS, timeoutMs / 2);
  const atMs = now() + spanMs;
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DeadlineError("the function's own time limit was reached")),
    Math.min(spanMs, 0x7fffffff),
  );
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, atMs - now()),
    close: () => clearTimeout(timer),
  };
}
