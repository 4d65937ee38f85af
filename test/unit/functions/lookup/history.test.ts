import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mergeGiven, missingRow, newsRow } from '../../../../functions/lookup/queue.ts';
import { SlsError } from '../../../../shared/errors.ts';
import { type History, readHistory, registrationOf } from '../../../../shared/history.ts';
import { deriveMerchantBizId } from '../../../../shared/logstores/ids.ts';
import { windowsOf } from '../../../../shared/logstores/retention.ts';
import type { QueryRequest, SlsDataPlane } from '../../../../shared/sls/types.ts';
import { DEFAULT_WINDOWS } from '../../../support/windows.ts';

const NOW = 1_795_400_000_000;
const MINUTE_MS = 60_000;
const signal = new AbortController().signal;

type Rows = ReadonlyArray<Record<string, string>>;
function slsWith(answers: { pending?: Rows; records?: Rows; complete?: boolean; fail?: string }) {
  const asked: Array<{ logstore: string; request: QueryRequest }> = [];
  const query = async (logstore: string, request: QueryRequest) => {
    asked.push({ logstore, request });
    if (answers.fail === logstore) throw new SlsError(500, 'InternalServerError', '');
    const rows = (logstore === 'idv-pending' ? answers.pending : answers.records) ?? [];
    const { offset = 0, line = 100 } = request;
    return { rows: rows.slice(offset, offset + line), complete: answers.complete ?? true };
  };
  return { sls: { query } as unknown as SlsDataPlane, asked };
}
const read = (answers: Parameters<typeof slsWith>[0], id = 'tx-1') =>
  readHistory(slsWith(answers).sls, id, { nowMs: NOW, windows: DEFAULT_WINDOWS, signal });
/** What all of it says together, and since when the transaction is registered. */
const said = async (answers: Parameters<typeof slsWith>[0]) => {
  const { given, registeredAtMs } = registrationOf(await read(answers));
  return { given, registeredAtMs };
};
const seconds = (ms: number) => String(Math.floor(ms / 1_000));
const queued = (minutesAgo: number, more: Record<string, string> = {}) => ({
  transaction_id: 'tx-1',
  __time__: seconds(NOW - minutesAgo * MINUTE_MS),
  ...more,
});
const record = (more: Record<string, string>) => ({
  transaction_id: 'tx-1',
  revision: 'r1',
  view_key: 'v',
  final: 'true',
  disposition: 'answered',
  code: 'Success',
  asked_at_ms: String(NOW - 5 * MINUTE_MS),
  source: 'sweep',
  attempt: '1',
  journey: 'finished',
  cause: 'passed',
  ...more,
});

