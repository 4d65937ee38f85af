import { describe, expect, it } from '@jest/globals';
import { runChaos } from '../support/chaos.ts';
import { cases } from '../support/depth.ts';

/** `npm run chaos` runs 10,000 at a time; the README has its last figures. */
const TRANSACTIONS = cases({ quick: 1_000, deep: 3_000 });
const MISFORTUNES = cases({ quick: 3, deep: 12 });
const SEEDS = [7, 42, 1234].slice(0, cases({ quick: 1, deep: 3 }));

describe('chaos', () => {
  it.each([...SEEDS.map((seed) => [seed, 1, 12] as const), [99, 3, 40] as const])(
    `with seed %d, shards: %d and runs of %d s: of ${TRANSACTIONS} none is lost, none wrong, the books are closed`,
    async (seed, shards, runSeconds) => {
      const report = await runChaos({
        transactions: TRANSACTIONS,
        seed,
        kills: MISFORTUNES,
        doubles: MISFORTUNES,
        shards,
        runSeconds,
      });
      expect(report).toMatchObject({
        lost: [],
        wrong: [],
        differing: [],
        forgotten: [],
        residual: 0,
        waiting: 0,
      });
      expect(report).toMatchObject({
        transactions: TRANSACTIONS,
        registered: TRANSACTIONS,
        kills: expect.any(Number),
        doubles: MISFORTUNES,
      });
      expect(report.kills).toBeGreaterThanOrEqual(MISFORTUNES - 1);
      // Nothing is asked without need: what a run had no time to write is asked about again, and so not counted here.
      if (runSeconds > 12) {
        expect(report.calls).toBeLessThan(1.1 * report.registrations + report.injected + report.cutOff);
      }
      if (shards > 1) expect(Math.min(report.splits, report.merges)).toBeGreaterThan(0);
      // The control: every kind of fault did happen.
      for (const faults of [report.cloudauthFaults, report.slsFaults]) {
        expect(Math.min(...Object.values(faults))).toBeGreaterThan(0);
      }
    },
    900_000,
  );
});
