import { SlsError } from '../envelope/error.ts';

/**
 * A consumer group: who holds which shard, and how far each shard is read. States of a shard, after the protocol
 * notes of aliyun-log-consumer-java's README (read 2026-11-23):
 *
 *   free      nobody holds it; the next rebalancing gives it to the consumer with the fewest shards
 *   offered   given to a consumer that has not been told yet (it learns of it by its next heartbeat)
 *   held      its owner has been told
 *   transfer  its owner is to give it up to `next`; until the owner heartbeats without it, it stays the owner's
 *   waiting   (order = true) a parent shard is not read to its end
 *   over      read only and read to its end
 *
 * Invariants: a shard has one owner at most; the owner changes only when it heartbeats without the shard, or when
 * it has been silent for `timeout` seconds; between live consumers the counts differ by one at most, as soon as
 * the transfers are done. A heartbeat without a shard its owner was told of gives the shard up.
 */
export interface ConsumerGroupRecord {
  readonly name: string;
  timeout: number;
  order: boolean;
  consumers: string[];
  leases: Record<string, Lease>;
  checkpoints: Record<string, Checkpoint>;
}

export interface Lease {
  owner: string;
  state: 'offered' | 'held' | 'transfer';
  next?: string;
}

export interface Checkpoint {
  checkpoint: string;
  updatedAtUs: number;
  consumer: string;
}

/** What the group needs to know of the logstore's shards. */
export interface ShardView {
  readonly id: number;
  readonly isReadOnly: boolean;
  readonly parents: readonly number[];
  readonly endCursor: string;
}

export interface CheckpointUpdate {
  shard: number;
  checkpoint: string;
  consumer: string | undefined;
  forceSuccess: boolean;
}

export class ConsumerGroup {
  readonly record: ConsumerGroupRecord;
  readonly #clock: () => number;
  readonly #save: (record: ConsumerGroupRecord) => void;
  readonly #heartbeatAtMs = new Map<string, number>();

  constructor(
    record: ConsumerGroupRecord,
    deps: { clock: () => number; save: (record: ConsumerGroupRecord) => void },
  ) {
    this.record = record;
    this.#clock = deps.clock;
    this.#save = deps.save;
    // A restart of the server must not look like the death of every consumer.
    for (const consumer of record.consumers) this.#heartbeatAtMs.set(consumer, this.#clock());
  }

  /**
   * Notes that a consumer lives and holds `shards`; returns the shards it is to hold from now on.
   * @throws SlsError NotExistConsumerWithBody when an unknown consumer claims shards
   */
  heartbeat(consumer: string, shards: readonly number[], views: readonly ShardView[]): number[] {
    const before = JSON.stringify(this.record);
    this.#expire();
    if (!this.#heartbeatAtMs.has(consumer)) {
      if (shards.length > 0) {
        throw new SlsError(
          'NotExistConsumerWithBody',
          'Non-exist consumer with non-empty body of heartbeat message.',
        );
      }
      this.record.consumers.push(consumer);
    }
    this.#heartbeatAtMs.set(consumer, this.#clock());
    this.#giveUpUnlisted(consumer, shards);
    this.#rebalance(views, consumer);
    const held: number[] = [];
    for (const [shard, lease] of this.#leases()) {
      if (lease.owner !== consumer || lease.state === 'transfer') continue;
      lease.state = 'held';
      held.push(shard);
    }
    if (JSON.stringify(this.record) !== before) this.#save(this.record);
    return held;
  }

