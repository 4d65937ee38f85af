/**
 * The fields of a log as one text: `key US value RS` for each. The two separators can then serve as word
 * boundaries of the full text, so that no word runs over the end of a field. A value that holds a separator
 * itself has it escaped.
 */
const FIELD_END = '\x1e';
const KEY_END = '\x1f';
const ESCAPE = '\x1d';

export const SEPARATORS = `${FIELD_END}${KEY_END}`;

const ESCAPES: Readonly<Record<string, string>> = { [ESCAPE]: 'e', [FIELD_END]: 'f', [KEY_END]: 'k' };
const UNESCAPES: Readonly<Record<string, string>> = { e: ESCAPE, f: FIELD_END, k: KEY_END };
// biome-ignore lint/suspicious/noControlCharactersInRegex: the separators are control characters on purpose.
const NEEDS_ESCAPE = /[\x1d\x1e\x1f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const HAS_SPECIAL = /[\x1d\x1e\x1f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const ESCAPED = /\x1d([efk])/g;

type Pairs = ReadonlyArray<readonly [key: string, value: string]>;

/** The pairs as one text; `readPairs` is its inverse. */
export function writePairs(pairs: Pairs, holds?: (key: string) => boolean): string {
  let text = '';
  for (const [key, value] of pairs) {
    if (holds === undefined || holds(key))
      text += `${escapeText(key)}${KEY_END}${escapeText(value)}${FIELD_END}`;
  }
  return text;
}

/** The pairs `writePairs` was given. */
export function readPairs(text: string): Array<[key: string, value: string]> {
  if (text === '') return [];
  return text
    .slice(0, -1)
    .split(FIELD_END)
    .map((field) => {
      const at = field.indexOf(KEY_END);
      return [unescapeText(field.slice(0, at)), unescapeText(field.slice(at + 1))];
    });
}

function escapeText(text: string): string {
  if (!HAS_SPECIAL.test(text)) return text;
  return text.replace(NEEDS_ESCAPE, (char) => `${ESCAPE}${ESCAPES[char] ?? ''}`);
}

function unescapeText(text: string): string {
  return text.includes(ESCAPE) ? text.replace(ESCAPED, (_, letter: string) => UNESCAPES[letter] ?? '') : text;
}
