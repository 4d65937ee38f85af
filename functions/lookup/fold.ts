import type { Transaction } from './request-schema.ts';

/**
 * Each transaction of a request once, in order of its first mention, with all that the request says of it: of each
 * field, and of each label, what it says last.
 */
export function foldById(transactions: readonly Transaction[]): Transaction[] {
  const byId = new Map<string, Transaction>();
  for (const transaction of transactions) {
    const before = byId.get(transaction.transactionId);
    byId.set(transaction.transactionId, before === undefined ? transaction : merge(before, transaction));
  }
  return [...byId.values()];
}

function merge(earlier: Transaction, later: Transaction): Transaction {
  const labels = { ...earlier.labels, ...later.labels };
  return { ...earlier, ...later, ...(Object.keys(labels).length === 0 ? {} : { labels }) };
}
