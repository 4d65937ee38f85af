import { ALERTS } from '../../shared/charts/alerts.ts';
import { queryOf } from '../../shared/charts/chart.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { queryBothForms } from './both-forms.ts';

/** Whether SLS would raise the alert when it evaluates it at that time, over the rows it holds. */
export async function isRaised(sls: SlsDataPlane, name: string, atMs: number): Promise<boolean> {
  const alert = ALERTS.find((each) => each.name === name);
  if (alert === undefined) throw new Error(`no alert ${name}`);
  const toSeconds = Math.ceil(atMs / 1_000) + 1;
  const { rows, complete } = await queryBothForms(sls, alert.logstore, {
    query: queryOf(alert),
    fromSeconds: toSeconds - alert.windowSeconds,
    toSeconds,
  });
  if (!complete) throw new Error(`${name}: the answer is not complete`);
  const [row] = rows;
  if (row === undefined) return alert.raiseWithoutData ?? false;
  return alert.condition.split('&&').every((clause) => holds(clause.trim(), row));
}

/** A clause of SLS's condition language, as far as the alerts use it. */
function holds(clause: string, row: Readonly<Record<string, string>>): boolean {
  const [, left = '', minus, sign = '', right = ''] =
    /^(\w+)(?: - (\w+))? (>=|>|==) (\d+)$/.exec(clause) ?? [];
  if (row[left] === undefined) throw new Error(`${clause}: no column ${left}`);
  const value = Number(row[left]) - (minus === undefined ? 0 : Number(row[minus]));
  return sign === '>'
    ? value > Number(right)
    : sign === '>='
      ? value >= Number(right)
      : value === Number(right);
}
