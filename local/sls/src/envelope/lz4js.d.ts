/** What is used of lz4js, which comes without types. */
declare module 'lz4js' {
  /** Returns how much of `target` was written: 0 when nothing in the source repeats. `table` is 65,536 zeros. */
  export function compressBlock(
    source: Uint8Array,
    target: Uint8Array,
    start: number,
    length: number,
    table: Uint32Array,
  ): number;
  export function compressBound(size: number): number;
  /** Trusts every length in the block. */
  export function decompressBlock(
    source: Uint8Array,
    target: Uint8Array,
    start: number,
    length: number,
    targetStart: number,
  ): number;
}
