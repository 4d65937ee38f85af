import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compressLz4Block, decompressLz4Block } from '../../../../../local/sls/src/envelope/lz4-block.ts';

interface Lz4Js {
  compressBlock(src: Uint8Array, dst: Uint8Array, at: number, length: number, table: Uint32Array): number;
  decompressBlock(src: Uint8Array, dst: Uint8Array, at: number, length: number, dstAt: number): number;
  compressBound(size: number): number;
}
const reference = createRequire(import.meta.url)('lz4js') as Lz4Js;

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

  it('writes what another implementation reads', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const block = compressLz4Block(bytes);
        const out = Buffer.alloc(bytes.length);
        if (bytes.length > 0) reference.decompressBlock(block, out, 0, block.length, 0);
        expect(out.equals(bytes)).toBe(true);
      }),
    );
  });

  it('reads what another implementation writes', () => {
    fc.assert(
      fc.property(logLike, (bytes) => {
        const target = Buffer.alloc(reference.compressBound(bytes.length) + 16);
        const size = reference.compressBlock(bytes, target, 0, bytes.length, new Uint32Array(1 << 16));
        // Zero means: not compressible. There is then no block to read.
        if (size === 0) return;
        expect(decompressLz4Block(target.subarray(0, size), bytes.length)?.equals(bytes)).toBe(true);
      }),
    );
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
