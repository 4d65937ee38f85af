import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UpstreamNetworkError } from '../../../shared/errors.ts';
import { backoffMs, type RetryPolicy, retry } from '../../../shared/retry.ts';

const POLICY: RetryPolicy = { attempts: 4, baseMs: 100, capMs: 1_000 };
const failure = () => new UpstreamNetworkError('reset');

async function run(outcomes: unknown[], policy: RetryPolicy = POLICY, random = () => 0.5) {
  const pauses: number[] = [];
  const attempts: number[] = [];
  const clock = { sleep: async (ms: number) => void pauses.push(ms) };
  const result = await retry(
    async () => {
      const outcome = outcomes[attempts.length];
      attempts.push(attempts.length + 1);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    policy,
    clock,
    random,
  ).catch((error: unknown) => error);
  return { result, pauses, attempts };
}

describe('backoffMs', () => {
  it.each([
    [1, 0, 0],
    [1, 0.999, 99],
    [2, 0.5, 100],
    [3, 0.5, 200],
    [4, 0.5, 400],
    [5, 0.5, 500],
    [5_000, 0.999, 999],
    [0, 0.5, 50],
  ])('after %i failures, drawn %d: %i ms', (failures, drawn, expected) => {
    expect(backoffMs(failures, POLICY, () => drawn)).toBe(expected);
  });

  it('lies between 0 and the cap, whatever is drawn', () => {
    const drawn = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.nat(100_000),
        fc.nat(100_000),
        drawn,
        (failures, baseMs, capMs, value) => {
          const pause = backoffMs(failures, { baseMs, capMs }, () => value);
          expect(pause).toBeGreaterThanOrEqual(0);
          expect(pause).toBeLessThanOrEqual(capMs);
          expect(Number.isInteger(pause)).toBe(true);
        },
      ),
    );
  });
});

describe('retry', () => {
  it('a success is not repeated', async () => {
    expect(await run(['a'])).toEqual({ result: 'a', pauses: [], attempts: [1] });
  });

  it('repeats what is retryable and tells which attempt it is', async () => {
    expect(await run([failure(), failure(), 'c'])).toEqual({
      result: 'c',
      pauses: [50, 100],
      attempts: [1, 2, 3],
    });
  });

  it('gives up after the attempts, with the last error', async () => {
    const errors = [failure(), failure(), failure(), failure(), failure()];
    const { result, pauses, attempts } = await run(errors);
    expect(result).toBe(errors[3]);
    expect([pauses, attempts]).toEqual([
      [50, 100, 200],
      [1, 2, 3, 4],
    ]);
  });

  it.each([[new Error('a bug')], [Object.assign(new Error('no'), { retryable: false })]])(
    'not for %s',
    async (error) => {
      expect(await run([error, 'b'])).toEqual({ result: error, pauses: [], attempts: [1] });
    },
  );

  it('a policy of its own decides', async () => {
    expect(await run([new Error('x'), 'b'], { ...POLICY, retryable: () => true })).toMatchObject({
      result: 'b',
    });
    expect(await run([failure(), 'b'], { ...POLICY, retryable: () => false })).toMatchObject({
      attempts: [1],
    });
  });

  it.each([
    [300, 300],
    [10, 50],
    [60_000, 1_000],
    [undefined, 50],
  ])('asked to wait %s ms it waits %i', async (asked, expected) => {
    expect(await run([failure(), 'b'], { ...POLICY, askedMs: () => asked })).toMatchObject({
      pauses: [expected],
    });
  });

  it('an abort ends it', async () => {
    const controller = new AbortController();
    controller.abort();
    const error = failure();
    expect(await run([error, 'b'], { ...POLICY, signal: controller.signal })).toMatchObject({
      result: error,
      attempts: [1],
    });
  });

  it('an abort in a pause throws what the clock throws', async () => {
    const clock = { sleep: () => Promise.reject(new Error('aborted')) };
    await expect(retry(() => Promise.reject(failure()), POLICY, clock, Math.random)).rejects.toThrow(
      'aborted',
    );
  });
});
