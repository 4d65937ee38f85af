/**
 * Cursors are base64 of a decimal int64; the log groups of a shard stand at consecutive numbers. Evidence: the
 * official Go and Java SDKs compute the cursor of each pulled group that way (facts read 2026-11-23).
 */
const DECIMAL = /^-?\d{1,19}$/;

/** The number in a cursor, or undefined if it holds none: then it can only be handed back as it is. */
export function cursorNumber(cursor: string): bigint | undefined {
  const text = Buffer.from(cursor, 'base64').toString('latin1');
  return DECIMAL.test(text) ? BigInt(text) : undefined;
}

export function cursorAt(number: bigint): string {
  return Buffer.from(String(number)).toString('base64');
}
