import { SlsError, UpstreamContractError } from '../../shared/errors.ts';
import {
  PENDING_LOGSTORE,
  type PendingReading,
  readPendingRow,
  SWEEP_CONSUMER_GROUP,
} from '../../shared/logstores/pending.ts';
import { retry } from '../../shared/retry.ts';
import { isBefore, isCursor, isInvalidCursor } from '../../shared/sls/cursor.ts';
import type { CursorResult, PulledGroup, Shard } from '../../shared/sls/types.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { endAtMs } from './decision.ts';
import type { Lease } from './lease.ts';
import { type RunInput, read, SLS_RETRY, type SweepServices, type SweepSettings } from './services.ts';

interface ShardsOptions {
  readonly services: SweepServices;
  readonly settings: SweepSettings;
  readonly input: RunInput;
  readonly lease: Lease;
}

/** The shards of the queue in this run: split ones are drained, new ones are found. */
export class Shards {
  readonly #options: ShardsOptions;
  readonly #queues = new Map<number, ShardQueue>();
  #all: readonly Shard[] = [];
  #checkpoints = new Map<number, string>();
  #newestCheckpointAtMs = 0;

  constructor(options: ShardsOptions) {
    this.#options = options;
  }

  async load(signal: AbortSignal): Promise<void> {
    const shards = await read(this.#options.services, signal, (sls, options) =>
      sls.listShards(PENDING_LOGSTORE, options),
    );
    this.#all = [...shards].sort((one, other) => one.shardId - other.shardId);
    await this.#loadCheckpoints(signal);
  }

  /** When any shard's checkpoint was last written, by SLS's clock. */
  get newestCheckpointAtMs(): number {
    return this.#newestCheckpointAtMs;
  }

