import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Registration } from '../../../../shared/logstores/registration.ts';

interface Said {
  readonly atMs: number;
  readonly id?: string | undefined;
  readonly openedMs?: number | undefined;
  readonly labels?: Record<string, string> | undefined;
}

const said: fc.Arbitrary<Said> = fc.record({
  atMs: fc.integer({ min: 1, max: 4 }),
  id: fc.option(fc.constantFrom('a', 'b', 'B2'), { nil: undefined }),
  openedMs: fc.option(fc.integer({ min: 10, max: 13 }), { nil: undefined }),
  labels: fc.option(fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2', '10', '')), {
    nil: undefined,
  }),
});

function registrationOf(all: readonly Said[]): Registration {
  const registration = new Registration();
  for (const { atMs, id, openedMs, labels } of all) {
    registration.add(
      {
        ...(id === undefined ? {} : { merchantBizId: id }),
        ...(openedMs === undefined ? {} : { initializedAtMs: openedMs }),
        ...(labels === undefined ? {} : { labels }),
      },
      atMs,
    );
  }
  return registration;
}

/** Of one field: the value given last, of several given then the greatest text. */
function last(values: readonly (readonly [atMs: number, value: string | undefined])[]): string | undefined {
  const there = values.filter((one): one is readonly [number, string] => one[1] !== undefined);
  const newest = Math.max(...there.map(([atMs]) => atMs));
  return there
    .filter(([atMs]) => atMs === newest)
    .map(([, value]) => value)
    .sort()
    .at(-1);
}

describe('several registrations of one transaction', () => {
  it('are merged field by field, in whatever order they are read', () => {
    fc.assert(
      fc.property(
        fc
          .array(said, { maxLength: 6 })
          .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          const { given, givenAtMs } = registrationOf(shuffled);
          expect(given.merchantBizId).toBe(last(all.map(({ atMs, id }) => [atMs, id])));
          expect(given.initializedAtMs?.toString()).toBe(
            last(all.map(({ atMs, openedMs }) => [atMs, openedMs?.toString()])),
          );
          const labels = ['x', 'y', 'z'].flatMap((key) => {
            const value = last(all.map((one) => [one.atMs, one.labels?.[key]]));
            return value === undefined ? [] : [[key, value]];
          });
          expect(given.labels ?? {}).toEqual(Object.fromEntries(labels));
          expect(givenAtMs === undefined).toBe(Object.keys(given).length === 0);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('say whether something new was given', () => {
    const registration = new Registration();
    expect(registration.add({ labels: { a: '1' } }, 5)).toBe(true);
    expect(registration.add({ labels: { a: '1' } }, 9)).toBe(false);
    expect(registration.add({ labels: { a: '2' } }, 8)).toBe(false);
    expect(registration.add({ labels: { a: '2' } }, 10)).toBe(true);
    expect(registration.add({ merchantBizId: 'b' }, 1)).toBe(true);
  });

  it('take from a record only what no registration says', () => {
    const registration = registrationOf([{ atMs: 1, labels: { a: 'said' } }]);
    registration.fill({ merchantBizId: 'recorded', labels: { a: 'recorded', b: 'recorded' } });
    registration.fill({ merchantBizId: 'older' });
    expect(registration.given).toEqual({ merchantBizId: 'recorded', labels: { a: 'said', b: 'recorded' } });
    expect(registration.givenAtMs).toBe(1);
  });

  it('keep the newest twenty labels when writers together give more', () => {
    const numbered = (prefix: string) =>
      Object.fromEntries(
        Array.from({ length: 15 }, (_, n) => [`${prefix}${String(n).padStart(2, '0')}`, 'v']),
      );
    const { given } = registrationOf([
      { atMs: 2, labels: numbered('new') },
      { atMs: 1, labels: numbered('old') },
    ]);
    expect(Object.keys(given.labels ?? {}).sort()).toEqual([
      ...Object.keys(numbered('new')),
      'old00',
      'old01',
      'old02',
      'old03',
      'old04',
    ]);
  });
});
