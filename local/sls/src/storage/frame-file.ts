import fs from 'node:fs';
import { crc32 } from 'node:zlib';

/**
 * An append-only file of frames: length (4 bytes), CRC-32 of the payload (4 bytes), payload; little-endian.
 *
 * Promise: when `append` returns, the bytes are with the operating system, so they outlive this process however
 * it ends (not a power cut: there is no fsync). A write that was cut short is at the end of the file and nowhere
 * else; opening cuts it off. Anything unreadable before the end is not a torn write, and is refused.
 */
export class FrameFile {
  readonly path: string;
  readonly #fd: number;
  #size: number;

  private constructor(path: string, fd: number, size: number) {
    this.path = path;
    this.#fd = fd;
    this.#size = size;
  }

  /**
   * Opens or creates a file and shows every whole frame to `onFrame`, in order, with the offset of its payload.
   * @throws Error when a frame other than the last is damaged
   */
  static open(path: string, onFrame: (payload: Buffer, offset: number) => void): FrameFile {
    const fd = fs.openSync(path, 'a+');
    try {
      const fileSize = fs.fstatSync(fd).size;
      const wholeSize = scanFrames({ fd, path, fileSize }, onFrame);
      if (wholeSize < fileSize) fs.ftruncateSync(fd, wholeSize);
      return new FrameFile(path, fd, wholeSize);
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Appends one frame made of the given parts and returns the offset of its payload. */
  append(parts: readonly Uint8Array[]): number {
    let length = 0;
    let checksum = 0;
    for (const part of parts) {
      length += part.length;
      checksum = crc32(part, checksum);
    }
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header.writeUInt32LE(length, 0);
    header.writeUInt32LE(checksum, 4);
    const frame = Buffer.concat([header, ...parts], HEADER_BYTES + length);
    const offset = this.#size + HEADER_BYTES;
    this.#writeWhole(frame);
    this.#size += frame.length;
    return offset;
  }

  #writeWhole(frame: Buffer): void {
    let written = 0;
    try {
      while (written < frame.length) written += fs.writeSync(this.#fd, frame, written);
    } catch (error) {
      // A full disk must not leave half a frame in front of the next whole one.
      fs.ftruncateSync(this.#fd, this.#size);
      throw error;
    }
  }

  /** Reads bytes that were appended before. */
  read(offset: number, length: number): Buffer {
    const target = Buffer.allocUnsafe(length);
    readWhole(this.#fd, target, offset);
    return target;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

const HEADER_BYTES = 8;
const SCAN_BYTES = 4 * 1024 * 1024;

interface ScanSource {
  fd: number;
  path: string;
  fileSize: number;
}

/** Returns the size of the part of the file that is whole frames. */
function scanFrames(source: ScanSource, onFrame: (payload: Buffer, offset: number) => void): number {
  const { fd, path, fileSize } = source;
  let window = Buffer.alloc(0);
  let windowStart = 0;
  const bytesAt = (offset: number, length: number): Buffer => {
    if (offset < windowStart || offset + length > windowStart + window.length) {
      windowStart = offset;
      window = Buffer.allocUnsafe(Math.min(Math.max(length, SCAN_BYTES), fileSize - offset));
      readWhole(fd, window, offset);
    }
    return window.subarray(offset - windowStart, offset - windowStart + length);
  };

  let at = 0;
  while (at + HEADER_BYTES <= fileSize) {
    const header = bytesAt(at, HEADER_BYTES);
    const length = header.readUInt32LE(0);
    const checksum = header.readUInt32LE(4);
    const end = at + HEADER_BYTES + length;
    if (end > fileSize) return at;
    const payload = bytesAt(at + HEADER_BYTES, length);
    if (length === 0 || crc32(payload) !== checksum) {
      if (end === fileSize || isZeroFrom(source, at)) return at;
      throw new Error(`${path} is damaged at byte ${at}`);
    }
    onFrame(payload, at + HEADER_BYTES);
    at = end;
  }
  return at;
}

/** After a power cut some file systems leave zeros where the last write should have been. */
function isZeroFrom(source: ScanSource, start: number): boolean {
  for (let at = start; at < source.fileSize; at += SCAN_BYTES) {
    const chunk = Buffer.allocUnsafe(Math.min(SCAN_BYTES, source.fileSize - at));
    readWhole(source.fd, chunk, at);
    if (chunk.some((byte) => byte !== 0)) return false;
  }
  return true;
}

function readWhole(fd: number, target: Buffer, offset: number): void {
  let read = 0;
  while (read < target.length) {
    const count = fs.readSync(fd, target, read, target.length - read, offset + read);
    if (count === 0) throw new Error(`file ends at byte ${offset + read}, before what was to be read`);
    read += count;
  }
}
