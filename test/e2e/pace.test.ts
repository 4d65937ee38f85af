import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { cases } from '../support/depth.ts';
import { SweepWorld } from '../support/sweep-world.ts';

/** The pace as CheckVerifyLog sees it arrive, over real connections. */
// Two processes share the machine with whatever else runs: one bad half minute is not the pacer's.
jest.retryTimes(2);
const LIMIT = 200;
const PACE = 160;
/** How long a run is watched. */
const SECONDS = cases({ quick: 8, deep: 30 });
const settings = { QPS_LIMIT: String(LIMIT), SWEEP_QPS_SHARE: '0.8' };

let world: SweepWorld;
afterEach(() => world.close());

interface Arrivals {
  readonly calls: number;
  readonly peakQps: number;
  readonly perSecond: readonly number[];
  readonly byAnswer: Readonly<Record<string, number>>;
}

const arrivals = () => world.stats<Arrivals>(world.cloudauth);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when the first call has come. */
async function startRun(transactions: number): Promise<{ ended: Promise<Record<string, unknown>> }> {
  await world.register(transactions);
  await world.age();
  const ended = world.report();
  while ((await arrivals()).calls === 0) await sleep(10);
  return { ended };
}

describe('the pace of a run', () => {
  it(`is 97 % of what is allowed over ${SECONDS} s, and never above the limit in a sliding second`, async () => {
    world = await SweepWorld.open({ env: settings, qps: LIMIT, timeoutSeconds: 120 });
    const run = await startRun(PACE * (SECONDS + 1));
    const from = { atMs: performance.now(), calls: (await arrivals()).calls };
    await sleep(SECONDS * 1_000);
    const calls = (await arrivals()).calls - from.calls;
    const seconds = (performance.now() - from.atMs) / 1_000;
    const report = await run.ended;
    const { peakQps, byAnswer } = await arrivals();
    expect(calls / seconds).toBeGreaterThanOrEqual(0.97 * PACE);
    expect(peakQps).toBeLessThanOrEqual(LIMIT);
    expect(byAnswer).toEqual({ Success: PACE * (SECONDS + 1) });
    expect(report).toMatchObject({ ended: 'done', throttled: 0, pace_asked_per_minute: PACE * 60 });
    expect(Number(report.pace_reached_per_minute)).toBeGreaterThanOrEqual(0.97 * PACE * 60);
  });

  it('does not fall when answers are slow', async () => {
    world = await SweepWorld.open({ env: settings, qps: LIMIT, timeoutSeconds: 120 });
    await world.control(world.cloudauth, { latencyMs: 500 });
    const run = await startRun(PACE * 8);
    const report = await run.ended;
    expect(Number(report.pace_reached_per_minute)).toBeGreaterThanOrEqual(0.95 * PACE * 60);
  });

  it('does not fall while one transaction gets no answer', async () => {
    world = await SweepWorld.open({ env: settings, qps: LIMIT, timeoutSeconds: 120 });
    await world.control(world.cloudauth, { plan: [{ match: 'tx000100', answer: 'hang' }] });
    const run = await startRun(PACE * 8);
    const before = await arrivals();
    await sleep(5_000);
    expect((await arrivals()).calls - before.calls).toBeGreaterThanOrEqual(0.95 * PACE * 5);
    expect(await run.ended).toMatchObject({ ended: 'done', requeued: 1 });
  });

  it('finds a true limit of half of what is configured within 10 s', async () => {
    const truth = LIMIT / 2;
    world = await SweepWorld.open({ env: settings, qps: truth, timeoutSeconds: 120 });
    const watched = SECONDS / 2;
    const run = await startRun(truth * (12 + watched));
    await sleep(10_000);
    const begin = await arrivals();
    await sleep(watched * 1_000);
    const end = await arrivals();
    const admitted = (end.byAnswer.Success ?? 0) - (begin.byAnswer.Success ?? 0);
    const refused = (end.byAnswer['Throttling.Api'] ?? 0) - (begin.byAnswer['Throttling.Api'] ?? 0);
    expect(admitted / watched).toBeGreaterThanOrEqual(0.9 * truth);
    expect(refused).toBeLessThan(0.03 * (admitted + refused));
    // The control: it did meet the limit.
    expect(begin.byAnswer['Throttling.Api']).toBeGreaterThan(0);
    expect(await run.ended).toMatchObject({
      ended: 'done',
      requeued: 0,
      final_count: truth * (12 + watched),
    });
  });
});
