import type { Credentials, CredentialsProvider } from '../credentials.ts';
import { DeadlineError } from '../errors.ts';
import { SECOND_MS } from '../time.ts';
import { ProblemError } from './response.ts';

/**
 * The second argument of a Node.js handler in Function Compute, as far as it is used here.
 * https://www.alibabacloud.com/help/zh/fc/context-3 (read 2026-11-23). `credentials` is `{}` without a role.
 */
export interface FcContext {
  requestId: string;
  credentials?: { accessKeyId?: string; accessKeySecret?: string; securityToken?: string };
  /** Seconds. */
  function?: { timeout?: number };
  accountId?: string;
}

/** The context as the platform, or an emulator, passes it. Members of another type are ignored. */
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

interface MaybeCredentials {
  readonly accessKeyId?: string | undefined;
  readonly accessKeySecret?: string | undefined;
  readonly securityToken?: string | undefined;
}

/**
 * The newest keys of the function's role. They belong to the instance, not to a request: FC provides keys of the
 * same role with every invocation, and the latest are valid for every call under way. Clients ask for them at each
 * call, so that they and their connections outlive a request.
 */
export interface RoleCredentials {
  /** Takes the keys of an invocation, if it has any. */
  refresh(context: FcContext): void;
  /** @throws ProblemError CREDENTIALS_MISSING */
  readonly provide: CredentialsProvider & (() => Credentials);
}

/** @param environment the instance's own keys, used until an invocation brings some */
export function createRoleCredentials(environment: MaybeCredentials): RoleCredentials {
  let newest = usable(environment);
  return {
    refresh({ credentials = {} }) {
      newest = usable(credentials) ?? newest;
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

function usable(keys: MaybeCredentials): Credentials | undefined {
  const { accessKeyId, accessKeySecret, securityToken } = keys;
  if (!accessKeyId || !accessKeySecret) return undefined;
  return { accessKeyId, accessKeySecret, ...(securityToken ? { securityToken } : {}) };
}

/** Where the context has no timeout. s.yaml sets 60 s. */
const DEFAULT_TIMEOUT_MS = 60_000;
/** Reserved for the response, before the platform ends the invocation. */
const RESPONSE_MARGIN_MS = 1_500;

/** The time limit of one invocation. Call `close` once the response is made. */
export interface Deadline {
  readonly signal: AbortSignal;
  remainingMs(): number;
  close(): void;
}

export function startDeadline(context: FcContext, now: () => number): Deadline {
  const { timeout = 0 } = context.function ?? {};
  const timeoutMs = Number.isFinite(timeout) && timeout > 0 ? timeout * SECOND_MS : DEFAULT_TIMEOUT_MS;
  // With a timeout of a second or two, half is for work rather than none.
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
