import type { Column } from '../../../shared/charts/chart.ts';
import type { Row } from './api.ts';
import { element } from './dom.ts';
import { isNumeric, show } from './format.ts';
import { say, word } from './words.ts';

/** More are shown on request; a button for two more is not worth it. */
const FIRST_ROWS = 10;
const NOT_WORTH_A_BUTTON = 2;
const LONG_TEXT = 60;

interface TableOptions {
  readonly caption: string;
  /** Show every row at once: the table is what the reader came for. */
  readonly whole?: boolean;
  /** Makes the cells of a column into buttons: the way to a bar's transactions without a mouse. */
  readonly pick?: { readonly column: string; readonly onPick: (row: Row) => void };
}

export function table(
  columns: readonly Column[],
  rows: readonly Row[],
  { caption, pick, whole = false }: TableOptions,
): HTMLElement {
  const head = element(
    'tr',
    {},
    ...columns.map((column) =>
      element('th', { scope: 'col', class: isNumeric(column.as) ? 'number' : undefined }, say(column.title)),
    ),
  );
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...columns.map((column) => cell(column, row, pick?.column === column.name ? pick.onPick : undefined)),
    ),
  );
  const few = whole || rows.length <= FIRST_ROWS + NOT_WORTH_A_BUTTON;
  const shown = element('tbody', {}, ...(few ? body : body.slice(0, FIRST_ROWS)));
  const region = element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    element('table', {}, element('caption', { class: 'quiet' }, caption), element('thead', {}, head), shown),
  );
  return few ? region : element('div', {}, region, moreRows(shown, body));
}

/** Says how many rows are shown, and shows the rest on request. */
function moreRows(shown: HTMLElement, rows: readonly HTMLElement[]): HTMLElement {
  const summary = element('span');
  const button = element('button', {
    type: 'button',
    click: () => fill(shown.childElementCount < rows.length ? rows.length : FIRST_ROWS),
  });
  const fill = (count: number) => {
    shown.replaceChildren(...rows.slice(0, count));
    summary.textContent = word('showing', { shown: count, all: rows.length });
    button.textContent = count < rows.length ? word('showAll', { all: rows.length }) : word('showFewer');
  };
  fill(FIRST_ROWS);
  return element('p', { class: 'more' }, summary, button);
}

function cell(column: Column, row: Row, onPick: ((row: Row) => void) | undefined): HTMLElement {
  const value = row[column.name];
  const text = show(value, column.as);
  const content =
    column.as === 'id' && value !== undefined
      ? element('a', { href: `#/transactions/${encodeURIComponent(value)}`, class: 'id' }, value)
      : onPick === undefined
        ? text
        : element('button', { type: 'button', class: 'link', click: () => onPick(row) }, text);
  return element('td', { class: kindOf(column, text) }, content);
}

/** The cell's class in the style sheet. */
function kindOf({ as }: Column, text: string): string | undefined {
  if (as === 'time_ms') return 'number time';
  if (isNumeric(as)) return 'number';
  if (as === 'key') return 'key';
  return as === 'text' && text.length > LONG_TEXT ? 'long' : undefined;
}
