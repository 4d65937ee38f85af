import { LeaseLostError } from '../../shared/errors.ts';
import type { PendingTransaction } from '../../shared/pending.ts';
import { toRecord } from '../../shared/record/record.ts';
import { DAY_MS } from '../../shared/time.ts';
import { admit } from './admission.ts';
import { type Asker, identityOf } from './asker.ts';
import type { Committer } from './committer.ts';
import type { Page, Row, RowResult } from './page.ts';
import type { RunReport } from './report.ts';
import type { Services, SweepSettings } from './services.ts';
import type { Pull, ShardQueue } from './shard-queue.ts';
import type { Shards } from './shards.ts';
import type { ChangeSignal } from './signal.ts';
import { endAtMs, isOver } from './verdict.ts';

/**
 * Reads the shards in turn, one page ahead of what is being asked about, and begins one row after the other as
 * the pace permits. It stops when nothing due is left, when what comes next does not fit the time left, or when
 * asking is over.
 */
export interface FeedOptions {
  readonly services: Services;
  readonly settings: SweepSettings;
  readonly report: RunReport;
  readonly shards: Shards;
  readonly asker: Asker;
  readonly committer: Committer;
  readonly changed: ChangeSignal;
  readonly asking: AbortSignal;
  readonly fail: (error: unknown) => void;
  /** No call begins after it; the run may use `wholeMs` up to it. */
  readonly askUntilMs: number;
  readonly wholeMs: number;
}

/** A page is about a second of work, within these bounds: what a crash or a lost lease makes the next run repeat. */
const PAGE_SECONDS = 1;
const LEAST_PAGE_ROWS = 20;
const MOST_PAGE_ROWS = 200;
/** Rows begun and not committed: enough to go on at full pace while one answer keeps a page waiting. Each holds its
 * record and events, some 10 KB. */
const MOST_OUTSTANDING_ROWS = 1_500;
/** The same while it is the writing that cannot keep up. */
const MOST_UNWRITTEN_ROWS = 400;
/** Ids met in this run; beyond it the oldest are forgotten, and asking twice is only a waste. */
const MOST_REMEMBERED_IDS = 20_000;
const NEAR_END_REPORTED_MS = 2 * DAY_MS;

interface Turn {
  readonly queue: ShardQueue;
  readonly pull: Pull;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #met = new Set<string>();
  /** Shards whose next group does not fit any more. */
  readonly #putOff = new Set<number>();
  /** Shards that gave nothing although more is due. */
  readonly #silent = new Set<number>();
  #isFirst = true;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get silentShards(): readonly number[] {
    return [...this.#silent];
  }

  /** Resolves when nothing more is begun. Calls may still be under way. */
  async run(): Promise<void> {
    const { asking } = this.#options;
    const turns = this.#turns();
    let upcoming = turns.next();
    try {
      while (!asking.aborted) {
        const { value: turn, done } = await upcoming;
        if (done) return;
        upcoming = turns.next();
        // Looked at one turn later; a failure until then is not unheard of, only not yet heard.
        upcoming.catch(() => undefined);
        await this.#takeTurn(turn);
      }
    } finally {
      await upcoming.catch(() => undefined);
      await turns.return(undefined);
    }
  }

  /** A page from each shard in turn, until none has anything more. */
  async *#turns(): AsyncGenerator<Turn, undefined> {
    for (;;) {
      let came = false;
      for (const queue of await this.#options.shards.open()) {
        const { shard } = queue;
        if (queue.isRead || this.#putOff.has(shard) || this.#silent.has(shard)) continue;
        const pull = await this.#pull(queue);
        if (pull === undefined) continue;
        came = true;
        yield { queue, pull };
      }
      if (!came) return undefined;
    }
  }

