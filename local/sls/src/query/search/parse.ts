import { QueryRefused } from '../contract.ts';
import { type Keyword, SearchReader } from './reader.ts';

export interface Bound {
  readonly value: number;
  readonly inclusive: boolean;
}

/**
 * The search language, as the service documents it ("Search syntax", read 2026-11): keywords, `key:value`,
 * comparisons and ranges, combined with `and`, `or`, `not` and parentheses; keywords side by side mean `and`.
 * `and` and `not` bind alike, from the left, and both bind before `or`: `a not b or c` is `(a and not b) or c`.
 */
export type SearchNode =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly left: SearchNode; readonly right: SearchNode }
  | { readonly kind: 'not'; readonly inner: SearchNode }
  | { readonly kind: 'keyword'; readonly keyword: Keyword }
  | { readonly kind: 'field'; readonly key: string; readonly keyword: Keyword }
  | {
      readonly kind: 'compare';
      readonly key: string;
      readonly operator: '>' | '>=' | '<' | '<=' | '=';
      readonly operand: string;
    }
  | { readonly kind: 'range'; readonly key: string; readonly low: Bound; readonly high: Bound };

/** The two parts of a query: what stands before the first `|` that is not in quotes, and what stands after it. */
export function splitQuery(query: string): { search: string; sql: string | undefined } {
  let quoted = false;
  for (let at = 0; at < query.length; at += 1) {
    const char = query[at];
    if (char === '\\' && query[at + 1] === '"') at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === '|' && !quoted) {
      return { search: query.slice(0, at).trim(), sql: query.slice(at + 1).trim() };
    }
  }
  return { search: query.trim(), sql: undefined };
}

/** What one search may ask for. */
const MAX_CONDITIONS = 30;
const MAX_DEPTH = 100;
const MAX_KEYWORD_CHARACTERS = 64;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

/**
 * Parses a search.
 * @throws QueryRefused InvalidQueryString
 */
export function parseSearch(text: string): SearchNode {
  const parser = new SearchParser(new SearchReader(text));
  return parser.parse();
}

function refuse(message: string): never {
  throw new QueryRefused('InvalidQueryString', message);
}

class SearchParser {
  readonly #reader: SearchReader;
  #conditions = 0;
  #depth = 0;

  constructor(reader: SearchReader) {
    this.#reader = reader;
  }

  parse(): SearchNode {
    if (this.#reader.atEnd()) return { kind: 'all' };
    const node = this.#or();
    if (!this.#reader.atEnd()) refuse(`syntax error near '${this.#reader.rest()}'`);
    return node;
  }

  #or(): SearchNode {
    let left = this.#and();
    while (this.#reader.takeOperator('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): SearchNode {
    let left = this.#unary();
    for (;;) {
      if (this.#reader.takeOperator('and')) left = { kind: 'and', left, right: this.#unary() };
      else if (this.#startsOperand()) left = { kind: 'and', left, right: this.#unary() };
      else return left;
    }
  }

  #startsOperand(): boolean {
    return !this.#reader.atEnd() && this.#reader.peek() !== ')' && !this.#reader.peekOperator('or');
  }

  #unary(): SearchNode {
    if (++this.#depth > MAX_DEPTH) refuse(`the search is nested deeper than ${MAX_DEPTH} levels`);
    const node = this.#reader.takeOperator('not')
      ? ({ kind: 'not', inner: this.#unary() } as const)
      : this.#primary();
    this.#depth -= 1;
    return node;
  }

  #primary(): SearchNode {
    if (this.#reader.take('(')) {
      const inner = this.#or();
      if (!this.#reader.take(')')) refuse("syntax error: missing ')'");
      return inner;
    }
    if (++this.#conditions > MAX_CONDITIONS) refuse(`more than ${MAX_CONDITIONS} conditions in a search`);
    const word = this.#reader.word();
    if (word === undefined) refuse(`syntax error near '${this.#reader.rest()}'`);
    if (word.phrase) return { kind: 'keyword', keyword: word };
    if (this.#reader.take(':')) return this.#field(word.text);
    const operator = this.#reader.takeComparison();
    if (operator !== undefined)
      return { kind: 'compare', key: word.text, operator, operand: this.#operand() };
    if (this.#reader.takeRangeWord()) return this.#range(word.text);
    if (!word.quoted && word.text === '*') return { kind: 'all' };
    return { kind: 'keyword', keyword: checked(word) };
  }

  /** A tag's name has a colon of its own: `__tag__:host:web-1`. */
  #field(key: string): SearchNode {
    const word = this.#reader.value();
    if (word === undefined) refuse(`syntax error: no value after '${key}:'`);
    if (key === '__tag__' && this.#reader.take(':')) return this.#field(`__tag__:${word.text}`);
    if (this.#reader.peek() === ':') {
      refuse(`syntax error near '${key}:${word.text}:'; a value that holds ':' goes in double quotes`);
    }
    return { kind: 'field', key, keyword: checked(word) };
  }

  #operand(): string {
    const word = this.#reader.value();
    if (word === undefined) refuse('syntax error: a comparison needs a number');
    return word.text;
  }

  #range(key: string): SearchNode {
    const open = this.#reader.next();
    const low = this.#bound(open === '[');
    const high = this.#bound(true);
    const close = this.#reader.next();
    if (close !== ']' && close !== ')') refuse(`syntax error: the range of '${key}' does not end`);
    return { kind: 'range', key, low, high: { ...high, inclusive: close === ']' } };
  }

  #bound(inclusive: boolean): Bound {
    const text = this.#reader.number();
    if (!NUMBER.test(text)) refuse(`syntax error: '${text}' is not a number`);
    return { value: Number(text), inclusive };
  }
}

function checked(word: Keyword): Keyword {
  if (word.quoted) return word;
  if (word.text.length > 1 && /^[*?]/.test(word.text)) {
    refuse(`'${word.text}': a keyword cannot start with a wildcard`);
  }
  if (/[*?]/.test(word.text) && word.text.length > MAX_KEYWORD_CHARACTERS) {
    refuse(`a keyword with a wildcard has at most ${MAX_KEYWORD_CHARACTERS} characters`);
  }
  return word;
}

/** Whether a comparison's operand is a number. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text);
}
