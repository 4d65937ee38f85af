import { describe, expect, it } from '@jest/globals';
import { Streak } from '../../../../functions/sweep/streak.ts';
import type { CheckVerifyLogOutcome } from '../../../../shared/cloudauth/outcome.ts';

const outcomes: Readonly<Record<string, CheckVerifyLogOutcome>> = {
  S: { kind: 'answered', code: 'Success', result: {} },
  N: { kind: 'not_completed', code: 'ProcessNotCompleted' },
  I: { kind: 'invalid', code: 'TransactionIdInvalid', message: '' },
  T: { kind: 'throttled', code: 'Throttling.Api' },
  F: { kind: 'failed', code: 'TIMEOUT', reason: 'timeout' },
  R: { kind: 'forbidden', code: 'Forbidden.RAMUserAccessDenied', message: 'no rights' },
};

/** `F1` is a failure of transaction 1. */
function streakOf(calls: readonly string[]): Streak {
  const streak = new Streak();
  for (const call of calls) {
    const outcome = outcomes[call[0] ?? ''];
    if (outcome !== undefined) streak.note(call.slice(1), outcome);
    // The question about an id that cannot exist fails too.
    if (streak.isSuspicious)
      streak.decide({ kind: 'failed', code: 'TIMEOUT', reason: 'timeout' }, streak.number);
  }
  return streak;
}
const calls = (kind: string, count: number, transactions: number) =>
  Array.from({ length: count }, (_, index) => `${kind}${index % transactions}`);

describe('a service that is down', () => {
  it.each<[string, string[], string | undefined]>([
    ['20 failures of 3 transactions', calls('F', 20, 3), 'upstream_down'],
    ['19 failures', calls('F', 19, 19), undefined],
    ['100 failures of 2 transactions', calls('F', 100, 2), undefined],
    ['20 failures with an answer amid', [...calls('F', 10, 5), 'S9', ...calls('F', 10, 5)], undefined],
    ['20 failures with throttling amid', [...calls('F', 10, 5), 'T9', ...calls('F', 10, 5)], 'upstream_down'],
    ['20 failures after an answer', ['S1', ...calls('F', 20, 4)], 'upstream_down'],
    ['2 transactions for long, then a third', [...calls('F', 40, 2), 'F7'], 'upstream_down'],
  ])('%s', (_name, made, trouble) => {
    expect(streakOf(made).trouble).toBe(trouble);
  });
});

describe('the question that decides', () => {
  const F = { kind: 'failed', code: 'TIMEOUT', reason: 'timeout' } as const;
  const S = { kind: 'answered', code: 'Success', result: {} } as const;
  const T = { kind: 'throttled', code: 'Throttling.Api' } as const;
  const suspicious = () => {
    const streak = new Streak();
    for (let call = 0; call < 20; call += 1) streak.note(String(call % 4), F);
    return streak;
  };

  it('is due after twenty failures of three transactions, and again only after twenty more', () => {
    const streak = suspicious();
    expect(streak.isSuspicious).toBe(true);
    const { number } = streak;
    streak.decide({ kind: 'invalid', code: 'TransactionIdInvalid', message: '' }, number);
    expect(streak.isSuspicious).toBe(false);
    expect(streak.isOpen(number)).toBe(false);
    expect(streak.trouble).toBeUndefined();
    for (let call = 0; call < 20; call += 1) streak.note(String(call % 4), F);
    expect(streak.isSuspicious).toBe(true);
  });

  it('comes too late when something has spoken for the service meanwhile', () => {
    const streak = suspicious();
    const { number } = streak;
    streak.note('9', S);
    streak.decide(F, number);
    expect(streak.trouble).toBeUndefined();
  });

  it('is due at the end of a run without a business answer, throttled calls apart', () => {
    const streak = new Streak();
    expect(streak.isUndecided).toBe(false);
    streak.note('1', T);
    expect(streak.isUndecided).toBe(false);
    streak.note('1', F);
    streak.note('1', T);
    expect(streak.isUndecided).toBe(true);
    streak.note('2', S);
    streak.note('3', F);
    expect(streak.isUndecided).toBe(false);
  });

  it('says forbidden where it is refused itself, however few transactions were', () => {
    const R = { kind: 'forbidden', code: 'Forbidden.X', message: 'no rights' } as const;
    const streak = new Streak();
    streak.note('1', R);
    streak.note('2', F);
    expect(streak.isUndecided).toBe(true);
    streak.decide(R, streak.number);
    expect(streak.trouble).toBe('forbidden');
  });
});

describe('rights that are refused', () => {
  it.each<[string, string[], string | undefined]>([
    ['three transactions in a row', ['R1', 'R2', 'R3'], 'forbidden'],
    ['one transaction three times', ['R1', 'R1', 'R1'], undefined],
    ['with an answer amid', ['R1', 'R2', 'S4', 'R3'], undefined],
    ['with a business answer amid', ['R1', 'N4', 'R2', 'I5', 'R3'], undefined],
    ['with failures and throttling amid', ['R1', 'F4', 'R2', 'T5', 'R3'], 'forbidden'],
  ])('%s', (_name, made, trouble) => {
    expect(streakOf(made).trouble).toBe(trouble);
  });

  it('says what to do', () => {
    expect(streakOf(['R1', 'R2', 'R3']).message).toContain('AliyunAntCloudAuthFullAccess');
  });
});

describe('results in doubt', () => {
  it('are in doubt until something speaks for the service', () => {
    const changes: string[] = [];
    const streak = new Streak(() => changes.push('change'));
    const { F, S } = outcomes;
    if (F === undefined || S === undefined) throw new Error('no outcomes');
    streak.note('1', F);
    const { number } = streak;
    streak.note('2', F);
    expect(streak.isOpen(number)).toBe(true);
    streak.note('3', S);
    expect(streak.isOpen(number)).toBe(false);
    expect(changes).toEqual(['change']);
  });
});
