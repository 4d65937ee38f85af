import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALERTS } from '../shared/charts/alerts.ts';
import { DASHBOARDS } from '../shared/charts/dashboards.ts';
import { TABLES } from '../shared/logstores/tables.ts';

/**
 * The reference pages that are made from definitions, as Markdown by file name. `npm run docs` writes them into
 * `docs/`; a unit test checks that they are current.
 */
export function referencePages(): Readonly<Record<string, string>> {
  return { 'data-dictionary.md': dataDictionary(), 'charts.md': charts() };
}

const MADE = 'Made by `npm run docs`: change the definition, not this page.';

function dataDictionary(): string {
  const { records, events, pending, sweeps } = TABLES;
  return page([
    '# Data dictionary',
    `Every column of the four logstores. A column is absent where its value is not known. ${MADE}`,
    ...[records, events, pending, sweeps].flatMap(({ logstore, row, fields }) => [
      `## \`${logstore}\`: ${row}`,
      table(
        ['column', 'type', 'meaning', 'from'],
        Object.entries(fields).map(([column, { type, meaning, source }]) => [
          `\`${column}\``,
          type,
          meaning,
          source,
        ]),
      ),
    ]),
  ]);
}

function charts(): string {
  return page([
    '# Charts and alerts',
    `What the dashboards in SLS and the console show, and when somebody is told. ${MADE}`,
    ...DASHBOARDS.flatMap(({ title, sections }) => [
      `## ${title.en} dashboard`,
      table(
        ['chart', 'question', 'how it is counted'],
        sections.flatMap((section) =>
          section.charts.map((chart) => [chart.title.en, chart.question.en, chart.metric]),
        ),
      ),
    ]),
    '## Alerts',
    table(
      ['alert', 'says', 'raised when', 'what to do'],
      ALERTS.map(({ name, title, condition, windowSeconds, everySeconds, advice }) => [
        `\`${name}\``,
        title.en,
        `\`${condition}\` over ${timeText(windowSeconds)}, every ${timeText(everySeconds)}`,
        advice,
      ]),
    ),
  ]);
}

function page(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(inCell).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** A bar would end the cell; angle brackets outside of code would be taken for HTML. */
function inCell(text: string): string {
  const cell = text.replaceAll('|', '\\|');
  return cell
    .split('`')
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('>', '&gt;')))
    .join('`');
}

function timeText(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  return seconds % 3_600 === 0 ? `${seconds / 3_600} h` : `${seconds / 60} min`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL('../docs/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(referencePages())) writeFileSync(new URL(name, folder), text);
}
