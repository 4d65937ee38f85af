/**
 * The error codes of the service with the HTTP status each comes with. Sources: "Common error codes" and the
 * API pages of the English documentation, the Go SDK's error_code.go, the observability MCP server's list (all
 * read 2026-11-23). Where the sources give two statuses for one code, the call that differs says so itself.
 */
export const ERROR_STATUS = {
  BadRequest: 400,
  ConsumerGroupAlreadyExist: 400,
  ConsumerGroupQuotaExceed: 400,
  // No source gives its status; the official consumer libraries give up the shard on the code alone.
  ConsumerNotMatch: 400,
  IndexAlreadyExist: 400,
  IndexConfigNotExist: 400,
  IndexInfoInvalid: 400,
  InvalidAPIVersion: 400,
  InvalidBodyRawSize: 400,
  InvalidCompressType: 400,
  InvalidCursor: 400,
  InvalidDateFormat: 400,
  InvalidEncoding: 400,
  InvalidKey: 400,
  InvalidLine: 400,
  InvalidLogStoreQuery: 400,
  InvalidOffset: 400,
  InvalidParameter: 400,
  InvalidQueryString: 400,
  InvalidReverse: 400,
  InvalidSequenceId: 400,
  InvalidShardCheckPoint: 400,
  InvalidSignatureMethod: 400,
  InvalidTimeRange: 400,
  InvalidTimestamp: 400,
  JobAlreadyExist: 400,
  JsonInfoInvalid: 400,
  LogStoreAlreadyExist: 400,
  LogStoreInfoInvalid: 400,
  LogStoreWithoutShard: 400,
  MissAccessKeyId: 400,
  MissingAPIVersion: 400,
  MissingBodyRawSize: 400,
  MissingContentType: 400,
  MissingDate: 400,
  MissingHost: 400,
  MissingSignatureMethod: 400,
  NotExistConsumerWithBody: 400,
  NotSupported: 400,
  ParameterInvalid: 400,
  PostBodyInvalid: 400,
  PostBodyUncompressError: 400,
  ProjectAlreadyExist: 400,
  RequestTimeExpired: 400,
  RequestTimeTooSkewed: 400,
  ShardNotExist: 400,
  InvalidAccessKeyId: 401,
  SignatureNotMatch: 401,
  Unauthorized: 401,
  MetaOperationQpsLimitExceeded: 403,
  ProjectForbidden: 403,
  ProjectQuotaExceed: 403,
  ReadQuotaExceed: 403,
  ShardReadQuotaExceed: 403,
  ShardWriteQuotaExceed: 403,
  WriteQuotaExceed: 403,
  AlertNotExist: 404,
  ConsumerGroupNotExist: 404,
  ConsumerNotExist: 404,
  DashboardNotExist: 404,
  JobNotExist: 404,
  LogStoreNotExist: 404,
  ProjectNotExist: 404,
  SavedSearchNotExist: 404,
  MissingContentLength: 411,
  PostBodyTooLarge: 413,
  InvalidContentType: 415,
  InternalServerError: 500,
  RequestTimeout: 500,
  ServerBusy: 503,
} as const satisfies Record<string, number>;

export type SlsErrorCode = keyof typeof ERROR_STATUS;

/** Tells a known error code from any other string. */
export function isSlsErrorCode(code: string): code is SlsErrorCode {
  return Object.hasOwn(ERROR_STATUS, code);
}

/** What the caller gets instead of a result. */
export class SlsError extends Error {
  override readonly name = 'SlsError';
  readonly code: SlsErrorCode;
  readonly status: number;

  constructor(code: SlsErrorCode, message: string, status: number = ERROR_STATUS[code]) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
