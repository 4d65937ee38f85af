import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { resultOf, SweepWorld, saysTruth } from '../../support/sweep-world.ts';
import type { TextRow } from '../../support/world.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let world: SweepWorld;
beforeAll(async () => {
  world = await SweepWorld.open({ env: { CALL_TIMEOUT_MS: '600' } });
});
afterAll(() => world.close());
afterEach(() => world.control(world.cloudauth, { plan: [] }));

let serial = 0;
function newId(): string {
  serial += 1;
  return `answer${String(serial).padStart(4, '0')}`;
}

interface Seen {
  readonly final: TextRow | undefined;
  readonly queued: TextRow | undefined;
  readonly calls: number;
  readonly report: Record<string, unknown>;
}

/** One due transaction whose calls are answered as planned; what one run makes of it. */
async function sweepOne(
  answer: unknown,
  row: Record<string, string | number> = {},
  { times }: { times?: number } = {},
): Promise<Seen> {
  const id = newId();
  await world.know([id]);
  const plan = answer === undefined ? [] : [{ match: id, answer, ...(times === undefined ? {} : { times }) }];
  await world.control(world.cloudauth, { plan });
  // Neighbours that are answered: without them, three refusals in a row would be the service's.
  const [before, after] = [newId(), newId()];
  await world.know([before, after]);
  await world.queue([{ transaction_id: before }, { transaction_id: id, ...row }, { transaction_id: after }]);
  await world.age();
  const callsBefore = await world.calls();
  const report = await world.report();
  const finals = await world.finals();
  expect(finals.get(before)?.every(saysTruth)).toBe(true);
  expect(finals.get(after)?.every(saysTruth)).toBe(true);
  const queued = await world.rowsOf('idv-pending', id);
  // What is queued again is not part of the next case.
  await world.control(world.cloudauth, { plan: [] });
  return {
    final: finals.get(id)?.at(-1),
    queued: queued.length > 1 ? queued.at(-1) : undefined,
    calls: (await world.calls()) - callsBefore - 2,
    report,
  };
}

/** Empties the queue of what the case before has queued again. */
afterEach(async () => {
  await world.age();
  await world.report();
});

