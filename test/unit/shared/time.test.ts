import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../shared/time.ts';

describe('systemClock.sleep', () => {
  it('resolves after the time given', async () => {
    const before = performance.now();
    await systemClock.sleep(20);
    expect(performance.now() - before).toBeGreaterThanOrEqual(18);
  });

  it.each([
    ['before', 0],
    ['while', 5],
  ])('rejects with the reason when aborted %s it sleeps', async (_, afterMs) => {
    const controller = new AbortController();
    const reason = new Error('stop');
    if (afterMs === 0) controller.abort(reason);
    else setTimeout(() => controller.abort(reason), afterMs);
    await expect(systemClock.sleep(10_000, controller.signal)).rejects.toBe(reason);
  });
});
