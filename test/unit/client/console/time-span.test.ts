import { describe, expect, it } from '@jest/globals';
import { timeSpan } from '../../../../client/console/page/time-span.ts';

const HOUR_MS = 3_600_000;

describe('timeSpan', () => {
  it.each([
    ['several points', [5 * HOUR_MS, 2 * HOUR_MS, 9 * HOUR_MS], { min: 2 * HOUR_MS, max: 9 * HOUR_MS }],
    ['one point, which is not followed by a future', [7 * HOUR_MS], { min: 6 * HOUR_MS, max: 7 * HOUR_MS }],
    ['one point in two lines', [7 * HOUR_MS, 7 * HOUR_MS], { min: 6 * HOUR_MS, max: 7 * HOUR_MS }],
    ['a point without a time', [undefined, 2 * HOUR_MS, 3 * HOUR_MS], { min: 2 * HOUR_MS, max: 3 * HOUR_MS }],
    ['nothing', [], {}],
  ])('runs over %s', (_, times, span) => {
    expect(timeSpan(times)).toEqual(span);
  });
});