describe('one answer', () => {
  it('Success becomes the final record', async () => {
    const { final, calls, report } = await sweepOne(undefined);
    expect(final).toMatchObject({ disposition: 'answered', code: 'Success', source: 'sweep', attempt: '1' });
    expect(JSON.parse(final?.raw ?? '')).toEqual(resultOf(final?.transaction_id ?? ''));
    expect(calls).toBe(1);
    expect(report).toMatchObject({ ended: 'done', asked: 3, final_count: 3, lag_ms: 0, backlog: 0 });
  });

  it.each(['ProcessNotCompleted', { status: 200, body: { Code: 'ProcessNotCompleted' } }])(
    'ProcessNotCompleted (%j) is queued again, one attempt more',
    async (answer) => {
      const row = { attempt: 1, registered_at_ms: Date.now() - HOUR_MS, merchant_biz_id: 'biz7' };
      const { final, queued, calls } = await sweepOne(answer, row);
      expect(final).toBeUndefined();
      expect(calls).toBe(1);
      expect(queued).toEqual({
        transaction_id: expect.anything(),
        merchant_biz_id: 'biz7',
        registered_at_ms: String(row.registered_at_ms),
        // The writer gave no time of its own: when SLS received it, in whole seconds.
        given_at_ms: expect.stringMatching(/^\d{10}000$/),
        attempt: '2',
        kind: 'requeue',
        last_code: 'ProcessNotCompleted',
      });
    },
  );

  it('ProcessNotCompleted is final at the fourth attempt', async () => {
    const { final, queued } = await sweepOne('ProcessNotCompleted', { attempt: 3 });
    expect(final).toMatchObject({ disposition: 'not_completed', code: 'ProcessNotCompleted', attempt: '4' });
    expect(queued).toBeUndefined();
  });

  it.each(['TransactionIdInvalid', 'InvalidParameter', 'MissingParameter'])(
    '%s is final invalid',
    async (code) => {
      const { final, queued, calls } = await sweepOne(code);
      expect(final).toMatchObject({ disposition: 'invalid', code });
      expect(queued).toBeUndefined();
      expect(calls).toBe(1);
    },
  );

  it.each([
    ['Throttling.Api', 'Throttling.Api'],
    ['Throttling.User with 429', { status: 429, body: { Code: 'Throttling.User' } }],
    [
      'Throttling with x-acs-retry-after',
      { status: 403, headers: { 'x-acs-retry-after': '300' }, body: { Code: 'Throttling.Api' } },
    ],
  ])('%s is asked again in the run and counts as no attempt', async (_name, answer) => {
    const { final, queued, calls, report } = await sweepOne(answer, {}, { times: 4 });
    expect(final).toMatchObject({ disposition: 'answered', attempt: '1' });
    expect(queued).toBeUndefined();
    // More than the three tries that a failure has.
    expect(calls).toBe(5);
    expect(report).toMatchObject({ throttled: 4, requeued: 0, handed_back: 0 });
  });

  const failures = [
    ['InternalError', 'InternalError', 'InternalError'],
    ['a 503 without a code', { status: 503, body: 'busy' }, 'HTTP_503'],
    ['a reset connection', 'reset', 'NETWORK'],
    ['no answer', 'hang', 'TIMEOUT'],
    ['something that is not JSON', 'garbage', 'CONTRACT'],
    ['an empty body', 'empty', 'CONTRACT'],
    ['Success without a Result', { status: 200, body: { Code: 'Success' } }, 'CONTRACT'],
    ['a body of more than 8 MB', { status: 200, body: 'x'.repeat(8_000_001) }, 'CONTRACT'],
    ['an unknown code', { status: 200, body: { Code: 'NewThing' } }, 'NewThing'],
  ] as const;

  it.each(failures)('%s is tried three times, then queued again', async (_name, answer, code) => {
    const { final, queued, calls } = await sweepOne(answer);
    expect(calls).toBe(3);
    expect(final).toBeUndefined();
    expect(queued).toMatchObject({ attempt: '1', kind: 'requeue', last_code: code });
  });

  it('a failure that passes within three tries is no attempt lost', async () => {
    const { final, queued, calls } = await sweepOne('reset', {}, { times: 2 });
    expect(final).toMatchObject({ disposition: 'answered', attempt: '1' });
    expect(queued).toBeUndefined();
    expect(calls).toBe(3);
  });

  it('the eighth failed attempt is final gave_up with the code', async () => {
    const { final, queued, calls } = await sweepOne('InternalError', { attempt: 7 });
    expect(final).toMatchObject({ disposition: 'gave_up', code: 'InternalError', attempt: '8' });
    expect(queued).toBeUndefined();
    expect(calls).toBe(3);
  });

  it('Forbidden amid successes belongs to its row: queued again, then gave_up', async () => {
    const first = await sweepOne('Forbidden.RAMUserAccessDenied');
    expect(first.final).toBeUndefined();
    expect(first.calls).toBe(1);
    expect(first.queued).toMatchObject({ attempt: '1', last_code: 'Forbidden.RAMUserAccessDenied' });
    const last = await sweepOne('Forbidden.AccountAccessDenied', { attempt: 7 });
    expect(last.final).toMatchObject({ disposition: 'gave_up', code: 'Forbidden.AccountAccessDenied' });
  });
});

