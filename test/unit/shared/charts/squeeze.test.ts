import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { squeeze } from '../../../../shared/charts/sql.ts';

describe('squeeze', () => {
  it.each([
    ['line breaks and indentation', '\n  SELECT a,\n\t b\r\n  FROM log\n', 'SELECT a, b FROM log'],
    ['room inside brackets', 'FROM (\n  SELECT a\n)  AS x', 'FROM (SELECT a) AS x'],
    ['a comment to the end of the line', 'SELECT a -- why\nFROM log', 'SELECT a FROM log'],
    ['a comment at the very end', 'SELECT a -- why', 'SELECT a'],
    ['a comment in between', 'SELECT a/* why\n so */FROM log', 'SELECT a FROM log'],
    ['a quote in a comment', "SELECT a -- don't\nFROM log -- isn't", 'SELECT a FROM log'],
    ['a minus and a division', 'SELECT a - -1 / 2 * 3', 'SELECT a - -1 / 2 * 3'],
  ])('takes out %s', (_, sql, line) => {
    expect(squeeze(sql)).toBe(line);
  });

  it.each([
    ["'two  blanks'"],
    ["'a\n line'"],
    ["'-- no comment'"],
    ["'/* nor this */'"],
    ["'it''s  one'"],
    ["''''"],
    ["''"],
    ['"a  -- column"'],
    ['"with ""two""  quotes"'],
    [`'"'`],
    [`"it's"`],
    ["'安卓  '"],
    ["'😀  '"],
  ])('leaves %s as it is', (literal) => {
    expect(squeeze(`SELECT\n  ${literal}\n  AS a`)).toBe(`SELECT ${literal} AS a`);
  });

  it('keeps what is quoted, and the words outside in their order, whatever stands between them', () => {
    const quoted = fc
      .tuple(fc.constantFrom("'", '"'), fc.string({ unit: 'grapheme' }))
      .map(([quote, text]) => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`);
    const word = fc.oneof(quoted, fc.constantFrom('SELECT', 'a', '1', '<>', ','));
    const room = fc.constantFrom(' ', '\n', '\n    ', ' -- why\n', " -- don't\n", ' /* "so" */ ', '\t');
    fc.assert(
      fc.property(fc.array(fc.tuple(word, room), { minLength: 1 }), (pieces) => {
        const line = squeeze(pieces.flat().join(''));
        expect(line).toBe(pieces.map(([text]) => text).join(' '));
        expect(squeeze(line)).toBe(line);
      }),
    );
  });
});
