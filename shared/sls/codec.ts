import { constants, deflate, unzip } from 'node:zlib';
import protobuf from 'protobufjs/minimal.js';
import { UpstreamContractError } from '../errors.ts';
import { ProtoWriter } from './proto-writer.ts';
import type { EncodedLog, Log, PulledLog } from './types.ts';

/**
 * The log group of PutLogs and PullLogs, after log.proto of the official SDKs
 * (https://github.com/aliyun/aliyun-log-go-sdk, read 2026-11-23):
 *
 *   Log          { required uint32 Time = 1; repeated Content Contents = 2; optional fixed32 TimeNs = 4 }
 *   Content      { required string Key = 1; required string Value = 2 }
 *   LogTag       { required string Key = 1; required string Value = 2 }
 *   LogGroup     { repeated Log Logs = 1; optional string Topic = 3; optional string Source = 4;
 *                  optional string MachineUUID = 5; repeated LogTag LogTags = 6 }
 *   LogGroupList { repeated LogGroup logGroupList = 1 }
 *
 * Read by hand over protobufjs/minimal: no schema is parsed at start. Unknown fields are skipped.
 */
const { Reader } = protobuf;
type Reader = protobuf.Reader;

const VARINT = 0;
const BYTES = 2;
/** Field number and wire type, as the tag of a field on the wire. */
const tag = (field: number, wireType: number) => (field << 3) | wireType;

interface LogGroup {
  logs: readonly (Log | EncodedLog)[];
  tags?: ReadonlyArray<readonly [key: string, value: string]>;
}

export interface DecodedGroup {
  logs: PulledLog[];
  tags: Record<string, string>;
}

/** Encodes one LogGroup. Unpaired surrogates become U+FFFD: SLS refuses a whole group for one of them. */
export function encodeLogGroup(group: LogGroup): Uint8Array {
  const writer = new ProtoWriter();
  writeGroup(writer, group);
  return writer.bytes;
}

/** Allocating a buffer costs more than filling it, so buffers are reused. */
const idle: ProtoWriter[] = [];
const MAX_IDLE = 2;

/** Encodes into a shared buffer: the bytes are valid until `use` has settled. */
export async function withEncoded<T>(group: LogGroup, use: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  const writer = idle.pop() ?? new ProtoWriter();
  try {
    writeGroup(writer, group);
    return await use(writer.bytes);
  } finally {
    putBack(writer);
  }
}

function writePairs(writer: ProtoWriter, contents: Log['contents']): void {
  for (const [key, value] of contents) writer.pair(tag(2, BYTES), key, value);
}

