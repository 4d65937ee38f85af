import type { Column } from '../../../deploy/charts/chart.ts';
import type { Row } from './api.ts';
import { element } from './dom.ts';
import { isNumeric, show } from './format.ts';
import { say } from './words.ts';

/** Where a click on a transaction goes. */
export function transactionLink(id: string): HTMLElement {
  return element('a', { href: `#/transactions/${encodeURIComponent(id)}`, class: 'id' }, id);
}

export interface TableOptions {
  readonly caption: string;
  /** Makes the cells of a column into buttons: the way to a bar's transactions without a mouse. */
  readonly pick?: { readonly column: string; readonly onPick: (row: Row) => void };
}

export function table(
  columns: readonly Column[],
  rows: readonly Row[],
  { caption, pick }: TableOptions,
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
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    element(
      'table',
      {},
      element('caption', { class: 'quiet' }, caption),
      element('thead', {}, head),
      element('tbody', {}, ...body),
    ),
  );
}

function cell(column: Column, row: Row, onPick: ((row: Row) => void) | undefined): HTMLElement {
  const value = row[column.name];
  const text = show(value, column.as);
  const content =
    column.as === 'id' && value !== undefined
      ? transactionLink(value)
      : onPick === undefined
        ? text
        : element('button', { type: 'button', class: 'link', click: () => onPick(row) }, text);
  return element('td', { class: isNumeric(column.as) ? 'number' : undefined }, content);
}
