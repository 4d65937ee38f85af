import { createRequire } from 'node:module';
import protobuf from 'protobufjs';

/** The schema as the official SDKs publish it, for tests that write and read on their own. */
const root = protobuf.parse(
  `syntax = "proto2";
   package sls;
   message Log {
     required uint32 Time = 1;
     message Content { required string Key = 1; required string Value = 2; }
     repeated Content Contents = 2;
     optional fixed32 TimeNs = 4;
   }
   message LogTag { required string Key = 1; required string Value = 2; }
   message LogGroup {
     repeated Log Logs = 1;
     optional string Category = 2;
     optional string Topic = 3;
     optional string Source = 4;
     optional string MachineUUID = 5;
     repeated LogTag LogTags = 6;
   }
   message LogGroupList { repeated LogGroup logGroupList = 1; }`,
  { keepCase: true },
).root;
const LogGroup = root.lookupType('sls.LogGroup');
const LogGroupList = root.lookupType('sls.LogGroupList');

export interface TestLog {
  time?: number;
  contents: Record<string, string>;
}

export interface TestGroup {
  topic: string;
  source: string;
  tags: Record<string, string>;
  logs: Array<{ time: number; contents: Record<string, string> }>;
}

export function encodeGroup(
  logs: readonly TestLog[],
  group: { topic?: string; source?: string; tags?: Record<string, string> } = {},
): Buffer {
  const now = Math.floor(Date.now() / 1000);
  const message = LogGroup.fromObject({
    Logs: logs.map((log) => ({ Time: log.time ?? now, Contents: toPairs(log.contents) })),
    ...(group.topic === undefined ? {} : { Topic: group.topic }),
    ...(group.source === undefined ? {} : { Source: group.source }),
    LogTags: toPairs(group.tags ?? {}),
  });
  return Buffer.from(LogGroup.encode(message).finish());
}

interface WirePair {
  Key: string;
  Value: string;
}

export function decodeGroupList(bytes: Uint8Array): TestGroup[] {
  const list = LogGroupList.toObject(LogGroupList.decode(bytes), { arrays: true, defaults: true }) as {
    logGroupList: Array<{
      Topic: string;
      Source: string;
      LogTags: WirePair[];
      Logs: Array<{ Time: number; Contents: WirePair[] }>;
    }>;
  };
  return list.logGroupList.map((group) => ({
    topic: group.Topic,
    source: group.Source,
    tags: fromPairs(group.LogTags),
    logs: group.Logs.map((log) => ({ time: log.Time, contents: fromPairs(log.Contents) })),
  }));
}

function toPairs(record: Record<string, string>): WirePair[] {
  return Object.entries(record).map(([Key, Value]) => ({ Key, Value }));
}

function fromPairs(pairs: readonly WirePair[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ Key, Value }) => [Key, Value]));
}

interface Lz4Js {
  decompressBlock(src: Uint8Array, dst: Uint8Array, at: number, length: number, dstAt: number): number;
}
const lz4 = createRequire(import.meta.url)('lz4js') as Lz4Js;

/** A valid LZ4 block of literals only, as the Go SDK sends what does not compress. */
export function toLz4Literals(bytes: Buffer): Buffer {
  if (bytes.length < 15) return Buffer.concat([Buffer.from([bytes.length << 4]), bytes]);
  const rest = bytes.length - 15;
  const lengths = Buffer.alloc(Math.floor(rest / 255) + 1, 255);
  lengths[lengths.length - 1] = rest % 255;
  return Buffer.concat([Buffer.from([0xf0]), lengths, bytes]);
}

export function fromLz4(block: Buffer, rawSize: number): Buffer {
  const out = Buffer.alloc(rawSize);
  lz4.decompressBlock(block, out, 0, block.length, 0);
  return out;
}
