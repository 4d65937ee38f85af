import { SlsError, type SlsErrorCode } from '../envelope/error.ts';

/**
 * The limits that can be set. Those of a project are hard on the service (403 when exceeded); those of a shard
 * are soft there, so here they are off until they are set.
 */
export const QUOTA_NAMES = [
  'writesPerMinute',
  'writeBytesPerMinute',
  'readsPerMinute',
  'readBytesPerMinute',
  'shardWritesPerSecond',
  'shardWriteBytesPerSecond',
  'shardReadsPerSecond',
  'shardReadBytesPerSecond',
] as const;

export type QuotaName = (typeof QUOTA_NAMES)[number];
export type Quotas = Partial<Record<QuotaName, number>>;

/** https://www.alibabacloud.com/help/en/sls/basic-resources (read 2026-11-23). */
const DEFAULT_QUOTAS: Quotas = {
  writesPerMinute: 600_000,
  writeBytesPerMinute: 100 * 1024 ** 3,
  readsPerMinute: 600_000,
};

interface Use {
  readonly project: string;
  readonly shard: string;
  readonly bytes: number;
}

interface Window {
  startedAtMs: number;
  used: number;
}

/** Counts calls and bytes in fixed windows, and refuses what exceeds a quota. */
export class QuotaMeter {
  #quotas: Quotas = DEFAULT_QUOTAS;
  readonly #clock: () => number;
  readonly #windows = new Map<string, Window>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Sets quotas by name; null lifts one, a name left out stays. Counting starts anew. */
  set(quotas: Partial<Record<QuotaName, number | null>>): void {
    const merged: Quotas = { ...this.#quotas };
    for (const [name, value] of Object.entries(quotas) as Array<[QuotaName, number | null]>) {
      if (value === null) delete merged[name];
      else merged[name] = value;
    }
    this.#quotas = merged;
    this.#windows.clear();
  }

  /** @throws SlsError WriteQuotaExceed, ShardWriteQuotaExceed */
  takeWrite(use: Use): void {
    this.#take(use.project, { quota: 'writesPerMinute', amount: 1, code: 'WriteQuotaExceed' });
    this.#take(use.project, { quota: 'writeBytesPerMinute', amount: use.bytes, code: 'WriteQuotaExceed' });
    this.#take(use.shard, { quota: 'shardWritesPerSecond', amount: 1, code: 'ShardWriteQuotaExceed' });
    this.#take(use.shard, {
      quota: 'shardWriteBytesPerSecond',
      amount: use.bytes,
      code: 'ShardWriteQuotaExceed',
    });
  }

  /** @throws SlsError ReadQuotaExceed, ShardReadQuotaExceed */
  takeRead(use: Use): void {
    this.#take(use.project, { quota: 'readsPerMinute', amount: 1, code: 'ReadQuotaExceed' });
    this.#take(use.project, { quota: 'readBytesPerMinute', amount: use.bytes, code: 'ReadQuotaExceed' });
    this.#take(use.shard, { quota: 'shardReadsPerSecond', amount: 1, code: 'ShardReadQuotaExceed' });
    this.#take(use.shard, {
      quota: 'shardReadBytesPerSecond',
      amount: use.bytes,
      code: 'ShardReadQuotaExceed',
    });
  }

  #take(owner: string, want: { quota: QuotaName; amount: number; code: SlsErrorCode }): void {
    const limit = this.#quotas[want.quota];
    if (limit === undefined) return;
    const lengthMs = want.quota.endsWith('PerSecond') ? 1000 : 60_000;
    const key = `${want.quota}/${owner}`;
    const now = this.#clock();
    let window = this.#windows.get(key);
    if (window === undefined || now - window.startedAtMs >= lengthMs || now < window.startedAtMs) {
      window = { startedAtMs: now, used: 0 };
      this.#windows.set(key, window);
    }
    if (window.used + want.amount > limit) {
      const kind = want.code.includes('Write') ? 'Write' : 'Read';
      throw new SlsError(want.code, `${kind} quota is exceeded.`);
    }
    window.used += want.amount;
  }
}
