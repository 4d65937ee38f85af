import { constants, deflate, unzip } from 'node:zlib';
import { UpstreamContractError } from '../errors.ts';

/**
 * What SLS calls deflate and gzip is one and the same zlib stream (RFC 1950): the official Python and gateway
 * libraries use zlib for both names. A true gzip header is understood as well.
 */
export const COMPRESS_TYPE = 'deflate';
const READABLE = new Set(['deflate', 'gzip']);

/** Level 1: log text shrinks nearly as far as at the default, for a third of the CPU. */
export function compress(raw: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflate(raw, { level: constants.Z_BEST_SPEED }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
  });
}

export interface Compressed {
  readonly body: Buffer;
  /** `x-log-compresstype` of the answer, if it had one. */
  readonly type: string | undefined;
  /** `x-log-bodyrawsize` of the answer, if it had one. */
  readonly rawSize: number | undefined;
  readonly maxBytes: number;
}

/** @throws UpstreamContractError for an unknown type, a broken stream, or a size that is not the one announced. */
export async function decompress({ body, type, rawSize, maxBytes }: Compressed): Promise<Buffer> {
  if (rawSize === 0) return Buffer.alloc(0);
  if (type === undefined || type === '') return body;
  if (!READABLE.has(type)) throw new UpstreamContractError('the answer is compressed in a way not asked for');
  if (rawSize !== undefined && rawSize > maxBytes) {
    throw new UpstreamContractError(`the answer is larger than ${maxBytes} bytes`);
  }
  const raw = await new Promise<Buffer>((resolve, reject) => {
    unzip(body, { maxOutputLength: maxBytes }, (error, result) => {
      if (error) reject(new UpstreamContractError('the answer cannot be decompressed', { cause: error }));
      else resolve(result);
    });
  });
  if (rawSize !== undefined && raw.length !== rawSize) {
    throw new UpstreamContractError(`the answer has ${raw.length} bytes, announced were ${rawSize}`);
  }
  return raw;
}
