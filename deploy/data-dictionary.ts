import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SWEEP_FIELDS, SWEEPS_LOGSTORE } from '../functions/sweep/report-fields.ts';
import { PENDING_FIELDS, PENDING_LOGSTORE } from '../shared/pending.ts';
import { EVENT_FIELDS, EVENTS_LOGSTORE } from '../shared/record/event-fields.ts';
import type { FieldTable } from '../shared/record/field-table.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../shared/record/record-fields.ts';

/**
 * The README's data dictionary, from the field tables. `tsx deploy/data-dictionary.ts` prints it, `--write` puts
 * it into the README, `--check` ends with 1 when the README's is not current.
 */
const BEGIN = '<!-- data-dictionary:begin -->';
const END = '<!-- data-dictionary:end -->';

const LOGSTORES: readonly (readonly [name: string, row: string, fields: FieldTable])[] = [
  [RECORDS_LOGSTORE, 'one answer about one transaction', RECORD_FIELDS],
  [EVENTS_LOGSTORE, "one line of one session's client log", EVENT_FIELDS],
  [PENDING_LOGSTORE, 'a transaction that waits, or is asked again', PENDING_FIELDS],
  [SWEEPS_LOGSTORE, 'one run of the sweep', SWEEP_FIELDS],
];

/** One Markdown table for each logstore, in the order of its columns. */
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

/**
 * The README with the data dictionary between its markers.
 * @throws Error when a marker is missing, doubled or out of order.
 */
export function withDataDictionary(readme: string): string {
  const [before, rest, ...doubled] = readme.split(BEGIN);
  const [, after, ...again] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || doubled.length > 0 || again.length > 0) {
    throw new Error(`the README needs ${BEGIN} and ${END}, once each and in this order`);
  }
  return `${before}${BEGIN}\n\n${dataDictionary()}\n\n${END}${after}`;
}

/** A bar would end the cell; angle brackets would be taken for HTML. */
function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function main(mode: string | undefined): void {
  if (mode === undefined) {
    console.log(dataDictionary());
    return;
  }
  const path = fileURLToPath(new URL('../README.md', import.meta.url));
  const readme = readFileSync(path, 'utf8');
  const current = withDataDictionary(readme);
  if (mode === '--write') {
    writeFileSync(path, current);
  } else if (mode !== '--check') {
    throw new Error(`--write or --check, not ${mode}`);
  } else if (current !== readme) {
    console.error('the data dictionary in README.md is not current: run this with --write');
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2]);
