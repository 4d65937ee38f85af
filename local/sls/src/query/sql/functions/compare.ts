import type { Expr, Select } from '../ast.ts';
import type { CallSite, Translate } from '../compile/call-site.ts';
import { coerce, toMoment } from '../compile/cast.ts';
import {
  compileCondition,
  compileExpression,
  type Environment,
  type Period,
  type Scope,
} from '../compile/context.ts';
import { type CompiledRelation, scopeOf } from '../compile/relation.ts';
import { arrayOf, BIGINT, DOUBLE, isInteger, isTimestamp, type Typed } from '../types.ts';
import { callsOf, hasAggregate } from '../walk.ts';

/** The functions that look at the same window some time ago. */
const COMPARING = ['compare', 'ts_compare'];

const MAX_PERIODS = 8;

/**
 * By how many seconds a call looks back.
 * @throws QueryRefused ParameterInvalid
 */
function shiftsOf(call: CallSite['call'], scope: Scope): number[] {
  const shifts = call.args.slice(1).map((arg) => (arg.kind === 'long' ? Number(arg.text) : 0));
  if (
    shifts.length === 0 ||
    shifts.length > MAX_PERIODS ||
    shifts.some((shift) => shift <= 0 || shift > 1e10)
  ) {
    return scope.env.context.refuse(
      call.at,
      `${call.name} takes a column and 1 to ${MAX_PERIODS} numbers of seconds`,
    );
  }
  return shifts;
}

/** `[now, before …, now / before …]` */
function values(site: CallSite): { list: string[]; shifts: number[] } {
  const { scope } = site;
  const { period } = scope;
  const shifts = shiftsOf(site.call, scope);
  if (period === undefined) return site.fail(`${site.call.name} must stand in the SELECT list`);
  const now = valueIn(site, 0);
  const before = shifts.map((shift) => valueIn(site, period.shifts.indexOf(shift)));
  return { list: [now, ...before, ...before.map((value) => `(${now} / ${value})`)], shifts };
}

function valueIn(site: CallSite, number: number): string {
  const { period } = site.scope;
  if (period === undefined) return site.refuse();
  const scope = { ...site.scope, period: { ...period, number } };
  const arg = site.arg(0);
  const single = hasAggregate(arg, site.scope.env.context.compiler.isAggregate)
    ? arg
    : ({ ...site.call, name: 'max', args: [arg] } as const);
  return (coerce(compileExpression(single, scope), DOUBLE) ?? site.refuse()).sql;
}

const compare: Translate = (site): Typed => {
  return { sql: `[${values(site).list.join(', ')}]`, type: arrayOf(DOUBLE) };
};

/** With the Unix time of the compared moments at the end. */
const tsCompare: Translate = (site): Typed => {
  const { list, shifts } = values(site);
  const key = site.scope.groupKeys?.find(({ type }) => isTimestamp(type) || isInteger(type));
  if (key === undefined) return site.fail('ts_compare needs a GROUP BY with a column of time');
  const seconds = isInteger(key.type)
    ? coerce(key, BIGINT)?.sql
    : `sls_to_unixtime(${(toMoment(key) ?? key).sql})`;
  const times = shifts.map((shift) => `CAST(${seconds} - ${shift} AS DOUBLE)`);
  return { sql: `[${[...list, ...times].join(', ')}]`, type: arrayOf(DOUBLE) };
};

export const COMPARE: Readonly<Record<string, Translate>> = { compare, ts_compare: tsCompare };

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
