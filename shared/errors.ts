/**
 * The errors of this project. They are identified by their literal `code`, since class names do not survive
 * minification. `retryable` says whether the same call may succeed later. Messages go to the log, so they never hold a
 * credential, a header or a URL query.
 */
type ErrorCode =
  | 'CONFIG_INVALID'
  | 'UPSTREAM_HTTP'
  | 'UPSTREAM_NETWORK'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_CONTRACT'
  | 'SLS'
  | 'DEADLINE_NEAR';

export abstract class ServiceError extends Error {
  abstract readonly code: ErrorCode;
  abstract readonly retryable: boolean;
}

/** One thing that is wrong with a caller's input: where, and what it must be. */
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
    super(`bad settings: ${issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ')}`);
    this.issues = issues;
  }
}

/** The connection was refused or reset, or the name did not resolve. */
export class UpstreamNetworkError extends ServiceError {
  override readonly name = 'UpstreamNetworkError';
  readonly code = 'UPSTREAM_NETWORK';
  readonly retryable = true;
}

/** No response in time. The call may have taken effect. */
export class UpstreamTimeoutError extends ServiceError {
  override readonly name = 'UpstreamTimeoutError';
  readonly code = 'UPSTREAM_TIMEOUT';
  readonly retryable = true;
}

/** The response is not what the service's contract says. Not a network error: the service was reached. */
export class UpstreamContractError extends ServiceError {
  override readonly name = 'UpstreamContractError';
  readonly code = 'UPSTREAM_CONTRACT';
  readonly retryable = true;
}

/** The platform's timeout is too near to start or go on. */
export class DeadlineError extends ServiceError {
  override readonly name = 'DeadlineError';
  readonly code = 'DEADLINE_NEAR';
  readonly retryable = true;
}

/** A service responded with an error status. */
export class UpstreamHttpError extends ServiceError {
  override readonly name = 'UpstreamHttpError';
  readonly code = 'UPSTREAM_HTTP';
  readonly retryable: boolean;
  readonly status: number;
  readonly serverCode: string;
  readonly requestId: string | undefined;

  constructor(status: number, serverCode: string, requestId?: string) {
    super(`the service returned ${status} ${serverCode}`);
    this.status = status;
    this.serverCode = serverCode;
    this.requestId = requestId;
    this.retryable = isTransient(status);
  }
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

  /** @param call "SLS PutLogs on idv-records", where it is known */
  constructor(
    status: number,
    serverCode: string,
    message: string,
    { call = 'SLS', requestId }: { call?: string; requestId?: string | undefined } = {},
  ) {
    super(`${call} returned ${status} ${serverCode}: ${message}`);
    this.status = status;
    this.serverCode = serverCode;
    this.requestId = requestId;
    this.retryable = isTransient(status) || /Quota|Qps|ServerBusy/i.test(serverCode);
  }
}

function isTransient(status: number): boolean {
  return status >= 500 || status === 429;
}
