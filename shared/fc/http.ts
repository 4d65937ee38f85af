import type { ErrorCode, Issue } from '../errors.ts';
import { ServiceError, SlsError } from '../errors.ts';
import { type ProblemCode, ProblemError } from './problem.ts';

/**
 * What a handler behind an HTTP trigger returns. Always all four members: what FC does with less is not
 * documented. Headers are one string per name.
 * https://help.aliyun.com/en/functioncompute/fc/user-guide/http-triggers-overview (read 2026-11-23)
 */
export interface FcResponse {
  statusCode: number;
  headers: Record<string, string>;
  isBase64Encoded: boolean;
  body: string;
}

/** One status for each code: a new code without a status does not compile. */
export const STATUS_BY_CODE = {
  CONFIG_INVALID: 500,
  INPUT_INVALID: 400,
  NOT_FOUND: 404,
  UPSTREAM_HTTP: 502,
  UPSTREAM_NETWORK: 502,
  UPSTREAM_TIMEOUT: 504,
  UPSTREAM_CONTRACT: 502,
  SLS: 503,
  LEASE_LOST: 500,
  DEADLINE_NEAR: 504,
  UNAUTHORIZED: 401,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  TRANSACTION_INVALID: 404,
  NOT_COMPLETED: 409,
  THROTTLED: 429,
  UPSTREAM_FORBIDDEN: 502,
  NOT_STORED: 503,
  SWEEP_NOT_CONFIGURED: 501,
  CREDENTIALS_MISSING: 500,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number> & Record<ProblemCode, number>;

const TITLE_BY_CODE = {
  CONFIG_INVALID: 'The function is not set up',
  INPUT_INVALID: 'The request is not valid',
  NOT_FOUND: 'Not found',
  UPSTREAM_HTTP: 'A service refused the call',
  UPSTREAM_NETWORK: 'A service could not be reached',
  UPSTREAM_TIMEOUT: 'A service did not answer in time',
  UPSTREAM_CONTRACT: 'A service answered something unexpected',
  SLS: 'Simple Log Service refused the call',
  LEASE_LOST: 'Another run took over',
  DEADLINE_NEAR: "The function's time is over",
  UNAUTHORIZED: 'A valid bearer token is required',
  ROUTE_NOT_FOUND: 'There is nothing at this path',
  METHOD_NOT_ALLOWED: 'The method is not allowed here',
  BODY_TOO_LARGE: 'The body is too large',
  MEDIA_TYPE_UNSUPPORTED: 'The content type is not supported',
  TRANSACTION_INVALID: 'ID Verification does not know this transaction',
  NOT_COMPLETED: 'The verification is not completed yet',
  THROTTLED: 'ID Verification asks to slow down',
  UPSTREAM_FORBIDDEN: 'ID Verification refuses our access',
  NOT_STORED: 'Nothing was stored',
  SWEEP_NOT_CONFIGURED: 'No sweep function is set up',
  CREDENTIALS_MISSING: 'The function has no credentials',
  INTERNAL: 'Something went wrong on our side',
} as const satisfies Record<ProblemCode, string>;

/** RFC 9457, https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  requestId: string;
  retryAfterSeconds?: number;
  issues?: readonly Issue[];
}

/** More would only make the answer long; the first ones are what a caller repairs. */
const MAX_ISSUES = 100;

const COMMON_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

export function jsonResponse(
  statusCode: number,
  value: unknown,
  headers: Record<string, string> = {},
): FcResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json; charset=utf-8', ...COMMON_HEADERS, ...headers },
    isBase64Encoded: false,
    body: JSON.stringify(value),
  };
}

export function emptyResponse(statusCode: number, headers: Record<string, string> = {}): FcResponse {
  return { statusCode, headers: { ...COMMON_HEADERS, ...headers }, isBase64Encoded: false, body: '' };
}

/** The answer a caller gets for a thrown value: everything that is not meant for them becomes a plain 500. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof SlsError) {
    return new ProblemError('SLS', 'Simple Log Service refused the call; the log of this request says why.', {
      ...(error.retryable ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
      cause: error,
    });
  }
  if (error instanceof ServiceError) {
    return new ProblemError(error.code, DETAIL_BY_CODE[error.code], {
      ...(error.retryable ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
      cause: error,
    });
  }
  return new ProblemError('INTERNAL', 'The log of this request says more.', { cause: error });
}

/** Quotas of SLS are counted per minute or second; a few seconds let a burst pass without idling a caller. */
export const RETRY_AFTER_SECONDS = 5;

const DETAIL_BY_CODE = {
  CONFIG_INVALID: 'The settings of the function are not usable; its log names them.',
  UPSTREAM_HTTP: 'A service behind this API answered with an error.',
  UPSTREAM_NETWORK: 'A service behind this API could not be reached.',
  UPSTREAM_TIMEOUT: 'A service behind this API did not answer in time.',
  UPSTREAM_CONTRACT: 'A service behind this API answered something that its contract does not allow.',
  SLS: 'Simple Log Service refused the call.',
  DEADLINE_NEAR: "The function's own time limit was reached before the work was done.",
} as const satisfies Record<ErrorCode, string>;

/** The problem document, without its HTTP clothes. */
export function toProblem(error: ProblemError, requestId: string): Problem {
  return {
    type: `urn:idv-dropoff:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: TITLE_BY_CODE[error.code],
    status: STATUS_BY_CODE[error.code],
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    ...(error.issues === undefined || error.issues.length === 0
      ? {}
      : { issues: error.issues.slice(0, MAX_ISSUES) }),
  };
}

export function problemResponse(error: ProblemError, requestId: string): FcResponse {
  const problem = toProblem(error, requestId);
  const response = jsonResponse(problem.status, problem, { ...error.headers });
  response.headers['content-type'] = 'application/problem+json; charset=utf-8';
  if (problem.retryAfterSeconds !== undefined)
    response.headers['retry-after'] = String(problem.retryAfterSeconds);
  return response;
}
