import { LeaseLostError } from '../../shared/errors.ts';
import {
  PENDING_GROUP_ROWS,
  PENDING_LOGSTORE,
  type PendingTransaction,
  toPendingLog,
} from '../../shared/logstores/pending.ts';
import { registeredAgain } from '../../shared/record/record.ts';
import { amendOutput, type PreparedOutput, putWithRetry, writeRecords } from '../../shared/write-records.ts';
import { takeEffect } from './effects.ts';
import type { Inquiries, Inquiry, Result } from './inquiry.ts';
import type { Lease } from './lease.ts';
import type { BegunRow, Page } from './page.ts';
import type { RunReport } from './report.ts';
import type { Services } from './services.ts';
import type { ShardQueue } from './shard-queue.ts';
import type { ChangeSignal } from './signal.ts';
import type { Streak } from './streak.ts';

/**
 * Takes the pages of each shard in the order in which they were begun and, as soon as all rows of a shard's
 * foremost have their result, writes it, appends what is asked again, and moves the checkpoint; while it does,
 * later pages are being asked about. Shards do not wait for one another, and a shard that is lost takes its pages
 * with it. Results that may be the service's fault rather than their transaction's wait until that is decided.
 */
export interface CommitterOptions {
  readonly services: Services;
  readonly report: RunReport;
  readonly lease: Lease;
  readonly streak: Streak;
  readonly changed: ChangeSignal;
  readonly inquiries: Inquiries;
  readonly queueOf: (shard: number) => ShardQueue;
  /** Writes are given up when it is aborted. */
  readonly signal: AbortSignal;
}

/** How pages that are left when nothing is asked any more are treated. */
export type Closing =
  /** Every result counts; what has none is handed back or left where it is. */
  | 'finish'
  /** The service is in trouble: results that speak against it do not count. */
  | 'trouble';

interface PageWork {
  readonly page: Page;
  readonly rows: readonly BegunRow[];
  /** What this page waits for: inquiries without a result, and what is still looked up. */
  unsettled: number;
}

/** What the rows of a batch do to the outside world, each transaction once. */
interface Batch {
  readonly rows: number;
  readonly writes: readonly { inquiry: Inquiry; version: number; output: PreparedOutput }[];
  readonly appends: readonly { inquiry: Inquiry; version: number; transaction: PendingTransaction }[];
}

/** Few and large writes: pages that are ready together are committed together, up to this many rows. */
const MAX_BATCH_ROWS = 400;

