import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AdmissionInput, admit } from '../../../../functions/sweep/feed.ts';

const base: AdmissionInput = {
  groupRows: [80, 80, 80],
  ratePerSecond: 8,
  latencyMs: 0,
  leftMs: 570_000,
  wholeMs: 570_000,
  isFirst: false,
};

describe('what is started in the time left', () => {
  it.each<[string, Partial<AdmissionInput>, number, boolean]>([
    ['everything that fits', {}, 3, false],
    ['only whole groups that fit', { leftMs: 25_000 }, 2, false],
    ['nothing when not even the first fits', { leftMs: 9_000 }, 0, false],
    ['nothing when time is over', { leftMs: 0, isFirst: true }, 0, false],
    ['nothing of nothing', { groupRows: [] }, 0, false],
    ['latency counts', { leftMs: 30_000, latencyMs: 1_000 }, 2, false],
    ['a group larger than a run, as the first', { groupRows: [6_000, 10], isFirst: true }, 1, true],
    ['a group larger than a run, early', { groupRows: [6_000], leftMs: 400_000 }, 1, true],
    [
      'a group larger than a run, late: the next run begins with it',
      { groupRows: [6_000], leftMs: 200_000 },
      0,
      false,
    ],
    ['a group that fits a whole run, late', { groupRows: [2_000], leftMs: 200_000 }, 0, false],
    [
      'a group that just does not fit, as the first',
      { groupRows: [4_500], leftMs: 560_000, isFirst: true },
      1,
      true,
    ],
  ])('%s', (_name, input, admitted, mayBeCut) => {
    expect(admit({ ...base, ...input })).toEqual({ admitted, mayBeCut });
  });

  it('no shard waits for ever: with a fresh run, whatever stands at the head is started', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0.05, max: 1_000, noNaN: true }),
        (rows, ratePerSecond) => {
          const { admitted } = admit({ ...base, groupRows: [rows], ratePerSecond, isFirst: true });
          expect(admitted).toBe(1);
        },
      ),
    );
  });
});
