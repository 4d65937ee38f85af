/**
 * A cursor is the base64 of a decimal 64-bit integer; the groups of a shard have consecutive ones. The magnitude
 * is that of nanoseconds since 1970 (an example of the documentation: 1447329401102130904).
 */
export function encodeCursor(value: bigint): string {
  return Buffer.from(value.toString(), 'latin1').toString('base64');
}

/** Reads a cursor, with or without padding; undefined when it is none. */
export function decodeCursor(text: string): bigint | undefined {
  if (!/^[A-Za-z0-9+/]{2,28}={0,2}$/.test(text)) return undefined;
  const digits = Buffer.from(text, 'base64').toString('latin1');
  if (!/^[1-9]\d{0,18}$/.test(digits)) return undefined;
  return BigInt(digits);
}
