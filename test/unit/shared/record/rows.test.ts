import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EVENT_FIELDS, EVENTS_LOGSTORE } from '../../../../shared/logstores/events.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../../../../shared/logstores/records.ts';
import { DISPOSITIONS, EVENT_KINDS } from '../../../../shared/logstores/values.ts';
import { viewKeyOf } from '../../../../shared/logstores/view.ts';
import { reduceEvent, reduceRecord } from '../../../../shared/record/storable.ts';
import { revisionOf } from '../../../../shared/record/to-record.ts';
import { JUDGED } from './judged-sessions.ts';
import { OFFICIAL_RESULT } from './official-example.ts';
import { recordOf } from './record-of.ts';

describe('field tables', () => {
  it.each([
    ['record', RECORD_FIELDS],
    ['event', EVENT_FIELDS],
  ])('of the %s name columns and types as SLS takes them', (_name, fields) => {
    for (const [column, field] of Object.entries(fields)) {
      expect(column).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(['text', 'long', 'json']).toContain(field.type);
      expect(column.endsWith('_ms') ? field.type : 'long').toBe('long');
    }
  });

  it('hold every column of the contract', () => {
    expect(Object.keys(RECORD_FIELDS)).toEqual(
      expect.arrayContaining(
        `transaction_id merchant_biz_id revision view_key source attempt region request_id labels
        initialized_at_ms registered_at_ms asked_at_ms final disposition code journey passed sub_code
        verify_error_code stage stage_reached interrupt_page interrupt_page_en stay_loading_ms stay_guide_ms
        stay_ocr_scan_ms stay_ocr_result_ms stay_nfc_input_ms stay_nfc_read_ms stay_face_ms stay_total_ms span_ms
        hidden_ms face_retries ocr_retries ocr_edits ocr_edit_retries face_permission_refused
        ocr_permission_refused permission_outcome cause cause_confidence cause_evidence contradictions
        contradiction_count recoverable log_coverage event_count events_truncated story story_zh raw raw_bytes
        raw_truncated write_error`.split(/\s+/),
      ),
    );
    expect(Object.keys(EVENT_FIELDS)).toEqual(
      expect.arrayContaining(
        'transaction_id revision final lang seq logged_at text kind stage gap_ms'.split(' '),
      ),
    );
    // The index has to segment Chinese in these, and only these.
    const chinese = (fields: object) =>
      Object.entries(fields)
        .filter(([, field]) => field.chinese === true)
        .map(([column]) => column);
    expect(chinese(RECORD_FIELDS)).toEqual(['interrupt_page', 'story_zh', 'raw']);
    expect(chinese(EVENT_FIELDS)).toEqual(['text']);
    expect([RECORDS_LOGSTORE, EVENTS_LOGSTORE]).toEqual(['idv-records', 'idv-events']);
    expect(EVENT_KINDS).toEqual(['enter', 'exit', 'click', 'popup', 'retry', 'other']);
  });
});

describe('every column', () => {
  /** The sessions judged by hand, the official example and a transaction given up for each reason. */
  const outputs = () => [
    ...[OFFICIAL_RESULT, ...JUDGED.map(({ result }) => result)].map((result) =>
      recordOf(result, { givenAtMs: 1_742_524_202_000 }),
    ),
    ...DISPOSITIONS.filter((disposition) => disposition !== 'answered').map((disposition) =>
      recordOf(undefined, { disposition, code: 'X', raw: { a: 1 } }),
    ),
  ];
  const unfilled = (fields: object, rows: readonly object[]) => {
    const filled = new Set(rows.flatMap(Object.keys));
    return Object.keys(fields).filter((column) => !filled.has(column));
  };

  it('of a record is filled in some row', () => {
    const rows = outputs().map(({ record }) => record);
    const all = [...rows, ...rows.map((row) => reduceRecord(row, 'refused'))];
    expect(unfilled(RECORD_FIELDS, all)).toEqual([]);
    // One that is filled in no row is found.
    expect(unfilled(RECORD_FIELDS, rows)).toEqual(['write_error']);
    expect(unfilled({ ...RECORD_FIELDS, never_filled: {} }, all)).toEqual(['never_filled']);
  });

  it('of an event is filled in some row', () => {
    const rows = outputs().flatMap(({ events }) => events);
    expect(unfilled(EVENT_FIELDS, [...rows, ...rows.map((row) => reduceEvent(row, 'refused'))])).toEqual([]);
    expect(unfilled(EVENT_FIELDS, rows)).toEqual(['write_error']);
  });
});

