import zlib from 'node:zlib';
import { SlsError } from './error.ts';
import { compressLz4Block, decompressLz4Block } from './lz4.ts';

/** 10 MB: https://www.alibabacloud.com/help/en/sls/basic-resources (read 2026-11-23). */
export const MAX_RAW_BODY_BYTES = 10 * 1024 * 1024;

export type CompressType = 'lz4' | 'gzip' | 'deflate';

/**
 * Gives a request's body before compression. The declared size is judged before anything is inflated.
 * @throws SlsError InvalidCompressType, MissingBodyRawSize, InvalidBodyRawSize, PostBodyTooLarge,
 * PostBodyUncompressError
 */
export function decodeRequestBody(
  body: Buffer,
  headers: { compressType: string | undefined; rawSize: string | undefined },
): Buffer {
  const { compressType, rawSize } = headers;
  if (rawSize !== undefined && !/^\d{1,15}$/.test(rawSize)) {
    throw new SlsError('InvalidBodyRawSize', 'x-log-bodyrawsize is invalid.');
  }
  if (compressType === undefined || compressType === '') {
    refuseTooLarge(body.length);
    return body;
  }
  const type = toCompressType(compressType);
  if (type === undefined) {
    throw new SlsError('InvalidCompressType', `x-log-compresstype ${compressType} is unsupported.`);
  }
  if (rawSize === undefined) {
    throw new SlsError(
      'MissingBodyRawSize',
      'x-log-bodyrawsize does not exist in header when it is necessary.',
    );
  }
  const size = Number(rawSize);
  refuseTooLarge(size);
  const raw = inflate(body, type, size);
  if (raw === undefined || raw.length !== size) {
    throw new SlsError('PostBodyUncompressError', 'Failed to decompress logs.');
  }
  return raw;
}

function refuseTooLarge(size: number): void {
  if (size <= MAX_RAW_BODY_BYTES) return;
  throw new SlsError('PostBodyTooLarge', `Body size ${size} must little than ${MAX_RAW_BODY_BYTES}`);
}

function toCompressType(name: string): CompressType | undefined {
  const lower = name.toLowerCase();
  return lower === 'lz4' || lower === 'gzip' || lower === 'deflate' ? lower : undefined;
}

/** "gzip" is a zlib stream on this service, as "deflate" is (Python SDK compress.py, TypeScript gateway). */
function inflate(body: Buffer, type: CompressType, size: number): Buffer | undefined {
  if (type === 'lz4') return decompressLz4Block(body, size);
  try {
    return zlib.inflateSync(body, { maxOutputLength: Math.max(size, 1) });
  } catch {
    return undefined;
  }
}

/** Picks what a response is compressed with from `Accept-Encoding`; undefined: not at all. */
export function negotiateCompression(acceptEncoding: string | undefined): CompressType | undefined {
  for (const part of (acceptEncoding ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) continue;
    const type = toCompressType(name);
    if (type !== undefined) return type;
  }
  return undefined;
}

/** Compresses the body of a response. */
export function compressBody(body: Buffer, type: CompressType): Buffer {
  return type === 'lz4' ? compressLz4Block(body) : zlib.deflateSync(body, { level: 1 });
}
