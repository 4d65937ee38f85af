import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type PendingTransaction,
  readPendingRow,
  toPendingLog,
} from '../../../../shared/logstores/pending.ts';
import { windowsOf } from '../../../../shared/logstores/retention.ts';
import { DEFAULT_WINDOWS } from '../../../support/windows.ts';

const RECEIVED_MS = 1_795_000_000_000;
const HOUR_MS = 3_600_000;
const read = (contents: Record<string, string>) =>
  readPendingRow(contents, RECEIVED_MS, DEFAULT_WINDOWS.saneBeforeMs);

describe('a row of the queue', () => {
  it('needs nothing but an id', () => {
    expect(read({ transaction_id: 'hksb7ba1b28130d24e015d694361bee4' })).toEqual({
      ok: true,
      transaction: {
        transactionId: 'hksb7ba1b28130d24e015d694361bee4',
        registeredAtMs: RECEIVED_MS,
        givenAtMs: RECEIVED_MS,
        attempt: 0,
        kind: 'register',
      },
    });
  });

  it.each([
    [{}, undefined],
    [{ transaction_id: '' }, undefined],
    [{ transaction_id: ' ' }, ' '],
    [{ transaction_id: 'a b' }, 'a b'],
    [{ transaction_id: 'x'.repeat(65) }, 'x'.repeat(65)],
    [{ transaction_id: ' padded ' }, ' padded '],
  ])('%j cannot be read, and its id stays as it is', (contents, transactionId) => {
    expect(read(contents as Record<string, string>)).toMatchObject({ ok: false, transactionId });
  });

  it.each([
    ['registered_at_ms', String(RECEIVED_MS - HOUR_MS), { registeredAtMs: RECEIVED_MS - HOUR_MS }],
    ['registered_at_ms', '5', { registeredAtMs: RECEIVED_MS }],
    ['registered_at_ms', String(RECEIVED_MS + 25 * HOUR_MS), { registeredAtMs: RECEIVED_MS }],
    ['registered_at_ms', '1795000000.5', { registeredAtMs: RECEIVED_MS }],
    [
      'initialized_at_ms',
      String(RECEIVED_MS - 40 * 24 * HOUR_MS),
      { initializedAtMs: RECEIVED_MS - 40 * 24 * HOUR_MS },
    ],
    ['given_at_ms', String(RECEIVED_MS - HOUR_MS), { givenAtMs: RECEIVED_MS - HOUR_MS }],
    ['given_at_ms', 'yesterday', { givenAtMs: RECEIVED_MS }],
    // A writer without the field says it now; what was queued again without it was given at its registration.
    ['registered_at_ms', String(RECEIVED_MS - HOUR_MS), { givenAtMs: RECEIVED_MS }],
    ['attempt', '3', { attempt: 3 }],
    ['attempt', '-1', { attempt: 0 }],
    ['attempt', '99999', { attempt: 0 }],
    ['kind', 'handback', { kind: 'handback' }],
    ['kind', 'mine', { kind: 'register' }],
    ['merchant_biz_id', 'Biz1', { merchantBizId: 'Biz1' }],
    ['last_code', 'InternalError', { lastCode: 'InternalError' }],
    ['labels', '{"a":"1","b":2,"c":{"d":1},"E":"x"}', { labels: '{"a":"1","b":"2"}' }],
  ])('%s %s is taken as %j', (field, value, expected) => {
    expect(read({ transaction_id: 't', [field]: value })).toMatchObject({ ok: true, transaction: expected });
  });

  it.each([
    // A session of a day more than the service keeps it, in a row that was queued again at the end of the queue's days.
    [{ source: 30, pending: 45, records: 180, sweeps: 90 }, 31 + 45],
    [{ source: 90, pending: 120, records: 180, sweeps: 120 }, 91 + 120],
    [{ source: 10, pending: 11, records: 19, sweeps: 11 }, 11 + 11],
  ])('a time is believed for as long as a row of %j may rightly say it', (days, oldest) => {
    const { saneBeforeMs } = windowsOf(days);
    const at = (daysBefore: number) =>
      readPendingRow(
        { transaction_id: 't', initialized_at_ms: String(RECEIVED_MS - daysBefore * 24 * HOUR_MS) },
        RECEIVED_MS,
        saneBeforeMs,
      );
    expect(at(oldest)).toMatchObject({
      transaction: { initializedAtMs: RECEIVED_MS - oldest * 24 * HOUR_MS },
    });
    expect(at(oldest + 7)).not.toMatchObject({ transaction: { initializedAtMs: expect.anything() } });
  });

  it.each(['initialized_at_ms', 'merchant_biz_id', 'labels', 'last_code'])(
    'an insane %s is absent',
    (field) => {
      for (const value of ['', 'not sane at all!', '[1]', '-5', '1e+300']) {
        const reading = read({ transaction_id: 't', [field]: value });
        if (!reading.ok) throw new Error(reading.reason);
        if (field === 'last_code') continue;
        expect(Object.keys(reading.transaction).sort()).toEqual([
          'attempt',
          'givenAtMs',
          'kind',
          'registeredAtMs',
          'transactionId',
        ]);
      }
    },
  );

  it('never throws, whatever somebody wrote', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.integer().map(String));
    const keys = fc.constantFrom(
      'transaction_id',
      'merchant_biz_id',
      'initialized_at_ms',
      'registered_at_ms',
      'attempt',
      'kind',
      'last_code',
      'labels',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.dictionary(keys, text), (contents) => {
        const reading = read(contents);
        expect(typeof reading.ok).toBe('boolean');
      }),
    );
  });

  it('comes back as it was queued', () => {
    const transaction = fc.record(
      {
        transactionId: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
        merchantBizId: fc.stringMatching(/^[A-Za-z0-9]{1,32}$/),
        initializedAtMs: fc.integer({ min: RECEIVED_MS - 30 * 24 * HOUR_MS, max: RECEIVED_MS }),
        registeredAtMs: fc.integer({ min: RECEIVED_MS - 30 * 24 * HOUR_MS, max: RECEIVED_MS }),
        givenAtMs: fc.integer({ min: RECEIVED_MS - 30 * 24 * HOUR_MS, max: RECEIVED_MS }),
        attempt: fc.integer({ min: 0, max: 999 }),
        kind: fc.constantFrom('register', 'requeue', 'handback', 'replay'),
        lastCode: fc.stringMatching(/^[A-Za-z.]{1,64}$/),
        labels: fc.constant('{"channel":"web"}'),
      },
      { requiredKeys: ['transactionId', 'registeredAtMs', 'givenAtMs', 'attempt', 'kind'] },
    );
    fc.assert(
      fc.property(transaction, (given) => {
        const queued = given as PendingTransaction;
        const log = toPendingLog(queued, RECEIVED_MS);
        expect(log.timeSeconds).toBe(RECEIVED_MS / 1_000);
        const back = read(Object.fromEntries(log.contents));
        // Where nothing was given, there is no time of giving it either.
        const saysNothing = !queued.merchantBizId && !queued.initializedAtMs && !queued.labels;
        expect(back).toEqual({
          ok: true,
          transaction: saysNothing ? { ...queued, givenAtMs: expect.any(Number) } : queued,
        });
        expect(log.contents.some(([key]) => key === 'given_at_ms')).toBe(!saysNothing);
      }),
    );
  });
});
