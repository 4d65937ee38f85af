import lz4 from 'lz4js';

/**
 * LZ4 blocks as SLS uses them: no frame, no size prefix; the size before compression travels in
 * `x-log-bodyrawsize`. A block is a run of sequences: a token (high nibble: literals, low nibble: match length
 * minus 4, 15 = more length bytes follow), the literals, then a two-byte little-endian distance back.
 * Format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md (read 2026-11-23).
 *
 * lz4js compresses and decompresses; it trusts its input and does not keep all rules at the end of a block, so
 * blocks are measured before it reads them and after it wrote them.
 */
const MIN_MATCH = 4;
/** No match may start in the last twelve bytes: the C library refuses such a block. */
const LAST_LITERALS = 12;

/** Returns exactly `rawSize` bytes; undefined when the block holds anything else. */
export function decompressLz4Block(block: Uint8Array, rawSize: number): Buffer | undefined {
  if (measure(block, rawSize)?.size !== rawSize) return undefined;
  const out = Buffer.allocUnsafe(rawSize);
  lz4.decompressBlock(block, out, 0, block.length, 0);
  return out;
}

/** Compresses; input in which nothing repeats becomes one run of literals. */
export function compressLz4Block(input: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(lz4.compressBound(input.length));
  const written = lz4.compressBlock(input, out, 0, input.length, new Uint32Array(1 << 16));
  const block = out.subarray(0, written);
  const lastMatchAt = measure(block, input.length)?.lastMatchAt ?? 0;
  const isValid = written > 0 && lastMatchAt <= input.length - LAST_LITERALS;
  return isValid ? block : literals(input);
}

function literals(input: Uint8Array): Buffer {
  if (input.length < 15) return Buffer.concat([Buffer.of(input.length << 4), input]);
  const more = Buffer.alloc(Math.floor((input.length - 15) / 255) + 1, 255);
  more[more.length - 1] = (input.length - 15) % 255;
  return Buffer.concat([Buffer.of(0xf0), more, input]);
}

/** Reads the lengths and distances of a block only; undefined when they do not fit it or make over `maxSize` bytes. */
function measure(block: Uint8Array, maxSize: number): { size: number; lastMatchAt: number } | undefined {
  let read = 0;
  let size = 0;
  let lastMatchAt = 0;

  const readLength = (nibble: number): number => {
    let length = nibble;
    for (let byte = nibble < 15 ? 0 : 255; byte === 255 && length <= maxSize; read += 1) {
      // Cut short: longer than anything can be.
      byte = block[read] ?? Number.POSITIVE_INFINITY;
      length += byte;
    }
    return length;
  };

  while (read < block.length) {
    const token = block[read] as number;
    read += 1;
    const run = readLength(token >> 4);
    read += run;
    size += run;
    if (read >= block.length)
      return read === block.length && size <= maxSize ? { size, lastMatchAt } : undefined;
    const distance = (block[read] as number) | ((block[read + 1] ?? 0) << 8);
    read += 2;
    if (distance === 0 || distance > size) return undefined;
    lastMatchAt = size;
    size += readLength(token & 15) + MIN_MATCH;
    if (read > block.length || size > maxSize) return undefined;
  }
  return size <= maxSize ? { size, lastMatchAt } : undefined;
}
