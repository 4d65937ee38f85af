import type { Log } from '../sls/types.ts';
import { DAY_MS, SECOND_MS } from '../time.ts';
import { type FieldTable, json, long, oneOf, type RowOf, text, toContents } from './field-table.ts';
import {
  LABEL_KEY,
  MAX_CODE_LENGTH,
  MAX_LABEL_LENGTH,
  MAX_LABELS,
  MERCHANT_BIZ_ID,
  TRANSACTION_ID,
} from './ids.ts';
import { FAST_CLOCK_DAYS } from './retention.ts';
import { PENDING_KINDS, type PendingKind } from './values.ts';

/** `idv-pending`: the queue. One row is one transaction to ask about, for the first time or again. */
export const PENDING_LOGSTORE = 'idv-pending';
/** The consumer group on `idv-pending` that holds the sweep's lease and checkpoint. */
export const SWEEP_CONSUMER_GROUP = 'idv-sweep';
/** Registrations are written in groups of at most this many rows: a checkpoint stands on a group boundary. */
export const PENDING_GROUP_ROWS = 200;

export const PENDING_FIELDS = {
  transaction_id: text('The transaction to ask about', 'Initialize, by the merchant'),
  merchant_biz_id: text("The merchant's own id of the business step", 'registration'),
  initialized_at_ms: long('When the session was opened, unix ms', 'registration'),
  registered_at_ms: long(
    'When the transaction was first registered, unix ms; kept when it is queued again',
    'registration',
  ),
  given_at_ms: long(
    'When what the row says of the session was given, unix ms; kept when it is queued again. With several rows of a transaction, the value given last counts for each field',
    'registration',
  ),
  attempt: long('How often the sweep has asked so far', 'sweep'),
  kind: text(`Why the row is here: ${oneOf(PENDING_KINDS)}`, 'writer'),
  last_code: text('The return code of the last attempt', 'sweep'),
  labels: json("The merchant's own dimensions, as given at registration", 'registration'),
} as const satisfies FieldTable;

type PendingRow = RowOf<typeof PENDING_FIELDS>;

/** A row of the queue as the sweep works with it. */
export interface PendingTransaction {
  readonly transactionId: string;
  readonly merchantBizId?: string;
  readonly initializedAtMs?: number;
  /** As the row says, else when SLS received it. */
  readonly registeredAtMs: number;
  /** When the rest was given, unix ms: as the row says, else derived from when the row was received. */
  readonly givenAtMs: number;
  /** How often the sweep has asked about it so far. */
  readonly attempt: number;
  readonly kind: PendingKind;
  readonly lastCode?: string;
  /** JSON text. */
  readonly labels?: string;
}

export type PendingReading =
  | { readonly ok: true; readonly transaction: PendingTransaction }
  | { readonly ok: false; readonly transactionId: string | undefined; readonly reason: string };

/** A time in a row counts if it lies at most this long after the row's receipt, and at most `Windows.saneBeforeMs`
 * before it. */
export const SANE_TIME_AFTER_MS = FAST_CLOCK_DAYS * DAY_MS;

/**
 * Anybody may write to the queue: the transaction id is required, anything else is used where it is present and sane.
 * An id is never changed, not even trimmed, since the ledger finds its record by it. Never throws.
 * @param saneBeforeMs how long before the row was received a time in it may lie
 */
export function readPendingRow(
  contents: Readonly<Record<string, string>>,
  receivedAtMs: number,
  saneBeforeMs: number,
): PendingReading {
  const { transaction_id: id } = contents;
  if (id === undefined || id === '') {
    return { ok: false, transactionId: undefined, reason: 'the row has no transaction_id' };
  }
  if (!TRANSACTION_ID.test(id)) {
    return { ok: false, transactionId: id, reason: 'transaction_id is not 1 to 64 of A-Z a-z 0-9 _ -' };
  }
  const { merchant_biz_id: merchantBizId, last_code: lastCode } = contents;
  const initializedAtMs = readTime(contents.initialized_at_ms, receivedAtMs, saneBeforeMs);
  const labels = readLabels(contents.labels);
  const registeredAtMs = readTime(contents.registered_at_ms, receivedAtMs, saneBeforeMs) ?? receivedAtMs;
  const kind = PENDING_KINDS.find((one) => one === contents.kind) ?? 'register';
  // Without a time, a registration is given when it is received; what was queued again was given long before.
  const givenAtMs =
    readTime(contents.given_at_ms, receivedAtMs, saneBeforeMs) ??
    (kind === 'register' ? receivedAtMs : registeredAtMs);
  return {
    ok: true,
    transaction: {
      transactionId: id,
      ...(merchantBizId !== undefined && MERCHANT_BIZ_ID.test(merchantBizId) ? { merchantBizId } : {}),
      ...(initializedAtMs === undefined ? {} : { initializedAtMs }),
      registeredAtMs,
      givenAtMs,
      attempt: readAttempt(contents.attempt),
      kind,
      ...(lastCode ? { lastCode: lastCode.slice(0, MAX_CODE_LENGTH) } : {}),
      ...(labels === undefined ? {} : { labels }),
    },
  };
}

/** True if the row says anything about its transaction besides the id. */
export function saysSomething(transaction: PendingTransaction): boolean {
  const { merchantBizId, initializedAtMs, labels } = transaction;
  return merchantBizId !== undefined || initializedAtMs !== undefined || labels !== undefined;
}

/** The row as it goes into the queue. Its time is now, never an earlier one: SLS refuses logs older than seven days. */
export function toPendingLog(transaction: PendingTransaction, nowMs: number): Log {
  const row: PendingRow = {
    transaction_id: transaction.transactionId,
    ...(transaction.merchantBizId === undefined ? {} : { merchant_biz_id: transaction.merchantBizId }),
    ...(transaction.initializedAtMs === undefined ? {} : { initialized_at_ms: transaction.initializedAtMs }),
    registered_at_ms: transaction.registeredAtMs,
    ...(saysSomething(transaction) ? { given_at_ms: transaction.givenAtMs } : {}),
    attempt: transaction.attempt,
    kind: transaction.kind,
    ...(transaction.lastCode === undefined ? {} : { last_code: transaction.lastCode }),
    ...(transaction.labels === undefined ? {} : { labels: transaction.labels }),
  };
  return { timeSeconds: Math.floor(nowMs / SECOND_MS), contents: toContents(PENDING_FIELDS, row) };
}

function readTime(text: string | undefined, receivedAtMs: number, saneBeforeMs: number): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  const ms = Number(text);
  const sane = ms >= receivedAtMs - saneBeforeMs && ms <= receivedAtMs + SANE_TIME_AFTER_MS;
  return sane ? ms : undefined;
}

function readAttempt(text: string | undefined): number {
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : 0;
}

/** Only labels that the registration would accept; numbers and booleans as text. */
function readLabels(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const labels = Object.entries(value)
    .filter(([, label]) => ['string', 'number', 'boolean'].includes(typeof label))
    .map(([key, label]) => [key, String(label)] as const)
    .filter(([key, label]) => LABEL_KEY.test(key) && label.length <= MAX_LABEL_LENGTH)
    .slice(0, MAX_LABELS);
  return labels.length === 0 ? undefined : JSON.stringify(Object.fromEntries(labels));
}
