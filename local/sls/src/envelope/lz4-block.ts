/**
 * LZ4 blocks as SLS uses them: no frame, no size prefix; the size before compression travels in
 * `x-log-bodyrawsize`. A block is a run of sequences: a token (high nibble: literals, low nibble: match length
 * minus 4, 15 = more length bytes follow), the literals, then a two-byte little-endian distance back.
 * Format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md (read 2026-11-23).
 */

const MIN_MATCH = 4;
/** The format demands that the last five bytes are literals and that no match starts in the last twelve. */
const LAST_LITERALS = 5;
const MATCH_LIMIT = 12;
const MAX_DISTANCE = 65_535;
const HASH_BITS = 14;

/** Inflates a block to exactly `rawSize` bytes; undefined when the block is anything else. */
export function decompressLz4Block(block: Uint8Array, rawSize: number): Buffer | undefined {
  const out = Buffer.allocUnsafe(rawSize);
  let read = 0;
  let written = 0;

  const readLength = (nibble: number): number => {
    if (nibble < 15) return nibble;
    let length = 15;
    for (;;) {
      const byte = block[read];
      if (byte === undefined) return -1;
      read += 1;
      length += byte;
      if (length > rawSize) return -1;
      if (byte < 255) return length;
    }
  };

  while (read < block.length) {
    const token = block[read] as number;
    read += 1;
    const literals = readLength(token >> 4);
    if (literals < 0 || read + literals > block.length || written + literals > rawSize) return undefined;
    out.set(block.subarray(read, read + literals), written);
    read += literals;
    written += literals;
    if (read === block.length) break;

    if (read + 2 > block.length) return undefined;
    const distance = (block[read] as number) | ((block[read + 1] as number) << 8);
    read += 2;
    const extra = readLength(token & 15);
    const length = extra + MIN_MATCH;
    if (extra < 0 || distance === 0 || distance > written || written + length > rawSize) return undefined;
    copyMatch(out, written, { distance, length });
    written += length;
  }
  return written === rawSize ? out : undefined;
}

function copyMatch(out: Buffer, at: number, match: { distance: number; length: number }): void {
  if (match.distance >= match.length) {
    out.copyWithin(at, at - match.distance, at - match.distance + match.length);
    return;
  }
  // An overlapping match repeats what it has just written, so it must go byte by byte.
  for (let i = at; i < at + match.length; i += 1) out[i] = out[i - match.distance] as number;
}

/** Compresses greedily with one hash table; incompressible input becomes one run of literals. */
export function compressLz4Block(input: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(input.length + Math.ceil(input.length / 255) + 16);
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const lastMatchStart = input.length - MATCH_LIMIT;
  let written = 0;
  let anchor = 0;
  let position = 0;
  let misses = 0;

  while (position <= lastMatchStart) {
    const word = view.getUint32(position, true);
    const hash = Math.imul(word, 2_654_435_761) >>> (32 - HASH_BITS);
    const candidate = table[hash] as number;
    table[hash] = position;
    if (candidate < 0 || position - candidate > MAX_DISTANCE || view.getUint32(candidate, true) !== word) {
      // Long stretches without a match are stepped over faster and faster.
      position += 1 + (misses >> 6);
      misses += 1;
      continue;
    }
    misses = 0;
    const length = matchLength(input, candidate, position);
    const sequence = { literals: input.subarray(anchor, position), distance: position - candidate, length };
    written = writeSequence(out, written, sequence);
    position += length;
    anchor = position;
  }
  return out.subarray(0, writeSequence(out, written, { literals: input.subarray(anchor) }));
}

function matchLength(input: Uint8Array, candidate: number, position: number): number {
  const limit = input.length - LAST_LITERALS;
  let length = MIN_MATCH;
  while (position + length < limit && input[candidate + length] === input[position + length]) length += 1;
  return length;
}

function writeSequence(
  out: Buffer,
  start: number,
  sequence: { literals: Uint8Array; distance?: number; length?: number },
): number {
  const { literals, distance } = sequence;
  const extra = distance === undefined ? 0 : (sequence.length ?? 0) - MIN_MATCH;
  let at = start;
  out[at] = (Math.min(literals.length, 15) << 4) | Math.min(extra, 15);
  at = writeLength(out, at + 1, literals.length);
  out.set(literals, at);
  at += literals.length;
  if (distance === undefined) return at;
  out.writeUInt16LE(distance, at);
  return writeLength(out, at + 2, extra);
}

function writeLength(out: Buffer, start: number, length: number): number {
  if (length < 15) return start;
  let rest = length - 15;
  let at = start;
  for (; rest >= 255; rest -= 255) out[at++] = 255;
  out[at++] = rest;
  return at;
}
