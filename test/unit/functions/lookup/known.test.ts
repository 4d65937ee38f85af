import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mergeKnown, missingRow } from '../../../../functions/lookup/enqueue.ts';
import { type Known, readKnown } from '../../../../functions/lookup/known.ts';
import { SlsError } from '../../../../shared/errors.ts';
import { windowsOf } from '../../../../shared/retention.ts';
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
    return { rows: [...rows], complete: answers.complete ?? true };
  };
  return { sls: { query } as unknown as SlsDataPlane, asked };
}
const read = (answers: Parameters<typeof slsWith>[0], id = 'tx-1') =>
  readKnown(slsWith(answers).sls, id, { nowMs: NOW, windows: DEFAULT_WINDOWS, signal });
const seconds = (ms: number) => String(Math.floor(ms / 1_000));
const queued = (minutesAgo: number, more: Record<string, string> = {}) => ({
  transaction_id: 'tx-1',
  __time__: seconds(NOW - minutesAgo * MINUTE_MS),
  ...more,
});
const record = (more: Record<string, string>) => ({
  revision: 'r1',
  view_key: 'v',
  final: 'true',
  disposition: 'answered',
  code: 'Success',
  asked_at_ms: String(NOW - 5 * MINUTE_MS),
  source: 'sweep',
  attempt: '1',
  request_id: 'null',
  journey: 'finished',
  passed: 'null',
  cause: 'passed',
  stage: 'null',
  registered_at_ms: 'null',
  initialized_at_ms: 'null',
  merchant_biz_id: 'null',
  labels: 'null',
  ...more,
});

describe('what is known of a transaction', () => {
  it.each([
    [{ source: 19, pending: 20, records: 28, sweeps: 20 }, 28, 28],
    [{ source: 30, pending: 45, records: 180, sweeps: 90 }, 53, 180],
    [{ source: 90, pending: 120, records: 400, sweeps: 120 }, 128, 400],
  ])('is looked for in all that is kept: %j', async (days, queueDays, recordDays) => {
    const { sls, asked } = slsWith({});
    await readKnown(sls, 'tx-1', { nowMs: NOW, windows: windowsOf(days), signal });
    const from = Object.fromEntries(asked.map(({ logstore, request }) => [logstore, request.fromSeconds]));
    // A row of the queue may have an event time of a week before it came.
    expect(from).toEqual({
      'idv-pending': NOW / 1_000 - queueDays * 86_400,
      'idv-records': NOW / 1_000 - recordDays * 86_400,
    });
  });

  it('is nothing when nothing is there', async () => {
    expect(await read({})).toEqual({ session: {}, history: [], complete: true });
  });

  it('comes from its rows in the queue: the earliest registration, the newest words', async () => {
    const known = await read({
      pending: [
        queued(1, { registered_at_ms: String(NOW - 90 * MINUTE_MS), labels: '{"a":"new"}', kind: 'requeue' }),
        queued(60, {
          registered_at_ms: String(NOW - 60 * MINUTE_MS),
          merchant_biz_id: 'm1',
          labels: '{"a":"old"}',
        }),
        { ...queued(1), transaction_id: 'TX-1', merchant_biz_id: 'somebodyelse' },
      ],
    });
    expect(known).toEqual({
      session: { registeredAtMs: NOW - 90 * MINUTE_MS, merchantBizId: 'm1', labels: { a: 'new' } },
      queuedAtMs: NOW - MINUTE_MS,
      history: [],
      complete: true,
    });
  });

  it.each([
    ['a time from another age', { initialized_at_ms: '5' }],
    ['a time that is none', { initialized_at_ms: 'now' }],
    ['an id of another alphabet', { merchant_biz_id: 'a-b' }],
    ['labels that are no JSON', { labels: '{' }],
    ['labels that are a list', { labels: '["a"]' }],
  ])('leaves out %s, from whoever wrote it', async (_what, row) => {
    expect((await read({ pending: [queued(1, row)] })).session).toEqual({ registeredAtMs: NOW - MINUTE_MS });
  });

  it('comes from earlier records where the queue has forgotten', async () => {
    const known = await read({
      records: [record({ registered_at_ms: String(NOW - 99), merchant_biz_id: 'm2', labels: '{"a":"b"}' })],
    });
    expect(known.session).toEqual({ registeredAtMs: NOW - 99, merchantBizId: 'm2', labels: { a: 'b' } });
    expect(known).not.toHaveProperty('queuedAtMs');
    // A record of something that was never registered does not make it so.
    expect((await read({ records: [record({})] })).session).toEqual({});
  });

  it('folds copies, newest first, provisional and final apart', async () => {
    const { history } = await read({
      records: [
        record({ asked_at_ms: '30', source: 'lookup' }),
        record({ asked_at_ms: '10' }),
        record({ asked_at_ms: '20', final: 'false' }),
        record({ asked_at_ms: '40', revision: 'r2', final: 'false', passed: 'Y' }),
        record({ revision: 'null' }),
      ],
    });
    expect(history).toMatchObject([
      { revision: 'r2', final: 'false', asked_at_ms: 40, copies: 1, passed: 'Y' },
      { revision: 'r1', final: 'true', asked_at_ms: 30, copies: 2, source: 'lookup', attempt: 1 },
      { revision: 'r1', final: 'false', asked_at_ms: 20, copies: 1 },
    ]);
    expect(history[1]).not.toHaveProperty('passed');
  });

  it.each(['idv-pending', 'idv-records'])('says when %s could not be read, and why', async (fail) => {
    expect(await read({ fail, pending: [queued(1)], records: [record({})] })).toMatchObject({
      complete: false,
      error: { serverCode: 'InternalServerError' },
    });
  });

  it('says when an answer was a part', async () => {
    expect((await read({ complete: false })).complete).toBe(false);
  });

  it('is asked for in queries whose meaning no id can change', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), async (id) => {
        const { sls, asked } = slsWith({});
        await readKnown(sls, id, { nowMs: NOW, windows: DEFAULT_WINDOWS, signal });
        const [pending, records] = asked.map(({ request }) => request.query);
        expect(pending).toBe(`transaction_id: "${id}"`);
        expect(records).toMatch(
          new RegExp(
            `^transaction_id: "${id}" \\| SELECT [a-z_, ]+ FROM log WHERE transaction_id = '${id}' ORDER BY view_key DESC LIMIT \\d+$`,
          ),
        );
      }),
    );
  });

  it.each(['a" or *', "a' OR 1=1", 'a|b', 'a b', '', 'ä', 'x'.repeat(65)])(
    'is not asked for with the id %j',
    async (id) => {
      const { sls, asked } = slsWith({ pending: [queued(1)] });
      expect(await readKnown(sls, id, { nowMs: NOW, windows: DEFAULT_WINDOWS, signal })).toMatchObject({
        session: {},
        history: [],
        complete: false,
      });
      expect(asked).toEqual([]);
    },
  );
});

