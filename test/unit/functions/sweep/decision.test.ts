import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide, endAtMs, isNearEnd, isOver } from '../../../../functions/sweep/decision.ts';
import type { CheckVerifyLogOutcome } from '../../../../shared/cloudauth/outcome.ts';
import type { PendingTransaction } from '../../../../shared/logstores/pending.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_795_000_000_000;
const limits = { retentionMs: 30 * DAY_MS, notCompletedAttempts: 4, maxAttempts: 8 };

const answered: CheckVerifyLogOutcome = { kind: 'answered', code: 'Success', result: {} };
const notCompleted: CheckVerifyLogOutcome = { kind: 'not_completed', code: 'ProcessNotCompleted' };
const invalid: CheckVerifyLogOutcome = { kind: 'invalid', code: 'TransactionIdInvalid', message: '' };
const throttled: CheckVerifyLogOutcome = { kind: 'throttled', code: 'Throttling.Api' };
const forbidden: CheckVerifyLogOutcome = { kind: 'forbidden', code: 'Forbidden.X', message: '' };
const failed: CheckVerifyLogOutcome = { kind: 'failed', code: 'NETWORK', reason: 'network' };

const aged = (days: number, attempt = 0): PendingTransaction => ({
  transactionId: 't',
  initializedAtMs: NOW_MS - days * DAY_MS,
  registeredAtMs: NOW_MS,
  givenAtMs: NOW_MS,
  attempt,
  kind: 'register',
});

interface Case {
  readonly days?: number;
  readonly attempt?: number;
  readonly tries?: number;
}
const decisionOf = (outcome: CheckVerifyLogOutcome, { days = 1, attempt = 0, tries = 1 }: Case = {}) =>
  decide(
    outcome,
    { transaction: aged(days, attempt), attempt, tries, nowMs: NOW_MS },
    { limits, random: () => 0.5 },
  );
const final = (disposition: string) => ({ kind: 'final', disposition });
const again = (newAttempt: boolean) => expect.objectContaining({ kind: 'again', newAttempt });

describe('what an answer means', () => {
  it.each<[string, CheckVerifyLogOutcome, Case, unknown]>([
    ['an answer', answered, {}, final('answered')],
    ['an answer at the last attempt', answered, { attempt: 7 }, final('answered')],
    ['an answer past the end', answered, { days: 31 }, final('answered')],
    ['an id that does not exist', invalid, {}, final('invalid')],
    ['an id that does not exist, near the end', invalid, { days: 29.5 }, final('invalid')],
    ['throttled', throttled, { attempt: 7 }, { kind: 'again', afterMs: 0, newAttempt: false }],
    ['throttled past the end', throttled, { days: 31 }, { kind: 'again', afterMs: 0, newAttempt: false }],
    ['not completed, first', notCompleted, {}, { kind: 'requeue' }],
    ['not completed, third', notCompleted, { attempt: 2 }, { kind: 'requeue' }],
    ['not completed, fourth', notCompleted, { attempt: 3 }, final('not_completed')],
    ['not completed, later than the fourth', notCompleted, { attempt: 6 }, final('not_completed')],
    ['failed once', failed, { tries: 1 }, again(false)],
    ['failed twice', failed, { tries: 2 }, again(false)],
    ['failed three times', failed, { tries: 3 }, { kind: 'requeue' }],
    ['failed three times at the seventh attempt', failed, { tries: 3, attempt: 6 }, { kind: 'requeue' }],
    ['failed three times at the eighth', failed, { tries: 3, attempt: 7 }, final('gave_up')],
    ['forbidden', forbidden, { tries: 0 }, { kind: 'requeue' }],
    ['forbidden at the eighth attempt', forbidden, { tries: 0, attempt: 7 }, final('gave_up')],
    ['not completed past the end', notCompleted, { days: 30 }, final('expired')],
    ['invalid past the end', invalid, { days: 30.1 }, final('expired')],
    ['failed once past the end', failed, { days: 31 }, again(false)],
    ['failed three times past the end', failed, { days: 31, tries: 3 }, final('expired')],
    ['forbidden past the end', forbidden, { days: 31 }, final('expired')],
    ['not completed near the end', notCompleted, { days: 29.5 }, again(true)],
    ['not completed near the end, fourth', notCompleted, { days: 29.5, attempt: 3 }, final('not_completed')],
    ['failed three times near the end', failed, { days: 29.5, tries: 3 }, again(true)],
    ['failed for good near the end', failed, { days: 29.5, tries: 3, attempt: 7 }, final('gave_up')],
    ['forbidden near the end', forbidden, { days: 29.5 }, again(true)],
    ['not completed 25 hours before the end', notCompleted, { days: 30 - 25 / 24 }, { kind: 'requeue' }],
  ])('%s', (_name, outcome, asked, decision) => {
    expect(decisionOf(outcome, asked)).toEqual(decision);
  });

  it('pauses between tries, growing and never longer than 3 s', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (tries, r) => {
          const decision = decide(
            failed,
            { transaction: aged(1), attempt: 0, tries, nowMs: NOW_MS },
            { limits, random: () => r },
          );
          if (decision.kind !== 'again') throw new Error('not asked again');
          expect(decision.afterMs).toBeGreaterThanOrEqual(200);
          expect(decision.afterMs).toBeLessThanOrEqual(3_000);
        },
      ),
    );
  });

  it('ends every row near its end within its attempts, whatever is answered', () => {
    const outcomes = fc.constantFrom(notCompleted, failed, forbidden);
    fc.assert(
      fc.property(fc.array(outcomes, { minLength: 40, maxLength: 40 }), (answers) => {
        let [attempt, tries] = [0, 0];
        for (const outcome of answers) {
          tries += outcome.kind === 'failed' ? 1 : 0;
          const asking = { transaction: aged(29.5), attempt, tries, nowMs: NOW_MS };
          const decision = decide(outcome, asking, { limits, random: () => 0 });
          expect(decision.kind).not.toBe('requeue');
          if (decision.kind === 'final') return;
          if (decision.kind === 'again' && decision.newAttempt) [attempt, tries] = [attempt + 1, 0];
        }
        throw new Error('asked for ever');
      }),
    );
  });
});

describe('the end of a transaction', () => {
  it('counts from its opening, else from its registration', () => {
    const { initializedAtMs: _, ...unopened } = aged(3);
    expect(endAtMs(aged(3), 30 * DAY_MS)).toBe(NOW_MS + 27 * DAY_MS);
    expect(endAtMs(unopened, 30 * DAY_MS)).toBe(NOW_MS + 30 * DAY_MS);
  });

  it.each([
    [28.9, false],
    [29.1, true],
    [31, true],
  ])('%d days after its opening it is near: %s', (days, near) => {
    expect(isNearEnd(aged(days), 30 * DAY_MS, NOW_MS)).toBe(near);
  });

  it.each([
    [31, 0, false],
    [31, 1, true],
    [29.9, 1, false],
  ])('after %d days and %d attempts there is nothing more to ask: %s', (days, attempt, over) => {
    expect(isOver(aged(days, attempt), 30 * DAY_MS, NOW_MS)).toBe(over);
  });
});
