import type { Tokenizer } from '../store/index-plan.ts';
import type { Keyword } from './reader.ts';

/** One word to look for; in `pattern`, `*` and `?` are wildcards if `wild`. */
export interface Word {
  readonly text: string;
  readonly wild: boolean;
}

const CHINESE = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/;
const CHINESE_CLASS = '\\x{3400}-\\x{4dbf}\\x{4e00}-\\x{9fff}\\x{f900}-\\x{faff}';

/** The words of a keyword, told apart the way the index told apart those of the text. */
export function wordsOf(keyword: Keyword, tokenizer: Tokenizer): Word[] {
  const words: string[] = [];
  let word = '';
  const end = () => {
    if (word !== '') words.push(word);
    word = '';
  };
  for (const char of keyword.text) {
    const wildcard = !keyword.quoted && (char === '*' || char === '?');
    if (!wildcard && tokenizer.delimiters.includes(char)) {
      end();
    } else {
      // A run of Chinese characters is looked for as it stands; other words end where it begins.
      if (
        tokenizer.chinese &&
        word !== '' &&
        !wildcard &&
        CHINESE.test(char) !== CHINESE.test(word.slice(-1))
      )
        end();
      word += char;
    }
  }
  end();
  return words.map((text) => ({ text, wild: !keyword.quoted && /[*?]/.test(text) }));
}

/** SQL that is true where `column` holds the word. Never NULL. */
export function holdsWord(column: string, word: Word, tokenizer: Tokenizer, separators = ''): string {
  if (tokenizer.delimiters === '' && separators === '' && !tokenizer.chinese)
    return isWord(column, word, tokenizer);
  const body = patternOf(word, tokenizer.delimiters + separators);
  const pattern = bounded(body, word.text, tokenizer, separators);
  return matches(column, pattern, { tokenizer, sure: sureText(word) });
}

/** SQL that is true where `column` holds the words of a phrase one after the other, exactly as written. */
export function holdsPhrase(column: string, text: string, tokenizer: Tokenizer, separators = ''): string {
  if (tokenizer.delimiters === '' && separators === '')
    return isWord(column, { text, wild: false }, tokenizer);
  const pattern = bounded(quoteRegex(text), text, tokenizer, separators);
  return matches(column, pattern, { tokenizer, sure: text });
}

/** Quotes a text for SQL. DuckDB takes no NUL in a literal. */
export function sqlText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\0', '')}'`;
  return text.includes('\0') ? `(${quoted} || chr(0))` : quoted;
}

function isWord(column: string, word: Word, tokenizer: Tokenizer): string {
  if (word.wild) return matches(column, `^${patternOf(word, '')}$`, { tokenizer, sure: sureText(word) });
  if (tokenizer.caseSensitive) return `coalesce(${column} = ${sqlText(word.text)}, false)`;
  return `coalesce(lower(${column}) = lower(${sqlText(word.text)}), false)`;
}

function matches(column: string, pattern: string, how: { tokenizer: Tokenizer; sure: string }): string {
  const { caseSensitive } = how.tokenizer;
  const regex = `regexp_matches(${column}, ${sqlText(pattern)}, '${caseSensitive ? 's' : 'si'}')`;
  if (how.sure === '') return `coalesce(${regex}, false)`;
  // A plain substring test is far cheaper than the pattern and rules out nearly every row.
  const likely = caseSensitive
    ? `contains(${column}, ${sqlText(how.sure)})`
    : `contains(lower(${column}), lower(${sqlText(how.sure)}))`;
  return `coalesce(${likely} AND ${regex}, false)`;
}

/** The longest run of plain characters in a word. */
function sureText(word: Word): string {
  if (!word.wild) return word.text;
  return word.text
    .split(/[*?]/)
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}

function patternOf(word: Word, outside: string): string {
  if (!word.wild) return quoteRegex(word.text);
  // A wildcard stands for characters of the word: it does not run over a delimiter.
  const any = outside === '' ? '.' : `[^${quoteClass(outside)}]`;
  return [...word.text]
    .map((char) => (char === '*' ? `${any}*` : char === '?' ? any : quoteRegex(char)))
    .join('');
}

function bounded(body: string, text: string, tokenizer: Tokenizer, separators: string): string {
  const edge = (sign: '^' | '$', neighbour: string) => {
    if (tokenizer.chinese && CHINESE.test(neighbour)) return '';
    const chinese = tokenizer.chinese ? CHINESE_CLASS : '';
    const inside = `${quoteClass(tokenizer.delimiters + separators)}${chinese}`;
    return inside === '' ? sign : `(?:${sign}|[${inside}])`;
  };
  return `${edge('^', text.charAt(0))}${body}${edge('$', text.slice(-1))}`;
}

function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function quoteClass(text: string): string {
  return text.replace(/[\\\]^[-]/g, '\\$&');
}
