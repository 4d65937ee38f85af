import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SweepWorld, saysTruth } from '../../support/sweep-world.ts';
import type { Row, TextRow } from '../../support/world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let world: SweepWorld;
beforeAll(async () => {
  world = await SweepWorld.open();
});
afterAll(() => world.close());

let serial = 0;
async function knownId(): Promise<string> {
  serial += 1;
  const id = `again${String(serial).padStart(4, '0')}`;
  await world.know([id]);
  return id;
}

/** The record that every reader takes: the row of the greatest view_key, whole. */
async function viewOf(id: string): Promise<TextRow | undefined> {
  const rows = (await world.finals()).get(id) ?? [];
  return rows.sort((one, other) => ((one.view_key ?? '') < (other.view_key ?? '') ? -1 : 1)).at(-1);
}

const labelsOf = (row: TextRow | undefined): unknown => JSON.parse(row?.labels ?? 'null');
const labelled = (labels: object) => JSON.stringify(labels);

/** What CheckVerifyLog was asked with, by transaction. */
async function settle(...rows: Row[][]): Promise<Record<string, unknown>> {
  for (const group of rows) await world.queue(group);
  await world.age();
  return world.report();
}

describe('a transaction that is registered more than once', () => {
  it('a lookup seconds before the backend registers: nothing of the registration is lost', async () => {
    const transaction_id = await knownId();
    const now = Date.now();
    const report = await settle(
      [{ transaction_id, registered_at_ms: now - 5_000, kind: 'register' }],
      [
        {
          transaction_id,
          merchant_biz_id: 'biz1',
          initialized_at_ms: now - 10_000,
          registered_at_ms: now,
          labels: labelled({ platform: 'ios', app_version: '5.2.0' }),
        },
      ],
    );
    expect(report).toMatchObject({ pulled: 2, asked: 1, duplicates: 1 });
    const view = await viewOf(transaction_id);
    expect(view).toMatchObject({
      merchant_biz_id: 'biz1',
      initialized_at_ms: String(now - 10_000),
      registered_at_ms: String(now - 5_000),
    });
    expect(labelsOf(view)).toEqual({ platform: 'ios', app_version: '5.2.0' });
    expect(view && saysTruth(view)).toBe(true);
  });

  it('the merchant id of a later row is the one that is asked with', async () => {
    const [found, derived] = ['underbiz2', 'underbiz2control'];
    await world.knowUnder(found, 'biz2');
    await world.knowUnder(derived, 'biz2');
    await settle(
      [{ transaction_id: found }, { transaction_id: derived }],
      [{ transaction_id: found, merchant_biz_id: 'biz2' }],
    );
    expect(await viewOf(found)).toMatchObject({ disposition: 'answered', merchant_biz_id: 'biz2' });
    // The service does mind: nobody ever gave this one's.
    expect(await viewOf(derived)).toMatchObject({ disposition: 'invalid' });
  });

  it('a merchant id that comes only in a later run is asked with', async () => {
    await world.knowUnder('underbiz6', 'biz6');
    await settle([{ transaction_id: 'underbiz6', labels: labelled({ a: '1' }) }]);
    expect(await viewOf('underbiz6')).toMatchObject({ disposition: 'invalid' });
    await settle([{ transaction_id: 'underbiz6', merchant_biz_id: 'biz6' }]);
    const view = await viewOf('underbiz6');
    expect(view).toMatchObject({ disposition: 'answered', merchant_biz_id: 'biz6' });
    expect(labelsOf(view)).toEqual({ a: '1' });
  });

  it('two writers: every label is a field of its own, the one given last counts', async () => {
    const transaction_id = await knownId();
    const now = Date.now();
    await settle(
      [
        {
          transaction_id,
          given_at_ms: now - MINUTE_MS,
          labels: labelled({ platform: 'android', channel: 'ads', country: 'SG' }),
        },
      ],
      [
        { transaction_id, given_at_ms: now, labels: labelled({ platform: 'ios' }) },
        {
          transaction_id,
          given_at_ms: now - 2 * MINUTE_MS,
          labels: labelled({ channel: 'web', plan: 'pro' }),
        },
      ],
    );
    expect(labelsOf(await viewOf(transaction_id))).toEqual({
      platform: 'ios',
      channel: 'ads',
      country: 'SG',
      plan: 'pro',
    });
  });

  it('given at the same time, the greater text counts, whatever the order of the rows', async () => {
    const [one, other] = [await knownId(), await knownId()];
    const given_at_ms = Date.now();
    const row = (transaction_id: string, platform: string) => ({
      transaction_id,
      given_at_ms,
      labels: labelled({ platform }),
    });
    await settle([row(one, 'ios'), row(one, 'android'), row(other, 'android'), row(other, 'ios')]);
    expect(labelsOf(await viewOf(one))).toEqual({ platform: 'ios' });
    expect(labelsOf(await viewOf(other))).toEqual({ platform: 'ios' });
  });

  it.each([
    ['nothing', {}],
    ['only a merchant id', { merchant_biz_id: 'biz3' }],
  ])('registered again after its record with %s: the labels stay', async (_what, poorer) => {
    const transaction_id = await knownId();
    await settle([{ transaction_id, labels: labelled({ platform: 'ios' }), given_at_ms: Date.now() }]);
    await settle([{ transaction_id, ...poorer }]);
    expect((await world.finals()).get(transaction_id)).toHaveLength(2);
    expect(labelsOf(await viewOf(transaction_id))).toEqual({ platform: 'ios' });
  });

  it('registered again with other labels after its record: the newer ones are in the view', async () => {
    const transaction_id = await knownId();
    await settle([{ transaction_id, labels: labelled({ platform: 'ios' }), given_at_ms: Date.now() }]);
    await settle([{ transaction_id, labels: labelled({ platform: 'android' }), given_at_ms: Date.now() }]);
    expect(labelsOf(await viewOf(transaction_id))).toEqual({ platform: 'android' });
  });

  it('two writers whose rows come in two runs: neither hides what the other said', async () => {
    const id = 'underbiz7';
    await world.knowUnder(id, 'biz7');
    await settle([{ transaction_id: id, merchant_biz_id: 'biz7', labels: labelled({ platform: 'ios' }) }]);
    await settle([{ transaction_id: id, labels: labelled({ channel: 'web' }) }]);
    const view = await viewOf(id);
    expect(view).toMatchObject({ disposition: 'answered', merchant_biz_id: 'biz7' });
    expect(labelsOf(view)).toEqual({ platform: 'ios', channel: 'web' });
  });

  it('what was queued again with old labels does not hide those that were given meanwhile', async () => {
    const transaction_id = await knownId();
    await world.control(world.cloudauth, {
      plan: [{ match: transaction_id, answer: 'ProcessNotCompleted', times: 1 }],
    });
    await world.queue([{ transaction_id, labels: labelled({ platform: 'ios' }) }]);
    await world.age();
    await world.queue([{ transaction_id, labels: labelled({ platform: 'android' }) }]);
    await world.age(29 * MINUTE_MS);
    expect(await world.report()).toMatchObject({ asked: 1, requeued: 1 });
    await world.age(2 * MINUTE_MS);
    expect(await world.report()).toMatchObject({ asked: 1, final_count: 1 });
    await settle();
    expect((await world.finals()).get(transaction_id)).toHaveLength(2);
    expect(labelsOf(await viewOf(transaction_id))).toEqual({ platform: 'android' });
  });

  it('what cannot be looked up is asked about as it is, and does not hide the better record', async () => {
    const transaction_id = await knownId();
    await settle([{ transaction_id, labels: labelled({ platform: 'ios' }), given_at_ms: Date.now() }]);
    await world.control(world.sls, {
      fail: [{ action: 'GetLogsV2', logstore: '*', rate: 1, answer: 'InternalServerError' }],
    });
    await settle([{ transaction_id }]);
    await world.control(world.sls, { fail: [] });
    const finals = (await world.finals()).get(transaction_id) ?? [];
    expect(finals).toHaveLength(2);
    expect(labelsOf(await viewOf(transaction_id))).toEqual({ platform: 'ios' });
  });

  it('a row met after its record was made leads to a second row with the same answer, without asking', async () => {
    const transaction_id = await knownId();
    const others = await world.register(900, { prefix: `late${serial}x`, groupRows: 100 });
    // In front of and behind a run's worth of others: the first is committed long before the last is read.
    const front = await knownId();
    await world.queue([{ transaction_id: front }]);
    const callsBefore = await world.calls();
    await world.queue([{ transaction_id, merchant_biz_id: 'biz4', labels: labelled({ a: '1' }) }]);
    await world.register(3_000, { prefix: `mid${serial}x`, groupRows: 100 });
    await settle([{ transaction_id, labels: labelled({ b: '2' }), given_at_ms: Date.now() }]);
    expect((await world.calls()) - callsBefore).toBe(others.length + 3_000 + 2);
    const finals = (await world.finals()).get(transaction_id) ?? [];
    expect(new Set(finals.map(({ revision }) => revision)).size).toBe(1);
    const view = await viewOf(transaction_id);
    expect(view).toMatchObject({ merchant_biz_id: 'biz4' });
    expect(labelsOf(view)).toEqual({ a: '1', b: '2' });
  });

  it('queued again it keeps what was said, when, and its first registration', async () => {
    const transaction_id = await knownId();
    const now = Date.now();
    await world.control(world.cloudauth, {
      plan: [{ match: transaction_id, answer: 'ProcessNotCompleted', times: 1 }],
    });
    await settle(
      [
        {
          transaction_id,
          registered_at_ms: now - DAY_MS,
          given_at_ms: now - DAY_MS,
          labels: labelled({ a: '1' }),
        },
      ],
      [{ transaction_id, registered_at_ms: now, given_at_ms: now, merchant_biz_id: 'biz5' }],
    );
    const queued = await world.rowsOf('idv-pending', transaction_id);
    expect(queued).toHaveLength(3);
    expect(queued.at(-1)).toEqual({
      transaction_id,
      merchant_biz_id: 'biz5',
      registered_at_ms: String(now - DAY_MS),
      given_at_ms: String(now),
      attempt: '1',
      kind: 'requeue',
      last_code: 'ProcessNotCompleted',
      labels: labelled({ a: '1' }),
    });
    await settle();
    expect(await viewOf(transaction_id)).toMatchObject({
      merchant_biz_id: 'biz5',
      labels: labelled({ a: '1' }),
    });
  });
});
