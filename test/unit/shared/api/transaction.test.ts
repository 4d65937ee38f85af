import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safeParseInstant, safeParseTransaction } from '../../../../shared/api/transaction.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const GOOD = { transactionId: 'a' };
const DAY_MS = 86_400_000;
const TIMES = { nowMs: NOW, initializedMs: 31 * DAY_MS };

describe('a transaction in a request', () => {
  it('has its time as unix ms, and nothing that was not said', () => {
    expect(safeParseTransaction({ ...GOOD, initializedAt: '2026-11-23T10:00:00+08:00' }, TIMES)).toEqual({
      ok: true,
      value: { transactionId: 'a', initializedAtMs: Date.UTC(2026, 10, 23, 2) },
    });
    expect(safeParseTransaction(GOOD, TIMES)).toEqual({ ok: true, value: { transactionId: 'a' } });
  });

  it.each([
    [NOW - 31 * DAY_MS, true],
    [NOW - 31 * DAY_MS - 1, false],
    [NOW + 5 * 60_000, true],
    [NOW + 5 * 60_000 + 1, false],
    ['2026-02-28', false],
    ['2026-11-31', false],
    ['2026-11-22T24:00:00Z', true],
    ['2026-11-22T25:00:00Z', false],
    ['2026-11-22T10:00:00.123456789Z', true],
    ['2026-11-22T10:00:00', false],
    ['2026-11-22T10:00Z', true],
    ['2026-11-22T10:00:00,5Z', true],
    ['2026-11-22T10:00:00+08', true],
    ['2026-11-22T10:00:00-0330', true],
    ['2026-11-22T10:00:00+99:00', false],
    ['2026-11-22T10:00:00+8', false],
    ['1795400000000', true],
    ['-5', false],
  ])('was initialized at %s: %s', (initializedAt, ok) => {
    const given =
      typeof initializedAt === 'string' && /^\d+$/.test(initializedAt) ? String(NOW - 1_000) : initializedAt;
    expect(safeParseTransaction({ ...GOOD, initializedAt: given }, TIMES).ok).toBe(ok);
  });

  it.each([20, 31, 91])(
    'was initialized within %i days, as it is set up, and the message says so',
    (days) => {
      const times = { nowMs: NOW, initializedMs: days * DAY_MS };
      const at = (initializedAt: number) => safeParseTransaction({ ...GOOD, initializedAt }, times);
      expect(at(NOW - days * DAY_MS).ok).toBe(true);
      const message = `must be within the last ${days} days, and not in the future`;
      expect(at(NOW - days * DAY_MS - 1)).toEqual({
        ok: false,
        issues: [{ path: 'initializedAt', message }],
      });
    },
  );

  it.each([
    [{}, 'transactionId', 'is required'],
    [{ transactionId: undefined }, 'transactionId', 'is required'],
    [{ transactionId: 1 }, 'transactionId', 'must be a string'],
    [
      { ...GOOD, labels: { Foo: 'x' } },
      'labels.Foo',
      'must begin with a-z and have 1 to 32 of a-z, 0-9 and _',
    ],
    [
      { ...GOOD, labels: { 'a b\n': 'x' } },
      'labels.?',
      'must begin with a-z and have 1 to 32 of a-z, 0-9 and _',
    ],
    [{ ...GOOD, 'x y': 1 }, '?', 'is not known here'],
    [{ ...GOOD, initializedAt: null }, 'initializedAt', 'must be unix milliseconds, or ISO 8601 with a zone'],
    ['x', '', 'must be an object'],
  ])('%j is refused at %j', (value, path, message) => {
    expect(safeParseTransaction(value, TIMES)).toEqual({ ok: false, issues: [{ path, message }] });
  });

  it('names the place in a batch', () => {
    const parsed = safeParseTransaction({ ...GOOD, labels: { Foo: 'x' }, bar: 1 }, TIMES, 'transactions[3]');
    expect(parsed.ok ? [] : parsed.issues.map((issue) => issue.path)).toEqual([
      'transactions[3].labels.Foo',
      'transactions[3].bar',
    ]);
  });

  it('is never accepted with an id outside the alphabet, and never throws', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string({ unit: 'binary' }), (anything, id) => {
        safeParseTransaction(anything, TIMES);
        const parsed = safeParseTransaction({ transactionId: id, labels: anything }, TIMES);
        if (parsed.ok) expect(parsed.value.transactionId).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['2026-11-22T10:00:00+08', '2026-11-22T02:00:00.000Z'],
    ['2026-11-22T10:00:00+0530', '2026-11-22T04:30:00.000Z'],
    ['2026-11-22T10:00-03:30', '2026-11-22T13:30:00.000Z'],
    ['2026-11-22T10:00:00,25Z', '2026-11-22T10:00:00.250Z'],
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['2026-03-01T00:30:00+02:00', '2026-02-28T22:30:00.000Z'],
  ])('%s is %s', (given, utc) => {
    expect(safeParseInstant(given, 'x')).toEqual({ ok: true, value: Date.parse(utc) });
  });

  it('may have labels named as members of every object', () => {
    const labels = { constructor: 'a', prototype: 'b', valueof: 'c' };
    expect(safeParseTransaction({ ...GOOD, labels }, TIMES)).toEqual({
      ok: true,
      value: { ...GOOD, labels },
    });
  });

  it('reads back every time that ISO 8601 writes', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }),
        (date) => {
          expect(safeParseInstant(date.toISOString(), 'x')).toEqual({ ok: true, value: date.getTime() });
        },
      ),
    );
  });
});
