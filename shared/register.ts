import { SlsError, UpstreamNetworkError } from './errors.ts';
import {
  PENDING_GROUP_ROWS,
  PENDING_LOGSTORE,
  type PendingTransaction,
  toPendingLog,
} from './logstores/pending.ts';
import { retry } from './retry.ts';
import type { SlsDataPlane } from './sls/types.ts';
import type { Clock } from './time.ts';

export interface StorePendingOptions {
  readonly clock: Clock;
  /** From 0 up to 1, for the spread of repeats. */
  readonly random: () => number;
  readonly signal?: AbortSignal;
}

export interface StorePendingOutcome {
  /** One for each row, in order: true only when SLS acknowledged the group it was in. */
  readonly stored: readonly boolean[];
  /** The first failure, if any group failed. */
  readonly error: unknown;
}

/** A registration has a caller who waits: quick repeats, then the caller is told. */
const RETRIES = { attempts: 3, baseMs: 300, capMs: 1_000, retryable: mayPass } as const;

/**
 * Appends rows to the queue, in groups that a checkpoint can stand between, all at once: with one shard and at
 * most five groups there is nothing to gain from an order. Never throws. After a timeout a group may have been
 * written all the same; it counts as not stored, and whoever sends it again gets a duplicate, not a loss.
 */
export async function storePending(
  sls: SlsDataPlane,
  rows: readonly PendingTransaction[],
  options: StorePendingOptions,
): Promise<StorePendingOutcome> {
  const groups: PendingTransaction[][] = [];
  for (let from = 0; from < rows.length; from += PENDING_GROUP_ROWS) {
    groups.push(rows.slice(from, from + PENDING_GROUP_ROWS));
  }
  const failures = await Promise.all(
    groups.map((group) =>
      putGroup(sls, group, options).then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
    ),
  );
  return {
    stored: groups.flatMap((group, index) => group.map(() => failures[index] === undefined)),
    error: failures.find((failure) => failure !== undefined)?.error,
  };
}

async function putGroup(
  sls: SlsDataPlane,
  rows: readonly PendingTransaction[],
  { clock, random, signal }: StorePendingOptions,
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
  await retry(put, { ...RETRIES, ...abortable }, clock, random);
}

/** A timeout is not tried again here: it has used up the caller's patience, and it may have been written. */
function mayPass(error: unknown): boolean {
  return error instanceof UpstreamNetworkError || (error instanceof SlsError && error.retryable);
}
