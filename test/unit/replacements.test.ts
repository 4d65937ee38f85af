import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/**
 * In a replacement that is a text, `$'`, `$&`, `` $` `` and `$$` stand for parts of what is replaced. So a text has to
 * be written where it is used; whatever comes from elsewhere is given by a function.
 */
const root = resolve(import.meta.dirname, '../..');
const CALL = /\.replace(?:All)?\(/g;
const OPENING = '([{';
const CLOSING = ')]}';

/** The arguments of a call whose bracket was opened just before `start`, as they are written. */
function argumentsAt(text: string, start: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '/' && /[(,]\s*$/.test(text.slice(from - 1, at))) at = endOf(text, at, '/');
    else if (`'"\``.includes(char)) at = endOf(text, at, char);
    else if (OPENING.includes(char)) depth += 1;
    else if (depth > 0 && CLOSING.includes(char)) depth -= 1;
    else if (depth === 0 && (char === ',' || char === ')')) {
      found.push(text.slice(from, at).trim());
      from = at + 1;
      if (char === ')') return found;
    }
  }
  return found;
}

/** Where a literal ends that begins at `start`: an escaped mark or, in a pattern, one in brackets does not end it. */
function endOf(text: string, start: number, mark: string): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (mark === '/' && text[at] === '[') inClass = true;
    else if (mark === '/' && text[at] === ']') inClass = false;
    else if (text[at] === mark && !inClass) return at;
  }
  return text.length;
}

function textReplacements(text: string): string[] {
  return [...text.matchAll(CALL)]
    .map((call) => argumentsAt(text, call.index + call[0].length)[1])
    .filter((replacement) => replacement !== undefined)
    .filter((replacement) => !/^(\([^)]*\)|\w+) *=>/.test(replacement))
    .filter((replacement) => !/^('[^']*'|"[^"]*")$/.test(replacement))
    .filter((replacement) => !/^`[^`]*`$/.test(replacement) || replacement.includes('${'));
}

describe('replacements', () => {
  const files = ['functions', 'shared', 'client', 'local', 'deploy']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (name) => `${folder}/${name}`,
      ),
    )
    .filter((name) => /\.(ts|mjs|cjs)$/.test(name) && !name.startsWith('local/sls/test/'));

  it('are functions or written out', () => {
    const texts = files.map((file) => [file, readFileSync(join(root, file), 'utf8')] as const);
    expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(
      new Set(['functions', 'shared', 'client', 'local', 'deploy']),
    );
    expect(
      texts.flatMap(([file, text]) => textReplacements(text).map((found) => `${file}: ${found}`)),
    ).toEqual([]);
  });

  it.each([
    ['a name', 'sql.replaceAll(MARK, condition)'],
    ['a text with something in it', `sql.replaceAll(/\\bfrom log\\b/gi, \`FROM (\${condition})\`)`],
    ['a call', "text.replace('a', nameOf(b))"],
    ['something behind a pattern with a comma', 'text.replace(/[,)/]/g, value)'],
  ])('would be caught as %s', (_, text) => {
    expect(textReplacements(text)).toHaveLength(1);
  });

  it.each([
    ['a function', 'sql.replaceAll(MARK, () => condition)'],
    ['a function of what was found', `text.replace(/a,(b)/g, (_, b: string) => \`\${b}\`)`],
    ['a text', 'text.replaceAll("\'", "\'\'")'],
  ])('may be %s', (_, text) => {
    expect(textReplacements(text)).toEqual([]);
  });
});
