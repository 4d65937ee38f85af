import { LeaseLostError } from '../../shared/errors.ts';
import {
  PENDING_GROUP_ROWS,
  PENDING_LOGSTORE,
  type PendingTransaction,
  toPendingLog,
} from '../../shared/pending.ts';
import type { RecordOutput } from '../../shared/record/record.ts';
import { type PreparedOutput, putWithRetry, writeRecords } from '../../shared/write-records.ts';
import { takeEffect } from './effects.ts';
import type { Lease } from './lease.ts';
import { type Page, type Row, type RowResult, rowsOf } from './page.ts';
import type { RunReport } from './report.ts';
import type { Services } from './services.ts';
import type { ShardQueue } from './shard-queue.ts';
import type { ChangeSignal } from './signal.ts';
import type { Streak } from './streak.ts';

/**
 * Takes pages in the order in which they were begun and, as soon as all rows of the foremost have their result,
 * writes it, appends what is asked again, and moves the checkpoint; while it does, later pages are being asked
 * about. Results that may be the service's fault rather than their row's wait until that is decided.
 */
export interface CommitterOptions {
  readonly services: Services;
  readonly report: RunReport;
  readonly lease: Lease;
  readonly streak: Streak;
  readonly changed: ChangeSignal;
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
  readonly rows: readonly Row[];
  unsettled: number;
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

  /** Takes a page on; answers how to say what became of each of its rows. */
  begin(page: Page): { rows: readonly Row[]; settle: (row: Row, result: RowResult) => void } {
    const rows = rowsOf(page);
    const work: PageWork = { page, rows, unsettled: rows.length };
    this.#work.push(work);
    this.#options.changed.notify();
    return {
      rows,
      settle: (row, result) => {
        row.result = result;
        work.unsettled -= 1;
        if (work.unsettled === 0) this.#options.changed.notify();
      },
    };
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

  /** The foremost pages that can be committed now. */
  #ready(): PageWork[] {
    const ready: PageWork[] = [];
    let rows = 0;
    for (const work of this.#work) {
      if (!this.#isReady(work) || rows >= MAX_BATCH_ROWS) break;
      ready.push(work);
      rows += work.rows.length;
    }
    return ready;
  }

  #isReady({ unsettled, rows }: PageWork): boolean {
    if (unsettled > 0) return false;
    return rows.every(({ result }) => result?.kind !== 'unfinished' && !this.#isDoubtful(result));
  }

  #isDoubtful(result: RowResult | undefined): boolean {
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
    for (const row of group.rows) {
      if (row.result?.kind !== 'unfinished' || row.result.lastResort === undefined) continue;
      row.result = { kind: 'final', ...row.result.lastResort };
      nearEnd += 1;
    }
    if (group.rows.every(isUnfinished)) return;
    const { log } = this.#options.services;
    log.info('group cut', { rows: group.rows.length, left: group.rows.filter(isUnfinished).length, nearEnd });
    await this.#commit([group]);
  }

  async #commit(batch: readonly PageWork[]): Promise<void> {
    const { lease } = this.#options;
    await lease.confirm();
    const held = batch.filter(({ page }) => lease.holds(page.shard));
    const rows = held.flatMap((work) => work.rows);
    if (held.length > 0) {
      await takeEffect({
        write: () => this.#write(rows),
        append: () => this.#append(rows),
        checkpoint: () => this.#checkpoint(held),
      });
    }
    const pages = new Set(batch.map(({ page }) => page.fromCursor + page.shard));
    this.#work = this.#work.filter(({ page }) => !pages.has(page.fromCursor + page.shard));
    this.#options.changed.notify();
  }

  async #write(rows: readonly Row[]): Promise<void> {
    const { services, report, signal } = this.#options;
    const outputs: (RecordOutput | PreparedOutput)[] = [];
    for (const { result } of rows) if (result?.kind === 'final') outputs.push(result.output);
    const { events, reduced } = await writeRecords(services.sls, outputs, { ...services, signal });
    report.addCommitted(rows);
    report.add({ event_count: events, reduced });
  }

  async #append(rows: readonly Row[]): Promise<void> {
    const { services, report, signal } = this.#options;
    const again: PendingTransaction[] = [];
    for (const { result } of rows) {
      if (result?.kind === 'requeue') again.push(result.transaction);
      else if (result?.kind === 'unfinished') again.push({ ...result.transaction, kind: 'handback' });
    }
    for (let from = 0; from < again.length; from += PENDING_GROUP_ROWS) {
      const group = again.slice(from, from + PENDING_GROUP_ROWS);
      const logs = group.map((transaction) => toPendingLog(transaction, services.clock.now()));
      await putWithRetry(services.sls, { logstore: PENDING_LOGSTORE, logs }, { ...services, signal });
      const handedBack = group.filter(({ kind }) => kind === 'handback').length;
      report.add({ handed_back: handedBack, requeued: group.length - handedBack });
    }
  }

  async #checkpoint(batch: readonly PageWork[]): Promise<void> {
    const { queueOf, lease, services } = this.#options;
    const lastOfShard = new Map(batch.map(({ page }) => [page.shard, page]));
    for (const [shard, page] of lastOfShard) {
      const queue = queueOf(shard);
      const cursor =
        page.admitted === page.groups.length
          ? page.nextCursor
          : await queue.boundaryBehind(page.fromCursor, page.admitted);
      try {
        await queue.checkpoint(cursor);
        this.#committedShards.add(shard);
      } catch (error) {
        if (!(error instanceof LeaseLostError)) throw error;
        services.log.warn('lease lost', { shard, error: String(error.cause) });
        lease.lose(shard);
      }
    }
  }
}

function isUnfinished({ result }: Row): boolean {
  return result?.kind === 'unfinished';
}

/** The same page, worked on only up to that group. */
function firstGroups({ page }: PageWork, admitted: number): PageWork {
  const shorter = { ...page, admitted };
  return { page: shorter, rows: rowsOf(shorter), unsettled: 0 };
}