  /** The run that holds it is the one that works. A read-only shard that is read to its end does not count. */
  async lowestUndrained(signal: AbortSignal): Promise<number | undefined> {
    for (const shard of this.#all) {
      if (shard.status === 'readwrite' || !(await this.#isDrained(shard.shardId, signal)))
        return shard.shardId;
    }
    return undefined;
  }

  /** The queues of the shards held, lowest first. Opens those given since the last call. */
  async open(signal: AbortSignal): Promise<ShardQueue[]> {
    const queues: ShardQueue[] = [];
    for (const shard of this.#options.lease.shards()) {
      const queue = this.#queues.get(shard) ?? (await this.#openOne(shard, signal));
      if (queue !== undefined) queues.push(queue);
    }
    return queues;
  }

  /** Opened and not lost. */
  get kept(): readonly ShardQueue[] {
    return this.opened.filter((queue) => !this.#isLost(queue));
  }

  get hasLostAny(): boolean {
    return this.opened.some((queue) => this.#isLost(queue));
  }

  get opened(): readonly ShardQueue[] {
    return [...this.#queues.values()];
  }

  get allDone(): boolean {
    const held = this.#options.lease.shards();
    return held.every((shard) => this.#queues.has(shard)) && this.opened.every((queue) => queue.isDone);
  }

  /** How far the other shards are done, by their checkpoints, unix ms; undefined if unknown. */
  async othersDoneUntilMs(signal: AbortSignal): Promise<number[] | undefined> {
    const { services } = this.#options;
    const times: number[] = [];
    for (const { shardId, status } of this.#all) {
      if (this.kept.some(({ shard }) => shard === shardId)) continue;
      if (status === 'readonly' && (await this.#isDrained(shardId, signal))) continue;
      const checkpoint = this.#checkpoints.get(shardId) ?? '';
      // Not started yet: nothing of it is done.
      if (!isCursor(checkpoint)) return undefined;
      times.push(
        await read(services, signal, (sls, options) =>
          sls.getCursorTimeMs(PENDING_LOGSTORE, shardId, checkpoint, options),
        ),
      );
    }
    return times;
  }

  /** Returns undefined if the shard is lost already. */
  async #openOne(shard: number, signal: AbortSignal): Promise<ShardQueue | undefined> {
    const { services, settings, input, lease } = this.#options;
    // Read again now that the shard is ours: its last holder may have moved it since.
    await this.#loadCheckpoints(signal);
    const checkpoint = this.#checkpoints.get(shard) ?? '';
    const { consumer } = input;
    const queue = await ShardQueue.open({ services, settings, consumer, lease, shard, checkpoint }, signal);
    this.#queues.set(shard, queue);
    return (await queue.takeOver(signal)) ? queue : undefined;
  }

  /** A read-only shard that is done leaves the consumer group: that is no loss. */
  #isLost({ shard, isDone }: ShardQueue): boolean {
    const isReadOnly = this.#all.some(({ shardId, status }) => shardId === shard && status === 'readonly');
    return this.#options.lease.hasLost(shard) && !(isReadOnly && isDone);
  }

  async #loadCheckpoints(signal: AbortSignal): Promise<void> {
    const checkpoints = await read(this.#options.services, signal, (sls, options) =>
      sls.getCheckpoints(PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP, options),
    );
    this.#checkpoints = new Map(checkpoints.map(({ shard, checkpoint }) => [shard, checkpoint]));
    this.#newestCheckpointAtMs = Math.max(0, ...checkpoints.map(({ updateTimeMs }) => updateTimeMs));
  }

  async #isDrained(shard: number, signal: AbortSignal): Promise<boolean> {
    const { services } = this.#options;
    const checkpoint = this.#checkpoints.get(shard) ?? '';
    const isStarted = isCursor(checkpoint);
    const position = isStarted ? checkpoint : (await getCursor(services, shard, 'begin', signal)).cursor;
    return !isBefore(position, (await getCursor(services, shard, 'end', signal)).cursor);
  }
}

export interface Row {
  /** `<shard>|<cursor>|<index>`: SLS's own name for a delivered log. */
  readonly place: string;
  readonly reading: PendingReading;
  readonly receivedAtMs: number;
  /** Only of a row that could not be read. */
  readonly raw?: Readonly<Record<string, string>>;
}

export interface Group {
  readonly rows: readonly Row[];
}

/** What one pull returned: whole log groups, and the cursor after them as the server returned it. */
export interface Pull {
  readonly groups: readonly Group[];
  readonly fromCursor: string;
  readonly nextCursor: string;
}

interface ShardOptions {
  readonly services: SweepServices;
  readonly settings: SweepSettings;
  readonly consumer: string;
  readonly lease: Lease;
  readonly shard: number;
  /** '' when there is none yet. */
  readonly checkpoint: string;
}

const WORTH_A_WARNING_MS = MINUTE_MS;
/** The size of groups is not known before some are read. */
const FIRST_PULL_GROUPS = 1;
const MAX_GROWTH = 4;
/** The most that PullLogs takes: https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-pulllogs
 * (read 2026-11-23). */
const MAX_PULL_GROUPS = 1_000;
/** Decoded rows take several times this in memory. */
const MAX_PULL_BYTES = 4_000_000;

/**
 * The due rows of one shard of the queue: those between its checkpoint and an end.
 *
 * The end is the cursor of the first group received within the delay, by the earlier of SLS's clock and our own. Only
 * cursors that the server returned become checkpoints: the last checkpoint, the beginning of the shard, that end, and
 * the cursor after a pull.
 */
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
    cursors: { begin: string; end: string; start: string; dueAtMs: number },
  ) {
    this.shard = options.shard;
    this.#options = options;
    this.#begin = cursors.begin;
    this.#end = cursors.end;
    this.#dueAtMs = cursors.dueAtMs;
    this.#done = cursors.start;
    this.#read = cursors.start;
  }

  static async open(options: ShardOptions, signal: AbortSignal): Promise<ShardQueue> {
    const { shard, checkpoint, services, settings } = options;
    const begin = await getCursor(services, shard, 'begin', signal);
    const dueAtMs = earlierOf(services, begin.serverTimeMs) - settings.verifyDelayMs;
    const dueAtSeconds = Math.max(0, Math.floor(dueAtMs / SECOND_MS));
    const { cursor: end } = await getCursor(services, shard, dueAtSeconds, signal);
    const isGone = checkpoint !== '' && (await isUnknown(options, end, signal));
    const start = checkpoint === '' || isGone ? begin.cursor : checkpoint;
    return new ShardQueue(options, { begin: begin.cursor, end, start, dueAtMs });
  }

  /** Writes the checkpoint back as it is, before anything is asked. Returns false if the shard is lost. */
  async takeOver(signal: AbortSignal): Promise<boolean> {
    const { checkpoint } = this.#options;
    if (!(await this.checkpoint(this.#done, signal))) return false;
    this.#wasInvalid = checkpoint !== '' && this.#done !== checkpoint;
    return true;
  }

  /** SLS no longer knew the checkpoint, and the shard is read again from its beginning. */
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
    return read(this.#options.services, signal, (sls, options) =>
      sls.getCursorTimeMs(PENDING_LOGSTORE, this.shard, this.#done, options),
    );
  }

  /** About as many rows as wanted, in whole groups; undefined when there are none, or the shard was lost. */
  async next(rowsWanted: number, signal: AbortSignal): Promise<Pull | undefined> {
    if (this.isRead) return undefined;
    let pull = await this.#firstPull(rowsWanted, signal);
    if (pull === undefined) return undefined;
    const fitting = groupsWithin(pull.groups, 2 * rowsWanted);
    // Groups grew: the same pull with fewer of them has the server's own cursor after it. The rest is read later.
    if (fitting < pull.groups.length) pull = await this.#pull(pull.fromCursor, fitting, signal);
    this.#read = pull.nextCursor;
    return pull.groups.length === 0 && pull.fromCursor === pull.nextCursor ? undefined : pull;
  }

  /** Rows that are not done and were received before that time; undefined if that takes more than so many pulls. */
  async countUntil(untilMs: number, maxPulls: number, signal: AbortSignal): Promise<number | undefined> {
    const { services } = this.#options;
    const seconds = Math.floor(Math.min(untilMs, this.#dueAtMs) / SECOND_MS);
    const { cursor: until } = await getCursor(services, this.shard, seconds, signal);
    let from = this.#done;
    let rows = 0;
    for (let pulls = 0; isBefore(from, until); pulls += 1) {
      if (pulls === maxPulls) return undefined;
      const request = { cursor: from, endCursor: until, count: MAX_PULL_GROUPS };
      const { groups, nextCursor } = await read(services, signal, (sls, options) =>
        sls.pullLogs(PENDING_LOGSTORE, this.shard, request, options),
      );
      for (const { logs } of groups) rows += logs.length;
      if (!isBefore(from, nextCursor)) break;
      from = nextCursor;
    }
    return rows;
  }

  /** The server's cursor after the first groups of an earlier pull. */
  async cursorAfter(fromCursor: string, groups: number, signal: AbortSignal): Promise<string> {
    const { nextCursor, groups: pulled } = await this.#pull(fromCursor, groups, signal);
    if (pulled.length !== groups) {
      throw new UpstreamContractError(
        `SLS PullLogs on ${PENDING_LOGSTORE}/${this.shard} returned ${pulled.length} groups where it returned ${groups} before`,
      );
    }
    return nextCursor;
  }

  /**
   * Moves the checkpoint, fenced: SLS accepts it only while this consumer holds the shard. Returns false when it is
   * refused: then the shard counts as lost, whatever the error. That costs at most a repetition, whereas writing on
   * while somebody else works could cost a row.
   */
  async checkpoint(cursor: string, signal: AbortSignal): Promise<boolean> {
    const { services, consumer, lease } = this.#options;
    const { shard } = this;
    const update = { consumer, shard, checkpoint: cursor };
    const call = () =>
      services.sls.updateCheckpoint(PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP, update, { signal });
    const retryable = (error: unknown) => !isRefusal(error);
    try {
      await retry(call, { ...SLS_RETRY, signal, retryable }, services.clock, services.random);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      services.log.warn('lease lost', { shard, error: String(error) });
      lease.lose(shard);
      return false;
    }
    this.#done = cursor;
    return true;
  }

  /** Returns undefined if the shard is lost. */
  async #firstPull(rowsWanted: number, signal: AbortSignal): Promise<Pull | undefined> {
    const count = this.#groupsFor(rowsWanted);
    try {
      return await this.#pull(this.#read, count, signal);
    } catch (error) {
      // SLS always knows the beginning; and rows already read must be committed before going back.
      const mayRestart = this.#read === this.#done && this.#read !== this.#begin;
      if (!isInvalidCursor(error) || !mayRestart) throw error;
      this.#wasInvalid = true;
      if (!(await this.checkpoint(this.#begin, signal))) return undefined;
      this.#read = this.#begin;
      return this.#pull(this.#read, count, signal);
    }
  }

  async #pull(cursor: string, count: number, signal: AbortSignal): Promise<Pull> {
    const { services, settings, shard } = this.#options;
    const request = { cursor, endCursor: this.#end, count };
    const pulled = await read(services, signal, (sls, options) =>
      sls.pullLogs(PENDING_LOGSTORE, shard, request, options),
    );
    const { nextCursor } = pulled;
    if (pulled.groups.length > 0 && !isBefore(cursor, nextCursor)) {
      throw new UpstreamContractError(
        `SLS PullLogs on ${PENDING_LOGSTORE}/${shard} returned groups, but the requested cursor as the next`,
      );
    }
    const nowMs = services.clock.now();
    const groups = pulled.groups.map((group) => toGroup(group, { shard, nowMs, settings }));
    this.#groups = groups.length;
    this.#rows = groups.reduce((sum, { rows }) => sum + rows.length, 0);
    this.#bytes = pulled.rawBytes;
    return { groups, fromCursor: cursor, nextCursor };
  }

  /** Groups have one to some thousand rows: estimated from the last pull. */
  #groupsFor(rowsWanted: number): number {
    if (this.#groups === 0) return FIRST_PULL_GROUPS;
    const byRows = Math.ceil((rowsWanted * this.#groups) / Math.max(1, this.#rows));
    const byBytes = Math.floor((MAX_PULL_BYTES * this.#groups) / Math.max(1, this.#bytes));
    return Math.max(1, Math.min(byRows, byBytes, MAX_GROWTH * this.#groups, MAX_PULL_GROUPS));
  }
}

/** How many of the first groups have at most `max` rows together; at least one. */
function groupsWithin(groups: readonly Group[], max: number): number {
  let rows = 0;
  const over = groups.findIndex((group) => {
    rows += group.rows.length;
    return rows > max;
  });
  return over === -1 ? groups.length : Math.max(1, over);
}

/** The checkpoint is not a cursor, or lies after everything the shard ever held. */
async function isUnknown(
  { services, shard, checkpoint }: ShardOptions,
  end: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isCursor(checkpoint)) return true;
  if (!isBefore(end, checkpoint)) return false;
  const newest = await getCursor(services, shard, 'end', signal);
  return isBefore(newest.cursor, checkpoint);
}

function isRefusal(error: unknown): boolean {
  return error instanceof SlsError && error.status >= 400 && error.status < 500;
}

/** A wrong clock, of SLS or of this instance, may make rows wait longer, never shorter. */
function earlierOf({ clock, log }: SweepServices, serverTimeMs: number): number {
  const nowMs = clock.now();
  if (Math.abs(serverTimeMs - nowMs) > WORTH_A_WARNING_MS) {
    log.warn('clocks differ', { slsAheadMs: serverTimeMs - nowMs });
  }
  return Math.min(serverTimeMs, nowMs);
}

function getCursor(
  services: SweepServices,
  shard: number,
  from: number | 'begin' | 'end',
  signal: AbortSignal,
): Promise<CursorResult> {
  return read(services, signal, (sls, options) => sls.getCursor(PENDING_LOGSTORE, shard, from, options));
}

/** The receive time in unix seconds, on logstores that append it. */
const RECEIVE_TIME_TAG = '__receive_time__';

function toGroup(
  pulled: PulledGroup,
  { shard, nowMs, settings }: { shard: number; nowMs: number; settings: SweepSettings },
): Group {
  const seconds = Number(pulled.tags[RECEIVE_TIME_TAG]);
  const receivedAtMs = Number.isSafeInteger(seconds) && seconds > 0 ? seconds * SECOND_MS : nowMs;
  const rows = pulled.logs.map(({ contents }, index): Row => {
    const reading = readPendingRow(contents, receivedAtMs, settings.windows.saneBeforeMs);
    return {
      place: `${shard}|${pulled.cursor}|${index}`,
      reading,
      receivedAtMs,
      ...(reading.ok ? {} : { raw: contents }),
    };
  });
  return {
    rows: rows.sort((one, other) => endOf(one, settings.retentionMs) - endOf(other, settings.retentionMs)),
  };
}

/** The end of its retention: rows with the least time left come first, so that a group is cut after them. */
function endOf({ reading }: Row, retentionMs: number): number {
  return reading.ok ? endAtMs(reading.transaction, retentionMs) : 0;
}
