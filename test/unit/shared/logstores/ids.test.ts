import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deriveMerchantBizId } from '../../../../shared/logstores/ids.ts';

it('a derived MerchantBizId is what the service takes, always the same, and one per transaction', () => {
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), (transactionId) => {
      const derived = deriveMerchantBizId(transactionId);
      expect(derived).toMatch(/^[A-Za-z0-9]{32}$/);
      expect(deriveMerchantBizId(transactionId)).toBe(derived);
      expect(seen.get(derived) ?? transactionId).toBe(transactionId);
      seen.set(derived, transactionId);
    }),
  );
  expect(deriveMerchantBizId('a')).toBe(createHash('sha256').update('a').digest('hex').slice(0, 32));
});
