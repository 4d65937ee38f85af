import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OFFICIAL_RESULT } from '../../../local/cloudauth/official-example.ts';
import type { LookupsItem } from '../../../shared/api/responses.ts';
import { Pacer } from '../../../shared/pace.ts';
import { systemClock } from '../../../shared/time.ts';
import { LookupWorld } from '../../support/lookup-world.ts';

/** Several lookups in one request: what is asked, what is queued, and that no item is lost or said twice. */
let world: LookupWorld;
let serial = 0;
const ids = (count: number) => Array.from({ length: count }, () => `bulk-${process.pid}-${serial++}`);
const opened = () => Date.now() - 40 * 60_000;
const ask = (of: readonly string[], options = {}) =>
  world.call('POST', '/v1/lookups', {
    body: { transactions: of.map((transactionId) => ({ transactionId, initializedAt: opened() })) },
    ...options,
  });
const putAll = (of: readonly string[]) =>
  Promise.all(of.map((id) => world.putSession(id, opened(), OFFICIAL_RESULT)));
const byOutcome = (results: readonly LookupsItem[], outcome: string) =>
  results.filter((one) => one.outcome === outcome);
const calls = () => world.calls();
const searches = async () => (await world.slsCalls()).GetLogsV2 ?? 0;
const rowCount = async (logstore: string) => (await world.rows(logstore)).length;

const RATE = 100;
beforeAll(async () => {
  world = await LookupWorld.open({ app: { pacer: new Pacer({ ratePerSecond: RATE, clock: systemClock }) } });
});
afterAll(() => world.close());
beforeEach(() => world.calm());