describe('the revision', () => {
  const json = (text: string) => ({ sortedResultJson: text });

  it('is 128 bits in hex and the same for the same content', () => {
    expect(revisionOf('t', json('{}'))).toMatch(/^[0-9a-f]{32}$/);
    expect(revisionOf('t', json('{}'))).toBe(revisionOf('t', json('{}')));
    expect(revisionOf('t', { disposition: 'expired', code: 'X' })).toBe(
      revisionOf('t', { disposition: 'expired', code: 'X' }),
    );
  });

  it('tells apart transaction, Result, disposition, code, and whether there was a Result', () => {
    const all = [
      revisionOf('t', json('{}')),
      revisionOf('u', json('{}')),
      revisionOf('t', json('{"a":1}')),
      revisionOf('t', json('["t","expired","X"]')),
      revisionOf('t', { disposition: 'expired', code: 'X' }),
      revisionOf('u', { disposition: 'expired', code: 'X' }),
      revisionOf('t', { disposition: 'gave_up', code: 'X' }),
      revisionOf('t', { disposition: 'expired', code: 'Y' }),
      revisionOf('t', { disposition: 'expiredX', code: '' }),
      revisionOf('\ud800', json('{}')),
      revisionOf('\ud801', json('{}')),
      revisionOf('', json('{}')),
      revisionOf('result "t"', json('{}')),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('the view key', () => {
  const key = (final: boolean, answered: boolean, askedAtMs: number | undefined, revision: string) =>
    viewKeyOf({ final, answered, given: true, askedAtMs, revision });

  it('is rank, given, 13 digits, revision', () => {
    expect(key(true, true, 1_742_526_100_000, 'abc')).toBe('311742526100000abc');
    expect(key(true, false, 5, 'abc')).toBe('210000000000005abc');
    expect(key(false, true, 0, 'abc')).toBe('110000000000000abc');
    expect(key(false, false, undefined, 'abc')).toBe('110000000000000abc');
    expect(key(true, true, Number.MAX_SAFE_INTEGER, 'abc')).toBe('319999999999999abc');
    const row = { final: true, answered: true, given: false, askedAtMs: 5, revision: 'abc' };
    expect(viewKeyOf(row)).toBe('300000000000005abc');
  });

  const row = fc.record({
    final: fc.boolean(),
    answered: fc.boolean(),
    given: fc.boolean(),
    askedAtMs: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 9_999_999_999_999 })),
    revision: fc.constantFrom('0a', '9f', 'ff'),
  });
  type Row = { final: boolean; answered: boolean; given: boolean; askedAtMs: number; revision: string };
  const rank = (one: Row) => (one.final ? (one.answered ? 3 : 2) : 1);

  /** The view as the contract words it: rank, whether given, then time, then revision. */
  const before = (a: Row, b: Row) =>
    rank(a) - rank(b) ||
    Number(a.given) - Number(b.given) ||
    a.askedAtMs - b.askedAtMs ||
    (a.revision < b.revision ? -1 : a.revision > b.revision ? 1 : 0);

  it('orders as text what the contract orders by value', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const [one, other] = [viewKeyOf(a), viewKeyOf(b)];
        expect(Math.sign(before(a, b))).toBe(one < other ? -1 : one > other ? 1 : 0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('chooses the same row whatever the order and however often rows come', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 8 }).chain((rows) =>
          fc.tuple(
            fc.constant(rows),
            fc.array(fc.constantFrom(...rows), { maxLength: 8 }).chain((again) => {
              const all = [...rows, ...again];
              return fc.shuffledSubarray(all, { minLength: all.length });
            }),
          ),
        ),
        ([rows, replayed]) => {
          const greatest = (all: readonly Row[]) => all.map(viewKeyOf).sort().at(-1);
          expect(greatest(replayed)).toBe(greatest(rows));
          expect(greatest(rows)).toBe(
            viewKeyOf(
              [...rows].sort(before).at(-1) ??
                rows[0] ?? { final: true, answered: true, given: false, askedAtMs: 0, revision: '' },
            ),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('lets the final answer win over later provisional and unanswered rows', () => {
    const final = recordOf(OFFICIAL_RESULT, { askedAtMs: 2_000 }).record.view_key ?? '';
    const later = recordOf({}, { askedAtMs: 9_000, final: false }).record.view_key ?? '';
    const gaveUp =
      recordOf(undefined, { askedAtMs: 9_000, disposition: 'gave_up', code: 'X' }).record.view_key ?? '';
    expect([later, final, gaveUp].sort()).toEqual([later, gaveUp, final]);
  });
});

describe('reduced rows', () => {
  it('lose raw and the length of the story, and say why', () => {
    const { record } = recordOf(OFFICIAL_RESULT);
    const reduced = reduceRecord(record, 'PostBodyTooLarge: too much');
    const { raw, story, story_zh: zh, ...rest } = record;
    expect(reduced).toStrictEqual({
      ...rest,
      story: `${story?.slice(0, 159)}…`,
      story_zh: zh,
      raw_truncated: 'true',
      write_error: 'PostBodyTooLarge: too much',
    });
    expect(raw).toBeDefined();
    expect(reduceRecord({ ...record, story_zh: '长'.repeat(161) }, 'x').story_zh).toBe(
      `${'长'.repeat(159)}…`,
    );
  });

  it('cut every other text, and leave out JSON that would be cut', () => {
    const { record } = recordOf(OFFICIAL_RESULT);
    const long = 'x'.repeat(600);
    const reduced = reduceRecord(
      {
        ...record,
        region: long,
        unknown_values: 'x'.repeat(512),
        labels: `"${long}"`,
        cause_evidence: `"${long}"`,
      },
      long,
    );
    expect(reduced.region).toBe(`${'x'.repeat(511)}…`);
    expect(reduced.unknown_values).toBe('x'.repeat(512));
    expect(reduced.write_error).toBe(`${'x'.repeat(511)}…`);
    expect(reduced).not.toHaveProperty('labels');
    expect(reduced).not.toHaveProperty('cause_evidence');
    expect(
      reduceRecord({ ...record, labels: 'y'.repeat(512), cause_evidence: 'y'.repeat(512) }, 'x'),
    ).toMatchObject({
      labels: 'y'.repeat(512),
      cause_evidence: 'y'.repeat(512),
    });
  });

  it('of a row that never had a raw do not claim one was cut', () => {
    expect(reduceRecord({ transaction_id: 't' }, 'x')).toStrictEqual({
      transaction_id: 't',
      write_error: 'x',
    });
  });

  it('keep identity, view and numbers', () => {
    const { record } = recordOf(OFFICIAL_RESULT);
    const reduced = reduceRecord(record, 'x');
    for (const column of [
      'transaction_id',
      'revision',
      'view_key',
      'final',
      'journey',
      'cause',
      'stay_total_ms',
    ] as const) {
      expect(reduced[column]).toBe(record[column]);
    }
  });

  it('of a log line cut its text', () => {
    const { events } = recordOf(OFFICIAL_RESULT);
    const [event = {}] = events;
    expect(reduceEvent(event, 'why')).toStrictEqual({ ...event, write_error: 'why' });
    const long = reduceEvent(
      { ...event, text: 'x'.repeat(161), logged_at: 'y'.repeat(513) },
      'z'.repeat(513),
    );
    expect(long.text).toBe(`${'x'.repeat(159)}…`);
    expect(long.logged_at).toBe(`${'y'.repeat(511)}…`);
    expect(long.write_error).toBe(`${'z'.repeat(511)}…`);
    expect(reduceEvent({ seq: 1 }, 'x')).toStrictEqual({ seq: 1, write_error: 'x' });
  });
});
