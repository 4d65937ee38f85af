import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApi } from '../../../client/cli/api.ts';
import { readCommandLine } from '../../../client/cli/arguments.ts';
import { replayCommand } from '../../../client/cli/replay.ts';
import { type Ledger, readLedger } from '../../../shared/ledger.ts';
import { eventView, recordView } from '../../../shared/logstores/view.ts';
import { SweepWorld } from '../../support/sweep-world.ts';
import { DEFAULT_WINDOWS } from '../../support/windows.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let world: SweepWorld;
beforeAll(async () => {
  world = await SweepWorld.open();
});
afterAll(() => world.close());

const ledger = (fromMs: number, toMs: number) =>
  readLedger(world.client, { fromMs, toMs, nowMs: Date.now(), windows: DEFAULT_WINDOWS });
const sum = (of: Ledger) =>
  of.finished +
  of.interrupted +
  of.notStarted +
  of.unknown +
  of.notCompleted +
  of.invalid +
  of.expired +
  of.gaveUp +
  of.waiting +
  of.residual;

let asked = Date.now() - HOUR_MS;
function record(id: string, row: object): object {
  asked += 1;
  const { rank, ...more } = { rank: 3, ...row } as { rank: number };
  return {
    transaction_id: id,
    final: rank === 1 ? 'false' : 'true',
    disposition: 'answered',
    code: 'Success',
    revision: `rev${asked}`,
    view_key: `${rank}${asked}rev${asked}`,
    asked_at_ms: asked,
    ...more,
  };
}

