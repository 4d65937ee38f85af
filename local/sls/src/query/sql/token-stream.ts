import type { Identifier } from './ast.ts';
import { placeOf, refuseSql, type Token, tokenize } from './lexer.ts';

/** Presto's reserved words: none of them is a name unless it is quoted. */
const RESERVED = new Set(
  `alter and as between by case cast constraint create cross cube current_date current_time current_timestamp
   deallocate delete describe distinct drop else end escape except execute exists extract false for from full
   group grouping having in inner insert intersect into is join left like limit localtime localtimestamp natural
   not null offset on or order outer prepare right rollup select table then true union unnest using values when
   where with`.split(/\s+/),
);

/** Nothing a person writes comes near; it keeps the parser off the end of the stack. */
const MAX_DEPTH = 150;

/** Tokens with one to look at, and the errors a parser raises. */
export class TokenStream {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
    this.#tokens = tokenize(text);
  }

  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new Error('a token stream always has an end token');
    return token;
  }

  advance(): Token {
    const token = this.peek();
    this.#next += 1;
    return token;
  }

  /** Whether the next tokens are these words or operators. */
  isNext(...texts: string[]): boolean {
    return texts.every((text, ahead) => {
      const token = this.peek(ahead);
      if (token.kind === 'word') return token.text.toLowerCase() === text;
      return token.kind === 'operator' && token.text === text;
    });
  }

  take(...texts: string[]): boolean {
    if (!this.isNext(...texts)) return false;
    this.#next += texts.length;
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) this.unexpected(`expecting '${text.toUpperCase()}'`);
  }

  /** The next token's word in lower case, if it is one of these. */
  takeOneOf(...words: string[]): string | undefined {
    const found = words.find((word) => this.isNext(word));
    if (found !== undefined) this.#next += 1;
    return found;
  }

  isIdentifier(ahead = 0): boolean {
    const token = this.peek(ahead);
    if (token.kind === 'quoted') return true;
    return token.kind === 'word' && !RESERVED.has(token.text.toLowerCase());
  }

  identifier(): Identifier {
    if (!this.isIdentifier()) this.unexpected('expecting a name');
    const token = this.advance();
    return { name: token.text, quoted: token.kind === 'quoted' };
  }

  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.take(',')) items.push(item());
    return items;
  }

  parenthesized<T>(item: () => T): T {
    this.expect('(');
    const value = item();
    this.expect(')');
    return value;
  }

  nested<T>(work: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) refuseSql(`the statement is nested deeper than ${MAX_DEPTH} levels`);
    const value = work();
    this.#depth -= 1;
    return value;
  }

  unexpected(expecting: string): never {
    const token = this.peek();
    refuseSql(`${placeOf(this.text, token.at)}: mismatched input '${token.text}', ${expecting}`);
  }

  /** For tokens that have a meaning in SQL, but none here. */
  unsupported(what: string): never {
    refuseSql(`${placeOf(this.text, this.peek().at)}: ${what} is not supported`);
  }
}
