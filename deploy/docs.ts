import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dataDictionary } from './data-dictionary.ts';
import { metricDictionary } from './metric-dictionary.ts';

/** The parts of the README that are made from definitions. `npm run docs` writes them; a unit test checks them. */
const SECTIONS: Readonly<Record<string, () => string>> = {
  'data-dictionary': dataDictionary,
  'metric-dictionary': metricDictionary,
};

/**
 * The README with its made parts up to date.
 * @throws Error when a marker is missing, doubled or out of order
 */
export function withSections(readme: string): string {
  return Object.entries(SECTIONS).reduce((text, [name, make]) => {
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const [before, rest, ...doubled] = text.split(begin);
    const [, after, ...again] = rest?.split(end) ?? [];
    if (before === undefined || after === undefined || doubled.length > 0 || again.length > 0) {
      throw new Error(`the README needs ${begin} and ${end}, once each and in this order`);
    }
    return `${before}${begin}\n\n${make()}\n\n${end}${after}`;
  }, readme);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = fileURLToPath(new URL('../README.md', import.meta.url));
  writeFileSync(path, withSections(readFileSync(path, 'utf8')));
}
