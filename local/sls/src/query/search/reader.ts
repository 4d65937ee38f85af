import { QueryRefused } from '../contract.ts';

/** A piece of a keyword: its characters, or a wildcard (`*` any number of characters, `?` one). */
export interface Keyword {
  readonly text: string;
  /** In double quotes: wildcards and operators are plain characters. */
  readonly quoted: boolean;
  /** `#"..."`: the words must follow one another as written. */
  readonly phrase: boolean;
}

const SPACE = /\s/;
/** What ends a word that may be a key. */
const KEY_END = /[\s():=<>"]/;
/** What ends an unquoted value: it may hold the characters of comparisons. */
const VALUE_END = /[\s():"]/;

/** Reads the pieces of a search from left to right; what a character means depends on where it stands. */
export class SearchReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#skipSpace();
    return this.#at >= this.#text.length;
  }

  peek(): string {
    this.#skipSpace();
    return this.#text[this.#at] ?? '';
  }

  next(): string {
    const char = this.peek();
    this.#at += char.length;
    return char;
  }

  take(char: string): boolean {
    if (this.peek() !== char) return false;
    this.#at += 1;
    return true;
  }

  /** For messages. */
  rest(): string {
    return this.#text.slice(this.#at, this.#at + 32);
  }

  /** `and`, `or` and `not` are operators in any case, unless they are quoted or are a key. */
  peekOperator(name: string): boolean {
    this.#skipSpace();
    const end = this.#at + name.length;
    if (this.#text.slice(this.#at, end).toLowerCase() !== name) return false;
    const after = this.#text[end] ?? ' ';
    return SPACE.test(after) || after === '(' || after === ')' || after === '"';
  }

  takeOperator(name: string): boolean {
    if (!this.peekOperator(name)) return false;
    this.#at += name.length;
    return true;
  }

  takeComparison(): '>' | '>=' | '<' | '<=' | '=' | undefined {
    for (const operator of ['>=', '<=', '>', '<', '='] as const) {
      this.#skipSpace();
      if (!this.#text.startsWith(operator, this.#at)) continue;
      this.#at += operator.length;
      return operator;
    }
    return undefined;
  }

  /** `in` before a bracket; it is the one operator that is case-sensitive. */
  takeRangeWord(): boolean {
    this.#skipSpace();
    const match = /^in\s*(?=[[(])/.exec(this.#text.slice(this.#at, this.#at + 64));
    if (match === null) return false;
    this.#at += match[0].length;
    return true;
  }

  number(): string {
    this.#skipSpace();
    const start = this.#at;
    while (this.#at < this.#text.length && !/[\s\])]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  word(): Keyword | undefined {
    return this.#keyword(KEY_END);
  }

  value(): Keyword | undefined {
    return this.#keyword(VALUE_END);
  }

  #keyword(end: RegExp): Keyword | undefined {
    this.#skipSpace();
    const phrase = this.#text.startsWith('#"', this.#at);
    if (phrase) this.#at += 1;
    if (this.#text[this.#at] === '"') return { text: this.#quoted(), quoted: true, phrase };
    let text = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? '';
      if (char === '\\' && this.#text[this.#at + 1] === '"') {
        text += '"';
        this.#at += 2;
      } else if (end.test(char)) {
        break;
      } else {
        text += char;
        this.#at += 1;
      }
    }
    return text === '' ? undefined : { text, quoted: false, phrase: false };
  }

  #quoted(): string {
    let text = '';
    this.#at += 1;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new QueryRefused('InvalidQueryString', 'syntax error: missing closing "');
      this.#at += 1;
      if (char === '"') return text;
      const next = this.#text[this.#at];
      if (char === '\\' && (next === '"' || next === '\\')) {
        text += next;
        this.#at += 1;
      } else {
        text += char;
      }
    }
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && SPACE.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }
}
