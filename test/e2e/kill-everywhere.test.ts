import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readLedger } from '../../shared/ledger.ts';
import { cases } from '../support/depth.ts';
import { seeded } from '../support/seeded.ts';
import { bundleSweep, removeBundle } from '../support/sweep-bundle.ts';
import {
  faultsOf,
  NO_FAULTS,
  passedWithoutRecord,
  SweepWorld,
  sweepUntilFinal,
} from '../support/sweep-world.ts';
import { DEFAULT_WINDOWS } from '../support/windows.ts';

/**
 * The sweep's process is killed at the edge of every single call it makes, before the call has any effect and
 * after its effect when only the answer is lost. Whatever is left behind, the next runs must finish it.
 */
interface Boundary {
  readonly service: 'sls' | 'cloudauth';
  readonly call: number;
  readonly when: 'before' | 'after';
}

/** Most of a case is waiting for a dead instance's lease: some at a time cost nothing. */
const WORLDS = 3;
/** Of all the boundaries of a run of 12 transactions, how many: an even choice, or every one. */
const SMALL_BOUNDARIES = cases({ quick: 12, deep: Number.POSITIVE_INFINITY });
const LARGE_BOUNDARIES = cases({ quick: 4, deep: 60 });
const QUICK = { LEASE_SECONDS: '1', HEARTBEAT_SECONDS: '0.3', CALL_TIMEOUT_MS: '1500' };

let bundle = '';
beforeAll(async () => {
  bundle = await bundleSweep();
});
afterAll(() => removeBundle(bundle));

const nameOf = ({ service, call, when }: Boundary) => `${service}${call}${when}`;

/** Kills the sweep there, then lets it finish. Returns whether it got that far at all. */
async function killAt(world: SweepWorld, boundary: Boundary, ids: readonly string[]): Promise<boolean> {
  await world.age();
  await world.control(world.fc, { killAt: { function: 'sweep', ...boundary } });
  const { outcome } = await world.run();
  await world.control(world.fc, { killAt: null });
  await sweepUntilFinal(world, ids);
  expect({ boundary, ...(await faultsOf(world, ids)) }).toEqual({ boundary, ...NO_FAULTS });
  expect(await passedWithoutRecord(world, ids)).toEqual([]);
  return outcome === 'exited';
}

async function shareOut(
  boundaries: readonly Boundary[],
  work: (world: SweepWorld, boundary: Boundary) => Promise<void>,
): Promise<void> {
  const left = [...boundaries];
  const worker = async () => {
    const world = await SweepWorld.open({ bundle, env: QUICK });
    try {
      for (let boundary = left.shift(); boundary !== undefined; boundary = left.shift())
        await work(world, boundary);
      await expectClosedBooks(world);
    } finally {
      await world.close();
    }
  };
  await Promise.all(Array.from({ length: WORLDS }, worker));
}

async function expectClosedBooks(world: SweepWorld): Promise<void> {
  const nowMs = Date.now();
  const ledger = await readLedger(world.client, {
    fromMs: nowMs - 3_600_000,
    toMs: nowMs + 1,
    nowMs,
    windows: DEFAULT_WINDOWS,
  });
  const { registered, interrupted, waiting, residual, complete } = ledger;
  expect({ interrupted, waiting, residual, complete }).toEqual({
    interrupted: registered,
    waiting: 0,
    residual: 0,
    complete: true,
  });
}

/** How many calls an undisturbed run of that size makes. */
async function callsOfOneRun(transactions: number, groupRows: number) {
  const world = await SweepWorld.open({ bundle, env: QUICK });
  try {
    // The first search of a log store takes longer, and a longer run makes more heartbeats than those that follow.
    await world.register(transactions, { prefix: 'first', groupRows });
    await world.age();
    await world.report();
    await world.register(transactions, { groupRows });
    await world.age();
    const before = (await world.stats<{ calls: number }>(world.sls)).calls;
    const asked = await world.calls();
    await world.report();
    const sls = (await world.stats<{ calls: number }>(world.sls)).calls - before;
    return { sls, cloudauth: (await world.calls()) - asked };
  } finally {
    await world.close();
  }
}

/** So many of them, as far apart as can be, and now before and now after. */
function spread(all: readonly Boundary[], count: number): readonly Boundary[] {
  if (count >= all.length) return all;
  const step = all.length / count;
  return Array.from({ length: count }, (_, index) => all[Math.floor((index + 0.5) * step)] as Boundary);
}

describe('killed at every boundary', () => {
  it('12 transactions in 3 groups', async () => {
    const calls = await callsOfOneRun(12, 4);
    expect(calls.cloudauth).toBe(12);
    const all = (['sls', 'cloudauth'] as const).flatMap((service) =>
      Array.from({ length: calls[service] }, (_, index) => index + 1).flatMap((call) =>
        (['before', 'after'] as const).map((when): Boundary => ({ service, call, when })),
      ),
    );
    const boundaries = spread(all, SMALL_BOUNDARIES);
    const reached: string[] = [];
    await shareOut(boundaries, async (world, boundary) => {
      const ids = await world.register(12, { prefix: nameOf(boundary), groupRows: 4 });
      if (await killAt(world, boundary, ids)) reached.push(nameOf(boundary));
    });
    // The killings did happen: all, but for a call or two that another run may make fewer or later.
    expect(reached.length).toBeGreaterThanOrEqual(boundaries.length - 4);
  }, 900_000);

  it(`300 transactions, at ${LARGE_BOUNDARIES} seeded boundaries`, async () => {
    const calls = await callsOfOneRun(300, 60);
    const random = seeded(20261123);
    const boundaries = Array.from({ length: LARGE_BOUNDARIES }, (_, index): Boundary => {
      // Most of a run's calls are questions; what can be lost is lost around the writes.
      const service = index % 2 === 0 ? 'sls' : 'cloudauth';
      return {
        service,
        call: 1 + Math.floor(random() * (calls[service] - 1)),
        when: random() < 0.5 ? 'before' : 'after',
      };
    });
    let killed = 0;
    await shareOut(boundaries, async (world, boundary) => {
      const ids = await world.register(300, { prefix: `${nameOf(boundary)}n`, groupRows: 60 });
      if (await killAt(world, boundary, ids)) killed += 1;
    });
    expect(killed).toBeGreaterThanOrEqual(0.75 * LARGE_BOUNDARIES);
  }, 900_000);
});
