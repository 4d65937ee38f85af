import { EVENT_FIELDS, EVENTS_LOGSTORE } from '../shared/logstores/events.ts';
import type { FieldTable } from '../shared/logstores/field-table.ts';
import { PENDING_FIELDS, PENDING_LOGSTORE } from '../shared/logstores/pending.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../shared/logstores/records.ts';
import { SWEEP_FIELDS, SWEEPS_LOGSTORE } from '../shared/logstores/sweeps.ts';

const LOGSTORES: readonly (readonly [name: string, row: string, fields: FieldTable])[] = [
  [RECORDS_LOGSTORE, 'one answer about one transaction', RECORD_FIELDS],
  [EVENTS_LOGSTORE, "one line of one session's client log", EVENT_FIELDS],
  [PENDING_LOGSTORE, 'a transaction that waits, or is asked again', PENDING_FIELDS],
  [SWEEPS_LOGSTORE, 'one run of the sweep', SWEEP_FIELDS],
];

/** The README's data dictionary: one Markdown table for each logstore, in the order of its columns. */
export function dataDictionary(): string {
  return LOGSTORES.map(([name, row, fields]) =>
    [
      `### \`${name}\`: ${row}`,
      '',
      '| column | type | meaning | from |',
      '|---|---|---|---|',
      ...Object.entries(fields).map(
        ([column, { type, meaning, source }]) =>
          `| \`${column}\` | ${type} | ${inCell(meaning)} | ${inCell(source)} |`,
      ),
    ].join('\n'),
  ).join('\n\n');
}

/** A bar would end the cell; angle brackets would be taken for HTML. */
function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
