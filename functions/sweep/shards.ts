import { LeaseLostError } from '../../shared/errors.ts';
import { PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP } from '../../shared/logstores/pending.ts';
import type { Shard } from '../../shared/sls/types.ts';
import { isBefore, isCursor } from './cursors.ts';
import type { Lease } from './lease.ts';
import type { RunInput, Services, SweepSettings } from './services.ts';
import { read, ShardQueue } from './shard-queue.ts';

/** The shards of the queue as they are in this run: split ones are drained, new ones found. */
export interface ShardsOptions {
  readonly services: Services;
  readonly settings: SweepSettings;
  readonly input: RunInput;
  readonly lease: Lease;
}

export class Shards {
  readonly #options: ShardsOptions;
  readonly #queues = new Map<number, ShardQueue>();
  readonly #lost = new Set<number>();
  #all: readonly Shard[] = [];
  #checkpoints = new Map<number, string>();
  #newestCheckpointAtMs = 0;

  constructor(options: ShardsOptions) {
    this.#options = options;
  }

  async load(signal: AbortSignal): Promise<void> {
    const { services } = this.#options;
    const call = () => services.sls.listShards(PENDING_LOGSTORE, { signal });
    const shards = await read(services, call, { signal });
    this.#all = [...shards].sort((one, other) => one.shardId - other.shardId);
    await this.#loadCheckpoints(signal);
  }

  /** When any shard's checkpoint was last written, by SLS's clock. */
  get newestCheckpointAtMs(): number {
    return this.#newestCheckpointAtMs;
  }

  /** Its holder is the one that works. A read-only shard that is read to its end counts no more. */
  async lowestUndrained(signal: AbortSignal): Promise<number | undefined> {
    for (const shard of this.#all) {
      if (shard.status === 'readwrite' || !(await this.#isDrained(shard.shardId, signal)))
        return shard.shardId;
    }
    return undefined;
  }

  /** The queues of the shards held, lowest first; shards that were given meanwhile are opened. */
  async open(signal: AbortSignal): Promise<ShardQueue[]> {
    const held = this.#options.lease.shards();
    this.#noteLost(held);
    const queues: ShardQueue[] = [];
    for (const shard of held) {
      const queue = this.#queues.get(shard) ?? (await this.#openOne(shard, signal));
      if (queue !== undefined) queues.push(queue);
    }
    return queues;
  }

  queueOf(shard: number): ShardQueue {
    const queue = this.#queues.get(shard);
    if (queue === undefined) throw new Error(`shard ${shard} was never opened`);
    return queue;
  }

  holds(shard: number): boolean {
    return this.#options.lease.holds(shard);
  }

  lose(shard: number): void {
    this.#options.lease.lose(shard);
    this.#lost.add(shard);
  }

  /** To be called while the lease is kept, at the end: how many shards were lost in this run. */
  settle(): number {
    this.#noteLost(this.#options.lease.shards());
    return this.#lost.size;
  }

  /** Opened and never lost. */
  get kept(): readonly ShardQueue[] {
    return this.opened.filter(({ shard }) => !this.#lost.has(shard));
  }

  get opened(): readonly ShardQueue[] {
    return [...this.#queues.values()];
  }

  get allDone(): boolean {
    const held = this.#options.lease.shards();
    return held.every((shard) => this.#queues.has(shard)) && this.opened.every((queue) => queue.isDone);
  }

  /** How far the shards that this run did not keep are done, by their checkpoints; undefined if unknown. */
  async othersDoneUntilMs(signal: AbortSignal): Promise<number[] | undefined> {
    const { services } = this.#options;
    const times: number[] = [];
    for (const { shardId, status } of this.#all) {
      if (this.kept.some(({ shard }) => shard === shardId)) continue;
      if (status === 'readonly' && (await this.#isDrained(shardId, signal))) continue;
      const checkpoint = this.#checkpoints.get(shardId) ?? '';
      // Not begun yet: then nothing of it is done.
      if (!isCursor(checkpoint)) return undefined;
      const call = () => services.sls.getCursorTimeMs(PENDING_LOGSTORE, shardId, checkpoint, { signal });
      times.push(await read(services, call, { signal }));
    }
    return times;
  }

  async #openOne(shard: number, signal: AbortSignal): Promise<ShardQueue | undefined> {
    const { services, settings, input } = this.#options;
    // Read again now that the shard is ours: its last holder may have moved it since.
    await this.#loadCheckpoints(signal);
    const checkpoint = this.#checkpoints.get(shard) ?? '';
    try {
      const { consumer } = input;
      const queue = await ShardQueue.open({ services, settings, consumer, shard, checkpoint }, signal);
      this.#queues.set(shard, queue);
      return queue;
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      services.log.warn('lease lost', { shard, error: String(error.cause) });
      this.lose(shard);
      return undefined;
    }
  }

  /** A read-only shard that is done is taken out of the group: that is no loss. */
  #noteLost(held: readonly number[]): void {
    const readOnly = new Set(
      this.#all.filter(({ status }) => status === 'readonly').map(({ shardId }) => shardId),
    );
    for (const [shard, queue] of this.#queues) {
      if (!held.includes(shard) && !(readOnly.has(shard) && queue.isDone)) this.#lost.add(shard);
    }
  }

  async #loadCheckpoints(signal: AbortSignal): Promise<void> {
    const { services } = this.#options;
    const call = () => services.sls.getCheckpoints(PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP, { signal });
    const checkpoints = await read(services, call, { signal });
    this.#checkpoints = new Map(checkpoints.map(({ shard, checkpoint }) => [shard, checkpoint]));
    this.#newestCheckpointAtMs = Math.max(0, ...checkpoints.map(({ updateTimeMs }) => updateTimeMs));
  }

  async #isDrained(shard: number, signal: AbortSignal): Promise<boolean> {
    const { services } = this.#options;
    const cursor = (from: 'begin' | 'end') =>
      read(services, () => services.sls.getCursor(PENDING_LOGSTORE, shard, from, { signal }), { signal });
    const checkpoint = this.#checkpoints.get(shard) ?? '';
    const position = isCursor(checkpoint) ? checkpoint : (await cursor('begin')).cursor;
    return !isBefore(position, (await cursor('end')).cursor);
  }
}
