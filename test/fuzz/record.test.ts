import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EVENT_FIELDS } from '../../shared/logstores/events.ts';
import { RECORD_FIELDS } from '../../shared/logstores/records.ts';
import { type RecordInput, type RecordOutput, toRecord } from '../../shared/record/to-record.ts';
import { cases } from '../support/depth.ts';
import {
  DOCUMENTED_CODES,
  DOCUMENTED_PAGES,
  DOCUMENTED_STAGES,
  PROMISED_CAUSES,
} from '../support/documented.ts';

/**
 * Whatever the service sends, there is a record, its columns are of their types, and nothing of the answer is lost.
 * The cases are drawn anew in each run; a failure prints the seed that repeats it.
 */
const SMALL_CASES = cases({ quick: 10_000, deep: 100_000 });
const HUGE_CASES = cases({ quick: 10, deep: 100 });
const RAW_BYTES_MAX = 256 * 1024;
const KINDS = ['enter', 'exit', 'click', 'popup', 'retry', 'other'];

const INPUT: RecordInput = {
  transactionId: 'hksb7ba1b28130d24e015d694361bee4',
  source: 'sweep',
  attempt: 1,
  region: 'ap-southeast-1',
  askedAtMs: 1_742_526_100_000,
  final: true,
  disposition: 'answered',
  code: 'Success',
};

/** Says what is wrong with a row, or nothing; plain loops, as it runs a hundred thousand times. */
function faultsOf({ record, events }: RecordOutput, result: unknown): string[] {
  const faults: string[] = [];
  checkColumns(record, RECORD_FIELDS, faults);
  for (const event of events) {
    checkColumns(event, EVENT_FIELDS, faults);
    if (!KINDS.includes(event.kind ?? '')) faults.push(`kind ${event.kind}`);
  }
  if (events.length > 2_000) faults.push(`${events.length} events`);
  if (record.event_count === undefined || record.event_count < events.length) faults.push('event_count');
  if (!PROMISED_CAUSES.includes(record.cause ?? '')) faults.push(`cause ${record.cause}`);
  if (!record.story || !record.story_zh) faults.push('no story');
  if (typeof JSON.parse(record.cause_evidence ?? '') !== 'object') faults.push('cause_evidence');
  if (record.raw === undefined) {
    if (record.raw_truncated !== 'true' || (record.raw_bytes ?? 0) <= RAW_BYTES_MAX)
      faults.push('raw is missing');
  } else if (!isDeepStrictEqual(JSON.parse(record.raw), result)) {
    faults.push('raw differs');
  } else if (Buffer.byteLength(record.raw) !== record.raw_bytes || record.raw_truncated !== 'false') {
    faults.push('raw_bytes');
  }
  return faults;
}

interface Row {
  readonly [column: string]: string | number | undefined;
}

function checkColumns(row: Row, fields: Readonly<Record<string, { type: string }>>, faults: string[]): void {
  for (const [column, value] of Object.entries(row)) {
    const type = fields[column]?.type;
    if (type === undefined) faults.push(`${column} is no column`);
    else if (type === 'long') {
      if (!Number.isSafeInteger(value) || Object.is(value, -0) || Number(value) < 0)
        faults.push(`${column} = ${value}`);
    } else if (typeof value !== 'string') faults.push(`${column} is no text`);
    else if (Buffer.byteLength(value) > RAW_BYTES_MAX) faults.push(`${column} is too long`);
    else if (value.includes('\0') || Buffer.from(value).toString() !== value)
      faults.push(`${column} is not storable`);
  }
}