  async #pull(queue: ShardQueue): Promise<Pull | undefined> {
    const { asking, asker, shards } = this.#options;
    if (asking.aborted) return undefined;
    const wanted = Math.round(asker.ratePerSecond * PAGE_SECONDS);
    try {
      const pull = await queue.next(Math.min(MOST_PAGE_ROWS, Math.max(LEAST_PAGE_ROWS, wanted)));
      if (pull === undefined) this.#silent.add(queue.shard);
      return pull;
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      shards.lose(queue.shard);
      return undefined;
    }
  }

  async #takeTurn({ queue, pull }: Turn): Promise<void> {
    const { shard } = queue;
    if (this.#putOff.has(shard)) return;
    const { services, asker, askUntilMs, wholeMs, report } = this.#options;
    const { admitted, mayBeCut } = admit({
      groupRows: pull.groups.map(({ rows }) => rows.length),
      ratePerSecond: asker.ratePerSecond,
      latencyMs: asker.meanLatencyMs,
      leftMs: askUntilMs - services.clock.now(),
      wholeMs,
      isFirst: this.#isFirst,
    });
    if (admitted < pull.groups.length) this.#putOff.add(shard);
    if (admitted === 0 && pull.groups.length > 0) return;
    this.#isFirst = false;
    await this.#room();
    const page: Page = { shard, ...pull, admitted, mayBeCut };
    const { rows, settle } = this.#options.committer.begin(page);
    report.add({ pulled: rows.length, pulled_groups: admitted });
    for (const row of rows) await this.#beginRow(row, shard, (result) => settle(row, result));
  }

  /** Waits while too much is begun and not committed. */
  async #room(): Promise<void> {
    const { changed, committer, asking } = this.#options;
    const most = () => (committer.isBehind ? MOST_UNWRITTEN_ROWS : MOST_OUTSTANDING_ROWS);
    await changed.until(() => asking.aborted || committer.outstandingRows < most());
  }

  async #beginRow(row: Row, shard: number, settle: (result: RowResult) => void): Promise<void> {
    const { asker, report, fail, shards } = this.#options;
    const { reading } = row;
    if (!reading.ok) {
      report.add({ unreadable: 1 });
      return settle(this.#unreadable(row, reading));
    }
    const { transaction } = reading;
    if (this.#meet(transaction)) return settle({ kind: 'duplicate' });
    const ended = this.#over(transaction);
    if (ended !== undefined) return settle(ended);
    // Whoever has the shard now asks about its rows.
    const permit = shards.holds(shard) ? await asker.permit().catch(() => undefined) : undefined;
    if (permit === undefined) return settle({ kind: 'unfinished', transaction });
    report.add({ asked: 1 });
    asker.ask(transaction, permit).then(settle, (error: unknown) => {
      fail(error);
      settle({ kind: 'unfinished', transaction });
    });
  }

  /** True if this run has met the transaction before: its other row answers for both. */
  #meet(transaction: PendingTransaction): boolean {
    const { services, settings, report } = this.#options;
    const { transactionId } = transaction;
    if (this.#met.has(transactionId)) return true;
    this.#met.add(transactionId);
    if (this.#met.size > MOST_REMEMBERED_IDS) {
      for (const oldest of this.#met) {
        this.#met.delete(oldest);
        break;
      }
    }
    const leftMs = endAtMs(transaction, settings.retentionMs) - services.clock.now();
    if (leftMs < NEAR_END_REPORTED_MS) report.add({ near_end: 1 });
    return false;
  }

  #over(transaction: PendingTransaction): RowResult | undefined {
    const { services, settings } = this.#options;
    const nowMs = services.clock.now();
    if (!isOver(transaction, settings.retentionMs, nowMs)) return undefined;
    const output = toRecord({
      ...identityOf(transaction),
      source: 'sweep',
      attempt: transaction.attempt,
      region: settings.region,
      askedAtMs: nowMs,
      final: true,
      disposition: 'expired',
      code: transaction.lastCode ?? 'RetentionOver',
    });
    return { kind: 'final', disposition: 'expired', output };
  }

  #unreadable(row: Row, reading: Extract<Row['reading'], { ok: false }>): RowResult {
    const { services, settings } = this.#options;
    const output = toRecord({
      transactionId: reading.transactionId ?? `row:${row.place}`,
      source: 'sweep',
      attempt: 0,
      region: settings.region,
      registeredAtMs: row.receivedAtMs,
      askedAtMs: services.clock.now(),
      final: true,
      disposition: 'invalid',
      code: 'RowUnreadable',
      raw: row.raw,
    });
    return { kind: 'final', disposition: 'invalid', output };
  }
}
