import { describe, expect, it } from '@jest/globals';
import { UpstreamContractError } from '../../../../shared/errors.ts';
import {
  decodeContents,
  decodeLogGroupList,
  encodeContents,
  encodeLogGroup,
} from '../../../../shared/sls/codec.ts';
import { cursorAt, cursorNumber } from '../../../../shared/sls/cursor.ts';

/** Bytes written by hand after the protobuf encoding guide, https://protobuf.dev/programming-guides/encoding/ */
const field = (number: number, payload: Uint8Array | string) => {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
const pair = (number: number, key: string, value: string) =>
  field(number, Buffer.concat([field(1, key), field(2, value)]));
const time = (...varint: number[]) => Buffer.from([0x08, ...varint]);

describe('encodeLogGroup', () => {
  it('writes the bytes of log.proto', () => {
    const bytes = encodeLogGroup({
      logs: [
        {
          timeSeconds: 300,
          contents: [
            ['k', 'v'],
            ['阶', ''],
          ],
        },
      ],
      tags: [['a', 'b']],
    });
    const log = Buffer.concat([time(0xac, 0x02), pair(2, 'k', 'v'), pair(2, '阶', '')]);
    const expected = Buffer.concat([field(1, log), pair(6, 'a', 'b')]);
    expect(Buffer.from(bytes).toString('hex')).toBe(expected.toString('hex'));
  });

  it.each([
    ['a\uD83D', 'a\uFFFD'],
    ['\uDE42b', '\uFFFDb'],
    ['\uD83D\uD83D\uDE42', '\uFFFD🙂'],
    ['🙂', '🙂'],
  ])('writes %j as well-formed UTF-8', (value, expected) => {
    const bytes = Buffer.from(encodeLogGroup({ logs: [{ timeSeconds: 1, contents: [['k', value]] }] }));
    expect(bytes.includes(Buffer.from(expected))).toBe(true);
    expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toContain(expected);
  });
});

describe('decodeLogGroupList', () => {
  const log = Buffer.concat([time(5), pair(2, 'k', 'v')]);

  it('reads groups, whatever the order of their fields, and skips what it does not know', () => {
    const timeNs = Buffer.from([0x25, 1, 2, 3, 4]);
    const group = Buffer.concat([
      pair(6, '__receive_time__', '9'),
      field(5, 'machine'),
      field(2, 'reserved'),
      field(4, 's'),
      field(1, Buffer.concat([timeNs, log])),
      field(3, 't'),
      field(1, log),
    ]);
    const one = { timeSeconds: 5, contents: { k: 'v' } };
    expect(decodeLogGroupList(Buffer.concat([field(1, group), field(7, 'x'), field(1, '')]))).toEqual([
      { logs: [one, one], tags: { __receive_time__: '9' } },
      { logs: [], tags: {} },
    ]);
  });

  it('takes a key named __proto__ for a key', () => {
    const bytes = field(1, field(1, Buffer.concat([time(1), pair(2, '__proto__', 'x')])));
    const contents = decodeLogGroupList(bytes)[0]?.logs[0]?.contents ?? {};
    expect(Object.entries(contents)).toEqual([['__proto__', 'x']]);
    expect(Object.getPrototypeOf(contents)).toBe(Object.prototype);
  });

  it('nothing is no groups', () => {
    expect(decodeLogGroupList(new Uint8Array())).toEqual([]);
  });

  it.each([
    ['text', Buffer.from('garbage')],
    ['a cut group', field(1, field(1, log)).subarray(0, -1)],
    ['a log longer than its group', field(1, Buffer.from([0x0a, 0x09, 0x08, 0x01]))],
    ['a pair longer than its log', field(1, field(1, Buffer.from([0x12, 0x05, 0x0a, 0x01, 0x61])))],
    ['a varint without end', Buffer.alloc(30, 0xff)],
    ['groups of the old kind, nested without end', Buffer.alloc(100_000, 0x0b)],
    ['a wire type that does not exist', field(1, Buffer.from([0x0e]))],
  ])('%s is an UpstreamContractError', (_name, bytes) => {
    expect(() => decodeLogGroupList(bytes)).toThrow(UpstreamContractError);
  });
});

describe('cursors', () => {
  it.each([
    ['MTQ0NzMyOTQwMTEwMjEzMDkwNA==', 1_447_329_401_102_130_904n],
    ['MTQ0NzMyOTQwMTEwMjEzMDkwNA', 1_447_329_401_102_130_904n],
    ['MA==', 0n],
    ['', undefined],
    ['QUJD', undefined],
    ['MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=', undefined],
  ])('%s is %s', (cursor, number) => {
    expect(cursorNumber(cursor)).toBe(number);
  });

  it('are written as the service writes them', () => {
    expect(cursorAt(1_447_329_401_102_130_904n)).toBe('MTQ0NzMyOTQwMTEwMjEzMDkwNA==');
  });
});

describe('contents that are encoded ahead', () => {
  const rows = [{ a: '1', b: '值' }, {}, { a: 'x'.repeat(300) }];
  const contentsOf = (row: Record<string, string>) => Object.entries(row);
  const encoded = encodeContents(rows, contentsOf);
  const logs = encoded.ends.map((end, index) => ({
    timeSeconds: 7,
    bytes: encoded.bytes,
    start: encoded.ends[index - 1] ?? 0,
    end,
  }));

  it('give the same group as pairs do', () => {
    const group = encodeLogGroup({
      logs: rows.map((row) => ({ timeSeconds: 7, contents: contentsOf(row) })),
    });
    expect(Buffer.compare(encodeLogGroup({ logs }), group)).toBe(0);
  });

  it('can be read again', () => {
    expect(logs.map(decodeContents)).toEqual(rows);
  });

  it('are not changed by what is encoded next', () => {
    encodeContents([{ z: 'y'.repeat(1_000) }], contentsOf);
    expect(logs.map(decodeContents)).toEqual(rows);
  });
});
