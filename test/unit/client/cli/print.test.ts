import { describe, expect, it } from '@jest/globals';
import { wilson } from '../../../../client/cli/lateness.ts';
import { bar, columns, duration, plain } from '../../../../client/cli/print.ts';

describe('what the terminal shows', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', ' [31mred [0m'],
    ['a\r\nb\u0000', 'a  b '],
    ['right\u202eto left', 'right to left'],
    ['用户进入OCR页面', '用户进入OCR页面'],
  ])('holds no character of a log that would move the cursor: %j', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it('lines up Chinese with Latin', () => {
    expect(
      columns(
        [
          ['界', 'x'],
          ['abc', 'y'],
        ],
        '> ',
      ),
    ).toBe('> 界   x\n> abc  y');
    expect(columns([])).toBe('');
  });

  it.each([
    [0, '0.0 s'],
    [1_615, '1.6 s'],
    [59_940, '59.9 s'],
    [95_000, '1 min 35 s'],
  ])('%d ms are %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0, 0],
    [0.5, 15],
    [1, 30],
    [7, 30],
    [-1, 0],
  ])('a bar of %d has %d cells', (share, cells) => {
    expect(bar(share).replace(/[^#]/g, '')).toHaveLength(cells);
    expect(bar(share)).toHaveLength(32);
  });
});

describe('the interval of a share', () => {
  it.each([
    [0, 10, 0, 0.2775],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
    [3, 30, 0.0346, 0.2562],
  ])('%d of %d', (hits, total, low, high) => {
    const [from, to] = wilson(hits, total);
    expect(from).toBeCloseTo(low, 3);
    expect(to).toBeCloseTo(high, 3);
  });
});