export class Committer {
  readonly #options: CommitterOptions;
  readonly #committedShards = new Set<number>();
  #work: PageWork[] = [];
  #closing: Closing | undefined;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Begun and not committed. */
  get outstandingRows(): number {
    return this.#work.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  /** The foremost page has all its results and is being written. */
  get isBehind(): boolean {
    return this.#work[0]?.unsettled === 0;
  }

  get isSettled(): boolean {
    return this.#work.every(({ unsettled }) => unsettled === 0);
  }

  /**
   * Takes a page on.
   * @param completed resolves when all that the logstores hold of its transactions is known; never rejects
   */
  begin(page: Page, completed: Promise<void>): void {
    const rows = page.groups.flatMap((group) => group.rows);
    const open = new Set(rows.map(({ inquiry }) => inquiry).filter(({ result }) => result === undefined));
    const work: PageWork = { page, rows, unsettled: open.size + 1 };
    const settle = () => {
      work.unsettled -= 1;
      if (work.unsettled === 0) this.#options.changed.notify();
    };
    for (const inquiry of open) inquiry.onSettled(settle);
    void completed.then(settle);
    this.#work.push(work);
    this.#options.changed.notify();
  }

  /** Pages of shards that were lost are the next holder's. */
  dropLost(): void {
    const { lease, changed } = this.#options;
    this.#work = this.#work.filter(({ page }) => lease.holds(page.shard));
    changed.notify();
  }

  /** Nothing more will come, and every row has its result. */
  close(closing: Closing): void {
    this.#closing = closing;
    this.#options.changed.notify();
  }

  /**
   * Commits until it is closed and nothing is left to commit.
   * @throws what a write threw that could not be done
   */
  async run(): Promise<void> {
    const { changed } = this.#options;
    for (;;) {
      await changed.until(() => this.#closing !== undefined || this.#ready().length > 0);
      const ready = this.#ready();
      if (ready.length > 0) await this.#commit(ready);
      else if (this.#closing !== undefined) break;
    }
    if (this.#closing === 'finish') await this.#finish();
  }

  /** Pages that can be committed now: of each shard the foremost ones. */
  #ready(): PageWork[] {
    const ready: PageWork[] = [];
    const held = new Set<number>();
    let rows = 0;
    for (const work of this.#work) {
      if (rows >= MAX_BATCH_ROWS) break;
      const { shard } = work.page;
      if (held.has(shard)) continue;
      if (!this.#isReady(work)) {
        held.add(shard);
        continue;
      }
      ready.push(work);
      rows += work.rows.length;
    }
    return ready;
  }

  #isReady({ unsettled, rows }: PageWork): boolean {
    if (unsettled > 0) return false;
    return rows.every(
      ({ inquiry: { result } }) => result?.kind !== 'unfinished' && !this.#isDoubtful(result),
    );
  }

  #isDoubtful(result: Result | undefined): boolean {
    if (this.#closing === 'finish' || result === undefined || !('streak' in result)) return false;
    return result.streak !== undefined && this.#options.streak.isOpen(result.streak);
  }

  /** Time is over. Shard by shard, in order: what is done up to the first group that is not. */
  async #finish(): Promise<void> {
    const stopped = new Set<number>();
    for (const work of [...this.#work]) {
      const { page } = work;
      if (stopped.has(page.shard)) continue;
      if (this.#isReady(work)) {
        await this.#commit([work]);
        continue;
      }
      stopped.add(page.shard);
      const undone = page.groups.findIndex(({ rows }) => rows.some(isUnfinished));
      if (undone > 0) await this.#commit([firstGroups(work, undone)]);
      else if (page.mayBeCut || !this.#committedShards.has(page.shard)) await this.#cut(work);
    }
  }

  /** No run can finish this group: what is left of it goes to the end of the queue, once something is done. */
  async #cut(work: PageWork): Promise<void> {
    const group = firstGroups(work, 1);
    let nearEnd = 0;
    for (const { inquiry } of group.rows) {
      if (inquiry.result?.kind !== 'unfinished' || inquiry.result.lastResort === undefined) continue;
      inquiry.settle(inquiry.result.lastResort);
      nearEnd += 1;
    }
    if (group.rows.every(isUnfinished)) return;
    const { log } = this.#options.services;
    log.info('group cut', { rows: group.rows.length, left: group.rows.filter(isUnfinished).length, nearEnd });
    await this.#commit([group]);
  }

  async #commit(works: readonly PageWork[]): Promise<void> {
    const { lease, report, signal } = this.#options;
    await lease.confirm(signal);
    // Once a page is passed over, no later one of its shard may be committed in this run.
    for (const { page } of works) if (!lease.holds(page.shard)) lease.lose(page.shard);
    const held = works.filter(({ page }) => lease.holds(page.shard));
    if (held.length > 0) {
      const batch = toBatch(held.flatMap((work) => work.rows));
      await takeEffect({
        write: () => this.#write(batch),
        append: () => this.#append(batch),
        checkpoint: () => this.#checkpoint(held),
      });
      report.add({ duplicates: batch.rows - batch.writes.length - batch.appends.length });
    }
    const pages = new Set(works.map(({ page }) => page.fromCursor + page.shard));
    this.#work = this.#work.filter(({ page }) => !pages.has(page.fromCursor + page.shard));
    this.#options.changed.notify();
  }

  async #write({ writes }: Batch): Promise<void> {
    const { services, report, inquiries, signal } = this.#options;
    const { events, reduced } = await writeRecords(
      services.sls,
      writes.map(({ output }) => output),
      { ...services, signal },
    );
    for (const { inquiry, version, output } of writes) {
      const { result } = inquiry;
      if (result?.kind !== 'final') continue;
      inquiry.written(version);
      // Its events are there; its record may be written once more.
      inquiry.settle({ ...result, version, output: { ...output, events: NO_EVENTS } });
      inquiries.keep(inquiry, output.record.bytes.length);
      report.addFinal(result.disposition);
    }
    report.add({ event_count: events, reduced });
  }

