/**
 * CheckVerifyLog, https://www.alibabacloud.com/help/doc-detail/2879914.html (read 2026-11-23).
 * The method and member names follow the generated SDK, so that it can be swapped in.
 */
export interface CheckVerifyLogRequest {
  merchantBizId: string;
  transactionId: string;
}

interface Answer {
  /** The return code as received, or our own name for a failure without one (NETWORK, TIMEOUT, CONTRACT, HTTP_<status>). */
  code: string;
  requestId?: string;
}

/** Every documented return code as a value; nothing is thrown for an answer or for the lack of one. */
export type CheckVerifyLogOutcome =
  | (Answer & { kind: 'answered'; result: unknown })
  | (Answer & { kind: 'not_completed' })
  /** TransactionIdInvalid, InvalidParameter, MissingParameter: asking again cannot help. */
  | (Answer & { kind: 'invalid'; message: string })
  | (Answer & { kind: 'throttled'; retryAfterMs?: number })
  /** Forbidden.* or refused credentials. */
  | (Answer & { kind: 'forbidden'; message: string })
  /** InternalError, 5xx, network, timeout, or a body that is not the contract. */
  | (Answer & { kind: 'failed'; reason: 'server' | 'network' | 'timeout' | 'contract'; status?: number });

export interface CloudauthClient {
  checkVerifyLog(
    request: CheckVerifyLogRequest,
    options?: { signal?: AbortSignal },
  ): Promise<CheckVerifyLogOutcome>;
}
