import { isUtf8 } from 'node:buffer';
import { SlsError } from '../envelope/error.ts';
import { encodeVarint, WireError, WireReader } from './wire.ts';

/**
 * The log group of the service, read by hand: a group is stored as it came, so that nothing a client sends is
 * lost, and reading it needs only checks when it is written and decoding when it is queried.
 *
 *   Log       { required uint32 Time = 1; repeated Content Contents = 2; optional fixed32 TimeNs = 4 }
 *   Content   { required string Key = 1; required string Value = 2 }
 *   LogGroup  { repeated Log Logs = 1; Category = 2; Topic = 3; Source = 4; MachineUUID = 5;
 *               repeated LogTag LogTags = 6 }     LogTag { required string Key = 1; required string Value = 2 }
 *   LogGroupList { repeated LogGroup = 1 }
 * (log.proto of the Go SDK, sls.proto of @alicloud/log, read 2026-11-23)
 */
const FIELD = {
  bytes1: 10,
  bytes2: 18,
  bytes3: 26,
  bytes4: 34,
  bytes5: 42,
  bytes6: 50,
  time: 8,
  timeNs: 37,
} as const;

/** Limits: "Basic resources" and "Log" of the documentation (read 2026-11-23). */
export const MAX_KEY_BYTES = 128;
export const MAX_VALUE_BYTES = 1024 * 1024;
export const MAX_TOPIC_BYTES = 128;
/** PutLogs of the documentation: log times outside [-168 h, +15 min] are refused. */
export const MAX_LOG_AGE_SECONDS = 168 * 3600;
export const MAX_LOG_LEAD_SECONDS = 15 * 60;

/**
 * Checks a log group and counts its logs.
 * @throws SlsError PostBodyInvalid, InvalidTimestamp, InvalidEncoding, InvalidKey
 */
export function checkLogGroup(body: Buffer, nowSeconds: number): { rowCount: number } {
  try {
    return { rowCount: checkGroup(new WireReader(body), nowSeconds) };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new SlsError('PostBodyInvalid', `Protobuffer content cannot be parsed: ${error.message}.`);
  }
}

function checkGroup(reader: WireReader, nowSeconds: number): number {
  let rowCount = 0;
  while (!reader.isAtEnd) {
    const key = reader.key();
    if (key === FIELD.bytes1) {
      checkLog(reader.message(), nowSeconds);
      rowCount += 1;
    } else if (key === FIELD.bytes3 || key === FIELD.bytes4) {
      const text = checkUtf8(reader.bytes());
      if (text.length > MAX_TOPIC_BYTES) {
        throw new SlsError('PostBodyInvalid', `Topic and source must not exceed ${MAX_TOPIC_BYTES} bytes.`);
      }
    } else if (key === FIELD.bytes6) {
      checkPair(reader.message());
    } else if (key === FIELD.bytes2 || key === FIELD.bytes5) {
      checkUtf8(reader.bytes());
    } else {
      refuseWrongType(key, 6);
      reader.skip(key);
    }
  }
  return rowCount;
}

function checkLog(reader: WireReader, nowSeconds: number): void {
  let time: number | undefined;
  while (!reader.isAtEnd) {
    const key = reader.key();
    if (key === FIELD.time) time = reader.varint();
    else if (key === FIELD.bytes2) checkPair(reader.message());
    else if (key === FIELD.timeNs) checkNanoseconds(reader.fixed32());
    else {
      refuseWrongType(key, 4, 3);
      reader.skip(key);
    }
  }
  if (time === undefined) throw new WireError('a log has no time');
  if (time > 0xffff_ffff) throw new SlsError('InvalidTimestamp', 'Invalid timestamps are in logs.');
  if (time < nowSeconds - MAX_LOG_AGE_SECONDS || time > nowSeconds + MAX_LOG_LEAD_SECONDS) {
    throw new SlsError('PostBodyInvalid', 'The post data time is out of range');
  }
}

function checkNanoseconds(value: number): void {
  if (value >= 1_000_000_000) throw new SlsError('InvalidTimestamp', 'Invalid timestamps are in logs.');
}

