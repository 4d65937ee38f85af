import { describe, expect, it } from '@jest/globals';
import { Plan } from '../../../../local/cloudauth/plan.ts';
import { seededRandom } from '../../../../local/cloudauth/random.ts';

const always = () => 0;

describe('Plan', () => {
  it('takes the first matching rule with times left', () => {
    const plan = Plan.parse([
      { match: 'a', times: 1, answer: 'reset' },
      { match: '*', times: 2, answer: 'InternalError' },
      { match: 'a', answer: 'empty' },
    ]);
    const kinds = ['a', 'a', 'b', 'a', 'b'].map((id) => plan.next(id, always));
    expect(kinds).toEqual([
      { kind: 'reset' },
      { kind: 'code', code: 'InternalError' },
      { kind: 'code', code: 'InternalError' },
      { kind: 'empty' },
      undefined,
    ]);
  });

  it('draws by rate, the same for the same seed, and passes on to the next rule otherwise', () => {
    const draw = (seed: number) => {
      const plan = Plan.parse([
        { match: '*', rate: 0.3, answer: 'garbage' },
        { match: '*', answer: 'empty' },
      ]);
      const random = seededRandom(seed);
      return Array.from({ length: 1_000 }, () => plan.next('x', random)?.kind);
    };
    const drawn = draw(1);
    const hits = drawn.filter((kind) => kind === 'garbage').length;
    expect(hits).toBeGreaterThan(240);
    expect(hits).toBeLessThan(360);
    expect(new Set(drawn)).toEqual(new Set(['garbage', 'empty']));
    expect(draw(1)).toEqual(drawn);
    expect(draw(2)).not.toEqual(drawn);
  });

  it.each(['Success', 'MissingParameter', 'InvalidParameter', 'TransactionIdInvalid', 'ProcessNotCompleted'])(
    'knows %s',
    (answer) => {
      expect(Plan.parse([{ match: '*', answer }]).next('x', always)).toEqual({ kind: 'code', code: answer });
    },
  );

  it('reads an answer of its own', () => {
    const answer = { status: 429, headers: { 'X-Acs-Retry-After': 2 }, body: { Code: 'Throttling.User' } };
    expect(Plan.parse([{ match: '*', answer }]).next('x', always)).toEqual({
      kind: 'custom',
      status: 429,
      headers: { 'x-acs-retry-after': '2' },
      body: { Code: 'Throttling.User' },
    });
  });

  it.each([
    { name: 'no list', plan: {}, says: /plan must be a list/ },
    { name: 'no object', plan: ['reset'], says: /plan\[0\] must be an object/ },
    { name: 'no match', plan: [{ answer: 'reset' }], says: /plan\[0\]\.match/ },
    { name: 'an unknown name', plan: [{ match: '*', answer: 'reset', time: 1 }], says: /unknown name time/ },
    { name: 'an unknown answer', plan: [{ match: '*', answer: 'Oops' }], says: /plan\[0\]\.answer/ },
    { name: 'a prototype name', plan: [{ match: '*', answer: 'toString' }], says: /plan\[0\]\.answer/ },
    { name: 'times and rate', plan: [{ match: '*', times: 1, rate: 1, answer: 'reset' }], says: /both/ },
    { name: 'a rate over 1', plan: [{ match: '*', rate: 1.5, answer: 'reset' }], says: /plan\[0\]\.rate/ },
    { name: 'half times', plan: [{ match: '*', times: 0.5, answer: 'reset' }], says: /plan\[0\]\.times/ },
    { name: 'status 99', plan: [{ match: '*', answer: { status: 99 } }], says: /plan\[0\]\.answer\.status/ },
    { name: 'the second rule', plan: [{ match: '*', answer: 'reset' }, 1], says: /plan\[1\]/ },
  ])('refuses $name', ({ plan, says }) => {
    expect(() => Plan.parse(plan)).toThrow(says);
  });
});