describe('what is known of a transaction', () => {
  it.each([
    [{ source: 19, pending: 20, records: 28, sweeps: 20 }, 28, 28],
    [{ source: 30, pending: 45, records: 180, sweeps: 90 }, 53, 180],
    [{ source: 90, pending: 120, records: 400, sweeps: 120 }, 128, 400],
  ])('is looked for in all that is kept: %j', async (days, queueDays, recordDays) => {
    const { sls, asked } = slsWith({});
    await readHistory(sls, 'tx-1', { nowMs: NOW, windows: windowsOf(days), signal });
    const from = Object.fromEntries(asked.map(({ logstore, request }) => [logstore, request.fromSeconds]));
    // A row of the queue may have an event time of a week before it came.
    expect(from).toEqual({
      'idv-pending': NOW / 1_000 - queueDays * 86_400,
      'idv-records': NOW / 1_000 - recordDays * 86_400,
    });
  });

  it('is nothing when nothing is there', async () => {
    expect(await read({})).toEqual({ queued: [], records: [], entries: [], complete: true, failed: false });
  });

  it('comes from its rows in the queue: the earliest registration, of each field what was given last', async () => {
    const answers = {
      pending: [
        queued(1, {
          registered_at_ms: String(NOW - 90 * MINUTE_MS),
          given_at_ms: String(NOW - 90 * MINUTE_MS),
          labels: '{"a":"first","b":"kept"}',
          kind: 'requeue',
        }),
        queued(60, {
          registered_at_ms: String(NOW - 60 * MINUTE_MS),
          merchant_biz_id: 'm1',
          labels: '{"a":"second"}',
        }),
        { ...queued(1), transaction_id: 'TX-1', merchant_biz_id: 'somebodyelse' },
      ],
    };
    expect(await said(answers)).toEqual({
      given: { merchantBizId: 'm1', labels: { a: 'second', b: 'kept' } },
      registeredAtMs: NOW - 90 * MINUTE_MS,
    });
    expect(await read(answers)).toMatchObject({
      queuedAtMs: NOW - MINUTE_MS,
      entries: [],
      complete: true,
      failed: false,
    });
  });

  it.each([
    ['a time from another age', { initialized_at_ms: '5' }],
    ['a time that is none', { initialized_at_ms: 'now' }],
    ['an id of another alphabet', { merchant_biz_id: 'a-b' }],
    ['labels that are no JSON', { labels: '{' }],
    ['labels that are a list', { labels: '["a"]' }],
  ])('leaves out %s, from whoever wrote it', async (_what, row) => {
    expect(await said({ pending: [queued(1, row)] })).toEqual({
      given: {},
      registeredAtMs: NOW - MINUTE_MS,
    });
  });

  it('comes from earlier records where the queue has forgotten', async () => {
    const records = [
      record({ registered_at_ms: String(NOW - 99), merchant_biz_id: 'm2', labels: '{"a":"b"}' }),
      record({ registered_at_ms: String(NOW - 9), labels: '{"a":"older","c":"d"}', asked_at_ms: '5' }),
    ];
    expect(await said({ records })).toEqual({
      given: { merchantBizId: 'm2', labels: { a: 'b', c: 'd' } },
      registeredAtMs: NOW - 99,
    });
    expect(await read({ records })).not.toHaveProperty('queuedAtMs');
    // A record of something that was never registered does not make it so.
    expect(await said({ records: [record({})] })).toEqual({ given: {}, registeredAtMs: undefined });
  });

  it.each([
    ['the sweep, which has no time of its own', { source: 'sweep' }, 'queued'],
    [
      'the sweep before the row was given',
      { source: 'sweep', given_at_ms: String(NOW - 9 * MINUTE_MS) },
      'queued',
    ],
    [
      'the sweep after the row was given',
      { source: 'sweep', given_at_ms: String(NOW - 7 * MINUTE_MS) },
      'record',
    ],
    ['a lookup, which asked after the row was given', { source: 'lookup' }, 'record'],
    [
      'a lookup that repeats what was given before',
      { source: 'lookup', given_at_ms: String(NOW - 9 * MINUTE_MS) },
      'queued',
    ],
  ])('a record of %s', async (_what, row, wins) => {
    const answers = {
      pending: [queued(8, { labels: '{"a":"queued"}' })],
      records: [record({ labels: '{"a":"record"}', asked_at_ms: String(NOW - 5 * MINUTE_MS), ...row })],
    };
    expect((await said(answers)).given.labels).toEqual({ a: wins });
  });

  it('does not hold an id that was only derived', async () => {
    const records = [
      record({ source: 'lookup', merchant_biz_id: deriveMerchantBizId('tx-1') }),
      record({ asked_at_ms: '7', merchant_biz_id: 'theirs' }),
    ];
    expect((await said({ records })).given).toEqual({ merchantBizId: 'theirs' });
  });

  it('folds copies, newest first, provisional and final apart', async () => {
    const { entries } = await read({
      records: [
        record({ asked_at_ms: '30', source: 'lookup' }),
        record({ asked_at_ms: '10' }),
        record({ asked_at_ms: '20', final: 'false' }),
        record({ asked_at_ms: '40', revision: 'r2', final: 'false', passed: 'Y' }),
        record({ revision: '' }),
      ],
    });
    expect(entries).toMatchObject([
      { revision: 'r2', final: 'false', asked_at_ms: 40, copies: 1, passed: 'Y' },
      { revision: 'r1', final: 'true', asked_at_ms: 30, copies: 2, source: 'lookup', attempt: 1 },
      { revision: 'r1', final: 'false', asked_at_ms: 20, copies: 1 },
    ]);
    expect(entries[1]).not.toHaveProperty('passed');
  });

  it.each(['idv-pending', 'idv-records'])('says when %s could not be read, and why', async (fail) => {
    expect(await read({ fail, pending: [queued(1)], records: [record({})] })).toMatchObject({
      complete: false,
      failed: true,
      error: { serverCode: 'InternalServerError' },
    });
  });

  it('says when an answer was a part', async () => {
    expect(await read({ complete: false })).toMatchObject({ complete: false, failed: true });
  });

  it.each([
    [49, true, 49],
    [50, false, 50],
    [73, false, 50],
  ])('of %i records: all of it %p', async (count, complete, copies) => {
    const { sls, asked } = slsWith({ records: Array.from({ length: count }, () => record({})) });
    const known = await readHistory(sls, 'tx-1', { nowMs: NOW, windows: DEFAULT_WINDOWS, signal });
    expect(known).toMatchObject({ complete, failed: false, entries: [{ copies }] });
    const pages = asked.filter(({ logstore }) => logstore === 'idv-records');
    expect(pages).toHaveLength(5);
    for (const { request } of pages) expect(request).toMatchObject({ line: 10, reverse: true });
  });

  it('is searched for with words whose meaning no id can change, and never asked by SQL', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), async (id) => {
        const { sls, asked } = slsWith({});
        await readHistory(sls, id, { nowMs: NOW, windows: DEFAULT_WINDOWS, signal });
        expect(asked.map(({ logstore }) => logstore)).toEqual(['idv-pending', 'idv-records']);
        for (const { request } of asked) expect(request.query).toBe(`transaction_id: "${id}"`);
      }),
    );
  });

  it.each(['a" or *', "a' OR 1=1", 'a|b', 'a b', '', 'ä', 'x'.repeat(65)])(
    'is not asked for with the id %j',
    async (id) => {
      const { sls, asked } = slsWith({ pending: [queued(1)] });
      expect(await readHistory(sls, id, { nowMs: NOW, windows: DEFAULT_WINDOWS, signal })).toMatchObject({
        queued: [],
        entries: [],
        complete: false,
      });
      expect(asked).toEqual([]);
    },
  );
});

