import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SlsControl } from '../../../deploy/sls-client.ts';
import { LOCAL_PROJECT } from '../../../local/credentials.ts';
import { LookupWorld } from '../../support/lookup-world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const daysAgo = (days: number) => Date.now() - days * DAY_MS;

const ageQueue = (world: LookupWorld, days: number) => world.age(days * DAY_MS);
const ledger = (world: LookupWorld, query: Record<string, string> = {}) =>
  world.call('GET', '/v1/ledger', { query });
const register = (world: LookupWorld, transactionId: string, initializedAtMs: number) =>
  world.call('POST', '/v1/transactions', { body: { transactionId, initializedAt: initializedAtMs } });

/** A row of the queue that was received so many days ago and is swept. */
const record = (transaction_id: string, askedDaysAgo: number) => ({
  transaction_id,
  final: 'true',
  disposition: 'answered',
  code: 'Success',
  journey: 'finished',
  revision: transaction_id,
  view_key: `3${daysAgo(askedDaysAgo)}${transaction_id}`,
  asked_at_ms: daysAgo(askedDaysAgo),
});

describe('a queue that keeps 20 days, records 28, sweeps 20, sessions 19', () => {
  let world: LookupWorld;
  beforeAll(async () => {
    world = await LookupWorld.open({ daysKept: { source: 19, pending: 20, records: 28, sweeps: 20 } });
    await world.put('idv-pending', [{ transaction_id: 'gone', registered_at_ms: daysAgo(21) }]);
    await ageQueue(world, 2);
    await world.put('idv-pending', [{ transaction_id: 'kept', registered_at_ms: daysAgo(19) }]);
    await ageQueue(world, 19);
    await world.put('idv-pending', [{ transaction_id: 'new', registered_at_ms: Date.now() }]);
    await world.put('idv-records', [
      record('gone', 21),
      record('kept', 19),
      // Asked about in the days that are kept, as the sweep does half an hour after; its row is gone.
      { ...record('edge', 19.99), registered_at_ms: daysAgo(20.01) },
      record('never', 5),
    ]);
  });
  afterAll(() => world.close());

  it('is what the logstores really keep', async () => {
    const control = new SlsControl(world.place);
    const kept = await Promise.all(
      ['idv-pending', 'idv-records', 'idv-sweeps'].map(
        async (name) => (await control.getLogStore(LOCAL_PROJECT, name)).body?.ttl,
      ),
    );
    expect(kept).toEqual([20, 28, 20]);
  });

  it('has an exact ledger of all that is kept', async () => {
    const { json } = await ledger(world, { from: String(daysAgo(20) + MINUTE_MS) });
    expect(json).toMatchObject({ registered: 2, finished: 1, waiting: 1, residual: 0 });
    // A record says when its transaction was registered, if it was.
    expect(json).toMatchObject({ unreadable: 0, unregistered: 1, complete: true });
  });

  it('has no ledger of what is not, and says which field and how long', async () => {
    for (const query of [
      { from: String(daysAgo(20) - MINUTE_MS) },
      { from: String(daysAgo(30)), to: String(daysAgo(25)) },
    ]) {
      const answer = await ledger(world, query);
      expect([answer.statusCode, answer.json.code]).toEqual([400, 'INPUT_INVALID']);
      expect(answer.json.issues).toEqual([{ path: 'from', message: 'must be within the last 20 days' }]);
    }
    const answer = await ledger(world, { to: String(daysAgo(21)) });
    expect(answer.json.issues).toEqual([{ path: 'to', message: 'must be within the last 20 days' }]);
  });

  it('says which period it counted where none was asked for: no longer than is kept', async () => {
    const { json } = await ledger(world);
    expect(Math.abs(Date.parse(json.from) - daysAgo(20))).toBeLessThan(MINUTE_MS);
    expect(Math.abs(Date.parse(json.to) - Date.now())).toBeLessThan(MINUTE_MS);
    expect(json).toMatchObject({ registered: 2, complete: true });
  });

  it('takes sessions of the last 20 days, a day more than the service keeps them', async () => {
    expect((await register(world, 'young', daysAgo(20) + MINUTE_MS)).statusCode).toBe(202);
    const answer = await register(world, 'old', daysAgo(20) - MINUTE_MS);
    expect(answer.json.issues).toEqual([
      { path: 'initializedAt', message: 'must be within the last 20 days, and not in the future' },
    ]);
  });
});

describe('a queue that keeps 120 days, records 400, sweeps 120, sessions 90', () => {
  let world: LookupWorld;
  beforeAll(async () => {
    world = await LookupWorld.open({ daysKept: { source: 90, pending: 120, records: 400, sweeps: 120 } });
    await world.put('idv-pending', [{ transaction_id: 'then', registered_at_ms: daysAgo(119) }]);
    await ageQueue(world, 119);
  });
  afterAll(() => world.close());

  it('has a ledger of 120 days', async () => {
    const { json } = await ledger(world, { from: String(daysAgo(120) + MINUTE_MS) });
    expect(json).toMatchObject({ registered: 1, complete: true });
    const { json: refused } = await ledger(world, { from: String(daysAgo(120) - MINUTE_MS) });
    expect(refused.issues).toEqual([{ path: 'from', message: 'must be within the last 120 days' }]);
  });

  it('counts the last 30 days where no period is asked for', async () => {
    const { json } = await ledger(world);
    expect(Math.abs(Date.parse(json.from) - daysAgo(30))).toBeLessThan(MINUTE_MS);
    expect(json).toMatchObject({ registered: 0, complete: true });
  });

  it('takes a session of 91 days, and believes its time for as long as the queue keeps it', async () => {
    expect((await register(world, 'oldest', daysAgo(91) + MINUTE_MS)).statusCode).toBe(202);
    await world.putSession('oldest', daysAgo(89), { VerifyStatus: '0' });
    const { json } = await world.call('GET', '/v1/transactions/oldest');
    expect(Math.abs(json.record.initialized_at_ms - daysAgo(91))).toBeLessThan(5 * MINUTE_MS);
  });
});
