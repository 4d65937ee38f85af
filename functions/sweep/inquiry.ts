import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { type Given, Registration } from '../../shared/logstores/registration.ts';
import type { Disposition } from '../../shared/logstores/values.ts';
import { type RecordInput, toRecord } from '../../shared/record/to-record.ts';
import { type EncodedOutput, encodeOutput, NO_ROWS } from '../../shared/write-records.ts';

export interface FinalResult {
  readonly kind: 'final';
  readonly disposition: Disposition;
  readonly output: EncodedOutput;
  /** The version of the inquiry that the output was made from. */
  readonly version: number;
  /** Set when the outcome may be the service's fault: the streak it belongs to. */
  readonly streak?: number;
}

/** What a transaction came to in this run. */
export type Result =
  | FinalResult
  | { readonly kind: 'requeue'; readonly attempt: number; readonly lastCode: string; readonly streak: number }
  /** Not asked, or not to the end. `lastResort` is its result if it may not be handed back. */
  | { readonly kind: 'unfinished'; readonly lastResort?: FinalResult };

/** @param version of the inquiry that the record is made from */
export function finalResult(version: number, record: Omit<RecordInput, 'source' | 'final'>): FinalResult {
  const output = encodeOutput(toRecord({ ...record, source: 'sweep', final: true }));
  return { kind: 'final', disposition: record.disposition, output, version };
}

/** What a record takes over from the queue. */
export function identityOf(transaction: PendingTransaction) {
  const { attempt: _attempt, kind: _kind, lastCode: _code, ...identity } = transaction;
  return identity;
}

/** What the logstores hold of a transaction beside the rows that this run pulled. */
export interface Recalled {
  readonly rows: readonly PendingTransaction[];
  /** From its records, newest first. */
  readonly recorded: readonly Recorded[];
}

export interface Recorded {
  readonly given: Given;
  /** Absent where the record has no time for it. */
  readonly givenAtMs?: number | undefined;
}

/**
 * One transaction in this run: what all its rows say together, and the result. However many rows it has, it is asked
 * about once; each of them leaves the queue only when SLS has acknowledged a result that includes what the row says.
 */
export class Inquiry {
  #transaction: PendingTransaction;
  #registration: Registration | undefined;
  #version = 0;
  #writtenVersion: number | undefined;
  #result: Result | undefined;
  #waiting: (() => void)[] = [];
  #isReleased = false;
  #isUnread = false;
  /** It is being asked about, or about to be. */
  isBegun = false;

  constructor(transaction: PendingTransaction) {
    this.#transaction = transaction;
  }

  /** All that is known of the transaction. */
  get transaction(): PendingTransaction {
    return this.#transaction;
  }

  /** Grows whenever something new becomes known. */
  get version(): number {
    return this.#version;
  }

