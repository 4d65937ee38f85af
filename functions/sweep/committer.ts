import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { appendToQueue } from '../../shared/queue.ts';
import { registeredAgain } from '../../shared/record/to-record.ts';
import {
  amendOutput,
  type EncodedOutput,
  NO_ROWS,
  WRITE_RETRY,
  writeRecords,
} from '../../shared/write-records.ts';
import type { Inquiries, Inquiry, Result } from './inquiry.ts';
import type { Lease } from './lease.ts';
import type { RunReport } from './report.ts';
import type { SweepServices } from './services.ts';
import type { Row, ShardQueue } from './shards.ts';
import type { Streak } from './streak.ts';

/** A row that this run works on. Rows of one transaction share an inquiry. */
export interface BegunRow extends Row {
  readonly inquiry: Inquiry;
}

/** The groups of a pull that this run works on: the unit that is asked about, written and checkpointed. */
export interface Batch {
  readonly queue: ShardQueue;
  readonly fromCursor: string;
  /** After these groups; undefined if the pull had more groups, since SLS returned no cursor for that position. */
  readonly nextCursor: string | undefined;
  readonly groups: readonly (readonly BegunRow[])[];
  /** It is a group that may not fit into any run: what is left of it is handed back. */
  readonly mayBeCut: boolean;
}

interface CommitterOptions {
  readonly services: SweepServices;
  readonly report: RunReport;
  readonly lease: Lease;
  readonly streak: Streak;
  readonly inquiries: Inquiries;
  /** Writes are given up when it is aborted. */
  readonly signal: AbortSignal;
}

/** How to treat the batches that are left when nothing is asked any more. */
type Closing =
  /** Every result counts; rows without one are handed back, or left to another run. */
  | 'finish'
  /** The service is in trouble: results that may be its fault do not count. */
  | 'trouble';

interface Work {
  readonly batch: Batch;
  readonly rows: readonly BegunRow[];
  /** How many inquiries have no result yet, plus one while what the logstores hold is being looked up. */
  unsettled: number;
}

/** What has to be written for some rows, each transaction once. */
interface Effects {
  readonly rows: number;
  readonly writes: readonly { inquiry: Inquiry; version: number; output: EncodedOutput }[];
  readonly appends: readonly { inquiry: Inquiry; version: number; transaction: PendingTransaction }[];
}

/** Few and large writes: batches that are ready together are committed together, up to this many rows. */
const MAX_COMMIT_ROWS = 400;

/**
 * Takes the batches of each shard in order. As soon as all rows of the first one have a result, it writes the records,
 * appends the rows to queue again, and moves the checkpoint; meanwhile later batches are being asked about. Shards do
 * not wait for one another, and a lost shard takes its batches with it. A result that may be the service's fault,
 * rather than its transaction's, waits until that is decided.
 *
 * The order is the promise: a row leaves the queue only when SLS has acknowledged everything that replaces it. A crash
 * between two steps repeats the batch; it never loses it.
 */
