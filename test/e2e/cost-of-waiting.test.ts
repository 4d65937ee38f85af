import { describe, expect, it } from '@jest/globals';
import { cases } from '../support/depth.ts';
import { bundleSweep, removeBundle } from '../support/sweep-bundle.ts';
import { SweepWorld } from '../support/sweep-world.ts';

/** Rows that are not due cost nothing: neither time nor calls nor reads. */
const DUE = 100;
const WAITING = cases({ quick: 20_000, deep: 100_000 });
const ROUNDS = cases({ quick: 2, deep: 3 });

interface Tick {
  readonly durationMs: number;
  readonly callsByAction: Readonly<Record<string, number>>;
}

/** One run of a warm instance over 100 due rows in front of so many that wait. */
async function tickWith(waiting: number, bundle: string): Promise<Tick> {
  const world = await SweepWorld.open({ bundle, env: { QPS_LIMIT: '250' } });
  try {
    await world.report();
    await world.register(DUE);
    await world.age();
    for (let from = 0; from < waiting; from += 4_000) {
      const rows = Array.from({ length: Math.min(4_000, waiting - from) }, (_, index) => ({
        transaction_id: `waiting${from + index}`,
        registered_at_ms: Date.now(),
      }));
      await world.queue(rows);
    }
    const before = await world.slsCalls();
    const report = await world.report();
    expect(report).toMatchObject({ ended: 'done', pulled: DUE, final_count: DUE, lag_ms: 0 });
    const after = await world.slsCalls();
    const made = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    const callsByAction = Object.fromEntries(
      made.filter(([name, count]) => count > 0 && name !== 'ConsumerGroupHeartBeat'),
    );
    return { durationMs: Number(report.duration_ms), callsByAction };
  } finally {
    await world.close();
  }
}

describe('the cost of waiting', () => {
  it(`${WAITING} rows that wait make a tick no longer`, async () => {
    const bundle = await bundleSweep();
    const [alone, crowded]: [Tick[], Tick[]] = [[], []];
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        alone.push(await tickWith(0, bundle));
        crowded.push(await tickWith(WAITING, bundle));
      }
    } finally {
      await removeBundle(bundle);
    }
    // The best of some: what another process does to one of them is no cost of waiting.
    const best = (ticks: readonly Tick[]) => Math.min(...ticks.map(({ durationMs }) => durationMs));
    expect(best(crowded)).toBeLessThanOrEqual(1.2 * best(alone));
    expect(crowded[0]?.callsByAction).toEqual(alone[0]?.callsByAction);
  });
});
