import type { Chart, DashboardDefinition } from '../../../shared/charts/chart.ts';
import { api, type Picked, type Row, type Scope } from './api.ts';
import { element } from './dom.ts';
import { draw } from './draw.ts';
import { isAbsent, show, toNumber } from './format.ts';
import { troubleNote } from './message.ts';
import { table } from './tables.ts';
import { plain, say, word } from './words.ts';

/** One dashboard: each chart loads by itself, and one that fails says so in its own place. */
export function dashboardView(
  definition: DashboardDefinition,
  scope: Scope,
  onPick: (picked: Picked) => void,
) {
  const loads: Promise<void>[] = [];
  const sections = definition.sections.map((section) => {
    const cards = section.charts.map((chart) => {
      const { card, place } = frame(chart, scope);
      loads.push(fill(place, chart, scope, onPick));
      return card;
    });
    const id = `section-${section.id}`;
    return element(
      'section',
      { 'aria-labelledby': id },
      element('h2', { id }, say(section.title)),
      element('div', { class: 'grid' }, ...cards),
    );
  });
  const view = element(
    'div',
    {},
    element('h1', {}, say(definition.title)),
    element('p', { class: 'lead' }, say(definition.description)),
    ...sections,
  );
  return { view, ready: Promise.all(loads).then(() => undefined) };
}

function frame(chart: Chart, scope: Scope) {
  const filtered = Object.keys(scope.labels).length > 0;
  const place = element(
    'div',
    { class: 'chart', 'aria-busy': 'true' },
    element('p', { class: 'hint' }, word('loading')),
  );
  const id = `chart-${chart.id}`;
  const card = element(
    'article',
    { class: `card w${chart.width}`, 'aria-labelledby': id, 'data-chart': chart.id },
    element('h3', { id }, say(chart.title)),
    chart.kind !== 'stat' && element('p', { class: 'question' }, say(chart.question)),
    filtered && chart.labelled === false && element('p', { class: 'hint unnarrowed' }, word('notNarrowed')),
    place,
    chart.kind !== 'stat' &&
      element('details', {}, element('summary', {}, word('definition')), element('p', {}, chart.metric)),
  );
  return { card, place };
}

async function fill(place: HTMLElement, chart: Chart, scope: Scope, onPick: (picked: Picked) => void) {
  try {
    const { rows, complete } = await api.chart(chart.id, scope);
    place.replaceChildren(...(complete ? [] : [element('p', { class: 'problem' }, word('partial'))]));
    fillWith(place, chart, rows, onPick);
  } catch (error) {
    place.replaceChildren(
      troubleNote(error, () => {
        place.setAttribute('aria-busy', 'true');
        place.replaceChildren(element('p', { class: 'hint' }, word('loading')));
        void fill(place, chart, scope, onPick);
      }),
    );
  }
  place.setAttribute('aria-busy', 'false');
}

function fillWith(place: HTMLElement, chart: Chart, rows: readonly Row[], onPick: (picked: Picked) => void) {
  if (rows.length === 0) {
    place.append(element('p', { class: 'hint' }, word('noData')));
    return;
  }
  if (chart.kind === 'stat') {
    place.append(...stat(chart, rows[0] ?? {}));
    return;
  }
  const { drill } = chart;
  const pickRow = drill === undefined ? undefined : (row: Row) => onPick(pickedBy(drill, row));
  const figures = table(chart.columns, rows, {
    caption: say(chart.title),
    ...(drill === undefined || pickRow === undefined
      ? {}
      : { pick: { column: drill.column, onPick: pickRow } }),
  });
  if (chart.kind === 'table') {
    place.append(figures);
    return;
  }
  const most = rows.filter((row) => row['note'] === 'most_left');
  if (most.length > 0) {
    const pages = most.map((row) => plain(row['stage'] ?? '')).join(', ');
    place.append(
      element(
        'p',
        { class: 'largest' },
        `${word('mostLeft')}: ${pages} (${show(most[0]?.['left_here'], 'count')})`,
      ),
    );
  }
  const canvas = element('div', { class: 'drawing' });
  place.append(canvas, element('details', {}, element('summary', {}, word('data')), figures));
  draw(canvas, chart, rows, pickRow);
}

function pickedBy({ field, column, within = [] }: NonNullable<Chart['drill']>, row: Row): Picked {
  return { field, value: row[column] ?? '', within: within.join() };
}

function stat(chart: Chart, row: Row): HTMLElement[] {
  const [first] = chart.columns;
  const value = element('p', { class: 'figure' }, show(row['value'], first?.as ?? 'count'));
  if (isAbsent(row['before'])) return [value];
  const change = toNumber(row['change_percent']);
  const arrow = change === undefined || change === 0 ? '' : change > 0 ? '▲ ' : '▼ ';
  const compared = `${arrow}${change === undefined ? '' : `${show(String(Math.abs(change)), 'percent')} · `}${word('before')} ${show(row['before'], 'count')}`;
  return [value, element('p', { class: 'change' }, compared)];
}