export class Committer {
  readonly #options: CommitterOptions;
  /** Notified of every result, commit and abort. */
  readonly changed = new ChangeSignal();
  readonly #committedShards = new Set<number>();
  #work: Work[] = [];
  #closing: Closing | undefined;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Started and not committed. */
  get outstandingRows(): number {
    return this.#work.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  /** The first batch has all its results and is being written. */
  get isBehind(): boolean {
    return this.#work[0]?.unsettled === 0;
  }

  get isSettled(): boolean {
    return this.#work.every(({ unsettled }) => unsettled === 0);
  }

  /**
   * Accepts a batch, before its rows are asked about.
   * @param completed resolves when what the logstores hold of its transactions is known; never rejects
   */
  begin(batch: Batch, completed: Promise<void>): void {
    const rows = batch.groups.flat();
    const open = new Set(rows.map(({ inquiry }) => inquiry).filter(({ result }) => result === undefined));
    const work: Work = { batch, rows, unsettled: open.size + 1 };
    const settle = () => {
      work.unsettled -= 1;
      if (work.unsettled === 0) this.changed.notify();
    };
    for (const inquiry of open) inquiry.onSettled(settle);
    void completed.then(settle);
    this.#work.push(work);
    this.changed.notify();
  }

  /** Batches of lost shards belong to the next holder. */
  dropLost(): void {
    const { lease } = this.#options;
    this.#work = this.#work.filter(({ batch }) => lease.holds(batch.queue.shard));
    this.changed.notify();
  }

  /** Call it when no batch will be added any more and every row has its result. */
  close(closing: Closing): void {
    this.#closing = closing;
    this.changed.notify();
  }

  /**
   * Commits until it is closed and nothing is left to commit.
   * @throws what a write threw
   */
  async run(): Promise<void> {
    for (;;) {
      await this.changed.until(() => this.#closing !== undefined || this.#ready().length > 0);
      const ready = this.#ready();
      if (ready.length > 0) await this.#commit(ready);
      else if (this.#closing !== undefined) break;
    }
    if (this.#closing === 'finish') await this.#finish();
  }

  /** The batches that can be committed now: of each shard the first ones. */
  #ready(): Work[] {
    const ready: Work[] = [];
    const held = new Set<number>();
    let rows = 0;
    for (const work of this.#work) {
      if (rows >= MAX_COMMIT_ROWS) break;
      const { shard } = work.batch.queue;
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

  #isReady({ unsettled, rows }: Work): boolean {
    if (unsettled > 0) return false;
    return rows.every(
      ({ inquiry: { result } }) => result?.kind !== 'unfinished' && !this.#isDoubtful(result),
    );
  }

  #isDoubtful(result: Result | undefined): boolean {
    if (this.#closing === 'finish' || result === undefined || !('streak' in result)) return false;
    return result.streak !== undefined && this.#options.streak.isOpen(result.streak);
  }

  /** Nothing is asked any more: commits each shard's batches up to the first group that is not done. */
  async #finish(): Promise<void> {
    const stopped = new Set<number>();
    for (const work of [...this.#work]) {
      const { groups, mayBeCut, queue } = work.batch;
      if (stopped.has(queue.shard)) continue;
      if (this.#isReady(work)) {
        await this.#commit([work]);
        continue;
      }
      stopped.add(queue.shard);
      const undone = groups.findIndex((rows) => rows.some(isUnfinished));
      if (undone > 0) await this.#commit([firstGroups(work, undone)]);
      else if (mayBeCut || !this.#committedShards.has(queue.shard)) await this.#cut(work);
    }
  }

  /** No run can finish this group: if any row of it is done, the others go to the end of the queue. */
  async #cut(work: Work): Promise<void> {
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

  async #commit(works: readonly Work[]): Promise<void> {
    const { lease, report, signal } = this.#options;
    await lease.confirm(signal);
    // A lost shard stays lost: after a batch is skipped, no later one of its shard is committed in this run.
    const held = works.filter(({ batch }) => lease.holds(batch.queue.shard));
    if (held.length > 0) {
      const { rows, writes, appends } = effectsOf(held.flatMap((work) => work.rows));
      await this.#write(writes);
      await this.#append(appends);
      await this.#checkpoint(held.map(({ batch }) => batch));
      report.add({ duplicates: rows - writes.length - appends.length });
    }
    const committed = new Set(works.map(({ batch }) => placeOf(batch)));
    this.#work = this.#work.filter(({ batch }) => !committed.has(placeOf(batch)));
    this.changed.notify();
  }

  async #write(writes: Effects['writes']): Promise<void> {
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
      // Its events are written; its record may be written again.
      inquiry.settle({ ...result, version, output: { ...output, events: NO_ROWS } });
      inquiries.keep(inquiry, output.record.bytes.length);
      report.addFinal(result.disposition);
    }
    report.add({ event_count: events, reduced });
  }

  async #append(appends: Effects['appends']): Promise<void> {
    const { services, report, signal } = this.#options;
    const rows = appends.map(({ transaction }) => transaction);
    const { stored, error } = await appendToQueue(services.sls, rows, {
      ...services,
      retry: WRITE_RETRY,
      signal,
    });
    const done = appends.filter((_, index) => stored[index]);
    for (const { inquiry, version } of done) inquiry.written(version);
    const handedBack = done.filter(({ transaction }) => transaction.kind === 'handback').length;
    report.add({ handed_back: handedBack, requeued: done.length - handedBack });
    if (done.length < rows.length) throw error;
  }

  async #checkpoint(batches: readonly Batch[]): Promise<void> {
    const { signal } = this.#options;
    const lastOfQueue = new Map(batches.map((batch) => [batch.queue, batch]));
    for (const [queue, { fromCursor, nextCursor, groups }] of lastOfQueue) {
      const cursor = nextCursor ?? (await queue.cursorAfter(fromCursor, groups.length, signal));
      if (await queue.checkpoint(cursor, signal)) this.#committedShards.add(queue.shard);
    }
  }
}

/** Wakes those who wait; each checks its own condition. */
class ChangeSignal {
  #waiting: (() => void)[] = [];

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves once `isTrue` holds. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** What has to be written for these rows: nothing where the acknowledged result includes everything known. */
function effectsOf(rows: readonly BegunRow[]): Effects {
  const writes: Effects['writes'][number][] = [];
  const appends: Effects['appends'][number][] = [];
  for (const inquiry of new Set(rows.map((row) => row.inquiry))) {
    const { result, transaction, version } = inquiry;
    if (result === undefined || inquiry.isUpToDate) continue;
    // Its record is no longer kept, so what became known since then needs another call.
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

/** If a later row said more than was known when the record was made, the same answer is recorded with that. */
function outputOf(inquiry: Inquiry, result: Extract<Result, { kind: 'final' }>): EncodedOutput {
  if (result.version === inquiry.version) return result.output;
  const { isWritten, transaction, registrationUnread } = inquiry;
  const registered = { ...transaction, registrationUnread };
  return amendOutput(result.output, (record) => registeredAgain(record, registered, { isWritten }));
}

function isUnfinished({ inquiry }: BegunRow): boolean {
  return inquiry.result?.kind === 'unfinished';
}

function placeOf({ queue, fromCursor }: Batch): string {
  return `${queue.shard}|${fromCursor}`;
}

/** The same batch, cut to its first groups. */
function firstGroups({ batch }: Work, count: number): Work {
  const groups = batch.groups.slice(0, count);
  const shorter = {
    ...batch,
    groups,
    nextCursor: count === batch.groups.length ? batch.nextCursor : undefined,
  };
  return { batch: shorter, rows: groups.flat(), unsettled: 0 };
}
