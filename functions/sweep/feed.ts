import { type PendingTransaction, saysSomething } from '../../shared/logstores/pending.ts';
import { type RecordInput, toRecord } from '../../shared/record/to-record.ts';
import { DAY_MS, SECOND_MS } from '../../shared/time.ts';
import { encodeOutput } from '../../shared/write-records.ts';
import { type Asker, identityOf, type Permit } from './asker.ts';
import type { BegunRow, Committer } from './committer.ts';
import { endAtMs, isOver } from './decision.ts';
import { type Inquiries, Inquiry, type Result } from './inquiry.ts';
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
  /** No call begins after it; the run may use `wholeMs` up to it. */
  readonly askUntilMs: number;
  readonly wholeMs: number;
}

/** A batch is about a second of work, within these bounds: what a crash or a lost lease makes the next run repeat. */
const BATCH_SECONDS = 1;
const MIN_BATCH_ROWS = 20;
const MAX_BATCH_ROWS = 200;
/** Rows begun and not committed: enough to go on at full pace while one answer keeps a batch waiting. Each holds its
 * record and events, some 10 KB. */
const MAX_OUTSTANDING_ROWS = 1_500;
/** The same while it is the writing that cannot keep up. */
const MAX_UNWRITTEN_ROWS = 400;
/** Knowing more is worth a moment, not the run. */
const RECALL_PATIENCE_MS = 5 * SECOND_MS;
const NEAR_END_REPORTED_MS = 2 * DAY_MS;

interface Turn {
  readonly queue: ShardQueue;
  readonly pull: Pull;
  readonly recalled: Promise<Recollection>;
}

/**
 * Reads the shards in turn, one batch ahead of what is being asked about, and begins one row after the other as
 * the pace permits. It stops when nothing due is left, when what comes next does not fit the time left, or when
 * asking is over.
 */
