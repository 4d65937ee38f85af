import { SlsError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP } from '../../shared/logstores/pending.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { type Clock, SECOND_MS } from '../../shared/time.ts';

interface LeaseOptions {
  readonly sls: SlsDataPlane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly consumer: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** Called for every shard that is lost. */
  readonly onLost: () => void;
}

const ASK_AGAIN_MS = SECOND_MS;
const MIN_PATIENCE_MS = 500;

/**
 * The shards that the consumer group lets this instance work on.
 *
 * A shard is held from the heartbeat whose response names it until a response does not, until a heartbeat or
 * checkpoint is refused, or until no heartbeat got through for the length of the lease. Once lost it stays lost for
 * this run, because somebody else may have moved its checkpoint. What is believed here only saves work and
 * duplicates: the fence is the checkpoint, which SLS accepts from nobody but the holder.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #stop = new AbortController();
  readonly #lost = new Set<number>();
  #given: readonly number[] = [];
  #acceptedAtMs = Number.NEGATIVE_INFINITY;
  #beating: Promise<void> | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Heartbeats until `isEnough` accepts the shards given, or time is up. */
  async acquire(untilMs: number, isEnough: (shards: readonly number[]) => boolean): Promise<boolean> {
    const { clock, heartbeatMs } = this.#options;
    for (;;) {
      await this.#beat();
      const shards = this.shards();
      if (shards.length > 0 && isEnough(shards)) return true;
      const waitMs = Math.min(ASK_AGAIN_MS, heartbeatMs);
      if (clock.now() + waitMs > untilMs) return false;
      await clock.sleep(waitMs);
    }
  }

  /** Keeps heartbeating until `close`. */
  keep(): void {
    this.#beating ??= this.#keepBeating();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#beating;
  }

  /** In ascending order. */
  shards(): number[] {
    return this.#given.filter((shard) => !this.#lost.has(shard)).sort((one, other) => one - other);
  }

  holds(shard: number): boolean {
    return this.shards().includes(shard);
  }

  /** Held in this run, and no longer. */
  hasLost(shard: number): boolean {
    return this.#lost.has(shard);
  }

  /** Before a write: sends a heartbeat if the last one is getting old. */
  async confirm(signal: AbortSignal): Promise<void> {
    const { clock, leaseMs } = this.#options;
    if (clock.now() - this.#acceptedAtMs < leaseMs / 2) return;
    await this.#beat(AbortSignal.any([this.#stop.signal, signal])).catch(() => undefined);
  }

  /** A checkpoint of ours was refused, or a heartbeat did not name the shard any more. */
  lose(shard: number): void {
    if (this.#lost.has(shard)) return;
    this.#lost.add(shard);
    this.#options.onLost();
  }

  async #keepBeating(): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        await clock.sleep(heartbeatMs, this.#stop.signal);
        await this.#beat(this.#stop.signal);
      } catch {
        // Stopped while waiting, or refused, in which case the shards are already marked lost.
      }
    }
  }

  /** @throws SlsError when SLS refuses the heartbeat for good */
  async #beat(signal?: AbortSignal): Promise<void> {
    const { sls, clock, consumer, log, heartbeatMs, leaseMs } = this.#options;
    const sentAtMs = clock.now();
    const before = this.shards();
    // A heartbeat that hangs must not delay the next one.
    const hung = AbortSignal.timeout(Math.max(MIN_PATIENCE_MS, heartbeatMs));
    const options = { signal: signal === undefined ? hung : AbortSignal.any([signal, hung]) };
    try {
      const given = await sls.heartbeat(PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP, consumer, before, options);
      // The late response to an older heartbeat may lack shards given since.
      if (sentAtMs < this.#acceptedAtMs) return;
      const held = this.shards();
      this.#given = given;
      this.#acceptedAtMs = sentAtMs;
      this.#loseAll(held.filter((shard) => !given.includes(shard)));
    } catch (error) {
      if (signal?.aborted) return;
      log.warn('heartbeat failed', { error: String(error) });
      const refused = error instanceof SlsError && !error.retryable;
      // Refused: the group has forgotten us. No heartbeat for the whole lease: it may have.
      if (refused || clock.now() - this.#acceptedAtMs >= leaseMs) this.#loseAll(before);
      if (refused) throw error;
    }
  }

  #loseAll(shards: readonly number[]): void {
    for (const shard of shards) this.lose(shard);
  }
}
