import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { provision } from '../../../deploy/provision.ts';
import { SlsControl } from '../../../deploy/sls-client.ts';
import { LOCAL_PROJECT } from '../../../local/credentials.ts';
import { ALERTS } from '../../../shared/charts/alerts.ts';
import { SWEEPS_LOGSTORE } from '../../../shared/logstores/sweeps.ts';
import { isRaised } from '../../support/alert-check.ts';
import { bundleSweep, removeBundle } from '../../support/sweep-bundle.ts';
import { SweepWorld } from '../../support/sweep-world.ts';

/** The alerts about the sweep over the rows that its runs really write. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ABOUT_RUNS = ALERTS.filter(({ logstore }) => logstore === SWEEPS_LOGSTORE).map(({ name }) => name);

let bundle: string;
let world: SweepWorld;

beforeAll(async () => {
  bundle = await bundleSweep();
});
afterAll(() => removeBundle(bundle));
afterEach(() => world.close());

async function open(): Promise<void> {
  world = await SweepWorld.open({ bundle });
}

/** The names of those that are raised when SLS looks at that time. */
async function raised(atMs = Date.now()): Promise<string[]> {
  const names = [];
  for (const name of ABOUT_RUNS) if (await isRaised(world.client, name, atMs)) names.push(name);
  return names;
}

/** A run that does its work. Returns the time from which SLS, looking back half an hour, no longer sees it. */
async function goodRun(): Promise<number> {
  await world.register(3, { prefix: 'good' });
  await world.age();
  expect(await world.report()).toMatchObject({ ended: 'done', final_count: 3 });
  // Rows bear whole seconds: the next run has to end in another one.
  const afterMs = Math.floor(Date.now() / 1_000) * 1_000 + 1_000;
  while (Date.now() < afterMs) await new Promise((resolve) => setTimeout(resolve, afterMs - Date.now()));
  return afterMs + 30 * MINUTE_MS - 1_000;
}

describe('the alerts about the sweep', () => {
  it('are quiet after a run that did its work, and after one that had none', async () => {
    await open();
    await goodRun();
    expect(await raised()).toEqual([]);
    expect(await world.report()).toMatchObject({ ended: 'done', asked: 0 });
    expect(await raised()).toEqual([]);
  });

  it('are raised when nothing runs', async () => {
    await open();
    expect(await raised()).toEqual(['idv-no-run']);
  });

  it('are raised when the consumer group is gone, until a deployment makes it again', async () => {
    await open();
    const laterMs = await goodRun();
    await new SlsControl(world.place).deleteConsumerGroup(LOCAL_PROJECT, 'idv-pending', 'idv-sweep');
    const ids = await world.register(2, { prefix: 'later' });
    await world.age();
    for (let run = 0; run < 2; run += 1) expect((await world.run()).outcome).toBe('error');
    expect((await world.rows(SWEEPS_LOGSTORE)).slice(-2)).toMatchObject([
      { ended: 'error', failed: 'true' },
      { ended: 'error', failed: 'true' },
    ]);
    expect(await raised()).toEqual(['idv-run-failed']);
    // Half an hour after the last good run failures alone are no progress.
    expect(await raised(laterMs)).toEqual(['idv-no-run', 'idv-run-failed']);

    const { changes } = await provision({ ...world.place, leaseSeconds: 5 });
    expect(changes.filter(({ kind }) => kind === 'consumer group')).toMatchObject([
      { name: 'idv-sweep', change: 'create' },
    ]);
    expect(await world.report()).toMatchObject({ ended: 'done' });
    expect([...(await world.finals()).keys()]).toEqual(expect.arrayContaining(ids));
    expect(await raised()).toEqual([]);
    expect(await raised(laterMs)).toEqual([]);
  });

  it('are raised when a run cannot write, until one can', async () => {
    await open();
    const laterMs = await goodRun();
    await world.register(3, { prefix: 'later' });
    await world.age();
    const fail = [{ action: 'PutLogs', logstore: 'idv-records', answer: 'Unauthorized' }];
    await world.control(world.sls, { fail });
    expect((await world.run()).outcome).toBe('error');
    expect((await world.rows(SWEEPS_LOGSTORE)).at(-1)).toMatchObject({ ended: 'write_failed' });
    expect(await raised()).toEqual(['idv-run-failed']);
    expect(await raised(laterMs)).toEqual(['idv-no-run', 'idv-run-failed']);
    await world.control(world.sls, { fail: [] });
    expect(await world.report()).toMatchObject({ ended: 'done' });
    expect(await raised(laterMs)).toEqual([]);
  });

  it('are raised when the service is down, and for the delay that grows meanwhile', async () => {
    await open();
    const laterMs = await goodRun();
    await world.register(40, { prefix: 'later' });
    await world.age();
    await world.control(world.cloudauth, { plan: [{ match: '*', answer: 'InternalError' }] });
    expect(await world.report()).toMatchObject({ ended: 'upstream_down', final_count: 0 });
    // Due for a minute or so: a short outage is told, but nothing is late.
    expect(await raised()).toEqual(['idv-upstream-down']);
    await world.age(HOUR_MS);
    expect(await world.report()).toMatchObject({ ended: 'upstream_down' });
    expect(await raised()).toEqual(['idv-upstream-down', 'idv-lag']);
    expect(await raised(laterMs)).toContain('idv-no-run');
    await world.control(world.cloudauth, { plan: [] });
    const report = await world.report();
    expect(report).toMatchObject({ ended: 'done', lag_ms: 0 });
    expect(await raised(laterMs)).toEqual([]);
  });

  it('are raised when our rights are refused, until they are given', async () => {
    await open();
    await goodRun();
    await world.register(5, { prefix: 'later' });
    await world.age();
    const plan = [{ match: '*', answer: 'Forbidden.RAMUserAccessDenied' }];
    await world.control(world.cloudauth, { plan });
    expect((await world.run()).outcome).toBe('error');
    expect(await raised()).toEqual(['idv-forbidden']);
    await world.control(world.cloudauth, { plan: [] });
    expect(await world.report()).toMatchObject({ ended: 'done' });
    expect(await raised()).toEqual([]);
  });

  it('are raised for transactions near their end, and not for others', async () => {
    await open();
    const openedAtMs = Date.now() - 29 * DAY_MS;
    await world.know(['old'], openedAtMs);
    await world.queue([{ transaction_id: 'old', initialized_at_ms: openedAtMs, kind: 'register' }]);
    await world.age();
    expect(await world.report()).toMatchObject({ ended: 'done', near_end: 1 });
    expect(await raised()).toEqual(['idv-near-end']);
    // An hour later it is over.
    expect(await raised(Date.now() + HOUR_MS + MINUTE_MS)).not.toContain('idv-near-end');
  });
});
