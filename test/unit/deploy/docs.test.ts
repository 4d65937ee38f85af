import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { dataDictionary } from '../../../deploy/data-dictionary.ts';
import { withSections } from '../../../deploy/docs.ts';
import { metricDictionary } from '../../../deploy/metric-dictionary.ts';

const [D1, D2] = ['<!-- data-dictionary:begin -->', '<!-- data-dictionary:end -->'];
const [M1, M2] = ['<!-- metric-dictionary:begin -->', '<!-- metric-dictionary:end -->'];
const METRICS = `${M1}${M2}`;

describe('the made parts of the README', () => {
  it('are current', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    expect(withSections(readme)).toBe(readme);
  });

  it('replace what stood between the markers, and nothing else', () => {
    const once = withSections(`before\n${D1}\nold\n${D2}\nafter\n${METRICS}`);
    expect(once).toBe(
      `before\n${D1}\n\n${dataDictionary()}\n\n${D2}\nafter\n${M1}\n\n${metricDictionary()}\n\n${M2}`,
    );
    expect(withSections(once)).toBe(once);
  });

  it.each(['', D1, D2, `${D2}${D1}`, `${D1}${D2}${D2}`, `${D1}${D1}${D2}`, `${D1}${D2}${D1}${D2}`])(
    'refuse %j',
    (readme) => {
      expect(() => withSections(`${readme}${METRICS}`)).toThrow('once each and in this order');
    },
  );

  it('keep every table row at its number of cells', () => {
    for (const text of [dataDictionary(), metricDictionary()]) {
      const tables = text.split('\n\n').filter((block) => block.startsWith('|'));
      expect(tables.length).toBeGreaterThan(2);
      for (const table of tables) {
        const cells = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
        expect(new Set(cells).size).toBe(1);
      }
    }
  });
});
