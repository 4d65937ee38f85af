import type { StoreFailure } from '../../shared/api/responses.ts';
import { type CheckVerifyLogOutcome, DOCUMENTED_CODES } from '../../shared/cloudauth/outcome.ts';
import {
  DeadlineError,
  ServiceError,
  SlsError,
  UpstreamHttpError,
  UpstreamTimeoutError,
} from '../../shared/errors.ts';
import { ProblemError, RETRY_AFTER_SECONDS } from '../../shared/fc/response.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { REQUEST_ID, type Trace } from './request.ts';

/** Why the log store did not take what was written, as far as a caller can use it. */
export function storeFailureOf(error: unknown): StoreFailure {
  if (error instanceof UpstreamTimeoutError || isTimeUp(error)) return 'timeout';
  if (error instanceof SlsError) {
    if (/Quota|Qps|ServerBusy/i.test(error.serverCode)) return 'quota';
    return error.status >= 500 ? 'failed' : 'refused';
  }
  if (error instanceof ServiceError) {
    return error.code === 'UPSTREAM_NETWORK' ? 'unreachable' : 'failed';
  }
  return 'failed';
}

/** Our own limits: the request's deadline, and AbortSignal.timeout, whose error is a DOMException of this name. */
function isTimeUp(error: unknown): boolean {
  return error instanceof DeadlineError || (error instanceof DOMException && error.name === 'TimeoutError');
}

/** Error codes of the SLS data plane that may be logged; any other text in their place is left out.
 * https://www.alibabacloud.com/help/en/sls/developer-reference/error-codes (read 2026-11-23) */
const SLS_CODES: ReadonlySet<string> = new Set([
  'IndexConfigNotExist',
  'InternalServerError',
  'InvalidAccessKeyId',
  'InvalidOffset',
  'InvalidQueryString',
  'InvalidTimeRange',
  'LogStoreNotExist',
  'LogStoreWithoutShard',
  'MetaOperationQpsLimitExceeded',
  'ParameterInvalid',
  'PostBodyInvalid',
  'PostBodyTooLarge',
  'ProjectForbidden',
  'ProjectNotExist',
  'ReadQuotaExceed',
  'RequestTimeExpired',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'ServerBusy',
  'ShardReadQuotaExceed',
  'ShardWriteQuotaExceed',
  'SignatureNotMatch',
  'Unauthorized',
  'WriteQuotaExceed',
]);

/**
 * What may be logged about an error: our own code, a status, a documented code, the service's request id. Never a
 * message, in which services repeat what they were sent.
 */
function logFieldsOf(error: unknown): Record<string, string | number | boolean> {
  if (!(error instanceof ServiceError)) return { error: 'INTERNAL' };
  const fields: Record<string, string | number | boolean> = { error: error.code };
  if (error instanceof SlsError || error instanceof UpstreamHttpError) {
    fields.errorStatus = error.status;
    if (SLS_CODES.has(error.serverCode)) fields.errorServerCode = error.serverCode;
    if (error.requestId !== undefined && REQUEST_ID.test(error.requestId))
      fields.errorRequestId = error.requestId;
  }
  return fields;
}

/** Puts a failure, if there was one, into the request's log line. */
export function noteFailure(trace: Trace, error: unknown): void {
  if (error !== undefined) Object.assign(trace.notes, logFieldsOf(error));
}

function documentedCode(code: string): string {
  return DOCUMENTED_CODES.has(code) || /^HTTP_\d{3}$/.test(code) ? code : 'undocumented';
}

/** The unit of the header is not documented: a larger value was probably meant in another one. */
const MAX_RETRY_AFTER_SECONDS = 10;

type NoAnswer = Exclude<CheckVerifyLogOutcome, { kind: 'answered' | 'not_completed' }>;

/**
 * What a caller is told when the service returned no result.
 * @param answeredAtMs when the service answered an earlier call, if the log store has that answer
 */
export function toUpstreamProblem(outcome: NoAnswer, answeredAtMs?: number): ProblemError {
  const code = documentedCode(outcome.code);
  const logFields = { upstreamCode: code };
  switch (outcome.kind) {
    case 'invalid':
      return new ProblemError(
        'TRANSACTION_INVALID',
        `ID Verification answered ${code}: it has no session of this TransactionId and MerchantBizId, or not any more.${earlier(answeredAtMs)}`,
        { logFields },
      );
    case 'throttled':
      return new ProblemError('THROTTLED', 'The quota of calls per second is used up.', {
        retryAfterSeconds: retryAfterSeconds(outcome.retryAfterMs),
        logFields,
      });
    case 'forbidden':
      return new ProblemError(
        'UPSTREAM_FORBIDDEN',
        `ID Verification answered ${code}. ${whatToFix(outcome.code)}`,
        { logFields },
      );
    case 'failed':
      return new ProblemError(FAILED_CODE[outcome.reason], FAILED_DETAIL[outcome.reason], {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        logFields,
      });
  }
}

/** The service forgets a session after 30 days; its record stays. */
function earlier(answeredAtMs: number | undefined): string {
  if (answeredAtMs === undefined) return '';
  return ` The log store has its answer of ${new Date(answeredAtMs).toISOString()} (idv-records).`;
}

function retryAfterSeconds(retryAfterMs: number | undefined): number {
  const seconds = Math.ceil((retryAfterMs ?? SECOND_MS) / SECOND_MS);
  return Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS);
}

const FAILED_CODE = {
  server: 'UPSTREAM_HTTP',
  network: 'UPSTREAM_NETWORK',
  timeout: 'UPSTREAM_TIMEOUT',
  contract: 'UPSTREAM_CONTRACT',
} as const;

const FAILED_DETAIL = {
  server: 'ID Verification answered with an error of its own.',
  network: 'ID Verification could not be reached.',
  timeout: 'ID Verification did not answer in time.',
  contract: 'ID Verification answered something that its contract does not allow.',
} as const;

function whatToFix(code: string): string {
  if (code === 'Forbidden.AccountAccessDenied') {
    return 'Activate ID Verification for this Alibaba Cloud account, and see that it has no overdue payment.';
  }
  if (code.startsWith('Forbidden')) {
    return "Attach the policy AliyunAntCloudAuthFullAccess to the function's role.";
  }
  return "The function's credentials were refused: check that its role exists and trusts Function Compute.";
}
