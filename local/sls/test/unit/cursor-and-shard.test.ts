import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeCursor,
  encodeCursor,
  evenRanges,
  LAST_KEY,
  middleKey,
  ownsKey,
  parseKey,
} from '../../src/storage/shard.ts';

describe('cursor', () => {
  it('is the base64 of a decimal integer, as in the documentation of PullLogs', () => {
    expect(encodeCursor(1447329401102130904n)).toBe('MTQ0NzMyOTQwMTEwMjEzMDkwNA==');
    expect(decodeCursor('MTQ0NzMyOTQwMTEwMjEzMDkwNA==')).toBe(1447329401102130904n);
  });

  it('may come without padding', () => {
    expect(decodeCursor('MTQ0NzMyOTQwMTEwMjEzMDkwNA')).toBe(1447329401102130904n);
  });

  it('is read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), (value) => {
        expect(decodeCursor(encodeCursor(value))).toBe(value);
      }),
    );
  });

  it.each(['', 'begin', '%%%%', 'bm90IGEgbnVtYmVy', Buffer.from('-5').toString('base64'), 'MDAwMDE='])(
    'is not %j',
    (text) => {
      expect(decodeCursor(text)).toBeUndefined();
    },
  );
});

describe('shard key ranges', () => {
  it.each([1, 2, 3, 7, 10])('cover every key once with %i shards', (count) => {
    const ranges = evenRanges(count);
    const key = fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(
      fc.property(fc.oneof(key, fc.constantFrom('0'.repeat(32), LAST_KEY)), (text) => {
        expect(ranges.filter((range) => ownsKey(range, text))).toHaveLength(1);
      }),
    );
    for (const range of ranges) {
      expect(ownsKey(range, range.beginKey)).toBe(true);
      expect(ownsKey(range, range.endKey)).toBe(range.endKey === LAST_KEY);
    }
  });

  it('are halved in the middle', () => {
    expect(middleKey('0'.repeat(32), LAST_KEY)).toBe(`8${'0'.repeat(31)}`);
    expect(middleKey(`8${'0'.repeat(31)}`, LAST_KEY)).toBe(`c${'0'.repeat(31)}`);
  });

  it('know a key by its 32 hexadecimal digits', () => {
    expect(parseKey('EF000000000000000000000000000000')).toBe('ef000000000000000000000000000000');
    expect(parseKey('ef')).toBeUndefined();
    expect(parseKey('g'.repeat(32))).toBeUndefined();
  });
});