/** Texts that have broken readers before. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  '\ud800',
  '\udc00\ud800',
  '\r\n',
  '2025-03-21 10:31:25',
  '2025-03-21 10:31:25 Loading阶段结束\r\n2025-03-21 10:31:25 用户进入OCR页面',
  '2025-02-30 25:61:61 X',
  '[',
  '[]',
  '{}',
  'null',
  '["2025-03-21 10:31:25 LOADING_ENTER"]',
  '__proto__',
  'constructor',
  'NaN',
  'undefined',
  '-1',
  '1e309',
  '9007199254740993',
  '１００６',
);
const text = fc.oneof(
  nasty,
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(...DOCUMENTED_STAGES),
);
const scalar = fc.oneof(
  text,
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -0,
    -1,
    1.5,
    1e21,
    2 ** 53,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
  fc.integer(),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', maxDepth: 3 }, scalar, tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  object: fc
    .array(fc.tuple(fc.oneof(text, fc.constant('toJSON')), tie('value')), { maxLength: 4 })
    // As JSON.parse makes them: `__proto__` is a member like any other.
    .map((members) => ownMembers(members as [string, unknown][])),
})).value;

function ownMembers(members: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of members) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

const line = fc
  .tuple(
    fc.nat(59),
    fc.oneof(text, fc.constantFrom('用户进入OCR页面', 'OCR认证阶段中断重试', 'FACE_EXIT', 'NFC_READ_RETRY')),
  )
  .map(([second, said]) => `2025-03-21 10:31:${String(second).padStart(2, '0')} ${said}`);
const lines = fc.oneof(
  fc.array(fc.oneof(line, text), { maxLength: 6 }),
  fc.array(line, { maxLength: 6 }).map((all) => [JSON.stringify(all)]),
);
const count = fc.oneof(fc.nat(6), fc.nat(6).map(String), scalar);
const flag = fc.oneof(fc.boolean(), scalar);
const statistics = fc.record(
  {
    faceOverTimes: count,
    ocrOverTimes: count,
    ocrEditTimes: count,
    ocrEditOverTimes: count,
    hasFaceOverTimes: flag,
    hasOcrOverTimes: flag,
    hasFacePermissionRefuse: flag,
    hasOcrPermissionRefuse: flag,
    pageStayTimeInfo: fc.oneof(
      fc.dictionary(fc.oneof(fc.constantFrom(...DOCUMENTED_STAGES), text), count, {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      json,
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Half of each member is what the documents allow, half is anything: both together reach the odd combinations. */
const or = <T>(documented: fc.Arbitrary<T>) => fc.oneof({ weight: 3, arbitrary: documented }, json);
const member = {
  VerifyStatus: or(fc.constantFrom('0', '1', '2')),
  Passed: or(fc.constantFrom('Y', 'N')),
  SubCode: or(fc.constantFrom('200', '204')),
  VerifyErrorCode: or(fc.constantFrom(...DOCUMENTED_CODES)),
  InterruptPage: or(fc.constantFrom(...DOCUMENTED_PAGES)),
  InterruptPageEn: or(fc.constantFrom(...DOCUMENTED_STAGES)),
  LogInfo: or(lines),
  LogInfoEn: or(lines),
  LogStatisticsInfo: or(
    fc.oneof(
      statistics.map((value) => JSON.stringify(value)),
      statistics,
    ),
  ),
  ExtInfo: json,
};
const result = fc.oneof(
  { weight: 9, arbitrary: fc.record(member, { requiredKeys: [], noNullPrototype: true }) },
  json,
);