describe('the end of the retention', () => {
  const registered_at_ms = Date.now() - DAY_MS;
  const past = { registered_at_ms, initialized_at_ms: Date.now() - 31 * DAY_MS };
  const near = { registered_at_ms, initialized_at_ms: Date.now() - 29.5 * DAY_MS };

  it('an answer is an answer, even past it', async () => {
    const { final } = await sweepOne(undefined, past);
    expect(final).toMatchObject({ disposition: 'answered' });
  });

  it.each(['TransactionIdInvalid', 'ProcessNotCompleted', 'InternalError', 'Forbidden.AccountAccessDenied'])(
    'past it, %s to the first question is final expired',
    async (code) => {
      const { final, queued } = await sweepOne(code, past);
      expect(final).toMatchObject({ disposition: 'expired', code });
      expect(queued).toBeUndefined();
    },
  );

  it('past it, what was asked before is not asked again', async () => {
    const { final, calls } = await sweepOne(undefined, { ...past, attempt: 2, last_code: 'InternalError' });
    expect(final).toMatchObject({ disposition: 'expired', code: 'InternalError', attempt: '2' });
    expect(calls).toBe(0);
  });

  it('without a time of opening, the registration counts', async () => {
    const { final } = await sweepOne('ProcessNotCompleted', {
      registered_at_ms: Date.now() - 30 * DAY_MS - HOUR_MS,
    });
    expect(final).toMatchObject({ disposition: 'expired' });
  });

  it('within a day of it nothing is queued again: asked again in the run, then finished', async () => {
    const { final, queued, calls, report } = await sweepOne('ProcessNotCompleted', { ...near, attempt: 1 });
    expect(final).toMatchObject({ disposition: 'not_completed', attempt: '4' });
    expect(queued).toBeUndefined();
    expect(calls).toBe(3);
    expect(report).toMatchObject({ near_end: 1, requeued: 0, handed_back: 0 });
  });

  it('within a day of it, an answer that comes late in the run is taken', async () => {
    const { final, calls } = await sweepOne('InternalError', { ...near, attempt: 5 }, { times: 4 });
    expect(final).toMatchObject({ disposition: 'answered', attempt: '7' });
    expect(calls).toBe(5);
  });

  it('two days before it, rows are queued again as ever', async () => {
    const { queued } = await sweepOne('ProcessNotCompleted', {
      registered_at_ms,
      initialized_at_ms: Date.now() - 28.5 * DAY_MS,
    });
    expect(queued).toMatchObject({ attempt: '1' });
  });
});

describe('rows that cannot be read', () => {
  it.each([
    ['without an id', { labels: '{"channel":"web"}' }, /^row:0\|[A-Za-z0-9+/=]+\|1$/],
    ['with an empty id', { transaction_id: '' }, /^row:0\|[A-Za-z0-9+/=]+\|1$/],
    ['with an id that cannot be one', { transaction_id: 'no good' }, /^no good$/],
  ])('a row %s is final invalid, and its neighbours are asked about', async (_name, row, id) => {
    const [before, after] = [newId(), newId()];
    await world.know([before, after]);
    await world.queue([{ transaction_id: before }, row, { transaction_id: after }]);
    await world.age();
    const report = await world.report();
    expect(report).toMatchObject({ ended: 'done', asked: 2, unreadable: 1, final_count: 3 });
    const finals = await world.finals();
    expect(finals.get(before)?.every(saysTruth)).toBe(true);
    expect(finals.get(after)?.every(saysTruth)).toBe(true);
    const bad = [...finals.values()].flat().findLast((one) => id.test(one.transaction_id ?? ''));
    expect(bad).toMatchObject({ disposition: 'invalid', code: 'RowUnreadable' });
    expect(JSON.parse(bad?.raw ?? '')).toEqual(row);
  });
});

describe('one transaction in several rows', () => {
  it('is asked about once, and its rows are counted', async () => {
    const id = newId();
    await world.know([id]);
    await world.queue([{ transaction_id: id }, { transaction_id: id }], 1);
    await world.queue([{ transaction_id: id }, { transaction_id: id, attempt: 1 }]);
    await world.age();
    const before = await world.calls();
    const report = await world.report();
    expect(await world.calls()).toBe(before + 1);
    expect(report).toMatchObject({ pulled: 4, asked: 1, duplicates: 3, final_count: 1 });
  });
});
