import { createHash } from 'node:crypto';

/** What an id, a label and a code may be: for what is sent to us, for rows of other writers, and for queries. */
export const TRANSACTION_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** https://www.alibabacloud.com/help/doc-detail/2879914.html (read 2026-11-23): up to 32 letters and digits. */
export const MERCHANT_BIZ_ID = /^[A-Za-z0-9]{1,32}$/;
export const LABEL_KEY = /^[a-z][a-z0-9_]{0,31}$/;
export const MAX_LABELS = 20;
export const MAX_LABEL_LENGTH = 128;
/** Of a return code; documented ones have at most 28 characters. */
export const MAX_CODE_LENGTH = 128;

/**
 * The MerchantBizId to ask with when the merchant named none: always the same for a transaction, so that a
 * lookup and a sweep ask the same question.
 */
export function deriveMerchantBizId(transactionId: string): string {
  return createHash('sha256').update(transactionId, 'utf8').digest('hex').slice(0, 32);
}
