import {
  DeadlineError,
  ServiceError,
  SlsError,
  UpstreamHttpError,
  UpstreamTimeoutError,
} from '../../shared/errors.ts';

/** Why the log store did not take what we wrote, as far as a caller can use it. */
export const STORE_FAILURES = ['refused', 'quota', 'unreachable', 'timeout', 'failed'] as const;
export type StoreFailure = (typeof STORE_FAILURES)[number];

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

/** Error codes of the SLS data plane that may stand in a log; any other text in their place is left out.
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
const REQUEST_ID = /^[0-9A-Fa-f-]{8,64}$/;

/**
 * What the log may say of an error: our own code, a status, a documented code, the service's request id. Never a
 * message: services repeat what they were sent in theirs.
 */
export function logFieldsOf(error: unknown): Record<string, string | number | boolean> {
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