export class Feed {
  readonly #options: FeedOptions;
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
        // It is awaited one turn later: until then a failure of it is not an unhandled one.
        upcoming.catch(() => undefined);
        await this.#takeTurn(turn);
      }
    } catch (error) {
      // At the deadline reading is given up, and what it would have brought is left.
      if (!asking.aborted) throw error;
    } finally {
      await upcoming.catch(() => undefined);
      await turns.return(undefined);
    }
  }

  /** A pull from each shard in turn, until none has anything more. */
  async *#turns(): AsyncGenerator<Turn, undefined> {
    for (;;) {
      let came = false;
      for (const queue of await this.#options.shards.open(this.#options.asking)) {
        const { shard } = queue;
        if (queue.isRead || this.#putOff.has(shard) || this.#silent.has(shard)) continue;
        const turn = await this.#pull(queue);
        if (turn === undefined) continue;
        came = true;
        yield turn;
      }
      if (!came) return undefined;
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

  /** What the logstores hold beside the rows of this pull. */
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
    await this.#room();
    // Lost meanwhile: whoever has the shard now asks about its rows.
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
      // Nobody waits for ever for what was never begun.
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

  /** Waits while too much is begun and not committed. */
  async #room(): Promise<void> {
    const { committer, asking } = this.#options;
    const max = () => (committer.isBehind ? MAX_UNWRITTEN_ROWS : MAX_OUTSTANDING_ROWS);
    await committer.changed.until(() => asking.aborted || committer.outstandingRows < max());
  }

  async #begin(row: BegunRow, shard: number, completed: Promise<void>): Promise<void> {
    const { report, lease } = this.#options;
    const { reading, place, receivedAtMs, raw, inquiry } = row;
    if (inquiry.isBegun) return;
    if (!reading.ok) {
      report.add({ unreadable: 1 });
      return this.#unreadable(inquiry, { transactionId: reading.transactionId, place, receivedAtMs, raw });
    }
    // Whoever has the shard now asks about its rows; if another shard of ours has one too, its turn comes.
    if (!lease.holds(shard)) return;
    inquiry.isBegun = true;
    const start = () => this.#start(inquiry, completed);
    if (saysSomething(inquiry.transaction)) return start();
    // Even the merchant id to ask with may have to be looked up; other rows need not wait for that.
    completed.then(start).catch((error: unknown) => this.#giveUp(inquiry, error));
  }

  /** Resolves when the question is put, or is not. */
  async #start(inquiry: Inquiry, completed: Promise<void>): Promise<void> {
    const { asker, report } = this.#options;
    this.#noteNearEnd(inquiry);
    if (this.#isOver(inquiry)) return;
    const permit = await asker.permit().catch(() => undefined);
    if (permit === undefined) return inquiry.settle({ kind: 'unfinished' });
    report.add({ asked: 1 });
    this.#ask(inquiry, permit, completed).catch((error: unknown) => this.#giveUp(inquiry, error));
  }

  #giveUp(inquiry: Inquiry, error: unknown): void {
    this.#options.fail(error);
    inquiry.settle({ kind: 'unfinished' });
  }

  /** Under another merchant id, that became known meanwhile, the service may know the transaction after all. */
  async #ask(inquiry: Inquiry, first: Permit, completed: Promise<void>): Promise<void> {
    let permit: Permit | undefined = first;
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

  #noteNearEnd({ transaction }: Inquiry): void {
    const { services, settings, report } = this.#options;
    const leftMs = endAtMs(transaction, settings.retentionMs) - services.clock.now();
    if (leftMs < NEAR_END_REPORTED_MS) report.add({ near_end: 1 });
  }

  /** Past its end and asked before: it ends without another question. */
  #isOver(inquiry: Inquiry): boolean {
    const { services, settings } = this.#options;
    const { transaction } = inquiry;
    const nowMs = services.clock.now();
    if (!isOver(transaction, settings.retentionMs, nowMs)) return false;
    this.#settleFinal(inquiry, {
      ...identityOf(transaction),
      attempt: transaction.attempt,
      disposition: 'expired',
      code: transaction.lastCode ?? 'RetentionOver',
    });
    return true;
  }

  #unreadable(
    inquiry: Inquiry,
    row: { transactionId: string | undefined; place: string; receivedAtMs: number; raw: unknown },
  ): void {
    inquiry.isBegun = true;
    this.#settleFinal(inquiry, {
      transactionId: row.transactionId ?? `row:${row.place}`,
      attempt: 0,
      registeredAtMs: row.receivedAtMs,
      disposition: 'invalid',
      code: 'RowUnreadable',
      raw: row.raw,
    });
  }

  #settleFinal(inquiry: Inquiry, end: Omit<RecordInput, 'source' | 'region' | 'askedAtMs' | 'final'>): void {
    const { services, settings } = this.#options;
    const output = toRecord({
      ...end,
      source: 'sweep',
      region: settings.region,
      askedAtMs: services.clock.now(),
      final: true,
    });
    inquiry.settle({
      kind: 'final',
      disposition: end.disposition,
      output: encodeOutput(output),
      version: inquiry.version,
    });
  }
}

/** A row that could not be read is settled by itself; nothing is merged with it or asked about it. */
function noTransaction({ place, receivedAtMs }: Row): PendingTransaction {
  const atMs = receivedAtMs;
  return { transactionId: place, registeredAtMs: atMs, givenAtMs: atMs, attempt: 0, kind: 'register' };
}

/** What is known when a pull comes in. */
export interface AdmissionInput {
  /** Rows of each group, in order. */
  readonly groupRows: readonly number[];
  readonly ratePerSecond: number;
  readonly latencyMs: number;
  /** Until no call may begin any more. */
  readonly leftMs: number;
  /** The same at the begin of the run. */
  readonly wholeMs: number;
  /** Nothing was admitted in this run before. */
  readonly isFirst: boolean;
}

interface Admission {
  /** Groups at the begin of the pull that are started. */
  readonly admitted: number;
  /** The last of them may not get done: what is left of it is handed back. */
  readonly mayBeCut: boolean;
}

/** A group with more than this share of a whole run is taken for one that no run can be sure to finish. */
const TOO_LARGE_SHARE = 0.8;
/** Such a group is begun in the earlier half of a run: then little of it has to be handed back. */
const EARLY_SHARE = 0.5;

/**
 * A group is started only if it fits the time left at the present pace. One that would not fit a whole run
 * would wait for ever, so it is started all the same and cut: as the first of a run, or early in it, so that no
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
