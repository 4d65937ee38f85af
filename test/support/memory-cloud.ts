import type { CloudauthClient } from '../../shared/cloudauth/client.ts';
import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';
import { SlsError, UpstreamNetworkError } from '../../shared/errors.ts';
import { decodeContents } from '../../shared/sls/codec.ts';
import type { EncodedLog, Log, SlsDataPlane } from '../../shared/sls/types.ts';
import type { Clock } from '../../shared/time.ts';

/**
 * A log store and an ID Verification service in memory, with a clock that somebody else holds: thousands of
 * histories a minute. What a log store promises is written here again, from its documents and not from the client:
 * receive order within a shard, cursors of whole groups, leases, fenced checkpoints, search by words.
 */
export type Contents = Record<string, string>;

interface StoredGroup {
  readonly receivedMs: number;
  readonly logs: readonly Contents[];
}

interface MemoryShard {
  readonly id: number;
  readonly groups: StoredGroup[];
  isReadOnly: boolean;
}

const cursorOf = (place: number) => Buffer.from(String(1_000 + place)).toString('base64');
const placeOf = (cursor: string) => Number(Buffer.from(cursor, 'base64').toString()) - 1_000;

export class MemorySls {
  readonly shards: MemoryShard[] = [{ id: 0, groups: [], isReadOnly: false }];
  readonly rows = new Map<string, Contents[]>();
  readonly #clock: Clock;
  readonly #leaseMs: number;
  #turn = 0;
  #heartbeats = new Map<string, number>();
  #owners = new Map<number, string>();
  #checkpoints = new Map<number, { checkpoint: string; consumer: string; atMs: number }>();

  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  put(logstore: string, logs: readonly Contents[]): void {
    if (logstore !== 'idv-pending') {
      this.rows.set(logstore, [...(this.rows.get(logstore) ?? []), ...logs]);
      return;
    }
    const open = this.shards.filter(({ isReadOnly }) => !isReadOnly);
    this.#turn += 1;
    // Receive times are whole seconds.
    const receivedMs = Math.floor(this.#clock.now() / 1_000) * 1_000;
    open[this.#turn % open.length]?.groups.push({ receivedMs, logs });
  }

  split(): void {
    const parent = this.shards.find(({ isReadOnly }) => !isReadOnly);
    if (parent === undefined || this.shards.length > 4) return;
    parent.isReadOnly = true;
    for (let child = 0; child < 2; child += 1) {
      this.shards.push({ id: this.shards.length, groups: [], isReadOnly: false });
    }
  }

  /** Another consumer is given a shard, and dies. */
  steal(shard: number): void {
    this.#heartbeats.set('thief', this.#clock.now());
    this.#owners.set(shard, 'thief');
  }

  checkpointOf(shard: number): number {
    return placeOf(this.#checkpoints.get(shard)?.checkpoint ?? cursorOf(0));
  }

  queued(): { contents: Contents; receivedMs: number }[] {
    return this.shards.flatMap(({ groups }) =>
      groups.flatMap(({ logs, receivedMs }) => logs.map((contents) => ({ contents, receivedMs }))),
    );
  }

  heartbeat(consumer: string): number[] {
    const now = this.#clock.now();
    this.#heartbeats.set(consumer, now);
    for (const [name, atMs] of this.#heartbeats)
      if (now - atMs > this.#leaseMs) this.#heartbeats.delete(name);
    for (const [shard, owner] of this.#owners) if (!this.#heartbeats.has(owner)) this.#owners.delete(shard);
    for (const { id, isReadOnly, groups } of this.shards) {
      if (isReadOnly && this.checkpointOf(id) >= groups.length) this.#owners.delete(id);
      else if (!this.#owners.has(id)) this.#owners.set(id, consumer);
    }
    return [...this.#owners].filter(([, owner]) => owner === consumer).map(([shard]) => shard);
  }

  /** The data plane as one consumer's process sees it; each call goes through `through` first. */
  client(through: (action: string, effect: () => unknown) => Promise<unknown>): SlsDataPlane {
    const call = <T>(action: string, effect: () => T) => through(action, effect) as Promise<T>;
    const shard = (id: number): MemoryShard => {
      const found = this.shards.find((one) => one.id === id);
      if (found === undefined) throw new SlsError(404, 'ShardNotExist', 'no such shard');
      return found;
    };
    return {
      putLogs: (logstore, logs) => call('PutLogs', () => this.put(logstore, logs.map(contentsOf))),
      listShards: () =>
        call('ListShards', () =>
          this.shards.map(({ id, isReadOnly }) => ({
            shardId: id,
            status: isReadOnly ? ('readonly' as const) : ('readwrite' as const),
          })),
        ),
      getCursor: (_logstore, id, from) =>
        call('GetCursor', () => {
          const { groups } = shard(id);
          const since =
            typeof from === 'number' ? groups.findIndex((one) => one.receivedMs >= from * 1_000) : -1;
          const place = from === 'begin' ? 0 : since === -1 ? groups.length : since;
          return { cursor: cursorOf(place), serverTimeMs: this.#clock.now() };
        }),
      getCursorTimeMs: (_logstore, id, cursor) =>
        call('GetCursorTime', () => shard(id).groups[placeOf(cursor)]?.receivedMs ?? this.#clock.now()),
      pullLogs: (_logstore, id, { cursor, endCursor, count = 100 }) =>
        call('PullLogs', () => {
          const { groups } = shard(id);
          const from = placeOf(cursor);
          const to = Math.min(from + count, endCursor === undefined ? groups.length : placeOf(endCursor));
          return {
            groups: groups.slice(from, to).map(({ logs, receivedMs }, index) => ({
              cursor: cursorOf(from + index),
              logs: logs.map((contents) => ({ timeSeconds: receivedMs / 1_000, contents })),
              tags: { __receive_time__: String(receivedMs / 1_000) },
            })),
            nextCursor: cursorOf(Math.max(from, to)),
            rawBytes: 100,
          };
        }),
      heartbeat: (_logstore, _group, consumer) => call('HeartBeat', () => this.heartbeat(consumer)),
      getCheckpoints: () =>
        call('GetCheckPoint', () =>
          this.shards.map(({ id }) => ({
            shard: id,
            checkpoint: this.#checkpoints.get(id)?.checkpoint ?? '',
            updateTimeMs: this.#checkpoints.get(id)?.atMs ?? 0,
          })),
        ),
      updateCheckpoint: (_logstore, _group, { consumer, shard: id, checkpoint }) =>
        call('UpdateCheckPoint', () => {
          if (this.#owners.get(id) !== consumer) throw new SlsError(400, 'ConsumerNotMatch', 'not yours');
          this.#checkpoints.set(id, { checkpoint, consumer, atMs: this.#clock.now() });
        }),
      query: (logstore, { query, line = 100, offset = 0 }) =>
        call('GetLogsV2', () => {
          if (query.includes('|')) return { rows: [{ n: '0' }], complete: true };
          const ids = [...query.matchAll(/transaction_id: "([^"]+)"/g)].map(([, id]) => id);
          if (ids.length > 30) throw new SlsError(400, 'ParameterInvalid', 'over 30 conditions');
          const all =
            logstore === 'idv-pending'
              ? this.queued().map(({ contents, receivedMs }) => ({
                  ...contents,
                  '__tag__:__receive_time__': String(receivedMs / 1_000),
                }))
              : (this.rows.get(logstore) ?? []);
          const source = /and source: (\w+)$/.exec(query)?.[1];
          const found = (all as Contents[])
            .filter(
              (row) => ids.includes(row.transaction_id) && (row.source === source || source === undefined),
            )
            .reverse();
          return { rows: found.slice(offset, offset + line) as Contents[], complete: true };
        }),
    };
  }
}

function contentsOf(log: Log | EncodedLog): Contents {
  return 'bytes' in log ? decodeContents(log) : Object.fromEntries(log.contents);
}

/** A service that knows sessions, perhaps under their merchant id only. */
export class MemoryCloudauth {
  readonly asked: { transactionId: string; merchantBizId: string; atMs: number }[] = [];
  readonly #clock: Clock;
  readonly #sessions = new Map<string, { merchantBizId?: string | undefined; notCompleted: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  know(transactionId: string, session: { merchantBizId?: string | undefined; notCompleted: number }): void {
    this.#sessions.set(transactionId, { ...session });
  }

  client(through: (action: string, effect: () => unknown) => Promise<unknown>): CloudauthClient {
    return {
      checkVerifyLog: async ({ transactionId, merchantBizId }) => {
        const outcome = await through('CheckVerifyLog', () =>
          this.#answer(transactionId, merchantBizId),
        ).catch(
          (error: unknown): CheckVerifyLogOutcome =>
            error instanceof UpstreamNetworkError
              ? { kind: 'failed', reason: 'network', code: 'NETWORK' }
              : { kind: 'throttled', code: 'Throttling.Api' },
        );
        return outcome as CheckVerifyLogOutcome;
      },
    };
  }

  #answer(transactionId: string, merchantBizId: string): CheckVerifyLogOutcome {
    this.asked.push({ transactionId, merchantBizId, atMs: this.#clock.now() });
    const session = this.#sessions.get(transactionId);
    if (session === undefined || (session.merchantBizId ?? merchantBizId) !== merchantBizId) {
      return { kind: 'invalid', code: 'TransactionIdInvalid', message: '' };
    }
    if (session.notCompleted > 0) {
      session.notCompleted -= 1;
      return { kind: 'not_completed', code: 'ProcessNotCompleted' };
    }
    return { kind: 'answered', code: 'Success', result: { VerifyStatus: '2', ExtInfo: transactionId } };
  }
}
