import { SlsError, UpstreamNetworkError } from './errors.ts';
import { PENDING_FIELDS, PENDING_GROUP_ROWS, PENDING_LOGSTORE, type PendingRow } from './pending.ts';
import { toContents } from './record/contents.ts';
import { retry } from './retry.ts';
import type { Log, SlsDataPlane } from './sls/types.ts';
import { type Clock, SECOND_MS } from './time.ts';

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
  rows: readonly PendingRow[],
  options: StorePendingOptions,
): Promise<StorePendingOutcome> {
  const groups: PendingRow[][] = [];
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
  rows: readonly PendingRow[],
  { clock, random, signal }: StorePendingOptions,
): Promise<void> {
  const abortable = signal === undefined ? {} : { signal };
  const put = () => {
    // `Time` is now and nothing else: SLS refuses logs that are old, and the queue is ordered by arrival.
    const timeSeconds = Math.floor(clock.now() / SECOND_MS);
    const logs: Log[] = rows.map((row) => ({ timeSeconds, contents: toContents(PENDING_FIELDS, row) }));
    return sls.putLogs(PENDING_LOGSTORE, logs, abortable);
  };
  await retry(put, { ...RETRIES, ...abortable }, clock, random);
}

/** A timeout is not tried again here: it has used up the caller's patience, and it may have been written. */
function mayPass(error: unknown): boolean {
  return error instanceof UpstreamNetworkError || (error instanceof SlsError && error.retryable);
}
