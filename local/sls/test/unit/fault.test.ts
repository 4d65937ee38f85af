import { describe, expect, it } from '@jest/globals';
import { createRandom, FaultPlan, type FaultRule } from '../../src/control/fault.ts';

const rule = (more: Partial<FaultRule>): FaultRule => ({
  action: 'PutLogs',
  logstore: '*',
  answer: { kind: 'reset' },
  ...more,
});

function planOf(rules: FaultRule[]): FaultPlan {
  const plan = new FaultPlan(createRandom(1));
  plan.replace(rules);
  return plan;
}

describe('FaultPlan', () => {
  it('takes the first rule with times left', () => {
    const plan = planOf([rule({ timesLeft: 1 }), rule({ answer: { kind: 'hang' }, timesLeft: 1 })]);
    const answers = [1, 2, 3].map(() => plan.pick('PutLogs', 'a')?.kind);
    expect(answers).toEqual(['reset', 'hang', undefined]);
  });

  it('leaves a call that a rate passes over to the next rule', () => {
    const plan = planOf([rule({ rate: 0 }), rule({ rate: 1, answer: { kind: 'garbage' } })]);
    expect(plan.pick('PutLogs', 'a')).toEqual({ kind: 'garbage' });
  });

  it('adds up the rates of several rules', () => {
    const plan = planOf([rule({ rate: 0.1 }), rule({ rate: 0.1, answer: { kind: 'hang' } })]);
    const counts = { reset: 0, hang: 0, none: 0 };
    for (let call = 0; call < 10_000; call += 1) {
      const kind = plan.pick('PutLogs', 'a')?.kind;
      counts[kind === 'reset' || kind === 'hang' ? kind : 'none'] += 1;
    }
    expect(counts.reset / 10_000).toBeCloseTo(0.1, 1);
    expect(counts.hang / 10_000).toBeCloseTo(0.09, 1);
    expect(counts.reset).toBeGreaterThan(800);
    expect(counts.hang).toBeGreaterThan(700);
  });

  it('passes over what does not match', () => {
    const plan = planOf([rule({ logstore: 'b' }), rule({ action: 'PullLogs' })]);
    expect(plan.pick('PutLogs', 'a')).toBeUndefined();
    expect(plan.pick('PutLogs', 'b')).toEqual({ kind: 'reset' });
  });
});
