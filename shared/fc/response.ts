import { type Issue, ServiceError } from '../errors.ts';

/**
 * What can be wrong with a call to our HTTP API: every code with its status and title. Those up to DEADLINE_NEAR are
 * the codes of `ServiceError`, and have a `detail` here: a new one without it does not compile. The others are only
 * thrown as `ProblemError`, with their own detail.
 */
export const PROBLEMS = {
  CONFIG_INVALID: {
    status: 500,
    title: 'The function is not set up',
    detail: 'The settings of the function are not usable; its log names them.',
  },
  UPSTREAM_HTTP: {
    status: 502,
    title: 'A service refused the call',
    detail: 'A service behind this API answered with an error.',
  },
  UPSTREAM_NETWORK: {
    status: 502,
    title: 'A service could not be reached',
    detail: 'A service behind this API could not be reached.',
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    title: 'A service did not answer in time',
    detail: 'A service behind this API did not answer in time.',
  },
  UPSTREAM_CONTRACT: {
    status: 502,
    title: 'A service answered something unexpected',
    detail: 'A service behind this API answered something that its contract does not allow.',
  },
  SLS: {
    status: 503,
    title: 'Simple Log Service refused the call',
    detail: 'Simple Log Service refused the call; the log of this request says why.',
  },
  DEADLINE_NEAR: {
    status: 504,
    title: "The function's time is over",
    detail: "The function's own time limit was reached before the work was done.",
  },
  INPUT_INVALID: { status: 400, title: 'The request is not valid' },
  UNAUTHORIZED: { status: 401, title: 'A valid bearer token is required' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is nothing at this path' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The method is not allowed here' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The content type is not supported' },
  TRANSACTION_INVALID: { status: 404, title: 'ID Verification does not know this transaction' },
  NOT_COMPLETED: { status: 409, title: 'The verification is not completed yet' },
  THROTTLED: { status: 429, title: 'ID Verification asks to slow down' },
  UPSTREAM_FORBIDDEN: { status: 502, title: 'ID Verification refuses our access' },
  NOT_STORED: { status: 503, title: 'Nothing was stored' },
  SWEEP_NOT_CONFIGURED: { status: 501, title: 'No sweep function is set up' },
  CREDENTIALS_MISSING: { status: 500, title: 'The function has no credentials' },
  INTERNAL: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { status: number; title: string; detail?: string }>;
export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

interface ProblemOptions {
  readonly issues?: readonly Issue[];
  readonly retryAfterSeconds?: number;
  /** Extra response headers, such as Allow. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only. JSON-safe, no content, no credential. */
  readonly logFields?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/**
 * An error that a caller of our API is meant to read: `message` is the problem's `detail` and must hold nothing that
 * came from outside. Not a ServiceError: those describe what went wrong, this what the caller is told.
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

/** RFC 9457, https://www.rfc-editor.org/rfc/rfc9457 */
interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  requestId: string;
  retryAfterSeconds?: number;
  issues?: Issue[];
}

/**
 * What a handler behind an HTTP trigger returns, always with all four members: what FC does with fewer is not
 * documented. Headers are one string per name.
 * https://help.aliyun.com/en/functioncompute/fc/user-guide/http-triggers-overview (read 2026-11-23)
 */
export interface FcResponse {
  statusCode: number;
  headers: Record<string, string>;
  isBase64Encoded: boolean;
  body: string;
}

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

/** SLS counts quotas per minute or second: a few seconds let a burst pass and cost the caller little. */
export const RETRY_AFTER_SECONDS = 5;

/** What a caller is told about a thrown value: an unexpected one becomes a plain 500. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof ServiceError) {
    return new ProblemError(error.code, PROBLEMS[error.code].detail, {
      ...(error.retryable ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
      cause: error,
    });
  }
  return new ProblemError('INTERNAL', 'The log of this request says more.', { cause: error });
}

/** A caller repairs the first ones; more would only make the response long. */
const MAX_ISSUES = 100;

/** The problem document alone, without an HTTP response around it. */
export function toProblem(error: ProblemError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:idv-dropoff:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
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
