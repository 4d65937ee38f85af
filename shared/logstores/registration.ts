import { deriveMerchantBizId, MAX_LABELS } from './ids.ts';
import { type PendingTransaction, readPendingRow } from './pending.ts';

/** What a merchant may give with a transaction; all of it is optional. */
export interface Given {
  readonly merchantBizId?: string;
  /** Unix ms. */
  readonly initializedAtMs?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Field {
  readonly value: string;
  readonly givenAtMs: number;
}

const MERCHANT_BIZ_ID = 'merchantBizId';
const INITIALIZED_AT = 'initializedAt';
const LABEL = 'label ';
/** Weaker than anything whose time is known. */
const UNDATED_MS = -1;

/**
 * All that was given with one transaction, by whoever registered it. Every label is a field of its own, as are
 * merchantBizId and initializedAt; of each field the value given last counts, and of two given at the same time the
 * greater text, so that the result never depends on the order of reading.
 */
export class Registration {
  readonly #fields = new Map<string, Field>();
  #registeredAtMs = Number.POSITIVE_INFINITY;

  /** True if the row changed what is known, apart from the time of registration. */
  addRow(row: PendingTransaction): boolean {
    this.registered(row.registeredAtMs);
    return this.add(givenOf(row), row.givenAtMs);
  }

  /** True if it changed what is known. */
  add({ merchantBizId, initializedAtMs, labels }: Given, givenAtMs: number): boolean {
    let changed = false;
    const set = (field: string, value: string | undefined) => {
      if (value !== undefined && this.#set(field, { value, givenAtMs })) changed = true;
    };
    set(MERCHANT_BIZ_ID, merchantBizId);
    set(INITIALIZED_AT, initializedAtMs === undefined ? undefined : String(initializedAtMs));
    for (const [key, value] of Object.entries(labels ?? {})) set(LABEL + key, value);
    return changed;
  }

  /** Adds what has no known time, as from a record: it counts only where nothing else is known. */
  fill(given: Given): void {
    const missing = new Registration();
    missing.add(given, UNDATED_MS);
    for (const [field, value] of missing.#fields)
      if (!this.#fields.has(field)) this.#fields.set(field, value);
  }

  /** The earliest registration is the one that the ledger counts by. */
  registered(atMs: number): void {
    this.#registeredAtMs = Math.min(this.#registeredAtMs, atMs);
  }

  get registeredAtMs(): number | undefined {
    return Number.isFinite(this.#registeredAtMs) ? this.#registeredAtMs : undefined;
  }

  /** When the newest field was given, unix ms; undefined without one of known time. */
  get givenAtMs(): number | undefined {
    const newest = Math.max(UNDATED_MS, ...[...this.#fields.values()].map(({ givenAtMs }) => givenAtMs));
    return newest === UNDATED_MS ? undefined : newest;
  }

  get given(): Given {
    const merchantBizId = this.#fields.get(MERCHANT_BIZ_ID)?.value;
    const initializedAt = this.#fields.get(INITIALIZED_AT)?.value;
    const labels = this.#labels();
    return {
      ...(merchantBizId === undefined ? {} : { merchantBizId }),
      ...(initializedAt === undefined ? {} : { initializedAtMs: Number(initializedAt) }),
      ...(labels === undefined ? {} : { labels }),
    };
  }

  /** The row of the queue with all that is known. */
  applyTo(row: PendingTransaction): PendingTransaction {
    const { merchantBizId: _id, initializedAtMs: _at, labels: _labels, givenAtMs, ...rest } = row;
    const { labels, ...given } = this.given;
    return {
      ...rest,
      ...given,
      ...(labels === undefined ? {} : { labels: JSON.stringify(labels) }),
      registeredAtMs: Math.min(this.#registeredAtMs, row.registeredAtMs),
      givenAtMs: this.givenAtMs ?? givenAtMs,
    };
  }

  /** Several writers together may have given more labels than are allowed: the newest are kept. */
  #labels(): Record<string, string> | undefined {
    const labels = [...this.#fields].filter(([field]) => field.startsWith(LABEL));
    if (labels.length === 0) return undefined;
    if (labels.length > MAX_LABELS) {
      labels.sort(([a, one], [b, other]) => other.givenAtMs - one.givenAtMs || (a < b ? -1 : 1));
      labels.length = MAX_LABELS;
    }
    return Object.fromEntries(labels.map(([field, { value }]) => [field.slice(LABEL.length), value]));
  }

  #set(name: string, field: Field): boolean {
    const known = this.#fields.get(name);
    if (known !== undefined && !isStronger(field, known)) return false;
    this.#fields.set(name, field);
    return known?.value !== field.value;
  }
}

function isStronger(field: Field, known: Field): boolean {
  if (field.givenAtMs !== known.givenAtMs) return field.givenAtMs > known.givenAtMs;
  return field.value > known.value;
}

function givenOf({ merchantBizId, initializedAtMs, labels }: PendingTransaction): Given {
  return {
    ...(merchantBizId === undefined ? {} : { merchantBizId }),
    ...(initializedAtMs === undefined ? {} : { initializedAtMs }),
    ...(labels === undefined ? {} : { labels: JSON.parse(labels) }),
  };
}

/** What a row of `idv-records` says, in the same columns as the queue's; a derived id was not given. */
export function givenInRecord(record: Readonly<Record<string, string>>, saneBeforeMs: number): Given {
  const reading = readPendingRow(record, Number(record.asked_at_ms ?? 0), saneBeforeMs);
  if (!reading.ok) return {};
  const { merchantBizId, ...given } = givenOf(reading.transaction);
  const isDerived = merchantBizId === deriveMerchantBizId(reading.transaction.transactionId);
  return merchantBizId === undefined || isDerived ? given : { ...given, merchantBizId };
}
