/**
 * Writes protobuf messages straight into one buffer (https://protobuf.dev/programming-guides/encoding/). A write
 * of the sweep holds some 50,000 short texts: with the Writer of protobufjs 8.8.1, which makes an object per
 * value, encoding took more processor time than everything else between an answer and its PutLogs.
 *
 * A length stands before its content, and its own size depends on that content. One byte is left for it; content of
 * 128 bytes and more is moved up by `close`.
 */
const INITIAL_BYTES = 65_536;
/** A buffer that grew beyond this is not kept for the next group. */
const MAX_KEPT_BYTES = 4_194_304;
/** A text of this many UTF-16 units has at most three times as many bytes. */
const MAX_BYTES_PER_UNIT = 3;
/** Room for tags and lengths of a pair, all of them 32 bits at most. */
const MAX_HEAD_BYTES = 24;
/** Up to this length, ASCII is copied unit by unit: a call into the platform costs more. */
const SHORT_TEXT = 24;
/** How many encoded column names are kept. */
const MAX_KEYS = 1_000;

const KEY_TAG = 0x0a;
const VALUE_TAG = 0x12;

export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #end = 0;
  /** Encoded names of pairs (field 1), by name. */
  readonly #keys = new Map<string, Uint8Array>();

  get length(): number {
    return this.#end;
  }

  /** What was written; valid until `reset`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  reset(): void {
    this.#end = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
  }

  /** Opens a nested message; returns its position, for `close`. */
  open(tag: number): number {
    this.#reserve(MAX_HEAD_BYTES);
    this.#varint(tag);
    this.#end += 1;
    return this.#end;
  }

  close(start: number): void {
    const length = this.#end - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const shift = varintSize(length) - 1;
    this.#reserve(shift);
    this.#bytes.copyWithin(start + shift, start, this.#end);
    this.#end = start - 1;
    this.#varint(length);
    this.#end += length;
  }

  number(tag: number, value: number): void {
    this.#reserve(MAX_HEAD_BYTES);
    this.#varint(tag);
    this.#varint(value >>> 0);
  }

  /** Bytes that were encoded before. */
  encoded(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#end);
    this.#end += end - start;
  }

  /** A message of two texts, field 1 and field 2. */
  pair(tag: number, name: string, value: string): void {
    const key = this.#keys.get(name) ?? this.#newKey(name);
    this.#reserve(MAX_HEAD_BYTES + key.length + MAX_BYTES_PER_UNIT * value.length);
    const start = this.open(tag);
    for (let index = 0; index < key.length; index += 1) this.#bytes[start + index] = key[index] as number;
    this.#end += key.length;
    this.#bytes[this.#end++] = VALUE_TAG;
    this.#lengthAndText(value);
    this.close(start);
  }

  #newKey(name: string): Uint8Array {
    const text = Buffer.from(name);
    const head = [KEY_TAG];
    for (let rest = text.length; ; rest >>>= 7) {
      head.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
      if (rest <= 0x7f) break;
    }
    const key = Buffer.concat([Buffer.from(head), text]);
    if (this.#keys.size < MAX_KEYS) this.#keys.set(name, key);
    return key;
  }

  #lengthAndText(value: string): void {
    this.#end += 1;
    const start = this.#end;
    if (value.length > SHORT_TEXT || !this.#ascii(value)) this.#end += this.#bytes.write(value, start);
    this.close(start);
  }

  /** Writes the text if all of it is ASCII. Returns whether it did. */
  #ascii(value: string): boolean {
    const bytes = this.#bytes;
    let at = this.#end;
    for (let index = 0; index < value.length; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[at++] = unit;
    }
    this.#end = at;
    return true;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#end++] = rest;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#end + more));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1;
  return size;
}