describe('POST /v1/lookups', () => {
  it('answers 50, in order, each with its own record', async () => {
    const asked = ids(50);
    await putAll(asked);
    const before = await rowCount('idv-records');
    const answer = await ask(asked);
    expect(answer.statusCode).toBe(200);
    expect(answer.json).toMatchObject({ answered: 50, queued: 0, problems: 0 });
    for (const [index, result] of answer.json.results.entries()) {
      expect(result).toMatchObject({
        index,
        outcome: 'answered',
        transactionId: asked[index],
        final: true,
        stored: true,
        record: { transaction_id: asked[index] },
      });
    }
    expect((await rowCount('idv-records')) - before).toBe(50);
  });

  it('asks about one transaction once, however often it is listed, and knows all that is said of it', async () => {
    const [same = '', other = ''] = ids(2);
    await putAll([same, other]);
    const before = { calls: await calls(), records: await rowCount('idv-records') };
    const answer = await world.call('POST', '/v1/lookups', {
      body: {
        transactions: [
          { transactionId: same, labels: { channel: 'web', country: 'SG' } },
          { transactionId: other, initializedAt: opened() },
          ...Array.from({ length: 18 }, () => ({ transactionId: same, initializedAt: opened() })),
          { transactionId: same, labels: { channel: 'app' } },
        ],
      },
    });
    expect(answer.json).toMatchObject({ answered: 21, queued: 0, problems: 0 });
    for (const [index, result] of answer.json.results.entries()) {
      const transactionId = index === 1 ? other : same;
      expect(result).toMatchObject({ index, outcome: 'answered', transactionId, stored: true });
    }
    expect(answer.json.results[0].record.labels).toBe('{"channel":"app","country":"SG"}');
    expect((await calls()) - before.calls).toBe(2);
    expect((await rowCount('idv-records')) - before.records).toBe(2);
  });

  it('queues a transaction once, however often it is listed', async () => {
    const [same = ''] = ids(1);
    await world.control(world.cloudauth, { plan: [{ match: '*', times: 1_000, answer: 'Throttling.Api' }] });
    const before = await rowCount('idv-pending');
    const answer = await ask(Array.from({ length: 20 }, () => same));
    expect(answer.json).toMatchObject({ answered: 0, queued: 20, problems: 0 });
    expect((await rowCount('idv-pending')) - before).toBe(1);
  });

  it('reads what is known once for each transaction, by search', async () => {
    const asked = ids(3);
    await world.control(world.cloudauth, { plan: [{ match: '*', times: 1_000, answer: 'Throttling.Api' }] });
    const before = await searches();
    expect((await ask(asked)).json).toMatchObject({ queued: 3 });
    // One of the queue and one of the records.
    expect((await searches()) - before).toBe(2 * asked.length);
  });

  it('keeps a failure with its item', async () => {
    const [good = '', unknown = '', young = ''] = ids(3);
    await putAll([good]);
    await world.control(world.cloudauth, {
      plan: [{ match: young, times: 9, answer: 'ProcessNotCompleted' }],
    });
    const answer = await world.call('POST', '/v1/lookups', {
      body: {
        transactions: [
          { transactionId: unknown },
          { transactionId: good, initializedAt: opened() },
          { transactionId: 'not valid' },
          { transactionId: young },
        ],
      },
    });
    expect(answer.json).toMatchObject({ answered: 1, queued: 0, problems: 3 });
    expect(answer.json.results).toMatchObject([
      {
        index: 0,
        outcome: 'problem',
        transactionId: unknown,
        problem: { status: 404, code: 'TRANSACTION_INVALID' },
      },
      { index: 1, outcome: 'answered', transactionId: good },
      {
        index: 2,
        outcome: 'problem',
        problem: { status: 400, issues: [{ path: 'transactions[2].transactionId' }] },
      },
      { index: 3, outcome: 'problem', transactionId: young, problem: { status: 409, code: 'NOT_COMPLETED' } },
    ]);
  });

  it('asks no faster than its share of the quota', async () => {
    const asked = ids(50);
    await putAll(asked);
    const startMs = Date.now();
    await ask(asked);
    // 50 at 100 a second, the first at once; a little may be made up for.
    expect(Date.now() - startMs).toBeGreaterThan((49 / RATE) * 1_000 * 0.7);
  });

  it('queues what the time does not allow, and says so', async () => {
    const asked = ids(50);
    await putAll(asked);
    await world.control(world.cloudauth, { latencyMs: 700 });
    const before = await rowCount('idv-pending');
    const startMs = Date.now();
    const answer = await ask(asked, { timeout: 7 });
    expect(Date.now() - startMs).toBeLessThan(7_000);
    expect(answer.statusCode).toBe(200);
    const { results, answered, queued, problems } = answer.json;
    expect(problems).toBe(0);
    expect(answered).toBeGreaterThan(4);
    expect(queued).toBeGreaterThan(4);
    expect(answered + queued).toBe(50);
    expect(results.map((one: LookupsItem) => one.index)).toEqual(asked.map((_, index) => index));
    for (const one of byOutcome(results, 'queued'))
      expect(one).toMatchObject({ reason: 'time', transactionId: asked[one.index] });
    // What was answered is final by the caller's word alone, so that it waits as well.
    for (const one of byOutcome(results, 'answered'))
      expect(one).toMatchObject({ final: true, registered: true });
    expect((await rowCount('idv-pending')) - before).toBe(50);
  });

  it('queues what the quota does not allow, and leaves the service alone', async () => {
    const asked = ids(30);
    await putAll(asked);
    await world.control(world.cloudauth, { plan: [{ match: '*', times: 1_000, answer: 'Throttling.Api' }] });
    const before = await rowCount('idv-pending');
    const callsBefore = await calls();
    const answer = await ask(asked);
    expect(answer.json).toMatchObject({ answered: 0, queued: 30, problems: 0 });
    for (const one of answer.json.results) expect(one).toMatchObject({ outcome: 'queued', reason: 'quota' });
    expect((await rowCount('idv-pending')) - before).toBe(30);
    expect((await calls()) - callsBefore).toBeLessThanOrEqual(8);
  });

  it('queues what is registered already only when the sweep has come to it, and with what was said then', async () => {
    const [id = ''] = ids(1);
    await world.call('POST', '/v1/transactions', {
      body: { transactionId: id, merchantBizId: 'm1', labels: { channel: 'referral' } },
    });
    await world.control(world.cloudauth, { plan: [{ match: '*', times: 1_000, answer: 'Throttling.Api' }] });
    const before = await rowCount('idv-pending');
    const waits = await world.call('POST', '/v1/lookups', {
      body: { transactions: [{ transactionId: id }] },
    });
    expect(waits.json).toMatchObject({ queued: 1, results: [{ outcome: 'queued', transactionId: id }] });
    expect(await rowCount('idv-pending')).toBe(before);

    await world.age();
    const passed = await world.call('POST', '/v1/lookups', {
      body: { transactions: [{ transactionId: id }] },
    });
    expect(passed.json).toMatchObject({ queued: 1 });
    expect(await rowCount('idv-pending')).toBe(before + 1);
    const seconds = Math.floor(Date.now() / 1_000);
    const { rows } = await world.client.query('idv-pending', {
      query: `transaction_id: "${id}"`,
      fromSeconds: seconds - 7_200,
      toSeconds: seconds + 60,
      line: 10,
    });
    expect(rows).toHaveLength(2);
    const [newer, older] = rows;
    expect(newer).toMatchObject({ merchant_biz_id: 'm1', labels: '{"channel":"referral"}' });
    expect(newer?.registered_at_ms).toBe(older?.registered_at_ms);
  });

  it('queues an early answer whose own registration failed', async () => {
    const [id = ''] = ids(1);
    await world.putSession(id, Date.now() - 60_000, OFFICIAL_RESULT);
    // The three tries of a registration; the fourth is that of the rest.
    await world.control(world.sls, {
      fail: [{ action: 'PutLogs', logstore: 'idv-pending', times: 3, answer: 'WriteQuotaExceed' }],
    });
    const before = await rowCount('idv-pending');
    const answer = await world.call('POST', '/v1/lookups', {
      body: { transactions: [{ transactionId: id }] },
    });
    expect(answer.json.results).toMatchObject([{ outcome: 'answered', final: false, registered: true }]);
    expect((await rowCount('idv-pending')) - before).toBe(1);
  });

  it('asks again after a throttled call or two', async () => {
    const asked = ids(10);
    await putAll(asked);
    await world.control(world.cloudauth, { plan: [{ match: '*', times: 2, answer: 'Throttling.Api' }] });
    expect((await ask(asked)).json).toMatchObject({ answered: 10, queued: 0 });
  });

  it('claims nothing when what is left cannot be queued', async () => {
    const asked = ids(10);
    await world.control(world.cloudauth, { plan: [{ match: '*', times: 1_000, answer: 'Throttling.Api' }] });
    await world.control(world.sls, {
      fail: [{ action: 'PutLogs', logstore: '*', rate: 1, answer: 'WriteQuotaExceed' }],
    });
    const answer = await ask(asked);
    expect(answer.json).toMatchObject({ answered: 0, queued: 0, problems: 10 });
    for (const one of answer.json.results) expect(one).toMatchObject({ problem: { code: 'NOT_STORED' } });
  });
});