describe('a record of anything', () => {
  it('is judged by a check that finds faults', () => {
    const value = { VerifyStatus: '1' };
    const { record, events } = toRecord({ ...INPUT, result: value });
    expect(faultsOf({ record, events }, value)).toEqual([]);
    expect(faultsOf({ record, events }, { VerifyStatus: '2' })).toEqual(['raw differs']);
    expect(faultsOf({ record: { ...record, attempt: -1 }, events }, value)).toEqual(['attempt = -1']);
    expect(faultsOf({ record: { ...record, stage: '\ud800' }, events }, value)).toEqual([
      'stage is not storable',
    ]);
    expect(faultsOf({ record: { ...record, cause: 'boredom' }, events }, value)).toEqual(['cause boredom']);
    expect(faultsOf({ record, events: [{ kind: 'jump' }] }, value)).toEqual(['kind jump', 'event_count']);
  });

  it(`holds for ${SMALL_CASES} small answers`, () => {
    fc.assert(
      fc.property(result, (value) => {
        const faults = faultsOf(toRecord({ ...INPUT, result: value }), value);
        if (faults.length > 0) throw new Error(faults.join('; '));
      }),
      { numRuns: SMALL_CASES },
    );
  }, 300_000);

  it(`holds for ${HUGE_CASES} huge answers`, () => {
    const size = fc.integer({ min: 30_000, max: 120_000 });
    const huge = fc.oneof(
      size.map((n) => ({
        VerifyStatus: '1',
        LogInfo: repeat('2025-03-21 10:31:25 OCR认证阶段点击OCR提交按钮', n),
      })),
      size.map((n) => ({ LogInfo: [JSON.stringify(repeat('2025-03-21 10:31:43 OCR认证阶段中断重试', n))] })),
      size.map((n) => ({ LogInfoEn: [`2025-03-21 10:31:25 ${'\ud83d\ude00A_'.repeat(n * 10)}`] })),
      size.map((n) => ({
        LogInfoEn: repeat('\0\ud800\r\n', n),
        LogInfo: repeat('2025-03-21 10:31:25 X', n),
      })),
      size.map((n) => ({
        LogStatisticsInfo: JSON.stringify({ pageStayTimeInfo: pages(10_000), x: 'y'.repeat(n) }),
      })),
      size.map((n) => ({ LogStatisticsInfo: { pageStayTimeInfo: pages(n) } })),
      size.map((n) => ({ VerifyErrorCode: deep(n), LogInfo: [deep(n)], LogStatisticsInfo: '['.repeat(n) })),
      size.map((n) => deep(n)),
      size.map((n) => Object.fromEntries(Array.from({ length: n }, (_, index) => [`member${index}`, index]))),
      size.map((n) => ({ VerifyStatus: 'x'.repeat(n * 50), InterruptPage: '页'.repeat(n * 10) })),
    );
    let largestBytes = 0;
    fc.assert(
      fc.property(huge, (value) => {
        const output = toRecord({ ...INPUT, result: value });
        largestBytes = Math.max(largestBytes, output.record.raw_bytes ?? 0);
        const faults = isDeep(value) ? deepFaultsOf(output) : faultsOf(output, value);
        if (faults.length > 0) throw new Error(faults.join('; '));
      }),
      // One is huge whatever is drawn.
      { numRuns: HUGE_CASES, examples: [[{ VerifyStatus: 'x'.repeat(6_000_000) }]] },
    );
    expect(largestBytes).toBeGreaterThan(5_000_000);
  }, 300_000);

  it('is the same for the same answer with its keys in any order', () => {
    fc.assert(
      fc.property(
        fc.record(member, { requiredKeys: [], noNullPrototype: true }),
        fc.infiniteStream(fc.nat(1_000)),
        (value, order) => {
          const one = toRecord({ ...INPUT, result: value });
          const other = toRecord({ ...INPUT, result: shuffled(value, order) });
          expect({ ...other.record, raw: '' }).toEqual({ ...one.record, raw: '' });
          expect(other.events).toEqual(one.events);
        },
      ),
      { numRuns: cases({ quick: 1_000, deep: 20_000 }) },
    );
  });

  it('names another revision for another answer, transaction, or end of asking', () => {
    fc.assert(
      fc.property(result, result, (value, another) => {
        const one = toRecord({ ...INPUT, result: value }).record.revision;
        const other = toRecord({ ...INPUT, result: another }).record.revision;
        if (!isDeepStrictEqual(value, another)) expect(other).not.toBe(one);
        expect(toRecord({ ...INPUT, transactionId: 'other', result: value }).record.revision).not.toBe(one);
        expect(toRecord({ ...INPUT, disposition: 'gave_up', code: 'TIMEOUT' }).record.revision).not.toBe(one);
      }),
      { numRuns: cases({ quick: 1_000, deep: 10_000 }) },
    );
  });
});

function repeat<T>(item: T, times: number): T[] {
  return Array.from({ length: times }, () => item);
}

function pages(howMany: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: howMany }, (_, index) => [`PAGE_${index}`, String(index)]));
}

function deep(levels: number): unknown {
  return JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
}

function isDeep(value: unknown): boolean {
  return Array.isArray(value) || (value as { VerifyErrorCode?: unknown }).VerifyErrorCode !== undefined;
}

/** Comparing such depths overflows the stack, so the text itself is compared. */
function deepFaultsOf({ record }: RecordOutput): string[] {
  const { raw = '', raw_bytes: bytes, raw_truncated: truncated } = record;
  if (truncated === 'true') return raw === '' && (bytes ?? 0) > RAW_BYTES_MAX ? [] : ['raw_truncated'];
  const depth = /\[+/.exec(raw)?.[0].length ?? 0;
  JSON.parse(raw);
  return raw.length === bytes && raw.includes(']'.repeat(depth)) && depth >= 20_000 ? [] : ['raw differs'];
}

function shuffled(value: unknown, order: Iterator<number>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
  const ranked = Object.entries(value).map((entry) => ({ entry, rank: order.next().value as number }));
  ranked.sort((a, b) => a.rank - b.rank);
  return ownMembers(ranked.map(({ entry: [key, item] }) => [key, shuffled(item, order)] as const));
}
