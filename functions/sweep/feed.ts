import { type PendingTransaction, saysSomething } from '../../shared/logstores/pending.ts';
import type { PaceTicket } from '../../shared/pace.ts';
import { DAY_MS, SECOND_MS } from '../../shared/time.ts';
import type { Asker } from './asker.ts';
import type { BegunRow, Committer } from './committer.ts';
import { endAtMs, isOver } from './decision.ts';
import { finalResult, type Inquiries, Inquiry, identityOf, type Result } from './inquiry.ts';
import type { Lease } from './lease.ts';
import { type Recollection, recall } from './recall.ts';
import type { RunReport } from './report.ts';
import type { SweepServices, SweepSettings } from './services.ts';
import type { Group, Pull, Row, ShardQueue, Shards } from './shards.ts';

interface FeedOptions {
  readonly services: SweepServices;
  readonly settings: SweepSettings;
  readonly report: RunReport;
  readonly shards: Shards;
  readonly lease: Lease;
  readonly asker: Asker;
  readonly committer: Committer;
  readonly inquiries: Inquiries;
  readonly asking: AbortSignal;
  readonly fail: (error: unknown) => void;
  /** No call starts after it. */
  readonly askUntilMs: number;
  /** From the start of the run until then. */
  readonly wholeMs: number;
}

/** A batch is about a second of work, within these bounds: what a crash or a lost lease makes the next run repeat. */
const BATCH_SECONDS = 1;
const MIN_BATCH_ROWS = 20;
const MAX_BATCH_ROWS = 200;
/** Rows started and not committed: enough to keep the full pace while one slow answer delays a batch. Each holds its
 * record and events, some 10 KB. */
const MAX_OUTSTANDING_ROWS = 1_500;
/** The same while writing cannot keep up. */
const MAX_UNWRITTEN_ROWS = 400;
/** What the logstores hold beside a pull is worth a moment, not the run. */
const RECALL_PATIENCE_MS = 5 * SECOND_MS;
const NEAR_END_REPORTED_MS = 2 * DAY_MS;

interface Turn {
  readonly queue: ShardQueue;
  readonly pull: Pull;
  readonly recalled: Promise<Recollection>;
}

/**
 * Reads the shards in turn, one batch ahead of what is being asked about, and starts one row after the other as
 * the pace permits. It stops when nothing due is left, when the next group does not fit the time left, or when
 * asking is over.
 */
export class Feed {
  readonly #options: FeedOptions;
  /** Shards whose next group does not fit the time left. */
  readonly #putOff = new Set<number>();
  /** Shards that returned nothing although more is due. */
  readonly #silent = new Set<number>();
  #isFirst = true;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get silentShards(): readonly number[] {
    return [...this.#silent];
  }

  /** Resolves when nothing more will be started. Calls may still be under way. */
  async run(): Promise<void> {
    const { asking } = this.#options;
    const turns = this.#turns();
    let upcoming = turns.next();
    try {
      while (!asking.aborted) {
        const { value: turn, done } = await upcoming;
        if (done) return;
        upcoming = turns.next();
        // It is awaited one turn later; until then its rejection must not count as unhandled.
        upcoming.catch(() => undefined);
        await this.#takeTurn(turn);
      }
    } catch (error) {
      // At the deadline reading is given up; what was not read stays in the queue.
      if (!asking.aborted) throw error;
    } finally {
      await upcoming.catch(() => undefined);
      await turns.return(undefined);
    }
  }

  /** A pull from each shard in turn, until none has anything more. */
  async *#turns(): AsyncGenerator<Turn, undefined> {
    for (;;) {
      let hasPulled = false;
      for (const queue of await this.#options.shards.open(this.#options.asking)) {
        const { shard } = queue;
        if (queue.isRead || this.#putOff.has(shard) || this.#silent.has(shard)) continue;
        const turn = await this.#pull(queue);
        if (turn === undefined) continue;
        hasPulled = true;
        yield turn;
      }
      if (!hasPulled) return undefined;
    }
  }

  async #pull(queue: ShardQueue): Promise<Turn | undefined> {
    const { asking, asker, lease } = this.#options;
    if (asking.aborted) return undefined;
    const wanted = Math.round(asker.ratePerSecond * BATCH_SECONDS);
    const rowsWanted = Math.min(MAX_BATCH_ROWS, Math.max(MIN_BATCH_ROWS, wanted));
    const pull = await queue.next(rowsWanted, asking);
    if (pull === undefined) {
      if (lease.holds(queue.shard)) this.#silent.add(queue.shard);
      return undefined;
    }
    return { queue, pull, recalled: this.#recall(pull) };
  }

