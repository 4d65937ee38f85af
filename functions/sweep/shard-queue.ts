import { LeaseLostError, SlsError, UpstreamContractError } from '../../shared/errors.ts';
import { PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP } from '../../shared/logstores/pending.ts';
import { retry } from '../../shared/retry.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { isBefore, isCursor, isInvalidCursor } from './cursors.ts';
import { type Group, type Pull, toGroup } from './page.ts';
import type { Services, SweepSettings } from './services.ts';

/**
 * One shard of the queue between its checkpoint and what is due.
 *
 * The end is the cursor of the first group received within the delay, by the earlier of SLS's clock and our own. Only cursors
 * that the server gave become checkpoints: the checkpoint before, the shard's begin, that end, and the cursor
 * behind a pull.
 */
export interface ShardOptions {
  readonly services: Services;
  readonly settings: SweepSettings;
  readonly consumer: string;
  readonly shard: number;
  /** '' when there is none yet. */
  readonly checkpoint: string;
}

const RETRY = { attempts: 5, baseMs: 250, capMs: 3 * SECOND_MS };
const WORTH_A_WARNING_MS = MINUTE_MS;
/** How large groups are is known only when some are read. */
const FIRST_PULL_GROUPS = 1;
const MAX_GROWTH = 4;
/** The most that PullLogs takes: https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-pulllogs
 * (read 2026-11-23). */
const MAX_PULL_GROUPS = 1_000;
/** Decoded rows take several times this in memory. */
const MAX_PULL_BYTES = 4_000_000;

export class ShardQueue {
  readonly shard: number;
  readonly #options: ShardOptions;
  readonly #begin: string;
  readonly #end: string;
  readonly #dueAtMs: number;
  #done: string;
  #read: string;
  /** Of the newest pull. */
  #groups = 0;
  #rows = 0;
  #bytes = 0;
  #wasInvalid = false;

  private constructor(
    options: ShardOptions,
    cursors: { begin: string; end: string; start: string; dueAtMs: number; wasInvalid: boolean },
  ) {
    this.shard = options.shard;
    this.#options = options;
    this.#begin = cursors.begin;
    this.#end = cursors.end;
    this.#dueAtMs = cursors.dueAtMs;
    this.#done = cursors.start;
    this.#read = cursors.start;
    this.#wasInvalid = cursors.wasInvalid;
  }

  /**
   * Step 0 of a run is in here: the own checkpoint is written back before anything is asked.
   * @throws LeaseLostError
   */
  static async open(options: ShardOptions, signal: AbortSignal): Promise<ShardQueue> {
    const { shard, checkpoint, services, settings } = options;
    const cursor = (from: 'begin' | number) =>
      read(services, () => services.sls.getCursor(PENDING_LOGSTORE, shard, from, { signal }), { signal });
    const begin = await cursor('begin');
    const dueAtMs = earlierOf(services, begin.serverTimeMs) - settings.verifyDelayMs;
    const { cursor: end } = await cursor(Math.max(0, Math.floor(dueAtMs / SECOND_MS)));
    const wasInvalid = checkpoint !== '' && (await isUnknown(options, end, signal));
    const start = checkpoint === '' || wasInvalid ? begin.cursor : checkpoint;
    const queue = new ShardQueue(options, { begin: begin.cursor, end, start, dueAtMs, wasInvalid });
    await queue.checkpoint(start, signal);
    return queue;
  }

  /** The checkpoint was unknown to SLS, and the shard is read again from its begin. */
  get wasInvalid(): boolean {
    return this.#wasInvalid;
  }

