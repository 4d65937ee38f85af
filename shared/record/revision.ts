import { createHash } from 'node:crypto';

/** 128 bits: enough to tell the answers about one transaction apart, and short in a table. */
const HEX_DIGITS = 32;

/**
 * Names one content: equal for equal transaction id and equal Result whatever its key order; without a Result,
 * for equal id, disposition and code.
 */
export function revisionOf(
  transactionId: string,
  content: { sortedResultJson: string } | { disposition: string; code: string },
): string {
  // JSON escapes half surrogate pairs, which UTF-8 would make equal; the tags keep the two forms apart.
  const text =
    'sortedResultJson' in content
      ? `result ${JSON.stringify(transactionId)} ${content.sortedResultJson}`
      : `none ${JSON.stringify([transactionId, content.disposition, content.code])}`;
  return createHash('sha256').update(text).digest('hex').slice(0, HEX_DIGITS);
}