  #recall({ groups }: Pull): Promise<Recollection> {
    const { services, settings, asking } = this.#options;
    const rows = groups.flatMap((group) =>
      group.rows.flatMap(({ reading }) => (reading.ok ? [reading.transaction] : [])),
    );
    const signal = AbortSignal.any([asking, AbortSignal.timeout(RECALL_PATIENCE_MS)]);
    return recall(services, { windows: settings.windows, rows }, signal);
  }

  async #takeTurn({ queue, pull, recalled }: Turn): Promise<void> {
    const { shard } = queue;
    if (this.#putOff.has(shard)) return;
    const { services, asker, committer, lease, askUntilMs, wholeMs, report } = this.#options;
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
    await this.#untilThereIsRoom();
    // If the shard was lost meanwhile, its new holder asks about these rows.
    if (!lease.holds(shard)) return;
    const groups = this.#meet(pull.groups.slice(0, admitted));
    const nextCursor = admitted === pull.groups.length ? pull.nextCursor : undefined;
    const rows = groups.flat();
    const completed = recalled.then(({ found, unread }) => {
      for (const { inquiry } of rows) {
        const { transactionId } = inquiry.transaction;
        inquiry.recall(found.get(transactionId), { isUnread: unread.has(transactionId) });
      }
    });
    committer.begin({ queue, fromCursor: pull.fromCursor, nextCursor, groups, mayBeCut }, completed);
    report.add({ pulled: rows.length, pulled_groups: admitted });
    try {
      for (const row of rows) await this.#begin(row, shard, completed);
    } catch (error) {
      // What was never started must not be waited for.
      for (const { inquiry } of rows) if (!inquiry.isBegun) inquiry.settle({ kind: 'unfinished' });
      throw error;
    }
  }

  /** All rows of a batch are known before the first of them is asked about. */
  #meet(groups: readonly Group[]): BegunRow[][] {
    const { inquiries } = this.#options;
    return groups.map(({ rows }) =>
      rows.map((row): BegunRow => {
        const { reading } = row;
        if (!reading.ok) return { ...row, inquiry: new Inquiry(noTransaction(row)) };
        return { ...row, inquiry: inquiries.meet(reading.transaction) };
      }),
    );
  }

  /** Waits while too many rows are started and not committed. */
  async #untilThereIsRoom(): Promise<void> {
    const { committer, asking } = this.#options;
    const max = () => (committer.isBehind ? MAX_UNWRITTEN_ROWS : MAX_OUTSTANDING_ROWS);
    await committer.changed.until(() => asking.aborted || committer.outstandingRows < max());
  }

  async #begin(row: BegunRow, shard: number, completed: Promise<void>): Promise<void> {
    const { report, lease } = this.#options;
    const { reading, place, receivedAtMs, raw, inquiry } = row;
    if (inquiry.isBegun) return;
    if (!reading.ok) {
      inquiry.isBegun = true;
      report.add({ unreadable: 1 });
      return this.#settleFinal(inquiry, {
        transactionId: reading.transactionId ?? `row:${place}`,
        attempt: 0,
        registeredAtMs: receivedAtMs,
        disposition: 'invalid',
        code: 'RowUnreadable',
        raw,
      });
    }
    // The shard's new holder asks about it; if another shard of ours holds a row of it too, that is asked about then.
    if (!lease.holds(shard)) return;
    inquiry.isBegun = true;
    const start = () => this.#start(inquiry, completed);
    if (saysSomething(inquiry.transaction)) return start();
    // Even the merchant id to ask with has to be looked up first; other rows need not wait for that.
    completed.then(start).catch((error: unknown) => this.#giveUp(inquiry, error));
  }

  /** Resolves when the call is under way, or is not needed, or asking is over. */
  async #start(inquiry: Inquiry, completed: Promise<void>): Promise<void> {
    const { services, settings, asker, report } = this.#options;
    const { transaction } = inquiry;
    const nowMs = services.clock.now();
    const leftMs = endAtMs(transaction, settings.retentionMs) - nowMs;
    if (leftMs < NEAR_END_REPORTED_MS) report.add({ near_end: 1 });
    if (isOver(transaction, settings.retentionMs, nowMs)) {
      return this.#settleFinal(inquiry, {
        ...identityOf(transaction),
        attempt: transaction.attempt,
        disposition: 'expired',
        code: transaction.lastCode ?? 'RetentionOver',
      });
    }
    const permit = await asker.permit().catch(() => undefined);
    if (permit === undefined) return inquiry.settle({ kind: 'unfinished' });
    report.add({ asked: 1 });
    this.#ask(inquiry, permit, completed).catch((error: unknown) => this.#giveUp(inquiry, error));
  }

  #giveUp(inquiry: Inquiry, error: unknown): void {
    this.#options.fail(error);
    inquiry.settle({ kind: 'unfinished' });
  }

  /** If another merchant id became known meanwhile, the service may know the transaction by that: it is asked again. */
  async #ask(inquiry: Inquiry, first: PaceTicket, completed: Promise<void>): Promise<void> {
    let permit: PaceTicket | undefined = first;
    let result: Result = { kind: 'unfinished' };
    while (permit !== undefined) {
      const askedWith = inquiry.transaction.merchantBizId;
      result = await this.#options.asker.ask(inquiry, permit);
      await completed;
      const hasNoAnswer = result.kind === 'final' && result.disposition !== 'answered';
      if (!hasNoAnswer || inquiry.transaction.merchantBizId === askedWith) break;
      permit = await this.#options.asker.permit().catch(() => undefined);
    }
    inquiry.settle(result);
  }

  /** Settles it without a call. */
  #settleFinal(
    inquiry: Inquiry,
    record: Omit<Parameters<typeof finalResult>[1], 'region' | 'askedAtMs'>,
  ): void {
    const { region } = this.#options.settings;
    const askedAtMs = this.#options.services.clock.now();
    inquiry.settle(finalResult(inquiry.version, { ...record, region, askedAtMs }));
  }
}

