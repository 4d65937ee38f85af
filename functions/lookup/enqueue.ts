import type { PendingTransaction } from '../../shared/pending.ts';
import { type StorePendingOutcome, storePending } from '../../shared/register.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import type { Known } from './known.ts';
import type { Transaction } from './request-schema.ts';
import type { Services } from './services.ts';

/** The queue's row of a transaction that is registered now, or was registered before. */
export function toPending(transaction: Transaction, registeredAtMs: number): PendingTransaction {
  const { labels, ...rest } = transaction;
  return {
    ...rest,
    registeredAtMs,
    givenAtMs: registeredAtMs,
    attempt: 0,
    kind: 'register',
    ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels: JSON.stringify(labels) }),
  };
}

/** The sweep takes rows by the time SLS received them, to the second: near its time a row may be taken already. */
const STILL_WAITS_MARGIN_MS = MINUTE_MS;

/**
 * The row that a transaction needs so that the sweep asks about it, with what is known of its session; none while
 * the queue holds one that the sweep has not come to yet: another would only be asked twice.
 */
export function missingRow(
  transaction: Transaction,
  known: Known,
  { nowMs, verifyDelayMs }: { nowMs: number; verifyDelayMs: number },
): PendingTransaction | undefined {
  const { queuedAtMs, session } = known;
  const stillWaits = queuedAtMs !== undefined && queuedAtMs + verifyDelayMs - STILL_WAITS_MARGIN_MS > nowMs;
  return stillWaits ? undefined : toPending(mergeKnown(transaction, known), session.registeredAtMs ?? nowMs);
}

/** What the caller says goes before what is known, member by member. */
export function mergeKnown(transaction: Transaction, known: Known): Transaction {
  const { registeredAtMs: _, ...session } = known.session;
  return { ...session, ...transaction };
}

/** Puts transactions into the queue. Never throws. */
export function enqueue(
  services: Services,
  rows: readonly PendingTransaction[],
  signal: AbortSignal,
): Promise<StorePendingOutcome> {
  return storePending(services.sls, rows, { clock: services.clock, random: services.random, signal });
}
