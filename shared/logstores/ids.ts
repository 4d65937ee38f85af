import { createHash } from 'node:crypto';

/**
 * The MerchantBizId to ask with when the merchant named none: always the same for a transaction, so that a
 * lookup and a sweep ask the same question. CheckVerifyLog wants up to 32 letters and digits
 * (https://www.alibabacloud.com/help/doc-detail/2879914.html, read 2026-11-23).
 */
export function deriveMerchantBizId(transactionId: string): string {
  return createHash('sha256').update(transactionId, 'utf8').digest('hex').slice(0, 32);
}
