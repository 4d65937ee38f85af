import type { Transaction } from '../../shared/api/transaction.ts';
import { type History, registrationOf, rowOf } from '../../shared/history.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { Registration } from '../../shared/logstores/registration.ts';
import { MINUTE_MS } from '../../shared/time.ts';

/** The queue's row of a transaction that is registered now. */
export function toPending(transaction: Transaction, nowMs: number): PendingTransaction {
  const registration = new Registration();
  registration.add(transaction, nowMs);
  return rowOf(transaction.transactionId, registration, nowMs);
}

/** What the history holds of a transaction with what its caller gives, which is given now. */
export function mergeGiven(transaction: Transaction, history: History, nowMs: number): Registration {
  const registration = registrationOf(history);
  registration.add(transaction, nowMs);
  return registration;
}

/** The sweep takes rows by the time SLS received them, to the second: near its time a row may be taken already. */
const STILL_WAITS_MARGIN_MS = MINUTE_MS;

interface Moment {
  readonly nowMs: number;
  readonly verifyDelayMs: number;
}

/**
 * The row that a transaction needs so that the sweep asks about it, with all that is known of its session; none
 * while the queue holds one that the sweep has not come to yet and that says as much: another would only be asked
 * twice.
 */
export function missingRow(
  transaction: Transaction,
  history: History,
  { nowMs, verifyDelayMs }: Moment,
): PendingTransaction | undefined {
  const { queuedAtMs } = history;
  const waits = queuedAtMs !== undefined && queuedAtMs + verifyDelayMs - STILL_WAITS_MARGIN_MS > nowMs;
  if (waits && !isNews(transaction, history, nowMs)) return undefined;
  return rowOf(transaction.transactionId, mergeGiven(transaction, history, nowMs), nowMs);
}

/**
 * The same for a transaction that needs no more asking: the sweep may have it before it all the same, and would then
 * write a newer record without what the caller gives.
 */
export function newsRow(
  transaction: Transaction,
  history: History,
  { nowMs, verifyDelayMs }: Moment,
): PendingTransaction | undefined {
  const { queuedAtMs, records } = history;
  if (queuedAtMs === undefined) return undefined;
  const dueAtMs = queuedAtMs + verifyDelayMs;
  const isSwept = records.some(
    ({ source, final, askedAtMs }) => source === 'sweep' && final && askedAtMs >= dueAtMs,
  );
  if (isSwept || !isNews(transaction, history, nowMs)) return undefined;
  return rowOf(transaction.transactionId, mergeGiven(transaction, history, nowMs), nowMs);
}

/** True if the caller gives something that the rows in the queue do not. */
export function isNews(transaction: Transaction, { queued }: History, nowMs: number): boolean {
  return registrationOf({ queued, records: [] }).add(transaction, nowMs);
}