/** The pairs of several logs, one log after the other, and where each log ends. */
export interface EncodedContents {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** Encodes the pairs of logs that are written later. */
export function encodeContents<Row>(
  rows: readonly Row[],
  contentsOf: (row: Row) => Log['contents'],
): EncodedContents {
  const writer = idle.pop() ?? new ProtoWriter();
  const ends: number[] = [];
  for (const row of rows) {
    writePairs(writer, contentsOf(row));
    ends.push(writer.length);
  }
  // A copy, for the buffer is reused.
  const bytes = Buffer.from(writer.bytes);
  putBack(writer);
  return { bytes, ends };
}

/** The pairs of one encoded log as a map. */
export function decodeContents({
  bytes,
  start,
  end,
}: Omit<EncodedLog, 'timeSeconds'>): Record<string, string> {
  const pairs = bytes.subarray(start, end);
  return readLog(Reader.create(pairs), pairs.length).contents as Record<string, string>;
}

function putBack(writer: ProtoWriter): void {
  writer.reset();
  if (idle.length < MAX_IDLE) idle.push(writer);
}

function writeGroup(writer: ProtoWriter, { logs, tags = [] }: LogGroup): void {
  for (const log of logs) {
    const start = writer.open(tag(1, BYTES));
    writer.number(tag(1, VARINT), log.timeSeconds);
    if ('bytes' in log) writer.encoded(log.bytes, log.start, log.end);
    else writePairs(writer, log.contents);
    writer.close(start);
  }
  for (const [key, value] of tags) writer.pair(tag(6, BYTES), key, value);
}

/**
 * The groups that PullLogs returned.
 * @param name what errors call the call
 * @throws UpstreamContractError when the bytes are not a LogGroupList.
 */
export function decodeLogGroupList(bytes: Uint8Array, name = 'SLS PullLogs'): DecodedGroup[] {
  try {
    const reader = Reader.create(bytes);
    const groups: DecodedGroup[] = [];
    readMessage(reader, reader.len, (fieldTag) => {
      if (fieldTag !== tag(1, BYTES)) return false;
      groups.push(readGroup(reader));
      return true;
    });
    return groups;
  } catch (cause) {
    throw new UpstreamContractError(`${name}: expected a list of log groups`, { cause });
  }
}

/** Reads fields up to `end`; `take` reads the value of a field it knows and returns whether it did. */
function readMessage(reader: Reader, end: number, take: (fieldTag: number) => boolean): void {
  if (end > reader.len) throw new RangeError('a message is longer than the one around it');
  while (reader.pos < end) {
    const fieldTag = reader.uint32();
    if (!take(fieldTag)) reader.skipType(fieldTag & 7);
  }
  if (reader.pos !== end) throw new RangeError('a field is longer than its message');
}

function readGroup(reader: Reader): DecodedGroup {
  const group: DecodedGroup = { logs: [], tags: {} };
  readMessage(reader, endOf(reader), (fieldTag) => {
    if (fieldTag === tag(1, BYTES)) group.logs.push(readLog(reader, endOf(reader)));
    else if (fieldTag === tag(6, BYTES)) readPair(reader, group.tags);
    else return false;
    return true;
  });
  return group;
}

function readLog(reader: Reader, end: number): PulledLog {
  const contents: Record<string, string> = {};
  let timeSeconds = 0;
  readMessage(reader, end, (fieldTag) => {
    if (fieldTag === tag(1, VARINT)) timeSeconds = reader.uint32();
    else if (fieldTag === tag(2, BYTES)) readPair(reader, contents);
    else return false;
    return true;
  });
  return { timeSeconds, contents };
}

function readPair(reader: Reader, into: Record<string, string>): void {
  let key = '';
  let value = '';
  readMessage(reader, endOf(reader), (fieldTag) => {
    if (fieldTag === tag(1, BYTES)) key = reader.string();
    else if (fieldTag === tag(2, BYTES)) value = reader.string();
    else return false;
    return true;
  });
  // Plain assignment would set the object's prototype.
  if (key === '__proto__') {
    Object.defineProperty(into, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    into[key] = value;
  }
}

/** Reads the length of a nested message. */
function endOf(reader: Reader): number {
  const length = reader.uint32();
  return reader.pos + length;
}

/**
 * SLS calls the same zlib stream (RFC 1950) deflate and gzip; the official Python and gateway libraries use zlib for
 * both names. A true gzip header is read as well.
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

interface Compressed {
  readonly body: Buffer;
  /** `x-log-compresstype` of the response, if it had one. */
  readonly type: string | undefined;
  /** `x-log-bodyrawsize` of the response, if it had one. */
  readonly rawSize: number | undefined;
  readonly maxBytes: number;
  /** What errors call the call. */
  readonly name: string;
}

/** @throws UpstreamContractError for an unknown type, a broken stream, or another size than announced */
export async function decompress({ name, body, type, rawSize, maxBytes }: Compressed): Promise<Buffer> {
  if (rawSize === 0) return Buffer.alloc(0);
  if (type === undefined || type === '') return body;
  if (!READABLE.has(type)) {
    throw new UpstreamContractError(
      `${name} returned a body compressed as "${type}", which was not requested`,
    );
  }
  if (rawSize !== undefined && rawSize > maxBytes) {
    throw new UpstreamContractError(`${name}: the response is larger than ${maxBytes} bytes`);
  }
  const raw = await new Promise<Buffer>((resolve, reject) => {
    unzip(body, { maxOutputLength: maxBytes }, (error, result) => {
      if (error)
        reject(
          new UpstreamContractError(`${name} returned a body that cannot be decompressed`, { cause: error }),
        );
      else resolve(result);
    });
  });
  if (rawSize !== undefined && raw.length !== rawSize) {
    throw new UpstreamContractError(`${name} returned ${raw.length} bytes but announced ${rawSize}`);
  }
  return raw;
}
