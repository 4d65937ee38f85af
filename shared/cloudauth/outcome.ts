import type { Credentials } from '../credentials.ts';
import { type IncomingResponse, safeMessage, safeToken } from '../openapi/transport.ts';

interface Common {
  /** The return code as received, or our own name for a failure without one (NETWORK, TIMEOUT, CONTRACT, HTTP_<status>). */
  code: string;
  requestId?: string;
}

/** How a call ended, by its return code or its failure. Nothing is thrown. */
export type CheckVerifyLogOutcome =
  | (Common & { kind: 'answered'; result: unknown })
  | (Common & { kind: 'not_completed' })
  /** TransactionIdInvalid, InvalidParameter, MissingParameter: asking again cannot help. */
  | (Common & { kind: 'invalid'; message: string })
  | (Common & { kind: 'throttled'; retryAfterMs?: number })
  /** Forbidden.* or refused credentials. */
  | (Common & { kind: 'forbidden'; message: string })
  /** InternalError, 5xx, network, timeout, or a body that is not the contract. */
  | (Common & { kind: 'failed'; reason: 'server' | 'network' | 'timeout' | 'contract'; status?: number });

/**
 * How return codes are read. Codes: https://www.alibabacloud.com/help/doc-detail/2879914.html (read
 * 2026-11-23). It is not documented whether a business code comes with its own HTTP status or with 200, so the
 * code decides and the status only helps where there is no code, or none that is known.
 */
type Kind = Exclude<CheckVerifyLogOutcome['kind'], 'answered' | 'failed'> | 'server';

/** The first pattern that matches decides. */
const KIND_BY_CODE: ReadonlyArray<readonly [RegExp, Kind]> = [
  [/^ProcessNotCompleted(\.|$)/, 'not_completed'],
  [/^(TransactionIdInvalid|InvalidParameter|MissingParameter)(\.|$)/, 'invalid'],
  // The gateway names a missing parameter in the code itself.
  [/^Missing(TransactionId|MerchantBizId)$/, 'invalid'],
  [/^Throttling(\.|$)/, 'throttled'],
  [/^(Forbidden|NoPermission|Unauthorized)(\.|$)/, 'forbidden'],
  // Refused credentials, and a clock so wrong that signatures are refused: asking again cannot help.
  [/^(Invalid|Missing)(AccessKeyId|SecurityToken)(\.|$)/, 'forbidden'],
  [/^(SignatureDoesNotMatch|IncompleteSignature|InvalidTimeStamp)(\.|$)/, 'forbidden'],
  [/Expired$/, 'forbidden'],
  // A nonce seen twice: the request was repeated in transit. The next call has another nonce.
  [/^(InternalError|ServiceUnavailable|SignatureNonceUsed)(\.|$)/, 'server'],
];

/**
 * Codes that may be named to a caller: the documented ones and our own for a failure without one. Any other came from
 * somewhere else and is not repeated.
 */
export const DOCUMENTED_CODES: ReadonlySet<string> = new Set([
  'MissingParameter',
  'InvalidParameter',
  'TransactionIdInvalid',
  'Forbidden.RAMUserAccessDenied',
  'Forbidden.AccountAccessDenied',
  'Throttling.Api',
  'Throttling.User',
  'Throttling',
  'ProcessNotCompleted',
  'InternalError',
  'InvalidAccessKeyId.NotFound',
  'InvalidAccessKeyId.Inactive',
  'InvalidSecurityToken.Expired',
  'InvalidSecurityToken.Malformed',
  'SignatureDoesNotMatch',
  'NETWORK',
  'TIMEOUT',
  'CONTRACT',
]);

/** The unit of Retry-After is not documented: below this it is read as seconds, else as milliseconds. */
const SECONDS_BELOW = 100;
const MAX_RETRY_AFTER_MS = 10_000;

interface Envelope {
  readonly code: string | undefined;
  readonly message: unknown;
  readonly requestId: string | undefined;
  readonly result: unknown;
}

/** Never throws; nothing of the response but code, request id, message and Result is kept. */
export function toOutcome(response: IncomingResponse, credentials?: Credentials): CheckVerifyLogOutcome {
  const { status } = response;
  const envelope = readEnvelope(response.body);
  const requestId = envelope?.requestId ?? safeToken(response.headers['x-acs-request-id']);
  const ids = requestId === undefined ? {} : { requestId };
  const contract = (code: string): CheckVerifyLogOutcome => ({
    kind: 'failed',
    reason: 'contract',
    code,
    status,
    ...ids,
  });

  if (envelope?.code === 'Success') {
    const { result } = envelope;
    const isObject = typeof result === 'object' && result !== null && !Array.isArray(result);
    if (status < 200 || status > 299 || !isObject) return contract('CONTRACT');
    return { kind: 'answered', code: 'Success', result, ...ids };
  }
  const code = envelope?.code ?? (status >= 200 && status <= 299 ? 'CONTRACT' : `HTTP_${status}`);
  const message = safeMessage(envelope?.message, credentials);
  switch (kindOf(envelope?.code, status)) {
    case 'not_completed':
      return { kind: 'not_completed', code, ...ids };
    case 'invalid':
      return { kind: 'invalid', code, message, ...ids };
    case 'forbidden':
      return { kind: 'forbidden', code, message, ...ids };
    case 'throttled':
      return { kind: 'throttled', code, ...retryAfter(response.headers['x-acs-retry-after']), ...ids };
    case 'server':
      return { kind: 'failed', reason: 'server', code, status, ...ids };
    default:
      return contract(code);
  }
}

function kindOf(code: string | undefined, status: number): Kind | undefined {
  const known = code === undefined ? undefined : KIND_BY_CODE.find(([pattern]) => pattern.test(code))?.[1];
  if (known !== undefined) return known;
  if (status >= 500) return 'server';
  if (status === 429) return 'throttled';
  // Without a code this is a proxy's page, not the service refusing us.
  if (code !== undefined && (status === 401 || status === 403)) return 'forbidden';
  return undefined;
}

function readEnvelope(body: Buffer): Envelope | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  // Some of the gateway's own errors have lower-case members; the official core reads both.
  const { Code, code, Message, message, RequestId, requestId, Result } = parsed as Record<string, unknown>;
  return {
    code: safeToken(Code ?? code),
    message: Message ?? message,
    requestId: safeToken(RequestId ?? requestId),
    result: Result,
  };
}

function retryAfter(header: string | string[] | undefined): { retryAfterMs?: number } {
  if (typeof header !== 'string' || !/^\d{1,9}(\.\d{1,9})?$/.test(header.trim())) return {};
  const value = Number(header);
  const ms = value < SECONDS_BELOW ? value * 1_000 : value;
  return { retryAfterMs: Math.min(MAX_RETRY_AFTER_MS, Math.ceil(ms)) };
}
