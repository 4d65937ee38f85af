import { isUtf8 } from 'node:buffer';
import protobuf from 'protobufjs';
import { SlsError } from '../envelope/error.ts';

/**
 * The log group of the service (log.proto of the Go SDK, sls.proto of @alicloud/log, read 2026-11-23). Two things
 * are not as published, neither of which changes the bytes: texts are `bytes`, because they are checked before
 * they become strings, and Time is an uint64, because an uint32 would drop the upper half of a value that is too
 * large instead of showing it.
 */
const schema = protobuf.parse(
  `syntax = "proto2";
   message Log {
     message Content { required bytes Key = 1; required bytes Value = 2; }
     required uint64 Time = 1;
     repeated Content Contents = 2;
     optional fixed32 TimeNs = 4;
   }
   message LogTag { required bytes Key = 1; required bytes Value = 2; }
   message LogGroup {
     repeated Log Logs = 1;
     optional bytes Category = 2;
     optional bytes Topic = 3;
     optional bytes Source = 4;
     optional bytes MachineUUID = 5;
     repeated LogTag LogTags = 6;
   }`,
  { keepCase: true },
).root;
const LogGroup = schema.lookupType('LogGroup');
/** LogGroupList { repeated LogGroup = 1 }: field 1, with a length. */
const LIST_ITEM_KEY = 10;

/** What protobufjs makes of it. Fields that are absent have the default of their type, texts an empty array. */
interface WirePair {
  readonly Key: Buffer;
  readonly Value: Buffer;
}
interface WireLog {
  readonly Time: { toNumber(): number };
  readonly Contents: readonly WirePair[];
  readonly TimeNs: number;
}
interface WireGroup {
  readonly Logs: readonly WireLog[];
  readonly Category: Buffer;
  readonly Topic: Buffer;
  readonly Source: Buffer;
  readonly MachineUUID: Buffer;
  readonly LogTags: readonly WirePair[];
}

/** Limits: "Basic resources" and "Log" of the documentation (read 2026-11-23). */
const MAX_KEY_BYTES = 128;
const MAX_VALUE_BYTES = 1024 * 1024;
const MAX_TOPIC_BYTES = 128;
/** PutLogs of the documentation: log times outside [-168 h, +15 min] are refused. */
const MAX_LOG_AGE_SECONDS = 168 * 3600;
const MAX_LOG_LEAD_SECONDS = 15 * 60;

/**
 * Checks a log group and counts its logs.
 * @throws SlsError PostBodyInvalid, InvalidTimestamp, InvalidEncoding, InvalidKey
 */
export function checkLogGroup(body: Buffer, nowSeconds: number): { rowCount: number } {
  const group = decodeStrictly(body);
  for (const log of group.Logs) checkLog(log, nowSeconds);
  for (const tag of group.LogTags) checkPair(tag);
  for (const text of [group.Topic, group.Source]) {
    if (text.length > MAX_TOPIC_BYTES) {
      throw new SlsError('PostBodyInvalid', `Topic and source must not exceed ${MAX_TOPIC_BYTES} bytes.`);
    }
  }
  for (const text of [group.Category, group.Topic, group.Source, group.MachineUUID]) checkUtf8(text);
  return { rowCount: group.Logs.length };
}

function decodeStrictly(body: Buffer): WireGroup {
  try {
    return LogGroup.decode(new StrictReader(body)) as unknown as WireGroup;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SlsError('PostBodyInvalid', `Protobuffer content cannot be parsed: ${reason}.`);
  }
}

/** The fields of a group, of a log (or a tag), and of a content: by how deep they are nested. */
const KNOWN_FIELDS = [
  [1, 2, 3, 4, 5, 6],
  [1, 2, 4],
  [1, 2],
];

/**
 * protobufjs passes over a known field that has another type on the wire as it does over an unknown one. Such a
 * body is no log group, and is refused instead of losing that field.
 */
class StrictReader extends protobuf.BufferReader {
  override skipType(wireType: number, depth: number, field: number): protobuf.Reader {
    if (wireType === 3 || KNOWN_FIELDS[depth]?.includes(field)) {
      throw new Error(`field ${field} has wire type ${wireType}`);
    }
    return super.skipType(wireType, depth, field);
  }
}

function checkLog(log: WireLog, nowSeconds: number): void {
  for (const content of log.Contents) checkPair(content);
  const time = log.Time.toNumber();
  if (time > 0xffff_ffff || log.TimeNs >= 1_000_000_000) {
    throw new SlsError('InvalidTimestamp', 'Invalid timestamps are in logs.');
  }
  if (time < nowSeconds - MAX_LOG_AGE_SECONDS || time > nowSeconds + MAX_LOG_LEAD_SECONDS) {
    throw new SlsError('PostBodyInvalid', 'The post data time is out of range');
  }
}

function checkPair(pair: WirePair): void {
  checkUtf8(pair.Key);
  if (pair.Key.length === 0 || pair.Key.length > MAX_KEY_BYTES) {
    throw new SlsError('InvalidKey', 'Invalid keys are in logs.');
  }
  checkUtf8(pair.Value);
  if (pair.Value.length > MAX_VALUE_BYTES) {
    throw new SlsError('PostBodyInvalid', `A value must not exceed ${MAX_VALUE_BYTES} bytes.`);
  }
}

function checkUtf8(bytes: Buffer): void {
  if (bytes.length > 0 && !isUtf8(bytes)) {
    throw new SlsError('InvalidEncoding', 'Non-UTF8 characters are in logs.');
  }
}

export type Pair = readonly [key: string, value: string];

interface DecodedLog {
  timeSeconds: number;
  timeNsPart?: number;
  contents: Pair[];
}

interface DecodedLogGroup {
  topic: string;
  source: string;
  tags: Pair[];
  logs: DecodedLog[];
}

/** Decodes a log group that was checked when it was written. */
export function decodeLogGroup(body: Buffer): DecodedLogGroup {
  const group = LogGroup.decode(body) as unknown as WireGroup;
  return {
    topic: toText(group.Topic),
    source: toText(group.Source),
    tags: group.LogTags.map(toPair),
    logs: group.Logs.map((log) => ({
      timeSeconds: log.Time.toNumber(),
      ...(Object.hasOwn(log, 'TimeNs') ? { timeNsPart: log.TimeNs } : {}),
      contents: log.Contents.map(toPair),
    })),
  };
}

function toPair({ Key, Value }: WirePair): Pair {
  return [toText(Key), toText(Value)];
}

function toText(bytes: Buffer): string {
  return bytes.length === 0 ? '' : bytes.toString('utf8');
}

/** Encodes tags so that they can be appended to an encoded log group: repeated fields may stand anywhere. */
export function encodeTags(tags: readonly Pair[]): Buffer {
  const LogTags = tags.map(([key, value]) => ({ Key: Buffer.from(key), Value: Buffer.from(value) }));
  return LogGroup.encode({ LogTags }).finish() as Buffer;
}

/** Frames encoded log groups, each given in pieces, as a LogGroupList. */
export function encodeLogGroupList(groups: ReadonlyArray<readonly Buffer[]>): Buffer {
  const writer = protobuf.Writer.create();
  for (const pieces of groups) {
    writer.uint32(LIST_ITEM_KEY).uint32(pieces.reduce((sum, piece) => sum + piece.length, 0));
    for (const piece of pieces) writer.raw(piece);
  }
  return writer.finish() as Buffer;
}
