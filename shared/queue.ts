import { SlsError, UpstreamNetworkError } from './errors.ts';
import {
  PENDING_GROUP_ROWS,
  PENDING_LOGSTORE,
  type PendingTransaction,
  toPendingLog,
} from './logstores/pending.ts';
import { type RetryPolicy, retry } from './retry.ts';
import type { SlsDataPlane } from './sls/types.ts';
import type { Clock } from './time.ts';

interface AppendOptions {
  readonly clock: Clock;
  /** From 0 up to 1, for the jitter of retries. */
  readonly random: () => number;
  readonly retry: RetryPolicy;
  readonly signal?: AbortSignal;
}

export interface AppendResult {
  /** One for each row, in order: true only when SLS acknowledged the group it was in. */
  readonly stored: readonly boolean[];
  /** The first failure, if any group failed. */
  readonly error: unknown;
}

/**
 * For a caller who is waiting: a few quick retries, then the caller is told. A timeout is not retried: it has used up
 * the caller's patience, and the group may have been written.
 */
export const CALLER_RETRY: RetryPolicy = {
  attempts: 3,
  baseMs: 300,
  capMs: 1_000,
  retryable: (error) =>
    error instanceof UpstreamNetworkError || (error instanceof SlsError && error.retryable),
};

/**
 * Appends rows to the queue, in groups between which a checkpoint can stand, all of them concurrently: their order
 * does not matter. Never throws. After a timeout a group may have been written anyway; it counts as not stored, and
 * sending it again makes a duplicate, not a loss.
 */
export async function appendToQueue(
  sls: SlsDataPlane,
  rows: readonly PendingTransaction[],
  options: AppendOptions,
): Promise<AppendResult> {
  const groups: PendingTransaction[][] = [];
  for (let from = 0; from < rows.length; from += PENDING_GROUP_ROWS) {
    groups.push(rows.slice(from, from + PENDING_GROUP_ROWS));
  }
  const results = await Promise.allSettled(groups.map((group) => putGroup(sls, group, options)));
  return {
    stored: groups.flatMap((group, index) => group.map(() => results[index]?.status === 'fulfilled')),
    error: results.find((result) => result.status === 'rejected')?.reason,
  };
}

async function putGroup(
  sls: SlsDataPlane,
  rows: readonly PendingTransaction[],
  { clock, random, retry: policy, signal }: AppendOptions,
): Promise<void> {
  const abortable = signal === undefined ? {} : { signal };
  const put = () => {
    const nowMs = clock.now();
    return sls.putLogs(
      PENDING_LOGSTORE,
      rows.map((row) => toPendingLog(row, nowMs)),
      abortable,
    );
  };
  await retry(put, { ...policy, ...abortable }, clock, random);
}