describe('the ledger', () => {
  it('is empty and whole when there is nothing', async () => {
    const empty = await ledger(Date.now() - DAY_MS, Date.now() + 1);
    expect(empty).toMatchObject({ registered: 0, waiting: 0, residual: 0, complete: true });
  });

  it('counts every registered transaction once, by its view, in the period of its first registration', async () => {
    const nowMs = Date.now();
    const within = { registered_at_ms: nowMs - 2 * HOUR_MS };
    const ids = ['fin', 'int', 'not', 'odd', 'ncp', 'inv', 'exp', 'gup', 'wait', 'prov', 'two', 'better'];
    await world.put(
      'idv-pending',
      ids.map((transaction_id) => ({ transaction_id, ...within })),
    );
    // Registered twice, queued again: once in the books.
    await world.put('idv-pending', [
      { transaction_id: 'fin', registered_at_ms: nowMs - HOUR_MS },
      { transaction_id: 'int', ...within, kind: 'requeue', attempt: 1 },
    ]);
    // Registered before the period, and again in it: it belongs to before.
    await world.put('idv-pending', [
      { transaction_id: 'early', registered_at_ms: nowMs - 5 * DAY_MS },
      { transaction_id: 'early', ...within },
    ]);
    // Another writer's, with only an id, an insane time, an event time of six days ago, without an id.
    await world.put('idv-pending', [
      { transaction_id: 'bare' },
      { transaction_id: 'insane', registered_at_ms: 7 },
    ]);
    await world.put('idv-pending', [{ transaction_id: 'late' }], { timeMs: nowMs - 6 * DAY_MS });
    await world.put('idv-pending', [{ labels: '{}' }, { transaction_id: '' }]);
    await world.put('idv-records', [
      record('fin', { journey: 'finished' }),
      record('int', { journey: 'interrupted' }),
      record('not', { journey: 'not_started' }),
      record('odd', { journey: 'unknown:9' }),
      record('ncp', { rank: 2, disposition: 'not_completed' }),
      record('inv', { rank: 2, disposition: 'invalid' }),
      record('exp', { rank: 2, disposition: 'expired' }),
      record('gup', { rank: 2, disposition: 'gave_up' }),
      record('prov', { rank: 1, journey: 'interrupted' }),
      record('two', { journey: 'finished' }),
      record('two', { journey: 'finished' }),
      record('better', { journey: 'finished' }),
      record('better', { rank: 2, disposition: 'gave_up' }),
      record('early', { journey: 'finished' }),
      record('never', { journey: 'finished' }),
      record('row:0|MQ==|1', { rank: 2, disposition: 'invalid' }),
    ]);
    const books = await ledger(nowMs - DAY_MS, nowMs + HOUR_MS);
    expect(books).toEqual({
      registered: 15,
      finished: 3,
      interrupted: 1,
      notStarted: 1,
      unknown: 1,
      notCompleted: 1,
      invalid: 1,
      expired: 1,
      gaveUp: 1,
      waiting: 5,
      residual: 0,
      unreadable: 2,
      unregistered: 1,
      complete: true,
    });
    expect(sum(books)).toBe(books.registered);
    const before = await ledger(nowMs - 6 * DAY_MS, nowMs - 4 * DAY_MS);
    expect(before).toMatchObject({ registered: 1, finished: 1 });
  });

  it('what the sweep has passed without a record is residual; what came within two minutes of it waits', async () => {
    const nowMs = Date.now();
    const sweep = (checkpoint_at_ms: number | undefined, ended_at_ms: number, ended = 'done') =>
      world.put('idv-sweeps', [
        { ended, ended_at_ms, ...(checkpoint_at_ms === undefined ? {} : { checkpoint_at_ms }) },
      ]);
    const residual = async () => {
      const { waiting, residual: left } = await ledger(nowMs - DAY_MS, nowMs + HOUR_MS);
      return [waiting, left];
    };
    // Received just now, so within the two minutes of a checkpoint of now.
    await sweep(nowMs + 60_000, nowMs);
    expect(await residual()).toEqual([5, 0]);
    await sweep(nowMs + 10 * 60_000, nowMs + 1);
    expect(await residual()).toEqual([0, 5]);
    // A busy run knows no checkpoint, and the newest that does counts.
    await sweep(undefined, nowMs + 2, 'busy');
    expect(await residual()).toEqual([0, 5]);
    await sweep(nowMs - HOUR_MS, nowMs + 3, 'deadline');
    expect(await residual()).toEqual([5, 0]);
    // Queued again after the checkpoint: it waits.
    await sweep(nowMs + 10 * 60_000, nowMs + 4);
    expect(await residual()).toEqual([0, 5]);
  });

  it('counts thousands: no silent limit of 100 rows', async () => {
    const nowMs = Date.now();
    const ids = Array.from({ length: 2_500 }, (_, index) => `many${index}`);
    const registered_at_ms = nowMs - 10 * DAY_MS;
    await world.put(
      'idv-pending',
      ids.map((transaction_id) => ({ transaction_id, registered_at_ms })),
    );
    await world.put(
      'idv-records',
      ids.slice(0, 2_000).map((id) => record(id, { journey: 'interrupted' })),
    );
    const books = await ledger(registered_at_ms - 1, registered_at_ms + 1);
    expect(books).toMatchObject({ registered: 2_500, interrupted: 2_000, complete: true });
    expect(books.waiting + books.residual).toBe(500);
  });

  it('an answer in part is said to be one', async () => {
    const partial = {
      ...world.client,
      query: async () => ({ rows: [{ registered: '3' }], complete: false }),
    };
    const nowMs = Date.now();
    expect(
      await readLedger(partial, { fromMs: nowMs - DAY_MS, toMs: nowMs, nowMs, windows: DEFAULT_WINDOWS }),
    ).toMatchObject({ complete: false });
  });
});

describe('the view', () => {
  const query = async (logstore: string, sql: string) => {
    const { rows } = await world.client.query(logstore, {
      query: `* | ${sql}`,
      fromSeconds: Math.floor((Date.now() - DAY_MS) / 1000),
      toSeconds: Math.floor((Date.now() + HOUR_MS) / 1000),
    });
    return rows;
  };

  it('takes one row of a transaction whole, never columns of several', async () => {
    await world.put('idv-records', [
      { ...record('v1', { rank: 1, journey: 'interrupted', cause: 'user_left' }) },
      { ...record('v1', { journey: 'finished', stage: 'FACE' }) },
      { ...record('v1', { rank: 2, disposition: 'gave_up', cause: 'unknown' }) },
    ]);
    const rows = await query(
      'idv-records',
      `select transaction_id, journey, cause, stage from ${recordView(['journey', 'cause', 'stage'])} where transaction_id = 'v1'`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ journey: 'finished', stage: 'FACE' });
    expect([undefined, 'null']).toContain(rows[0]?.cause);
  });

  it('takes the lines of the record in view, each once', async () => {
    await world.put('idv-records', [
      { transaction_id: 'v2', revision: 'old', view_key: '11', final: 'false' },
      { transaction_id: 'v2', revision: 'new', view_key: '31', final: 'true' },
    ]);
    const line = (revision: string, seq: number, text: string) => ({
      transaction_id: 'v2',
      revision,
      lang: 'en',
      seq,
      text,
    });
    await world.put('idv-events', [
      line('old', 1, 'a'),
      line('new', 1, 'b'),
      line('new', 2, 'c'),
      line('new', 1, 'b'),
    ]);
    const view = eventView(['text']);
    const rows = await query(
      'idv-events',
      `select seq, text from ${view} where transaction_id = 'v2' order by seq limit 100`,
    );
    expect(rows.map(({ seq, text }) => `${seq}${text}`)).toEqual(['1b', '2c']);
  });
});

