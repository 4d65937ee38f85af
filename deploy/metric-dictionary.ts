import { ALERTS } from '../shared/charts/alerts.ts';
import type { Chart } from '../shared/charts/chart.ts';
import { DASHBOARDS } from '../shared/charts/dashboards.ts';

/** The README's metric dictionary: what each chart and alert counts, from their definitions. */
export function metricDictionary(): string {
  const dashboards = DASHBOARDS.map(({ title, sections }) => {
    const rows = sections.flatMap(({ charts }) => charts).map(chartLine);
    return [
      `### ${title.en} dashboard`,
      '',
      '| chart | question | how it is counted |',
      '|---|---|---|',
      ...rows,
    ].join('\n');
  });
  const alerts = ALERTS.map(
    ({ name, title, condition, windowSeconds, everySeconds, advice }) =>
      `| \`${name}\` | ${title.en} | \`${escaped(condition)}\` over ${spoken(windowSeconds)}, every ${spoken(everySeconds)} | ${escaped(advice)} |`,
  );
  return [
    ...dashboards,
    ['### Alerts', '', '| alert | says | raised when | what to do |', '|---|---|---|---|', ...alerts].join(
      '\n',
    ),
  ].join('\n\n');
}

function chartLine(chart: Chart): string {
  return `| ${chart.title.en} | ${escaped(chart.question.en)} | ${escaped(chart.metric)} |`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}

function spoken(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  return seconds % 3_600 === 0 ? `${seconds / 3_600} h` : `${seconds / 60} min`;
}
