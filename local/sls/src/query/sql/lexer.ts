import { QueryRefused } from '../contract.ts';

export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'long' | 'double' | 'operator' | 'end';
  /** Words as written; strings and quoted names without their quotes. */
  readonly text: string;
  readonly at: number;
}

const SPACE = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_@$\u0080-\uffff]*/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const OPERATOR = /<>|!=|<=|>=|\|\||->|=>|[-+*/%=<>(),.[\]?;:{}!&|^~@#$\\`]/y;

/**
 * Cuts a SQL text into tokens; the last one has kind `end`.
 * @throws QueryRefused ParameterInvalid
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  for (;;) {
    at += match(SPACE)?.length ?? 0;
    const char = text[at];
    if (char === undefined) break;
    if (char === "'" || char === '"') {
      const { value, end } = readQuoted(text, at);
      tokens.push({ kind: char === '"' ? 'quoted' : 'string', text: value, at });
      at = end;
      continue;
    }
    const number = match(NUMBER);
    if (number !== undefined) {
      const after = text[at + number.length] ?? '';
      if (/[A-Za-z_]/.test(after)) refuseDigit(text, at);
      tokens.push({ kind: /^\d+$/.test(number) ? 'long' : 'double', text: number, at });
      at += number.length;
      continue;
    }
    const word = match(WORD);
    const token = word ?? match(OPERATOR);
    if (token === undefined) refuseSql(`${placeOf(text, at)}: unexpected character '${char}'`);
    tokens.push({ kind: word === undefined ? 'operator' : 'word', text: token, at });
    at += token.length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: text.length });
  return tokens;
}

function refuseDigit(text: string, at: number): never {
  refuseSql(
    `${placeOf(text, at)}: identifiers must not start with a digit; surround the identifier with double quotes`,
  );
}

/** A quote inside is doubled. */
function readQuoted(text: string, start: number): { value: string; end: number } {
  const quote = text[start] ?? '';
  let value = '';
  let at = start + 1;
  for (;;) {
    const close = text.indexOf(quote, at);
    if (close < 0) refuseSql(`${placeOf(text, start)}: the text after ${quote} does not end`);
    value += text.slice(at, close);
    if (text[close + 1] !== quote) return { value, end: close + 1 };
    value += quote;
    at = close + 2;
  }
}

/**
 * Refuses a SQL statement.
 * @throws QueryRefused ParameterInvalid, always
 */
export function refuseSql(message: string): never {
  throw new QueryRefused('ParameterInvalid', message);
}

/** Where in the SQL text something stands, the way the service says it: `line 1:10`. */
export function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
