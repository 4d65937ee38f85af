import { describe, expect, it } from '@jest/globals';
import { toContents } from '../../../../shared/logstores/field-table.ts';
import { toJsonText, toJsonTexts } from '../../../../shared/record/json-text.ts';
import { toLong, Unknowns } from '../../../../shared/record/members.ts';
import { clip, present, storable } from '../../../../shared/record/storable.ts';

describe('toLong', () => {
  it.each([
    [0, 0],
    [1615, 1615],
    ['37446', 37446],
    [' 8707 ', 8707],
    ['+5', 5],
    ['1338.9', 1338],
    ['1338.95', 1338],
    [2.99, 2],
    [Number.MAX_SAFE_INTEGER, 9007199254740991],
    ['9007199254740991', 9007199254740991],
  ])('%j is %j', (value, expected) => {
    expect(toLong(value)).toBe(expected);
  });

  it.each([
    -1,
    '-1',
    -0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '9007199254740992',
    '',
    ' ',
    'x',
    '5x',
    'x5',
    '5.',
    '0x10',
    '1e3',
    '５',
    null,
    undefined,
    true,
    [5],
    { valueOf: () => 5 },
    5n,
  ])('%p is none', (value) => {
    expect(toLong(value)).toBeUndefined();
  });

  it('knows no negative zero', () => {
    expect(toLong(-0)).toBe(0);
  });
});

describe('storable text', () => {
  it.each([
    ['plain 文字 😀', 'plain 文字 😀'],
    ['a\ud800b', 'a\ufffdb'],
    ['\udc00\ud800', '\ufffd\ufffd'],
    ['a\0b\0', 'a\ufffdb\ufffd'],
    ['\r\n\t', '\r\n\t'],
  ])('%j becomes %j', (text, expected) => {
    expect(storable(text)).toBe(expected);
    expect(clip(text, 100)).toBe(expected);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['ab😀cd', 4, 'ab…'],
    ['ab😀cd', 5, 'ab😀…'],
    ['ab\udbffcd', 4, 'ab…'],
    ['ab\udc00cde', 4, 'ab\ufffd…'],
    ['\0\0\0\0', 3, '\ufffd\ufffd…'],
  ])('%j in %i is %j', (text, length, expected) => {
    expect(clip(text, length)).toBe(expected);
  });
});

describe('JSON text', () => {
  it.each(
    [
      null,
      true,
      false,
      0,
      -0,
      1e300,
      5e-324,
      'a"b\\\u2028\ud800\0',
      [],
      {},
      [1, [2, [3]], {}],
      { b: 1, a: [{ d: null, c: 'x' }] },
      ['only', 'texts'],
      { list: ['only', 'texts'], mixed: ['text', 1] },
    ].map((value) => [value]),
  )('%j comes back', (value) => {
    for (const text of [
      toJsonText(value),
      toJsonText(value, true),
      toJsonTexts(value).text,
      toJsonTexts(value).sorted,
    ]) {
      expect(JSON.parse(text)).toEqual(value);
    }
  });

  it('keeps what JSON.parse can make and JSON.stringify loses', () => {
    const value = JSON.parse('{"zero":-0,"big":1e999,"low":[-1e999],"__proto__":{"x":1},"toJSON":2}');
    for (const text of [toJsonText(value), toJsonTexts(value).text]) {
      expect(text).toBe('{"zero":-0,"big":1e999,"low":[-1e999],"__proto__":{"x":1},"toJSON":2}');
    }
  });

  it('sorts keys by code units at every depth and leaves lists alone', () => {
    const value = { b: { z: 1, Z: [{ y: 1, x: 2 }] }, a: [3, 1, 2], '10': 0, '9': 0 };
    const sorted = '{"10":0,"9":0,"a":[3,1,2],"b":{"Z":[{"x":2,"y":1}],"z":1}}';
    expect(toJsonText(value, true)).toBe(sorted);
    expect(toJsonTexts(value).sorted).toBe(sorted);
    expect(toJsonTexts(value).text).toBe(JSON.stringify(value));
    expect(toJsonTexts([{ b: 1, a: 2 }])).toEqual({ text: '[{"b":1,"a":2}]', sorted: '[{"a":2,"b":1}]' });
  });

  it.each([
    [{ a: undefined, b: () => 0, c: Symbol('c'), d: 1 }, '{"d":1}'],
    [[undefined, () => 0, Symbol('c')], '[null,null,null]'],
    [{ n: Number.NaN, big: 7n }, '{"n":null,"big":"7"}'],
    [undefined, 'null'],
    [Symbol('x'), 'null'],
  ])('writes %p as near as can be', (value, expected) => {
    expect(toJsonText(value)).toBe(expected);
    expect(toJsonTexts(value).text).toBe(expected);
  });

  it('closes circles, and writes the same object twice where it is no circle', () => {
    const inner = { x: 1 };
    const value: Record<string, unknown> = { one: inner, two: inner };
    value.self = value;
    value.list = [value];
    expect(toJsonText(value)).toBe('{"one":{"x":1},"two":{"x":1},"self":"[circular]","list":["[circular]"]}');
  });

  it('goes as deep as a body can', () => {
    const text = `${'[{"a":'.repeat(20_000)}1${'}]'.repeat(20_000)}`;
    expect(toJsonText(JSON.parse(text)) === text).toBe(true);
    expect(toJsonTexts({ deep: JSON.parse(text) }).sorted === `{"deep":${text}}`).toBe(true);
  });

  it('survives proxies that refuse', () => {
    const refusing = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('no');
        },
      },
    );
    const list = new Proxy([1], {
      get(target, key) {
        if (key === '0') throw new Error('no');
        return Reflect.get(target, key);
      },
    });
    expect(toJsonText({ refusing })).toBe('{"refusing":{}}');
    expect(toJsonTexts({ list }).text).toBe('{"list":[null]}');
    expect(toJsonTexts(refusing).text).toBe('{}');
  });
});

describe('rows', () => {
  it('hold known columns only; the later value counts', () => {
    const row = present<{ a?: number; b?: string }>(
      { a: 0, b: undefined },
      { b: '' },
      { a: 2, b: undefined },
    );
    expect(row).toStrictEqual({ a: 2, b: '' });
  });

  it('become ordered pairs of text', () => {
    const fields = {
      id: { type: 'text', meaning: '', source: '' },
      count: { type: 'long', meaning: '', source: '' },
      note: { type: 'text', meaning: '', source: '' },
    } as const;
    expect(toContents(fields, { note: '', count: 0, id: 'x' })).toEqual([
      ['id', 'x'],
      ['count', '0'],
      ['note', ''],
    ]);
    expect(toContents(fields, {})).toEqual([]);
  });
});

describe('unknown values', () => {
  it('are all counted, the first twenty named', () => {
    const unknowns = new Unknowns();
    for (let index = 0; index < 30; index += 1) unknowns.note('Member', `v${index}`);
    expect(unknowns.count).toBe(30);
    expect(unknowns.shown).toHaveLength(20);
    expect(unknowns.shown[19]).toBe('Member:v19');
  });

  it('count as often as told, and hold no separator and no long text', () => {
    const unknowns = new Unknowns();
    unknowns.note('LogInfo', '3 unreadable lines', 3);
    unknowns.note('Passed', `a,b,${'x'.repeat(100)}`);
    expect(unknowns.count).toBe(4);
    expect(unknowns.shown).toEqual(['LogInfo:3 unreadable lines', `Passed:a;b;${'x'.repeat(59)}…`]);
  });
});
