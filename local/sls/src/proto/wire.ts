/** Thrown inside the protobuf readers for bytes that are no message of the schema. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Reads the protobuf wire format within [position, end) of a buffer; never beyond it. */
export class WireReader {
  readonly buffer: Buffer;
  position: number;
  readonly end: number;

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  /** A varint; values above 2^53 lose precision, which no field of the schema can tell. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i += 1) {
      if (this.position >= this.end) throw new WireError('varint is cut short');
      const byte = this.buffer[this.position] as number;
      this.position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new WireError('varint is too long');
  }

  fixed32(): number {
    if (this.position + 4 > this.end) throw new WireError('fixed32 is cut short');
    const value = this.buffer.readUInt32LE(this.position);
    this.position += 4;
    return value;
  }

  /** The length of the bytes that follow; they are inside the message. */
  lengthOfBytes(): number {
    const length = this.varint();
    if (length > this.end - this.position) throw new WireError('bytes are cut short');
    return length;
  }

  /** A reader over an embedded message, which is skipped here. */
  message(): WireReader {
    const length = this.lengthOfBytes();
    const inner = new WireReader(this.buffer, this.position, this.position + length);
    this.position += length;
    return inner;
  }

  bytes(): Buffer {
    const length = this.lengthOfBytes();
    const value = this.buffer.subarray(this.position, this.position + length);
    this.position += length;
    return value;
  }

  /** A field's key: its number times 8 plus its wire type. */
  key(): number {
    const key = this.varint();
    if (key < 8 || key > 0xffff_ffff) throw new WireError(`field key ${key} is not possible`);
    return key;
  }

  /** Skips a field of no interest. */
  skip(key: number): void {
    const type = key % 8;
    if (type === 0) this.varint();
    else if (type === 1) this.#advance(8);
    else if (type === 2) this.#advance(this.lengthOfBytes());
    else if (type === 5) this.#advance(4);
    else throw new WireError(`wire type ${type} is not supported`);
  }

  #advance(bytes: number): void {
    if (bytes > this.end - this.position) throw new WireError('field is cut short');
    this.position += bytes;
  }
}

/** Encodes a varint below 2^53. */
export function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
