import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SlsError, UpstreamNetworkError, UpstreamTimeoutError } from '../../../shared/errors.ts';
import type { PendingTransaction } from '../../../shared/logstores/pending.ts';
import { appendToQueue, CALLER_RETRY } from '../../../shared/queue.ts';
import type { Log, SlsDataPlane } from '../../../shared/sls/types.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const rows = (count: number): PendingTransaction[] =>
  Array.from({ length: count }, (_, index) => ({
    transactionId: `tx-${index}`,
    registeredAtMs: 1,
    givenAtMs: 1,
    attempt: 0,
    kind: 'register',
  }));

/** A log store that takes or refuses each call as told, and keeps what it took. */
function store(verdict: (call: number, logs: readonly Log[]) => unknown = () => undefined) {
  const taken: (readonly Log[])[] = [];
  let calls = 0;
  const putLogs = async (_logstore: string, logs: readonly Log[]) => {
    calls += 1;
    const error = verdict(calls, logs);
    if (error !== undefined) throw error;
    taken.push(logs);
  };
  return { sls: { putLogs } as unknown as SlsDataPlane, taken, calls: () => calls };
}
const idsOf = (groups: readonly (readonly Log[])[]) =>
  groups.flat().map((log) => Object.fromEntries(log.contents).transaction_id);

function put(sls: SlsDataPlane, count: number, signal?: AbortSignal) {
  const clock = new VirtualClock();
  return clock.run(
    appendToQueue(sls, rows(count), {
      clock,
      random: () => 0.5,
      retry: CALLER_RETRY,
      ...(signal ? { signal } : {}),
    }),
  );
}

describe('storing registrations', () => {
  it.each([
    [0, []],
    [1, [1]],
    [200, [200]],
    [201, [200, 1]],
    [1_000, [200, 200, 200, 200, 200]],
  ])('%d rows go in groups of %j, every one with the time of now', async (count, sizes) => {
    const { sls, taken } = store();
    const { stored, error } = await put(sls, count);
    expect(taken.map((group) => group.length)).toEqual(sizes);
    expect(stored).toEqual(Array(count).fill(true));
    expect(error).toBeUndefined();
    for (const log of taken.flat()) expect(log.timeSeconds).toBe(1_790_000_000);
  });

  it.each([
    ['a quota', new SlsError(403, 'WriteQuotaExceed', ''), 3],
    ['a server error', new SlsError(500, 'InternalServerError', ''), 3],
    ['a broken connection', new UpstreamNetworkError(''), 3],
    ['a refusal', new SlsError(400, 'PostBodyInvalid', ''), 1],
    ['a timeout', new UpstreamTimeoutError(''), 1],
    ['a bug', new TypeError(''), 1],
  ])('after %s a group is sent %s times in all', async (_what, error, times) => {
    const { sls, calls } = store(() => error);
    expect(await put(sls, 1)).toEqual({ stored: [false], error });
    expect(calls()).toBe(times);
  });

  it('what was refused for the moment is stored in the end', async () => {
    const { sls, taken } = store((call) => (call <= 2 ? new SlsError(503, 'ServerBusy', '') : undefined));
    expect((await put(sls, 1)).stored).toEqual([true]);
    expect(taken).toHaveLength(1);
  });

  it('ends when its request ends', async () => {
    const { sls, calls } = store(() => new UpstreamNetworkError(''));
    expect((await put(sls, 1, AbortSignal.abort())).stored).toEqual([false]);
    expect(calls()).toBe(1);
  });

  it('says of each row, and of no other, whether it was stored', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1_000 }),
        fc.array(fc.boolean(), { minLength: 5 }),
        async (count, refusals) => {
          const { sls, taken } = store((call) =>
            refusals[call - 1] ? new SlsError(400, 'x', '') : undefined,
          );
          const { stored } = await put(sls, count);
          const claimed = rows(count)
            .filter((_, index) => stored[index])
            .map((row) => row.transactionId);
          expect(claimed).toEqual(idsOf(taken));
        },
      ),
      { numRuns: 50 },
    );
  });
});
