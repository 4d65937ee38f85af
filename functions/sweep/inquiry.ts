import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { type Given, Registration } from '../../shared/logstores/registration.ts';
import type { Disposition } from '../../shared/logstores/values.ts';
import { type EncodedOutput, NO_ROWS } from '../../shared/write-records.ts';

/** What became of a transaction in this run. */
export type Result =
  | {
      readonly kind: 'final';
      readonly disposition: Disposition;
      readonly output: EncodedOutput;
      /** What was known of the registration when the output was made. */
      readonly version: number;
      /** Set when the answer spoke against the service: the streak it belongs to. */
      readonly streak?: number;
    }
  | { readonly kind: 'requeue'; readonly attempt: number; readonly lastCode: string; readonly streak: number }
  /** Not asked, or asked without an end. `lastResort` is what it ends as if it may not be handed back. */
  | { readonly kind: 'unfinished'; readonly lastResort?: Extract<Result, { kind: 'final' }> };

/** What the logstores hold of a transaction beside the rows that this run was given. */
export interface Recalled {
  readonly rows: readonly PendingTransaction[];
  /** From its records, newest first. */
  readonly recorded: readonly Recorded[];
}

export interface Recorded {
  readonly given: Given;
  /** Absent where the record does not say when. */
  readonly givenAtMs?: number | undefined;
}

/**
 * One transaction in this run: what all its rows say together, and what came of asking. However many rows it has,
 * it is asked about once; each of them leaves the queue only when SLS has acknowledged a result that knows what
 * the row said.
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
  /** Somebody asks, or is about to. */
  isBegun = false;

  constructor(transaction: PendingTransaction) {
    this.#transaction = transaction;
  }

  /** All that is known of the transaction. */
  get transaction(): PendingTransaction {
    return this.#transaction;
  }

  /** Grows with everything new that becomes known. */
  get version(): number {
    return this.#version;
  }

  /** Takes another row into account; of attempts the fewest count. True if it changed what is known. */
  add(row: PendingTransaction): boolean {
    const attempt = Math.min(this.#transaction.attempt, row.attempt);
    return this.#learn((registration) => registration.addRow(row), attempt);
  }

  /** @param isUnread there may be more that is known */
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

  /** Without labels, and not knowing whether there are any: its record must not stand before one that has them. */
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

  /** SLS has acknowledged a result that knows all that is known now. */
  get isUpToDate(): boolean {
    return this.#writtenVersion === this.#version;
  }

  written(version: number): void {
    this.#writtenVersion = version;
  }

  /** The record is not held any longer. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  release(): void {
    this.#isReleased = true;
    if (this.#result?.kind === 'final') this.#result = { ...this.#result, output: RELEASED };
  }
}

const RELEASED: EncodedOutput = { record: NO_ROWS, events: NO_ROWS };

/** Labels have their own order in each row. */
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

/** Transactions met in this run; beyond it the oldest are forgotten, and asking twice is only a waste. */
const MAX_REMEMBERED = 20_000;
/** Records kept after they were written, for rows that come later and know more. */
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
    // Its answer is gone, or might be another under the merchant's own id.
    return this.#remember(new Inquiry(known.transaction));
  }

  /** The record of a written inquiry may be needed once more. */
  keep(inquiry: Inquiry, bytes: number): void {
    this.#keptBytes += bytes - (this.#kept.get(inquiry) ?? 0);
    this.#kept.delete(inquiry);
    this.#kept.set(inquiry, bytes);
    for (const [oldest, size] of this.#kept) {
      if (this.#keptBytes <= this.#maxKeptBytes) break;
      // A row of it waits to be written with what it adds.
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
