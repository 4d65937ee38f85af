import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compressLz4Block, decompressLz4Block } from '../../src/envelope/lz4.ts';

/**
 * Reads a block as strictly as the C library does, which refuses some that lz4js writes: the last five bytes are
 * literals, and the last match starts at least twelve bytes before the end.
 */
function readStrictly(block: Buffer, size: number): Buffer {
  const out: number[] = [];
  let at = 0;
  const next = (): number => {
    const byte = block[at++];
    if (byte === undefined) throw new Error('cut short');
    return byte;
  };
  const length = (nibble: number): number => {
    let sum = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; sum += byte) byte = next();
    return sum;
  };
  let lastMatch: { start: number; end: number } | undefined;
  for (;;) {
    const token = next();
    for (let left = length(token >> 4); left > 0; left -= 1) out.push(next());
    if (at === block.length) break;
    const distance = next() + next() * 256;
    if (distance === 0 || distance > out.length) throw new Error('bad distance');
    const start = out.length;
    for (let left = length(token & 15) + 4; left > 0; left -= 1)
      out.push(out[out.length - distance] as number);
    lastMatch = { start, end: out.length };
  }
  if (lastMatch !== undefined && (lastMatch.start > size - 12 || lastMatch.end > size - 5)) {
    throw new Error('a match too near the end');
  }
  return Buffer.from(out);
}

/** Text with the repetitions that logs have. */
const logLike = fc
  .array(fc.constantFrom('{"time":1', 'interrupt', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa', '\n', 'é', 'x9'), {
    maxLength: 400,
  })
  .map((words) => Buffer.from(words.join('')));
const anyBytes = fc.oneof(
  logLike,
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
);

describe('LZ4 block', () => {
  it('gives back what was compressed', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(decompressLz4Block(compressLz4Block(bytes), bytes.length)?.equals(bytes)).toBe(true);
      }),
    );
  });

  it('writes what the rules of the format allow', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(readStrictly(compressLz4Block(bytes), bytes.length).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  // Written by the C library, 1.9.4, through Python's lz4.block.compress(text, store_size=False).
  it.each([
    ['idv', '30696476'],
    ['a'.repeat(300), '1f610100ff14506161616161'],
    [
      'transaction_id=hk123 '.repeat(20),
      'ff067472616e73616374696f6e5f69643d686b313233201500ff78506b31323320',
    ],
    [
      `${'x9'.repeat(9)}${'0123456789abcdefghijklmnopqrstuvwxyz'.repeat(30)}é`,
      '2c78390200ff15303132333435363738396162636465666768696a6b6c6d6e6f707172737475767778797a2400ffffffff025078797ac3a9',
    ],
  ])('reads what the C library writes: %#', (text, hex) => {
    const bytes = Buffer.from(text);
    expect(decompressLz4Block(Buffer.from(hex, 'hex'), bytes.length)?.equals(bytes)).toBe(true);
  });

  it('makes repetitive text smaller', () => {
    const text = Buffer.from('transaction_id=hk123 '.repeat(5000));
    expect(compressLz4Block(text).length).toBeLessThan(text.length / 20);
  });

  it('crosses the 15, 255 and 65,535 byte boundaries of its lengths and distances', () => {
    for (const size of [
      0, 1, 4, 12, 13, 14, 15, 16, 18, 19, 269, 270, 271, 65_535, 65_536, 70_000, 200_000,
    ]) {
      for (const bytes of [Buffer.alloc(size, 7), randomBytes(size)]) {
        expect(decompressLz4Block(compressLz4Block(bytes), size)?.equals(bytes)).toBe(true);
      }
    }
  });

  it.each([
    ['a size that is too small', Buffer.from([0x10, 65]), 0],
    ['a size that is too great', Buffer.from([0x10, 65]), 2],
    ['literals cut short', Buffer.from([0x30, 65]), 3],
    ['a distance of zero', Buffer.from([0x10, 65, 0, 0]), 5],
    ['a distance before the start', Buffer.from([0x10, 65, 2, 0]), 5],
    ['a length that never ends', Buffer.from([0xf0, 255, 255, 255, 255]), 100],
    ['a distance cut short', Buffer.from([0x10, 65, 1]), 5],
    ['a match length cut short', Buffer.from([0x1f, 65, 1, 0]), 5],
    ['10 MB that promise 2.6 GB', Buffer.alloc(10 * 1024 * 1024, 255), 10 * 1024 * 1024],
    [
      'matches that promise 2.6 GB',
      Buffer.concat([Buffer.from([0x1f, 65, 1, 0]), Buffer.alloc(1 << 23, 255)]),
      1,
    ],
  ])('refuses %s', (_, block, size) => {
    expect(decompressLz4Block(block, size)).toBeUndefined();
  });

  it('never writes more than the declared size and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5000), (bytes, size) => {
        const out = decompressLz4Block(bytes, size);
        expect(out === undefined || out.length === size).toBe(true);
      }),
    );
  });
});
