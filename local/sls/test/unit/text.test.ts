import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QueryRefused } from '../../src/query/contract.ts';
import { javaDouble } from '../../src/query/sql/format.ts';
import { fromJodaFormat, fromMysqlFormat } from '../../src/query/sql/functions/time-format.ts';
import { readSql } from '../../src/query/sql/run.ts';
import { toDouble, toLong } from '../../src/query/store/field-value.ts';
import { readPairs, writePairs } from '../../src/query/store/row-text.ts';

/** What `Double.toString` of Java gives. */
it.each([
  [0, '0.0'],
  [-0, '-0.0'],
  [1, '1.0'],
  [0.1, '0.1'],
  [100, '100.0'],
  [0.001, '0.001'],
  [0.00099, '9.9E-4'],
  [9999999, '9999999.0'],
  [1e7, '1.0E7'],
  [12345678.9, '1.23456789E7'],
  [1e21, '1.0E21'],
  [-1.5e-10, '-1.5E-10'],
  [0.9966101694915255, '0.9966101694915255'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
])('%d is %s', (value, expected) => {
  expect(javaDouble(value)).toBe(expected);
});

it.each([
  ['%Y-%m-%d %H:%i:%s', '%Y-%m-%d %H:%M:%S'],
  ['%H:%i', '%H:%M'],
  ['%T %p %M %W', '%H:%M:%S %p %B %A'],
  ['100%%', '100%%'],
  ['%q', 'q'],
  ['%U', undefined],
])('MySQL format %s', (format, expected) => {
  expect(fromMysqlFormat(format)).toBe(expected);
});

it.each([
  ['yyyy-MM-dd HH:mm:ss.SSS', '%Y-%m-%d %H:%M:%S.%g'],
  ["yyyy'T'HH''", "%YT%H'"],
  ['100% d', '100%% %-d'],
  ['QQ', undefined],
])('Joda format %s', (format, expected) => {
  expect(fromJodaFormat(format)).toBe(expected);
});

it.each([
  ['7', 7n, 7],
  ['-3', -3n, -3],
  ['+3', 3n, 3],
  ['1.5', null, 1.5],
  ['1e3', null, 1000],
  ['9223372036854775807', 9223372036854775807n, 2 ** 63],
  ['-9223372036854775809', null, -(2 ** 63)],
  ['', null, null],
  ['0x10', null, null],
  [' 1', null, null],
  ['NaN', null, null],
  [null, null, null],
])('%s as long and double', (text, asLong, asDouble) => {
  expect([toLong(text), toDouble(text)]).toEqual([asLong, asDouble]);
});

it('pairs come back as they were, whatever they hold', () => {
  const text = fc.string({ unit: fc.constantFrom('\u001d', '\u001e', '\u001f', 'e', 'f', 'k', 'ü', '') });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
      expect(readPairs(writePairs(pairs))).toEqual(pairs);
    }),
  );
});

it('any text is a statement or is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.boolean(), (noise, begun) => {
      try {
        readSql(begun ? `select ${noise}` : noise);
      } catch (error) {
        expect(error).toBeInstanceOf(QueryRefused);
      }
    }),
    { numRuns: 2000 },
  );
});
