import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import type { Disposition } from '../../shared/logstores/values.ts';
import { backoffMs } from '../../shared/retry.ts';
import { HOUR_MS, SECOND_MS } from '../../shared/time.ts';
import type { SweepSettings } from './services.ts';

/**
 * What one outcome means for its transaction: the table of the README's section on delivery, as a pure function.
 *
 *   answered                     final `answered`
 *   invalid                      final `invalid`
 *   not_completed                queue again; final `not_completed` when all attempts are used
 *   throttled                    ask again, as the pacer allows; not counted
 *   failed                       up to 3 tries with pauses, then queue again; final `gave_up` when all are used
 *   forbidden                    queue again; final `gave_up` when all attempts are used
 *
 * Past the end of its retention a transaction is final with its first outcome: `answered`, else `expired`.
 * In the last day before that it is not queued again, since it may not be due again in time: further attempts are
 * made in this run.
 */
type Decision =
  | { readonly kind: 'final'; readonly disposition: Disposition }
  | { readonly kind: 'requeue' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly newAttempt: boolean };

/** Where a transaction stands within this run. */
export interface Asking {
  readonly transaction: PendingTransaction;
  /** Attempts before the present one, those of earlier runs included. */
  readonly attempt: number;
  /** Calls of the present attempt that failed, this one included. */
  readonly tries: number;
  readonly nowMs: number;
}

type Limits = Pick<SweepSettings, 'retentionMs' | 'notCompletedAttempts' | 'maxAttempts'>;

const TRIES_PER_ATTEMPT = 3;
const TRY_BACKOFF = { baseMs: 400, capMs: 3 * SECOND_MS };
const ATTEMPT_BACKOFF = { baseMs: 2 * SECOND_MS, capMs: 15 * SECOND_MS };
/** A row queued again is due half an hour later; a day leaves room for an outage of some hours. */
const NEAR_END_MS = 24 * HOUR_MS;

export function endAtMs(transaction: PendingTransaction, retentionMs: number): number {
  return (transaction.initializedAtMs ?? transaction.registeredAtMs) + retentionMs;
}

/** So near its end, a transaction is never handed back or queued again. */
export function isNearEnd(transaction: PendingTransaction, retentionMs: number, nowMs: number): boolean {
  return endAtMs(transaction, retentionMs) - nowMs < NEAR_END_MS;
}

/** Past its end and asked before: it ends without another call. */
export function isOver(transaction: PendingTransaction, retentionMs: number, nowMs: number): boolean {
  return transaction.attempt > 0 && endAtMs(transaction, retentionMs) <= nowMs;
}

export function decide(
  outcome: CheckVerifyLogOutcome,
  asking: Asking,
  { limits, random }: { limits: Limits; random: () => number },
): Decision {
  if (outcome.kind === 'answered') return { kind: 'final', disposition: 'answered' };
  if (outcome.kind === 'throttled') return { kind: 'again', afterMs: 0, newAttempt: false };
  if (outcome.kind === 'failed' && asking.tries < TRIES_PER_ATTEMPT) {
    // Half of the pause is fixed, so that three tries do not hit the same short failure.
    const pauseMs = backoffMs(asking.tries, TRY_BACKOFF, random) / 2;
    return { kind: 'again', afterMs: TRY_BACKOFF.baseMs / 2 + pauseMs, newAttempt: false };
  }
  const lastDisposition = dispositionWithout(outcome, asking, limits.retentionMs);
  if (lastDisposition === 'expired' || lastDisposition === 'invalid') {
    return { kind: 'final', disposition: lastDisposition };
  }
  const allowed = outcome.kind === 'not_completed' ? limits.notCompletedAttempts : limits.maxAttempts;
  const used = asking.attempt + 1;
  if (used >= allowed) return { kind: 'final', disposition: lastDisposition };
  if (!isNearEnd(asking.transaction, limits.retentionMs, asking.nowMs)) return { kind: 'requeue' };
  const doublings = used - asking.transaction.attempt;
  return {
    kind: 'again',
    afterMs: ATTEMPT_BACKOFF.baseMs / 2 + backoffMs(doublings, ATTEMPT_BACKOFF, random),
    newAttempt: true,
  };
}

/** What a transaction ends as if this outcome, not an answer, is its last. */
export function dispositionWithout(
  outcome: CheckVerifyLogOutcome,
  { transaction, nowMs }: Pick<Asking, 'transaction' | 'nowMs'>,
  retentionMs: number,
): Exclude<Disposition, 'answered'> {
  if (endAtMs(transaction, retentionMs) <= nowMs) return 'expired';
  if (outcome.kind === 'invalid') return 'invalid';
  return outcome.kind === 'not_completed' ? 'not_completed' : 'gave_up';
}