function checkPair(reader: WireReader): void {
  let hasKey = false;
  let hasValue = false;
  while (!reader.isAtEnd) {
    const key = reader.key();
    if (key === FIELD.bytes1) {
      const name = checkUtf8(reader.bytes());
      if (name.length === 0 || name.length > MAX_KEY_BYTES) {
        throw new SlsError('InvalidKey', 'Invalid keys are in logs.');
      }
      hasKey = true;
    } else if (key === FIELD.bytes2) {
      const value = checkUtf8(reader.bytes());
      if (value.length > MAX_VALUE_BYTES) {
        throw new SlsError('PostBodyInvalid', `A value must not exceed ${MAX_VALUE_BYTES} bytes.`);
      }
      hasValue = true;
    } else {
      refuseWrongType(key, 2);
      reader.skip(key);
    }
  }
  if (!hasKey || !hasValue) throw new WireError('a content has no key or no value');
}

function checkUtf8(bytes: Buffer): Buffer {
  if (!isUtf8(bytes)) throw new SlsError('InvalidEncoding', 'Non-UTF8 characters are in logs.');
  return bytes;
}

/** A known field with another wire type is no message of this schema; a field of another number is skipped. */
function refuseWrongType(key: number, lastField: number, except?: number): void {
  const field = Math.floor(key / 8);
  if (field <= lastField && field !== except) throw new WireError(`field ${field} has wire type ${key % 8}`);
}

export type Pair = readonly [key: string, value: string];

export interface DecodedLog {
  timeSeconds: number;
  timeNsPart?: number;
  contents: Pair[];
}

export interface DecodedLogGroup {
  topic: string;
  source: string;
  tags: Pair[];
  logs: DecodedLog[];
}

/** Decodes a log group that was checked when it was written. */
export function decodeLogGroup(body: Buffer): DecodedLogGroup {
  const group: DecodedLogGroup = { topic: '', source: '', tags: [], logs: [] };
  const reader = new WireReader(body);
  while (!reader.isAtEnd) {
    const key = reader.key();
    if (key === FIELD.bytes1) group.logs.push(decodeLog(reader.message()));
    else if (key === FIELD.bytes3) group.topic = reader.bytes().toString('utf8');
    else if (key === FIELD.bytes4) group.source = reader.bytes().toString('utf8');
    else if (key === FIELD.bytes6) group.tags.push(decodePair(reader.message()));
    else reader.skip(key);
  }
  return group;
}

function decodeLog(reader: WireReader): DecodedLog {
  const log: DecodedLog = { timeSeconds: 0, contents: [] };
  while (!reader.isAtEnd) {
    const key = reader.key();
    if (key === FIELD.time) log.timeSeconds = reader.varint();
    else if (key === FIELD.bytes2) log.contents.push(decodePair(reader.message()));
    else if (key === FIELD.timeNs) log.timeNsPart = reader.fixed32();
    else reader.skip(key);
  }
  return log;
}

function decodePair(reader: WireReader): Pair {
  let name = '';
  let value = '';
  while (!reader.isAtEnd) {
    const key = reader.key();
    if (key === FIELD.bytes1) name = reader.bytes().toString('utf8');
    else if (key === FIELD.bytes2) value = reader.bytes().toString('utf8');
    else reader.skip(key);
  }
  return [name, value];
}

/** Encodes tags so that they can be appended to an encoded log group: repeated fields may stand anywhere. */
export function encodeTags(tags: readonly Pair[]): Buffer {
  return Buffer.concat(
    tags.map(([key, value]) => {
      const pair = Buffer.concat([encodeBytes(FIELD.bytes1, key), encodeBytes(FIELD.bytes2, value)]);
      return encodeBytes(FIELD.bytes6, pair);
    }),
  );
}

/** Frames encoded log groups as a LogGroupList. */
export function encodeLogGroupList(groups: ReadonlyArray<readonly Buffer[]>): Buffer {
  const parts: Buffer[] = [];
  for (const pieces of groups) {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    parts.push(Buffer.from([FIELD.bytes1, ...encodeVarint(length)]), ...pieces);
  }
  return Buffer.concat(parts);
}

function encodeBytes(key: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([Buffer.from([key, ...encodeVarint(bytes.length)]), bytes]);
}