describe('whether a row still waits', () => {
  const known = (queuedAtMs?: number): Known => ({
    session: {},
    history: [],
    complete: true,
    ...(queuedAtMs === undefined ? {} : { queuedAtMs }),
  });

  it.each([
    ['was never queued', undefined, false],
    ['was queued now', 0, true],
    ['was queued 28 minutes ago', 28, true],
    ['is due in less than a minute', 29.5, false],
    ['was queued an hour ago', 60, false],
  ])('%s', (_what, minutesAgo, waits) => {
    const queuedAtMs = minutesAgo === undefined ? undefined : NOW - minutesAgo * MINUTE_MS;
    const row = missingRow({ transactionId: 'x' }, known(queuedAtMs), {
      nowMs: NOW,
      verifyDelayMs: 30 * MINUTE_MS,
    });
    expect(row === undefined).toBe(waits);
  });

  it('a row that is missing bears what was said before', () => {
    const session = { registeredAtMs: 1, merchantBizId: 'known', labels: { a: 'known' } };
    const times = { nowMs: NOW, verifyDelayMs: 30 * MINUTE_MS };
    expect(
      missingRow({ transactionId: 'x', initializedAtMs: 5 }, { session, history: [], complete: true }, times),
    ).toEqual({
      transactionId: 'x',
      merchantBizId: 'known',
      initializedAtMs: 5,
      registeredAtMs: 1,
      attempt: 0,
      kind: 'register',
      labels: '{"a":"known"}',
    });
  });

  it('what the caller says goes before what is known', () => {
    const session = { registeredAtMs: 1, merchantBizId: 'known', initializedAtMs: 2, labels: { a: 'known' } };
    const merged = mergeKnown(
      { transactionId: 'x', merchantBizId: 'said' },
      { session, history: [], complete: true },
    );
    expect(merged).toEqual({
      transactionId: 'x',
      merchantBizId: 'said',
      initializedAtMs: 2,
      labels: { a: 'known' },
    });
  });
});
