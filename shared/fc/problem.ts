import type { Issue } from '../errors.ts';

/**
 * What can be wrong with a call to our HTTP API, as a stable code: the one list of them. Those up to DEADLINE_NEAR are
 * the codes of `ServiceError` and stand for themselves; the others exist only towards a caller.
 */
export const PROBLEM_CODES = [
  'CONFIG_INVALID',
  'INPUT_INVALID',
  'NOT_FOUND',
  'UPSTREAM_HTTP',
  'UPSTREAM_NETWORK',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_CONTRACT',
  'SLS',
  'LEASE_LOST',
  'DEADLINE_NEAR',
  'UNAUTHORIZED',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'TRANSACTION_INVALID',
  'NOT_COMPLETED',
  'THROTTLED',
  'UPSTREAM_FORBIDDEN',
  'NOT_STORED',
  'SWEEP_NOT_CONFIGURED',
  'CREDENTIALS_MISSING',
  'INTERNAL',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

export interface ProblemOptions {
  readonly issues?: readonly Issue[];
  readonly retryAfterSeconds?: number;
  /** Extra response headers, such as Allow. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only. JSON-safe, no content, no credential. */
  readonly logFields?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/**
 * A refusal that its caller is meant to read: `message` is the problem's `detail` and must hold nothing that
 * came from outside. Not a ServiceError: those describe what went wrong, this says what is answered.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly issues: readonly Issue[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly logFields: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
    this.logFields = options.logFields ?? {};
  }
}
