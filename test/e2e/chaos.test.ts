import { describe, expect, it } from '@jest/globals';
import { runChaos } from '../support/chaos.ts';

/** `npm run chaos` runs ten times as many; the README has its last figures. */
describe('chaos', () => {
  it('1,000 transactions: none lost, none wrong, the books closed', async () => {
    const report = await runChaos({ transactions: 1_000, seed: 7, kills: 6, doubles: 6 });
    expect(report).toMatchObject({ lost: [], wrong: [], differing: [], residual: 0, waiting: 0 });
    expect(report).toMatchObject({
      transactions: 1_000,
      registered: 1_000,
      kills: expect.any(Number),
      doubles: 6,
    });
    expect(report.kills).toBeGreaterThanOrEqual(5);
    // The control: every kind of fault did happen.
    for (const faults of [report.cloudauthFaults, report.slsFaults]) {
      expect(Math.min(...Object.values(faults))).toBeGreaterThan(0);
    }
  }, 240_000);
});
