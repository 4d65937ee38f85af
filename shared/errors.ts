/**
 * The errors of this project. Identity is the literal `code` (class names do not survive minification);
 * `retryable` says whether the same call may succeed later. Details are JSON-safe and never hold a credential,
 * a header or a URL query: they go to the log.
 */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'INPUT_INVALID'
  | 'NOT_FOUND'
  | 'UPSTREAM_HTTP'
  | 'UPSTREAM_NETWORK'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_CONTRACT'
  | 'SLS'
  | 'LEASE_LOST'
  | 'DEADLINE_NEAR';

export interface ErrorOptions {
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

export abstract class ServiceError extends Error {
  abstract readonly code: ErrorCode;
  abstract readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, { details = {}, cause }: ErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.details = details;
  }
}

/** One thing wrong with what a caller sent: where, and what to do. */
export interface Issue {
  path: string;
  message: string;
}

/** The settings are unusable. Names every bad key, never a value. */
export class ConfigError extends ServiceError {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  readonly retryable = false;
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(`bad settings: ${issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ')}`, {
      details: { issues },
    });
    this.issues = issues;
  }
}

/** A caller's mistake, with the path of every bad field. */
export class InputError extends ServiceError {
  override readonly name = 'InputError';
  readonly code = 'INPUT_INVALID';
  readonly retryable = false;
  readonly issues: readonly Issue[];

  constructor(message: string, issues: readonly Issue[] = []) {
    super(message, { details: { issues } });
    this.issues = issues;
  }
}

export class NotFoundError extends ServiceError {
  override readonly name = 'NotFoundError';
  readonly code = 'NOT_FOUND';
  readonly retryable = false;
}

/** A service answered with an error status. */
export class UpstreamHttpError extends ServiceError {
  override readonly name = 'UpstreamHttpError';
  readonly code = 'UPSTREAM_HTTP';
  readonly retryable: boolean;
  readonly status: number;
  readonly serverCode: string;
  readonly requestId: string | undefined;

  constructor(status: number, serverCode: string, requestId?: string, options?: ErrorOptions) {
    super(`the service answered ${status} ${serverCode}`, options);
    this.status = status;
    this.serverCode = serverCode;
    this.requestId = requestId;
    this.retryable = status >= 500 || status === 429;
  }
}

/** No answer came: refused, reset, or the name did not resolve. */
export class UpstreamNetworkError extends ServiceError {
  override readonly name = 'UpstreamNetworkError';
  readonly code = 'UPSTREAM_NETWORK';
  readonly retryable = true;
}

/** No answer in time. The call may have taken effect. */
export class UpstreamTimeoutError extends ServiceError {
  override readonly name = 'UpstreamTimeoutError';
  readonly code = 'UPSTREAM_TIMEOUT';
  readonly retryable = true;
}

/** An answer came, but not what the contract says. Distinct from a network error: the service was reached. */
export class UpstreamContractError extends ServiceError {
  override readonly name = 'UpstreamContractError';
  readonly code = 'UPSTREAM_CONTRACT';
  readonly retryable = true;
}

/**
 * SLS refused a call: the documented `errorCode` is in `serverCode`.
 * https://www.alibabacloud.com/help/en/sls/developer-reference/error-codes
 */
export class SlsError extends ServiceError {
  override readonly name = 'SlsError';
  readonly code = 'SLS';
  readonly retryable: boolean;
  readonly status: number;
  readonly serverCode: string;
  readonly requestId: string | undefined;

  constructor(
    status: number,
    serverCode: string,
    message: string,
    requestId?: string,
    options?: ErrorOptions,
  ) {
    super(`SLS answered ${status} ${serverCode}: ${message}`, options);
    this.status = status;
    this.serverCode = serverCode;
    this.requestId = requestId;
    this.retryable = status >= 500 || status === 429 || /Quota|Qps|ServerBusy/i.test(serverCode);
  }
}

/** Another run holds the shard. Stop; write nothing more. */
export class LeaseLostError extends ServiceError {
  override readonly name = 'LeaseLostError';
  readonly code = 'LEASE_LOST';
  readonly retryable = false;
}

/** The platform's timeout is too near to begin this. */
export class DeadlineError extends ServiceError {
  override readonly name = 'DeadlineError';
  readonly code = 'DEADLINE_NEAR';
  readonly retryable = true;
}
