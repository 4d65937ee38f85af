/** A shard owns a range of MD5 keys: [begin, end), where the greatest end, 32 f's, is itself included. */
export interface Shard {
  readonly id: number;
  status: 'readwrite' | 'readonly';
  readonly beginKey: string;
  readonly endKey: string;
  readonly createdAtSeconds: number;
  /** The cursor of the shard's first group, decimal. */
  readonly cursorBase: string;
  /** The shards it came from by a split or a merge. */
  readonly parents: readonly number[];
}

const KEY_SPACE = 1n << 128n;
export const LAST_KEY = 'f'.repeat(32);

/** Divides the whole key range evenly. */
export function evenRanges(count: number): Array<{ beginKey: string; endKey: string }> {
  return Array.from({ length: count }, (_, i) => ({
    beginKey: boundary(i, count),
    endKey: i === count - 1 ? LAST_KEY : boundary(i + 1, count),
  }));
}

function boundary(index: number, count: number): string {
  return toKey((KEY_SPACE * BigInt(index)) / BigInt(count));
}

/** The key in the middle of a range. */
export function middleKey(beginKey: string, endKey: string): string {
  const end = endKey === LAST_KEY ? KEY_SPACE : BigInt(`0x${endKey}`);
  return toKey((BigInt(`0x${beginKey}`) + end) / 2n);
}

function toKey(value: bigint): string {
  return value.toString(16).padStart(32, '0');
}

/** Reads a key of 32 hex digits; undefined when it is none. */
export function parseKey(text: string): string | undefined {
  return /^[0-9a-fA-F]{32}$/.test(text) ? text.toLowerCase() : undefined;
}

/** Whether a shard's range holds a key. */
export function ownsKey(shard: Pick<Shard, 'beginKey' | 'endKey'>, key: string): boolean {
  return key >= shard.beginKey && (key < shard.endKey || (shard.endKey === LAST_KEY && key === LAST_KEY));
}

/** As the API shows it. */
export function toShardJson(shard: Shard): Record<string, unknown> {
  return {
    shardID: shard.id,
    status: shard.status,
    inclusiveBeginKey: shard.beginKey,
    exclusiveEndKey: shard.endKey,
    createTime: shard.createdAtSeconds,
  };
}

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