  /** Takes another row into account; of several attempts the fewest count. Returns whether anything changed. */
  add(row: PendingTransaction): boolean {
    const attempt = Math.min(this.#transaction.attempt, row.attempt);
    return this.#learn((registration) => registration.addRow(row), attempt);
  }

  /** @param isUnread the logstores may hold more */
  recall(more: Recalled | undefined, { isUnread }: { isUnread: boolean }): void {
    if (isUnread && !this.#isUnread) {
      this.#isUnread = true;
      this.#version += 1;
    }
    if (more === undefined) return;
    const { rows, recorded } = more;
    this.#learn((registration) => {
      for (const row of rows) registration.addRow(row);
      for (const { given, givenAtMs } of recorded) {
        if (givenAtMs !== undefined) registration.add(given, givenAtMs);
      }
      for (const { given } of recorded) registration.fill(given);
    });
  }

  #learn(learn: (registration: Registration) => void, attempt = this.#transaction.attempt): boolean {
    if (this.#registration === undefined) {
      this.#registration = new Registration();
      this.#registration.addRow(this.#transaction);
    }
    learn(this.#registration);
    const before = this.#transaction;
    this.#transaction = this.#registration.applyTo({ ...before, attempt });
    const changed = !saysTheSame(before, this.#transaction);
    if (changed) this.#version += 1;
    return changed;
  }

  /** It has no labels, but there may be some: its record must not hide one that has them. */
  get registrationUnread(): boolean {
    return this.#isUnread && this.#transaction.labels === undefined;
  }

  get result(): Result | undefined {
    return this.#result;
  }

  settle(result: Result): void {
    this.#result = result;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call();
  }

  onSettled(call: () => void): void {
    this.#waiting.push(call);
  }

  /** SLS has acknowledged a result. */
  get isWritten(): boolean {
    return this.#writtenVersion !== undefined;
  }

  /** SLS has acknowledged a result that includes everything known now. */
  get isUpToDate(): boolean {
    return this.#writtenVersion === this.#version;
  }

  written(version: number): void {
    this.#writtenVersion = version;
  }

  /** The record is no longer kept in memory. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  release(): void {
    this.#isReleased = true;
    if (this.#result?.kind === 'final') this.#result = { ...this.#result, output: RELEASED };
  }
}

const RELEASED: EncodedOutput = { record: NO_ROWS, events: NO_ROWS };

/** The order of the labels does not matter. */
function saysTheSame(one: PendingTransaction, other: PendingTransaction): boolean {
  return (
    one.merchantBizId === other.merchantBizId &&
    one.initializedAtMs === other.initializedAtMs &&
    one.registeredAtMs === other.registeredAtMs &&
    sorted(one.labels) === sorted(other.labels)
  );
}

function sorted(labels: string | undefined): string {
  return labels === undefined ? '' : JSON.stringify(Object.entries(JSON.parse(labels)).sort());
}

/** Beyond this the oldest are forgotten: to ask about them twice is only a waste. */
const MAX_REMEMBERED = 20_000;
/** Records kept after they were written, for later rows that say more. */
const MAX_KEPT_BYTES = 8_000_000;

/** The transactions that this run has met. */
export class Inquiries {
  readonly #byId = new Map<string, Inquiry>();
  readonly #kept = new Map<Inquiry, number>();
  #keptBytes = 0;
  readonly #maxKeptBytes: number;

  constructor(maxKeptBytes = MAX_KEPT_BYTES) {
    this.#maxKeptBytes = maxKeptBytes;
  }

  /** The inquiry that a row belongs to, with what the row says taken into account. */
  meet(row: PendingTransaction): Inquiry {
    const known = this.#byId.get(row.transactionId);
    if (known === undefined) return this.#remember(new Inquiry(row));
    const askedWith = known.transaction.merchantBizId;
    const changed = known.add(row);
    if (!changed || known.result === undefined || this.#canBeWrittenAgain(known, askedWith)) return known;
    // Its answer is no longer kept, or might be another with the new merchant id.
    return this.#remember(new Inquiry(known.transaction));
  }

  /** Keeps the record of a written inquiry, within `MAX_KEPT_BYTES`: a later row may say more. */
  keep(inquiry: Inquiry, bytes: number): void {
    this.#keptBytes += bytes - (this.#kept.get(inquiry) ?? 0);
    this.#kept.delete(inquiry);
    this.#kept.set(inquiry, bytes);
    for (const [oldest, size] of this.#kept) {
      if (this.#keptBytes <= this.#maxKeptBytes) break;
      // It waits to be written again with what a later row added.
      if (!oldest.isUpToDate) continue;
      this.#kept.delete(oldest);
      this.#keptBytes -= size;
      oldest.release();
    }
  }

  #canBeWrittenAgain({ result, transaction, isReleased }: Inquiry, askedWith: string | undefined): boolean {
    if (isReleased) return false;
    if (result?.kind === 'requeue') return true;
    if (result?.kind !== 'final') return false;
    return result.disposition === 'answered' || transaction.merchantBizId === askedWith;
  }

  #remember(inquiry: Inquiry): Inquiry {
    const { transactionId } = inquiry.transaction;
    this.#byId.delete(transactionId);
    this.#byId.set(transactionId, inquiry);
    if (this.#byId.size > MAX_REMEMBERED) {
      const [oldest] = this.#byId.keys();
      if (oldest !== undefined) this.#byId.delete(oldest);
    }
    return inquiry;
  }
}