  async #append({ appends }: Batch): Promise<void> {
    const { services, report, signal } = this.#options;
    for (let from = 0; from < appends.length; from += PENDING_GROUP_ROWS) {
      const group = appends.slice(from, from + PENDING_GROUP_ROWS);
      const logs = group.map(({ transaction }) => toPendingLog(transaction, services.clock.now()));
      await putWithRetry(services.sls, { logstore: PENDING_LOGSTORE, logs }, { ...services, signal });
      for (const { inquiry, version } of group) inquiry.written(version);
      const handedBack = group.filter(({ transaction }) => transaction.kind === 'handback').length;
      report.add({ handed_back: handedBack, requeued: group.length - handedBack });
    }
  }

  async #checkpoint(batch: readonly PageWork[]): Promise<void> {
    const { queueOf, lease, services, signal } = this.#options;
    const lastOfShard = new Map(batch.map(({ page }) => [page.shard, page]));
    for (const [shard, page] of lastOfShard) {
      const queue = queueOf(shard);
      try {
        const cursor =
          page.nextCursor ?? (await queue.boundaryBehind(page.fromCursor, page.groups.length, signal));
        await queue.checkpoint(cursor, signal);
        this.#committedShards.add(shard);
      } catch (error) {
        if (!(error instanceof LeaseLostError)) throw error;
        services.log.warn('lease lost', { shard, error: String(error.cause) });
        lease.lose(shard);
      }
    }
  }
}

const NO_EVENTS: PreparedOutput['events'] = { bytes: new Uint8Array(), ends: [] };

/** What is to be done for these rows. A transaction whose result is there already, and knows all, needs nothing. */
function toBatch(rows: readonly BegunRow[]): Batch {
  const writes: Batch['writes'][number][] = [];
  const appends: Batch['appends'][number][] = [];
  for (const inquiry of new Set(rows.map((row) => row.inquiry))) {
    const { result, transaction, version } = inquiry;
    if (result === undefined || inquiry.isUpToDate) continue;
    // Its record is not held any more, so what became known since needs another question.
    if (inquiry.isReleased || result.kind === 'unfinished') {
      appends.push({ inquiry, version, transaction: { ...transaction, kind: 'handback' } });
    } else if (result.kind === 'final') writes.push({ inquiry, version, output: outputOf(inquiry, result) });
    else {
      const { attempt, lastCode } = result;
      appends.push({ inquiry, version, transaction: { ...transaction, kind: 'requeue', attempt, lastCode } });
    }
  }
  return { rows: rows.length, writes, appends };
}

/** A row that was met after the record was made may know more: then the same answer is recorded with that. */
function outputOf(inquiry: Inquiry, result: Extract<Result, { kind: 'final' }>): PreparedOutput {
  if (result.version === inquiry.version) return result.output;
  const { isWritten, transaction, registrationUnread } = inquiry;
  const registered = { ...transaction, registrationUnread };
  return amendOutput(result.output, (record) => registeredAgain(record, registered, { isWritten }));
}

function isUnfinished({ inquiry }: BegunRow): boolean {
  return inquiry.result?.kind === 'unfinished';
}

/** The same page, worked on only up to that group. */
function firstGroups({ page }: PageWork, count: number): PageWork {
  const groups = page.groups.slice(0, count);
  const shorter = { ...page, groups, nextCursor: count === page.groups.length ? page.nextCursor : undefined };
  return { page: shorter, rows: groups.flatMap(({ rows }) => rows), unsettled: 0 };
}
