import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import {
  checkLogGroup,
  decodeLogGroup,
  encodeLogGroupList,
  encodeTags,
} from '../../src/storage/log-group.ts';

/** The schema as the official SDKs publish it, read by an independent implementation. */
const schema = protobuf.parse(
  `
  syntax = "proto2";
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
  message LogGroupList { repeated LogGroup logGroupList = 1; }
`,
  { keepCase: true },
).root;
const LogGroup = schema.lookupType('sls.LogGroup');
const LogGroupList = schema.lookupType('sls.LogGroupList');

const NOW = 1_800_000_000;
const encode = (group: object) => Buffer.from(LogGroup.encode(LogGroup.fromObject(group)).finish());
const oneLog = (log: object = {}, group: object = {}) =>
  encode({ Logs: [{ Time: NOW, Contents: [{ Key: 'k', Value: 'v' }], ...log }], ...group });

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const key = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 });
const pair = fc.record({ Key: key, Value: text });
const anyGroup = fc.record({
  Logs: fc.array(
    fc.record({
      Time: fc.integer({ min: NOW - 1000, max: NOW }),
      Contents: fc.array(pair, { maxLength: 5 }),
      TimeNs: fc.integer({ min: 0, max: 999_999_999 }),
    }),
    { maxLength: 5 },
  ),
  Topic: text,
  Source: text,
  LogTags: fc.array(pair, { maxLength: 3 }),
});

describe('log group', () => {
  it('is read as it was written by protobufjs', () => {
    fc.assert(
      fc.property(anyGroup, (group) => {
        const bytes = encode(group);
        expect(checkLogGroup(bytes, NOW)).toEqual({ rowCount: group.Logs.length });
        expect(decodeLogGroup(bytes)).toEqual({
          topic: group.Topic,
          source: group.Source,
          tags: group.LogTags.map((tag) => [tag.Key, tag.Value]),
          logs: group.Logs.map((log) => ({
            timeSeconds: log.Time,
            timeNsPart: log.TimeNs,
            contents: log.Contents.map((content) => [content.Key, content.Value]),
          })),
        });
      }),
    );
  });

  it('is framed as a list that protobufjs reads, with tags appended', () => {
    fc.assert(
      fc.property(fc.array(anyGroup, { maxLength: 4 }), pair, (groups, tag) => {
        const list = encodeLogGroupList(
          groups.map((group) => [encode(group), encodeTags([[tag.Key, tag.Value]])]),
        );
        const read = LogGroupList.toObject(LogGroupList.decode(list), { arrays: true }) as {
          logGroupList: Array<{ Topic: string; LogTags: Array<{ Key: string; Value: string }> }>;
        };
        expect(read.logGroupList.map((group) => group.Topic)).toEqual(groups.map((group) => group.Topic));
        for (const [i, group] of read.logGroupList.entries()) {
          expect(group.LogTags).toEqual([...(groups[i]?.LogTags ?? []), tag]);
        }
      }),
    );
  });

  it.each([
    ['a week before now', { Time: NOW - 168 * 3600 }],
    ['a quarter of an hour after now', { Time: NOW + 900 }],
    ['a value of 1 MB', { Contents: [{ Key: 'k', Value: 'x'.repeat(1024 * 1024) }] }],
    ['a key of 128 bytes', { Contents: [{ Key: 'k'.repeat(128), Value: '' }] }],
    ['no content', { Contents: [] }],
  ])('is taken with %s', (_, log) => {
    expect(checkLogGroup(oneLog(log), NOW)).toEqual({ rowCount: 1 });
  });

  it.each([
    [
      'a second more than a week old',
      { Time: NOW - 168 * 3600 - 1 },
      'PostBodyInvalid',
      /time is out of range/,
    ],
    ['a second more than 15 minutes ahead', { Time: NOW + 901 }, 'PostBodyInvalid', /time is out of range/],
    ['a key of 129 bytes', { Contents: [{ Key: 'k'.repeat(129), Value: '' }] }, 'InvalidKey', /keys/],
    ['an empty key', { Contents: [{ Key: '', Value: 'v' }] }, 'InvalidKey', /keys/],
    [
      'a value over 1 MB',
      { Contents: [{ Key: 'k', Value: 'x'.repeat(1024 * 1024 + 1) }] },
      'PostBodyInvalid',
      /value/,
    ],
    ['a nanosecond part of a second or more', { TimeNs: 1_000_000_000 }, 'InvalidTimestamp', /timestamps/],
  ])('is refused with %s', (_, log, code, message) => {
    expect(() => checkLogGroup(oneLog(log), NOW)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['a topic over 128 bytes', oneLog({}, { Topic: 't'.repeat(129) }), 'PostBodyInvalid'],
    ['a source over 128 bytes', oneLog({}, { Source: 't'.repeat(129) }), 'PostBodyInvalid'],
    [
      'a byte that is no UTF-8',
      Buffer.from([10, 10, 8, 1, 18, 6, 10, 1, 107, 18, 1, 0xff]),
      'InvalidEncoding',
    ],
    ['a log without a time', Buffer.from([10, 8, 18, 6, 10, 1, 107, 18, 1, 118]), 'PostBodyInvalid'],
    ['a content without a value', Buffer.from([10, 7, 8, 1, 18, 3, 10, 1, 107]), 'PostBodyInvalid'],
    ['a length beyond the end', Buffer.from([10, 100, 8, 1]), 'PostBodyInvalid'],
    ['the wrong wire type', Buffer.from([8, 1]), 'PostBodyInvalid'],
    [
      'the wrong wire type inside a log',
      Buffer.from([10, 9, 8, 0x80, 0xa4, 0xa7, 0xda, 6, 0x22, 1, 0]),
      'PostBodyInvalid',
    ],
    [
      // NOW + 2^32
      'a time that would be good if its upper half were dropped',
      Buffer.from([10, 6, 8, 0x80, 0xa4, 0xa7, 0xda, 0x16]),
      'InvalidTimestamp',
    ],
    ['a group inside, which the service never has', Buffer.from([0x7b, 0x7c]), 'PostBodyInvalid'],
    [
      'a varint without an end',
      Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      'PostBodyInvalid',
    ],
    ['a group wire type', Buffer.from([0x7b]), 'PostBodyInvalid'],
  ])('is refused with %s', (_, bytes, code) => {
    expect(() => checkLogGroup(bytes, NOW)).toThrow(expect.objectContaining({ code }));
  });

  it('keeps fields of other numbers out of the way', () => {
    const unknown = Buffer.from([0x78, 1, 0x7a, 2, 1, 2, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(checkLogGroup(Buffer.concat([unknown, oneLog()]), NOW)).toEqual({ rowCount: 1 });
    expect(decodeLogGroup(Buffer.concat([unknown, oneLog()])).logs).toHaveLength(1);
  });

  it('never throws anything but an error of the service, whatever the bytes', () => {
    const mutated = fc
      .tuple(anyGroup, fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { maxLength: 5 }), fc.nat(500))
      .map(([group, changes, cut]) => {
        const bytes = encode(group);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes.subarray(0, Math.max(0, bytes.length - (cut % 7)));
      });
    const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, anyBytes), (bytes) => {
        try {
          checkLogGroup(bytes, NOW);
        } catch (error) {
          expect((error as { name: string }).name).toBe('SlsError');
          return;
        }
        decodeLogGroup(bytes);
      }),
      { numRuns: 3000 },
    );
  });
});
