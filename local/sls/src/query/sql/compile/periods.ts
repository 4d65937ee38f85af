import type { Expr, Select } from '../ast.ts';
import { COMPARING, shiftsOf } from '../functions/compare.ts';
import { callsOf } from '../walk.ts';
import type { Environment } from './context.ts';
import { compileCondition } from './expression.ts';
import { type CompiledRelation, scopeOf } from './relation.ts';
import type { Period, Scope } from './scope.ts';

export interface SelectSource {
  readonly from: CompiledRelation;
  readonly where: string;
  readonly period?: Period;
}

/** By how far a SELECT looks back with `compare`; empty if it does not. */
export function comparedShifts(select: Select, scope: Scope): number[] {
  const exprs: Expr[] = select.items.flatMap((item) => (item.kind === 'expr' ? [item.expr] : []));
  const calls = callsOf([...exprs, select.having], COMPARING);
  return [...new Set(calls.flatMap((call) => shiftsOf(call, scope)))];
}

/**
 * What a SELECT reads when it compares: its source as of now and as of each time ago, one below the other, with
 * a column that numbers them. The times in the older rows are moved up, so that groups by time fall together.
 */
export function comparedSource(
  select: Select,
  shifts: readonly number[],
  read: (env: Environment) => CompiledRelation,
  place: { readonly env: Environment; readonly parent: Scope | undefined },
): SelectSource {
  const { env, parent } = place;
  const column = env.context.fresh('k');
  const all = [0, ...shifts];
  const sources = all.map((shift) => read({ ...env, shiftSeconds: env.shiftSeconds + shift }));
  const first = sources[0] ?? { sql: '', relations: [], merged: [] };
  const names = columnsOf(first).map((original) => env.context.fresh('c', original.name));
  const parts = sources.map((source, number) => {
    const list = columnsOf(source).map((original, at) => `${original.sql} AS ${names[at]}`);
    const scope = scopeOf(source, env, parent);
    const where =
      select.where === undefined ? '' : ` WHERE ${compileCondition(select.where, scope, 'WHERE clause')}`;
    return `SELECT ${[`${number} AS ${column}`, ...list].join(', ')} FROM ${source.sql}${where}`;
  });
  let next = 0;
  const renamed = <T extends { sql: string }>(original: T): T => ({
    ...original,
    sql: names[next++] ?? original.sql,
  });
  const relations = first.relations.map((relation) => ({
    ...relation,
    columns: relation.columns.map(renamed),
  }));
  const merged = first.merged.map(renamed);
  const from = { sql: `(${parts.join(' UNION ALL ')}) AS ${env.context.fresh('r')}`, relations, merged };
  return { from, where: '', period: { column, number: 0, shifts: all } };
}

function columnsOf(relation: CompiledRelation) {
  return [...relation.relations.flatMap(({ columns }) => columns), ...relation.merged];
}