const NOTHING: History = { queued: [], records: [], entries: [], complete: true, failed: false };
const TIMES = { nowMs: NOW, verifyDelayMs: 30 * MINUTE_MS };

describe('whether a row still waits', () => {
  it.each([
    ['was never queued', undefined, false],
    ['was queued now', 0, true],
    ['was queued 28 minutes ago', 28, true],
    ['is due in less than a minute', 29.5, false],
    ['was queued an hour ago', 60, false],
  ])('%s', async (_what, minutesAgo, waits) => {
    const known = await read({ pending: minutesAgo === undefined ? [] : [queued(minutesAgo)] });
    expect(missingRow({ transactionId: 'tx-1' }, known, TIMES) === undefined).toBe(waits);
  });

  const waiting = () => read({ pending: [queued(5, { merchant_biz_id: 'm1', labels: '{"a":"known"}' })] });
  it.each([
    ['the same', { merchantBizId: 'm1', labels: { a: 'known' } }, false],
    ['a time of opening', { initializedAtMs: NOW - 5 * MINUTE_MS }, true],
    ['another id', { merchantBizId: 'm2' }, true],
    ['another label', { labels: { b: 'new' } }, true],
  ])('a caller who says %s', async (_what, more, needed) => {
    const row = missingRow({ transactionId: 'tx-1', ...more }, await waiting(), TIMES);
    expect(row !== undefined).toBe(needed);
    if (needed)
      expect(row).toMatchObject({ merchantBizId: 'm1', givenAtMs: NOW, ...more, labels: expect.any(String) });
  });

  it.each([
    ['it was never queued', [], [], false],
    ['the sweep has not come to it', [queued(60)], [], true],
    [
      'the sweep has answered it',
      [queued(60)],
      [record({ asked_at_ms: String(NOW - 29 * MINUTE_MS) })],
      false,
    ],
    [
      'the sweep has answered an earlier row',
      [queued(60)],
      [record({ asked_at_ms: String(NOW - 61 * MINUTE_MS) })],
      true,
    ],
    ['a lookup has answered it', [queued(60)], [record({ source: 'lookup' })], true],
  ])(
    'what is said of a transaction that is final is queued too where %s: %p',
    async (_what, pending, records, needed) => {
      const known = await read({ pending, records });
      expect(newsRow({ transactionId: 'tx-1', merchantBizId: 'm9' }, known, TIMES) !== undefined).toBe(
        needed,
      );
      expect(newsRow({ transactionId: 'tx-1' }, known, TIMES)).toBeUndefined();
    },
  );

  it('a row that is missing bears what was said before, and when', async () => {
    const known = await read({
      pending: [
        queued(100, {
          merchant_biz_id: 'known',
          labels: '{"a":"known"}',
          registered_at_ms: String(NOW - 120 * MINUTE_MS),
        }),
      ],
    });
    const before = {
      transactionId: 'tx-1',
      merchantBizId: 'known',
      registeredAtMs: NOW - 120 * MINUTE_MS,
      givenAtMs: NOW - 100 * MINUTE_MS,
      attempt: 0,
      kind: 'register',
      labels: '{"a":"known"}',
    };
    expect(missingRow({ transactionId: 'tx-1' }, known, TIMES)).toEqual(before);
    const initializedAtMs = NOW - 130 * MINUTE_MS;
    expect(missingRow({ transactionId: 'tx-1', initializedAtMs }, known, TIMES)).toEqual({
      ...before,
      initializedAtMs,
      givenAtMs: NOW,
    });
    expect(missingRow({ transactionId: 'tx-1' }, NOTHING, TIMES)).toEqual({
      transactionId: 'tx-1',
      registeredAtMs: NOW,
      givenAtMs: NOW,
      attempt: 0,
      kind: 'register',
    });
  });

  it('what the caller says goes before what is known', async () => {
    const known = await read({ pending: [queued(9, { merchant_biz_id: 'known', labels: '{"a":"known"}' })] });
    const merged = mergeGiven({ transactionId: 'tx-1', merchantBizId: 'said' }, known, NOW);
    expect(merged.given).toEqual({ merchantBizId: 'said', labels: { a: 'known' } });
    expect(registrationOf(known).given.merchantBizId).toBe('known');
  });
});
