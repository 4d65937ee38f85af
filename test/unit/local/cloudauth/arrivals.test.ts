import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Arrivals, Quota } from '../../../../local/cloudauth/arrivals.ts';

const times = fc
  .array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 60 })
  .map((list) => list.sort((a, b) => a - b));

describe('Arrivals', () => {
  it.each([
    { name: 'nothing', at: [], peak: 0, seconds: [] },
    { name: 'one call', at: [1_500], peak: 1, seconds: [1] },
    {
      name: 'a second that starts in the middle',
      at: [1_900, 1_950, 2_100, 2_899],
      peak: 4,
      seconds: [2, 2],
    },
    { name: 'exactly a second apart is not the same second', at: [1_000, 2_000], peak: 1, seconds: [1, 1] },
    { name: 'quiet seconds count as none', at: [1_000, 4_000], peak: 1, seconds: [1, 0, 0, 1] },
  ])('$name', ({ at, peak, seconds }) => {
    const arrivals = new Arrivals();
    for (const ms of at) arrivals.add(ms);
    expect(arrivals.report()).toEqual({ calls: at.length, perSecond: seconds, peakQps: peak });
  });

  it('finds the busiest second of any start', () => {
    fc.assert(
      fc.property(times, (list) => {
        const arrivals = new Arrivals();
        for (const ms of list) arrivals.add(ms);
        const busiest = Math.max(
          ...list.map((end) => list.filter((ms) => ms > end - 1000 && ms <= end).length),
        );
        const { calls, perSecond, peakQps } = arrivals.report();
        expect(peakQps).toBe(busiest);
        expect(calls).toBe(list.length);
        expect(perSecond.reduce((sum, n) => sum + n, 0)).toBe(list.length);
      }),
    );
  });

  it('keeps ten minutes of seconds, whatever the gaps', () => {
    const arrivals = new Arrivals();
    for (const second of [0, 10, 10_000, 10_001]) arrivals.add(second * 1000);
    const { calls, perSecond } = arrivals.report();
    expect(calls).toBe(4);
    expect(perSecond).toHaveLength(600);
    expect(perSecond.slice(-2)).toEqual([1, 1]);
  });
});

describe('Quota', () => {
  it('admits no more than the limit in any second, and never refuses below it', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 6 }), (list, qps) => {
        const quota = new Quota();
        const admitted: number[] = [];
        for (const ms of list) {
          const recent = admitted.filter((past) => past > ms - 1000).length;
          const letIn = quota.admit(ms, qps);
          expect(letIn).toBe(recent < qps);
          if (letIn) admitted.push(ms);
        }
      }),
    );
  });

  it('lets the quota through for a caller that stays above it', () => {
    const quota = new Quota();
    const admitted = Array.from({ length: 200 }, (_, i) => quota.admit(i * 50, 4)).filter(Boolean);
    expect(admitted).toHaveLength(40);
  });

  it('admits nothing at zero', () => {
    expect(new Quota().admit(0, 0)).toBe(false);
  });
});
