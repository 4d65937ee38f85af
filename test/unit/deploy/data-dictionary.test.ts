import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { dataDictionary, withDataDictionary } from '../../../deploy/data-dictionary.ts';
import { SWEEP_FIELDS } from '../../../functions/sweep/report-fields.ts';
import { PENDING_FIELDS } from '../../../shared/pending.ts';
import { EVENT_FIELDS } from '../../../shared/record/event-fields.ts';
import { RECORD_FIELDS } from '../../../shared/record/record-fields.ts';

const BEGIN = '<!-- data-dictionary:begin -->';
const END = '<!-- data-dictionary:end -->';

describe('the data dictionary', () => {
  it('in the README is current', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    expect(withDataDictionary(readme)).toBe(readme);
  });

  it('has a line for every column of every logstore', () => {
    const text = dataDictionary();
    for (const [logstore, fields] of [
      ['idv-records', RECORD_FIELDS],
      ['idv-events', EVENT_FIELDS],
      ['idv-pending', PENDING_FIELDS],
      ['idv-sweeps', SWEEP_FIELDS],
    ] as const) {
      const [, section = ''] = text.split(`### \`${logstore}\``);
      const [table] = section.split('\n### ');
      const lines = (table ?? '').split('\n').filter((line) => line.startsWith('| `'));
      expect(lines.map((line) => /^\| `([^`]+)`/.exec(line)?.[1])).toEqual(Object.keys(fields));
      for (const line of lines) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(6);
    }
  });

  it('replaces what stood between the markers, and nothing else', () => {
    const once = withDataDictionary(`before\n${BEGIN}\nold\n${END}\nafter\n`);
    expect(once).toBe(`before\n${BEGIN}\n\n${dataDictionary()}\n\n${END}\nafter\n`);
    expect(withDataDictionary(once)).toBe(once);
  });

  it.each([
    '',
    BEGIN,
    END,
    `${END}${BEGIN}`,
    `${BEGIN}${END}${END}`,
    `${BEGIN}${BEGIN}${END}`,
    `${BEGIN}${END}${BEGIN}${END}`,
  ])('refuses %j', (readme) => {
    expect(() => withDataDictionary(readme)).toThrow('once each and in this order');
  });
});
