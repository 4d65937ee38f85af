import { describe, expect, it } from '@jest/globals';
import { dataDictionary } from '../../../deploy/data-dictionary.ts';
import { EVENT_FIELDS } from '../../../shared/logstores/events.ts';
import { PENDING_FIELDS } from '../../../shared/logstores/pending.ts';
import { RECORD_FIELDS } from '../../../shared/logstores/records.ts';
import { SWEEP_FIELDS } from '../../../shared/logstores/sweeps.ts';

describe('the data dictionary', () => {
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
});