  #leases(): Array<[shard: number, lease: Lease]> {
    return Object.entries(this.record.leases)
      .map(([shard, lease]): [number, Lease] => [Number(shard), lease])
      .sort(([a], [b]) => a - b);
  }

  #expire(): void {
    const deadlineMs = this.#clock() - this.record.timeout * 1000;
    for (const [consumer, atMs] of this.#heartbeatAtMs) {
      if (atMs >= deadlineMs) continue;
      this.#heartbeatAtMs.delete(consumer);
      this.record.consumers = this.record.consumers.filter((name) => name !== consumer);
      for (const [shard, lease] of this.#leases()) if (lease.owner === consumer) this.#release(shard, lease);
    }
    for (const [, lease] of this.#leases()) {
      if (lease.state !== 'transfer' || this.#isAlive(lease.next)) continue;
      lease.state = 'held';
      delete lease.next;
    }
  }

  #isAlive(consumer: string | undefined): boolean {
    return consumer !== undefined && this.#heartbeatAtMs.has(consumer);
  }

  #release(shard: number, lease: Lease): void {
    if (lease.state === 'transfer' && lease.next !== undefined && this.#isAlive(lease.next)) {
      this.record.leases[shard] = { owner: lease.next, state: 'offered' };
    } else {
      delete this.record.leases[shard];
    }
  }

  #giveUpUnlisted(consumer: string, shards: readonly number[]): void {
    for (const [shard, lease] of this.#leases()) {
      if (lease.owner !== consumer || lease.state === 'offered' || shards.includes(shard)) continue;
      this.#release(shard, lease);
    }
  }

  #rebalance(views: readonly ShardView[], caller: string): void {
    const consumable = views.filter((view) => this.#isConsumable(view, views)).map((view) => view.id);
    for (const [shard] of this.#leases()) {
      if (!consumable.includes(shard)) delete this.record.leases[shard];
    }
    for (const shard of consumable) {
      if (this.record.leases[shard] !== undefined) continue;
      this.record.leases[shard] = { owner: this.#extremes(caller).fewest, state: 'offered' };
    }
    for (;;) {
      const { fewest, most, difference } = this.#extremes(caller);
      if (difference <= 1) return;
      this.#moveOne(most, fewest);
    }
  }

  #isConsumable(view: ShardView, views: readonly ShardView[]): boolean {
    if (this.#isOver(view)) return false;
    if (!this.record.order) return true;
    const parents = views.filter((candidate) => view.parents.includes(candidate.id));
    return parents.every((parent) => this.#isOver(parent));
  }

  #isOver(view: ShardView): boolean {
    const checkpoint = this.record.checkpoints[view.id]?.checkpoint;
    return view.isReadOnly && checkpoint !== undefined && sameCursor(checkpoint, view.endCursor);
  }

  /**
   * Counts what each live consumer will hold once every transfer is done. Of equals the caller comes first: of
   * it alone it is certain that it lives.
   */
  #extremes(caller: string): { fewest: string; most: string; difference: number } {
    const counts = new Map([caller, ...this.record.consumers].map((consumer) => [consumer, 0]));
    for (const [, lease] of this.#leases()) {
      const holder = lease.state === 'transfer' ? (lease.next ?? lease.owner) : lease.owner;
      counts.set(holder, (counts.get(holder) ?? 0) + 1);
    }
    let [fewest = '', least = 0] = counts.entries().next().value ?? [];
    let [most, greatest] = [fewest, least];
    for (const [consumer, count] of counts) {
      if (count < least) [fewest, least] = [consumer, count];
      if (count > greatest) [most, greatest] = [consumer, count];
    }
    return { fewest, most, difference: greatest - least };
  }

  #moveOne(from: string, to: string): void {
    const owned = this.#leases().filter(
      ([, lease]) => (lease.state === 'transfer' ? lease.next : lease.owner) === from,
    );
    const [shard, lease] = owned.find(([, candidate]) => candidate.state !== 'held') ?? owned.at(-1) ?? [];
    if (shard === undefined || lease === undefined) return;
    // Whoever has not been told of a shard need not be asked to give it up.
    if (lease.state === 'offered') this.record.leases[shard] = { owner: to, state: 'offered' };
    else if (lease.owner === to) this.record.leases[shard] = { owner: to, state: 'held' };
    else this.record.leases[shard] = { owner: lease.owner, state: 'transfer', next: to };
  }

  /**
   * Stores how far a shard is read. Without force, only the shard's present holder may.
   * @throws SlsError InvalidShardCheckPoint, ConsumerNotExist, ConsumerNotMatch
   */
  updateCheckpoint(update: CheckpointUpdate): void {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(update.checkpoint)) {
      throw new SlsError('InvalidShardCheckPoint', 'Shard checkpoint not encoded by base64.');
    }
    const before = this.record.consumers.length;
    this.#expire();
    if (!update.forceSuccess) this.#requireHolder(update);
    if (update.forceSuccess && before !== this.record.consumers.length) this.#save(this.record);
    this.record.checkpoints[update.shard] = {
      checkpoint: update.checkpoint,
      updatedAtUs: this.#clock() * 1000,
      consumer: update.consumer ?? '',
    };
    this.#save(this.record);
  }

  #requireHolder(update: CheckpointUpdate): void {
    if (!this.#isAlive(update.consumer)) {
      throw new SlsError('ConsumerNotExist', 'Consumer not exist in the consumer group');
    }
    if (this.record.leases[update.shard]?.owner !== update.consumer) {
      throw new SlsError(
        'ConsumerNotMatch',
        `Consumer ${update.consumer} does not hold shard ${update.shard}.`,
      );
    }
  }

  /** @throws SlsError JsonInfoInvalid is the caller's to raise; here the values are valid */
  change(settings: { timeout?: number; order?: boolean }): void {
    if (settings.timeout !== undefined) this.record.timeout = settings.timeout;
    if (settings.order !== undefined) this.record.order = settings.order;
    this.#save(this.record);
  }

  /** The checkpoints of the given shards as the API shows them; a shard never read has an empty one. */
  checkpoints(shards: readonly number[]): Array<Record<string, unknown>> {
    return shards.map((shard) => {
      const found = this.record.checkpoints[shard];
      return {
        shard,
        checkpoint: found?.checkpoint ?? '',
        updateTime: found?.updatedAtUs ?? 0,
        consumer: found?.consumer ?? '',
      };
    });
  }
}

function sameCursor(a: string, b: string): boolean {
  return a.replace(/=+$/, '') === b.replace(/=+$/, '');
}
