import { createHash } from 'node:crypto';

/** The allowed ids, labels and codes: in requests, in rows of other writers, and in queries. */
export const TRANSACTION_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** https://www.alibabacloud.com/help/doc-detail/2879914.html (read 2026-11-23): up to 32 letters and digits. */
export const MERCHANT_BIZ_ID = /^[A-Za-z0-9]{1,32}$/;
export const LABEL_KEY = /^[a-z][a-z0-9_]{0,31}$/;
export const MAX_LABELS = 20;
export const MAX_LABEL_LENGTH = 128;
/** For a return code; documented ones have at most 28 characters. */
export const MAX_CODE_LENGTH = 128;

/**
 * The MerchantBizId to ask with when the merchant gave none: always the same for a transaction, so that lookup and
 * sweep ask alike.
 */
export function deriveMerchantBizId(transactionId: string): string {
  return createHash('sha256').update(transactionId, 'utf8').digest('hex').slice(0, 32);
}
