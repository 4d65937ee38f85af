import type { Transaction } from '../../shared/api/transaction.ts';
import { type History, registrationOf, rowOf } from '../../shared/history.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { Registration } from '../../shared/logstores/registration.ts';
import { type AppendResult, appendToQueue, CALLER_RETRY } from '../../shared/queue.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { noteFailure } from './failures.ts';
import type { LookupRequest } from './request.ts';

/** Appends rows to the queue and notes a failure in the request's log line. Never throws. */
export async function enqueue(
  { services, sls, trace }: LookupRequest,
  rows: readonly PendingTransaction[],
  signal: AbortSignal,
): Promise<AppendResult> {
  const result = await appendToQueue(sls, rows, { ...services, retry: CALLER_RETRY, signal });
  noteFailure(trace, result.error);
  return result;
}

/** The queue's row of a transaction that is registered now. */
export function toPending(transaction: Transaction, nowMs: number): PendingTransaction {
  const registration = new Registration();
  registration.add(transaction, nowMs);
  return rowOf(transaction.transactionId, registration, nowMs);
}

/** What the history holds of a transaction, with what its caller gives now. */
export function mergeGiven(transaction: Transaction, history: History, nowMs: number): Registration {
  const registration = registrationOf(history);
  registration.add(transaction, nowMs);
  return registration;
}

/** The sweep takes rows by the second in which SLS received them: near that time a row may be taken already. */
const STILL_WAITS_MARGIN_MS = MINUTE_MS;

interface Moment {
  readonly nowMs: number;
  readonly verifyDelayMs: number;
}

/**
 * The row that a transaction needs for the sweep to ask about it, with everything known of its session. Returns
 * undefined while a row that says as much still waits in the queue: with another, the sweep would only ask twice.
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
 * The same for a transaction that need not be asked about again. It may still wait in the queue, and the sweep would
 * then write a newer record without what the caller gives.
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

/** Whether the caller gives something that the rows in the queue do not say. */
export function isNews(transaction: Transaction, { queued }: History, nowMs: number): boolean {
  return registrationOf({ queued, records: [] }).add(transaction, nowMs);
}