  /** Everything due has been read. */
  get isRead(): boolean {
    return !isBefore(this.#read, this.#end);
  }

  /** Everything due is done: the checkpoint is the end. */
  get isDone(): boolean {
    return !isBefore(this.#done, this.#end);
  }

  /** The receive time before which rows are due, unix ms. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** The receive time before which everything is done, unix ms. */
  async doneUntilMs(signal: AbortSignal): Promise<number> {
    if (this.isDone) return this.#dueAtMs;
    const { services } = this.#options;
    const call = () => services.sls.getCursorTimeMs(PENDING_LOGSTORE, this.shard, this.#done, { signal });
    return read(services, call, { signal });
  }

  /** About as many rows as wanted, in whole groups; undefined when nothing came. */
  async next(rowsWanted: number, signal: AbortSignal): Promise<Pull | undefined> {
    if (this.isRead) return undefined;
    let pull = await this.#firstPull(rowsWanted, signal);
    const fitting = groupsWithin(pull.groups, 2 * rowsWanted);
    // Groups grew: what is too much is read again later, from a cursor that the server gave.
    if (fitting < pull.groups.length) pull = await this.#pull(pull.fromCursor, fitting, signal);
    this.#read = pull.nextCursor;
    return pull.groups.length === 0 && pull.fromCursor === pull.nextCursor ? undefined : pull;
  }

  /** Rows that are not done and were received before that time; undefined if that takes more than so many pulls. */
  async countUntil(untilMs: number, maxPulls: number, signal: AbortSignal): Promise<number | undefined> {
    const { services } = this.#options;
    const seconds = Math.floor(Math.min(untilMs, this.#dueAtMs) / SECOND_MS);
    const cursorOf = () => services.sls.getCursor(PENDING_LOGSTORE, this.shard, seconds, { signal });
    const { cursor: until } = await read(services, cursorOf, { signal });
    let from = this.#done;
    let rows = 0;
    for (let pulls = 0; isBefore(from, until); pulls += 1) {
      if (pulls === maxPulls) return undefined;
      const request = { cursor: from, endCursor: until, count: MAX_PULL_GROUPS };
      const call = () => services.sls.pullLogs(PENDING_LOGSTORE, this.shard, request, { signal });
      const { groups, nextCursor } = await read(services, call, { signal });
      for (const { cursor, logs } of groups) if (isBefore(cursor, until)) rows += logs.length;
      if (!isBefore(from, nextCursor)) break;
      from = nextCursor;
    }
    return rows;
  }

  /** The server's cursor behind the first groups of a pull. */
  async boundaryBehind(fromCursor: string, groups: number, signal: AbortSignal): Promise<string> {
    const { nextCursor, groups: pulled } = await this.#pull(fromCursor, groups, signal);
    if (pulled.length !== groups) throw new UpstreamContractError('the same pull brought other groups');
    return nextCursor;
  }

  /**
   * Moves the checkpoint, fenced: SLS takes it only while this consumer holds the shard. Whatever it refuses it
   * with, somebody else may be at work: a lost lease costs a repetition, a wrong guess could cost a row.
   * @throws LeaseLostError
   */
  async checkpoint(cursor: string, signal: AbortSignal): Promise<void> {
    const { services, consumer, shard } = this.#options;
    const policy = { ...RETRY, signal, retryable: (error: unknown) => !isRefusal(error) };
    try {
      await retry(
        () =>
          services.sls.updateCheckpoint(
            PENDING_LOGSTORE,
            SWEEP_CONSUMER_GROUP,
            { consumer, shard, checkpoint: cursor },
            { signal },
          ),
        policy,
        services.clock,
        services.random,
      );
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new LeaseLostError(`the checkpoint of shard ${shard} was refused`, { cause: error });
    }
    this.#done = cursor;
  }

  async #firstPull(rowsWanted: number, signal: AbortSignal): Promise<Pull> {
    const count = this.#groupsFor(rowsWanted);
    try {
      return await this.#pull(this.#read, count, signal);
    } catch (error) {
      // Begin itself is always known; and what was read already must be committed before going back.
      const mayRestart = this.#read === this.#done && this.#read !== this.#begin;
      if (!isInvalidCursor(error) || !mayRestart) throw error;
      await this.#restart(signal);
      return this.#pull(this.#read, count, signal);
    }
  }

  async #restart(signal: AbortSignal): Promise<void> {
    this.#wasInvalid = true;
    await this.checkpoint(this.#begin, signal);
    this.#read = this.#begin;
  }

  async #pull(cursor: string, count: number, signal: AbortSignal): Promise<Pull> {
    const { services, settings, shard } = this.#options;
    const request = { cursor, endCursor: this.#end, count };
    const pulled = await read(
      services,
      () => services.sls.pullLogs(PENDING_LOGSTORE, shard, request, { signal }),
      { signal },
    );
    // A group at or past the end is not due, whatever the server sent.
    const due = pulled.groups.filter((group) => isBefore(group.cursor, this.#end));
    const nextCursor = isBefore(pulled.nextCursor, this.#end) ? pulled.nextCursor : this.#end;
    if (pulled.groups.length > 0 && !isBefore(cursor, nextCursor)) {
      throw new UpstreamContractError('a pull with groups did not move on');
    }
    const nowMs = services.clock.now();
    const groups = due.map((group) => toGroup(group, { shard, nowMs, settings }));
    this.#groups = groups.length;
    this.#rows = groups.reduce((sum, { rows }) => sum + rows.length, 0);
    this.#bytes = pulled.rawBytes;
    // An empty pull stands still: the shard's end may be nearer than thought, but only its own cursor says so.
    return { groups, fromCursor: cursor, nextCursor };
  }

  /** Groups have 1 to some thousand rows: judged by the pull before. */
  #groupsFor(rowsWanted: number): number {
    if (this.#groups === 0) return FIRST_PULL_GROUPS;
    const byRows = Math.ceil((rowsWanted * this.#groups) / Math.max(1, this.#rows));
    const byBytes = Math.floor((MAX_PULL_BYTES * this.#groups) / Math.max(1, this.#bytes));
    return Math.max(1, Math.min(byRows, byBytes, MAX_GROWTH * this.#groups, MAX_PULL_GROUPS));
  }
}

/** How many groups from the begin have at most so many rows; one at least. */
function groupsWithin(groups: readonly Group[], most: number): number {
  let rows = 0;
  const over = groups.findIndex((group) => {
    rows += group.rows.length;
    return rows > most;
  });
  return over === -1 ? groups.length : Math.max(1, over);
}

/** A checkpoint that is no cursor, or that lies behind everything the shard ever held. */
async function isUnknown(
  { services, shard, checkpoint }: ShardOptions,
  end: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isCursor(checkpoint)) return true;
  if (!isBefore(end, checkpoint)) return false;
  const call = () => services.sls.getCursor(PENDING_LOGSTORE, shard, 'end', { signal });
  const newest = await read(services, call, { signal });
  return isBefore(newest.cursor, checkpoint);
}

function isRefusal(error: unknown): boolean {
  return error instanceof SlsError && error.status >= 400 && error.status < 500;
}

/** A wrong clock, of SLS or of this instance, may make rows wait longer, never less. */
function earlierOf({ clock, log }: Services, serverTimeMs: number): number {
  const nowMs = clock.now();
  if (Math.abs(serverTimeMs - nowMs) > WORTH_A_WARNING_MS) {
    log.warn('clocks differ', { slsAheadMs: serverTimeMs - nowMs });
  }
  return Math.min(serverTimeMs, nowMs);
}

/** Reading repeats what the state of SLS or the network broke, until the signal is aborted. */
export function read<T>(
  { clock, random }: Services,
  call: () => Promise<T>,
  policy: { signal: AbortSignal; attempts?: number },
): Promise<T> {
  return retry(call, { ...RETRY, ...policy }, clock, random);
}