/** An unreadable row is settled by itself: nothing is merged with it, and nothing is asked about it. */
function noTransaction({ place, receivedAtMs: atMs }: Row): PendingTransaction {
  return { transactionId: place, registeredAtMs: atMs, givenAtMs: atMs, attempt: 0, kind: 'register' };
}

export interface AdmissionInput {
  /** Rows of each group, in order. */
  readonly groupRows: readonly number[];
  readonly ratePerSecond: number;
  readonly latencyMs: number;
  /** Until no call may start any more. */
  readonly leftMs: number;
  /** The same at the start of the run. */
  readonly wholeMs: number;
  /** Nothing was admitted in this run before. */
  readonly isFirst: boolean;
}

interface Admission {
  /** How many groups of the pull are started, the first ones. */
  readonly admitted: number;
  /** The group may not get done: the rest of it is then handed back. */
  readonly mayBeCut: boolean;
}

/** A group that takes more than this share of a whole run: no run can be sure to finish it. */
const TOO_LARGE_SHARE = 0.8;
/** Such a group is started in the first half of a run: then little of it has to be handed back. */
const EARLY_SHARE = 0.5;

/**
 * A group is started only if it fits the time left at the present pace. One that would not fit a whole run
 * would wait for ever, so it is started anyway and cut: as the first of a run, or early in it, so that no
 * shard with such a group at its head is passed over for good.
 */
export function admit(input: AdmissionInput): Admission {
  const { groupRows, ratePerSecond, latencyMs, leftMs, wholeMs, isFirst } = input;
  const [firstRows = 0] = groupRows;
  const timeFor = (rows: number) => (rows / ratePerSecond) * SECOND_MS + latencyMs;
  let rows = 0;
  let admitted = 0;
  for (const more of groupRows) {
    rows += more;
    if (timeFor(rows) > leftMs) break;
    admitted += 1;
  }
  if (admitted > 0) return { admitted, mayBeCut: false };
  const tooLarge = timeFor(firstRows) > TOO_LARGE_SHARE * wholeMs;
  const early = leftMs >= EARLY_SHARE * wholeMs;
  return groupRows.length > 0 && leftMs > 0 && (isFirst || (tooLarge && early))
    ? { admitted: 1, mayBeCut: true }
    : { admitted: 0, mayBeCut: false };
}
