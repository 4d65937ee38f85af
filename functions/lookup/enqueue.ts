import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { Registration } from '../../shared/logstores/registration.ts';
import { type AppendResult, appendToQueue, CALLER_RETRY } from '../../shared/queue.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { type Known, registrationOf } from './known.ts';
import type { Transaction } from './request-schema.ts';
import type { Services } from './services.ts';

/** The queue's row of a transaction that is registered now. */
export function toPending(transaction: Transaction, nowMs: number): PendingTransaction {
  const registration = new Registration();
  registration.add(transaction, nowMs);
  return rowOf(transaction.transactionId, registration, nowMs);
}

/** The queue's row of what is known of a transaction; `nowMs` is when it is registered unless it was before. */
export function rowOf(transactionId: string, registration: Registration, nowMs: number): PendingTransaction {
  return registration.applyTo({
    transactionId,
    registeredAtMs: nowMs,
    givenAtMs: nowMs,
    attempt: 0,
    kind: 'register',
  });
}

/** What is known of a transaction with what its caller says of it, which is given now. */
export function mergeKnown(transaction: Transaction, known: Known, nowMs: number): Registration {
  const registration = registrationOf(known);
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
  known: Known,
  { nowMs, verifyDelayMs }: Moment,
): PendingTransaction | undefined {
  const { queuedAtMs } = known;
  const waits = queuedAtMs !== undefined && queuedAtMs + verifyDelayMs - STILL_WAITS_MARGIN_MS > nowMs;
  if (waits && !isNews(transaction, known, nowMs)) return undefined;
  return rowOf(transaction.transactionId, mergeKnown(transaction, known, nowMs), nowMs);
}

/**
 * The same for a transaction that needs no more asking: the sweep may have it before it all the same, and would then
 * write a newer record without what the caller says.
 */
export function newsRow(
  transaction: Transaction,
  known: Known,
  { nowMs, verifyDelayMs }: Moment,
): PendingTransaction | undefined {
  const { queuedAtMs, answers } = known;
  if (queuedAtMs === undefined) return undefined;
  const dueAtMs = queuedAtMs + verifyDelayMs;
  const isSwept = answers.some(
    ({ source, final, askedAtMs }) => source === 'sweep' && final && askedAtMs >= dueAtMs,
  );
  if (isSwept || !isNews(transaction, known, nowMs)) return undefined;
  return rowOf(transaction.transactionId, mergeKnown(transaction, known, nowMs), nowMs);
}

/** True if the caller says something that the rows in the queue do not. */
export function isNews(transaction: Transaction, { queued }: Known, nowMs: number): boolean {
  return registrationOf({ queued, answers: [] }).add(transaction, nowMs);
}

/** Puts transactions into the queue. Never throws. */
export function enqueue(
  services: Services,
  rows: readonly PendingTransaction[],
  signal: AbortSignal,
): Promise<AppendResult> {
  const { clock, random } = services;
  return appendToQueue(services.sls, rows, { clock, random, retry: CALLER_RETRY, signal });
}