describe('replay', () => {
  /** The command line's own, over the logstores of this world. */
  async function replayed(
    of: SweepWorld,
    disposition: string,
    { fromMs, toMs }: Record<'fromMs' | 'toMs', number>,
  ) {
    const period = ['--from', String(fromMs), '--to', String(toMs)];
    const line = readCommandLine(['replay', '--disposition', disposition, ...period, '--json']);
    if (typeof line === 'string') throw new Error(line);
    const printed: string[] = [];
    await replayCommand({
      line,
      api: createApi({ url: 'http://127.0.0.1:1', auth: { kind: 'none' } }),
      out: (text) => printed.push(text),
      err: () => {},
      terminal: false,
      sls: () => of.client,
      now: Date.now,
      stopped: () => false,
    });
    return JSON.parse(printed.join());
  }

  it('queues again what ended without an answer in the period, and no more', async () => {
    const other = await SweepWorld.open();
    try {
      const ids = ['gave', 'fine', 'gone', 'later'];
      await other.know(['fine', 'gave', 'later']);
      const row = {
        registered_at_ms: Date.now() - HOUR_MS,
        labels: '{"channel":"app"}',
        merchant_biz_id: 'biz9',
      };
      await other.queue([
        { transaction_id: 'gave', ...row, attempt: 7 },
        { transaction_id: 'fine', ...row },
        { transaction_id: 'gone', ...row },
        { labels: '{}' },
      ]);
      await other.age();
      await other.control(other.cloudauth, { plan: [{ match: 'gave', answer: 'InternalError' }] });
      await other.report();
      await other.control(other.cloudauth, { plan: [] });
      const [first] = (await other.finals()).get('gave') ?? [];
      expect(first).toMatchObject({ disposition: 'gave_up' });

      const nowMs = Date.now();
      const before = { fromMs: 0, toMs: nowMs - HOUR_MS };
      expect(await replayed(other, 'gave_up', before)).toEqual({ selected: 0, queued: 0, failed: 0 });
      const period = { fromMs: nowMs - HOUR_MS, toMs: nowMs + 1 };
      expect(await replayed(other, 'gave_up', period)).toEqual({ selected: 1, queued: 1, failed: 0 });
      // The row without an id is invalid, too: nobody can be asked about it.
      expect(await replayed(other, 'invalid', period)).toEqual({ selected: 1, queued: 1, failed: 0 });
      const queued = (await other.rows('idv-pending')).filter(({ kind }) => kind === 'replay');
      expect(queued.map(({ transaction_id }) => transaction_id).sort()).toEqual(['gave', 'gone']);
      expect(queued.find(({ transaction_id }) => transaction_id === 'gave')).toMatchObject({
        attempt: '0',
        registered_at_ms: String(row.registered_at_ms),
        labels: row.labels,
        merchant_biz_id: 'biz9',
      });

      await other.know(['gone']);
      await other.age();
      await other.report();
      const now = {
        fromMs: nowMs - DAY_MS,
        toMs: Date.now() + 1,
        nowMs: Date.now(),
        windows: DEFAULT_WINDOWS,
      };
      expect(await readLedger(other.client, now)).toMatchObject({ interrupted: 3, gaveUp: 0, invalid: 0 });
      for (const disposition of ['gave_up', 'not_completed', 'expired', 'invalid'])
        expect(await replayed(other, disposition, period)).toMatchObject({ queued: 0 });
      expect(ids).toHaveLength(4);
    } finally {
      await other.close();
    }
  });
});
