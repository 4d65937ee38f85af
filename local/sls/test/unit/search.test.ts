import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QueryRefused } from '../../src/query/contract.ts';
import { parseSearch, type SearchNode, splitQuery } from '../../src/query/search/parse.ts';
import { wordsOf } from '../../src/query/search/words.ts';

/** The tree with all its brackets. */
function shape(node: SearchNode): string {
  switch (node.kind) {
    case 'all':
      return '*';
    case 'and':
    case 'or':
      return `(${shape(node.left)} ${node.kind} ${shape(node.right)})`;
    case 'not':
      return `!${shape(node.inner)}`;
    case 'keyword':
      return node.keyword.phrase ? `#${node.keyword.text}` : node.keyword.text;
    case 'field':
      return `${node.key}=${node.keyword.text}`;
    case 'compare':
      return `${node.key}${node.operator}${node.operand}`;
    case 'range':
      return `${node.key}${node.low.inclusive ? '[' : '('}${node.low.value},${node.high.value}${node.high.inclusive ? ']' : ')'}`;
  }
}

describe('a search is read', () => {
  it.each([
    ['', '*'],
    ['  * ', '*'],
    ['a b', '(a and b)'],
    ['a or b and c', '(a or (b and c))'],
    ['a and b or c', '((a and b) or c)'],
    ['not a and b', '(!a and b)'],
    ['a not b or c', '((a and !b) or c)'],
    ['(a or b) c', '((a or b) and c)'],
    ['not not a', '!!a'],
    ['NOT a AND b', '(!a and b)'],
    ['android or notes', '(android or notes)'],
    ['"a and b"', 'a and b'],
    ['"a \\" b"', 'a " b'],
    ['k:v', 'k=v'],
    ['"a b":"c d"', 'a b=c d'],
    ['k : v', 'k=v'],
    ['k:a=b>c', 'k=a=b>c'],
    ['__tag__:host:web-1', '__tag__:host=web-1'],
    ['k>=3', 'k>=3'],
    ['k < -1.5', 'k<-1.5'],
    ['k in [1 5)', 'k[1,5)'],
    ['k in (1 5]', 'k(1,5]'],
    ['in a', '(in and a)'],
    ['k:#"x y"', 'k=x y'],
    ['#"x y"', '#x y'],
  ])('%s as %s', (text, expected) => {
    expect(shape(parseSearch(text))).toBe(expected);
  });

  it('never ends in anything but a tree or a refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          shape(parseSearch(text));
        } catch (error) {
          expect(error).toBeInstanceOf(QueryRefused);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

it.each([
  ['*', '*', undefined],
  [' a | select 1 ', 'a', 'select 1'],
  ['"a|b" | select 1', '"a|b"', 'select 1'],
  ['a\\"|b', 'a\\"', 'b'],
  ["* | select 'a|b'", '*', "select 'a|b'"],
  ['|select 1', '', 'select 1'],
])('%s is cut at the first bar outside quotes', (query, search, sql) => {
  expect(splitQuery(query)).toEqual({ search, sql });
});

it.each([
  ['/url/pic/abc.gif', '', ['/url/pic/abc.gif']],
  ['/url/pic/abc.gif', '/', ['url', 'pic', 'abc.gif']],
  ['/url/pic/abc.gif', '/.', ['url', 'pic', 'abc', 'gif']],
  ['///', '/', []],
])('%s with delimiters "%s" has the words %j', (text, delimiters, words) => {
  const keyword = { text, quoted: true, phrase: false };
  const found = wordsOf(keyword, { delimiters, caseSensitive: false, chinese: false });
  expect(found.map((word) => word.text)).toEqual(words);
});

it('tells Chinese from what stands beside it', () => {
  const keyword = { text: '用户abc', quoted: true, phrase: false };
  const words = (chinese: boolean) =>
    wordsOf(keyword, { delimiters: ' ', caseSensitive: false, chinese }).map((word) => word.text);
  expect(words(true)).toEqual(['用户', 'abc']);
  expect(words(false)).toEqual(['用户abc']);
});
