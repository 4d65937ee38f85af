/**
 * The return codes of https://www.alibabacloud.com/help/doc-detail/2879914.html (read 2026-11-23), which lists them
 * under "HTTP status code".
 */
export const RETURN_CODES = {
  Success: { status: 200, message: 'success' },
  MissingParameter: { status: 400, message: 'A required parameter is missing.' },
  InvalidParameter: { status: 400, message: 'A parameter is not valid.' },
  TransactionIdInvalid: { status: 400, message: 'The TransactionId is not valid.' },
  'Forbidden.RAMUserAccessDenied': {
    status: 403,
    message: 'The RAM user lacks the permission AliyunAntCloudAuthFullAccess.',
  },
  'Forbidden.AccountAccessDenied': { status: 403, message: 'The account has no access to this service.' },
  'Throttling.Api': { status: 403, message: 'Request was denied due to api flow control.' },
  ProcessNotCompleted: { status: 404, message: 'The verification process is not completed.' },
  InternalError: { status: 500, message: 'An internal error occurred.' },
} as const;

export type ReturnCode = keyof typeof RETURN_CODES;
