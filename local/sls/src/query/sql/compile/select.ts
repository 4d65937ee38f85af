import type { Expr, GroupItem, Identifier, Select, SelectItem, SortItem } from '../ast.ts';
import { comparedShifts, comparedSource, type SelectSource } from '../functions/compare.ts';
import { padded, timeSeriesOf } from '../functions/time-series.ts';
import type { Typed } from '../types.ts';
import { hasAggregate, hasColumn } from '../walk.ts';
import { CallSite, direction } from './call-site.ts';
import {
  type Column,
  type CompiledQuery,
  compileCondition,
  compileExpression,
  type Environment,
  type Scope,
  sameName,
} from './context.ts';
import { type CompiledRelation, compileFrom, scopeOf } from './relation.ts';

interface Output {
  readonly column: Column;
  /** What stands in the SELECT list. */
  readonly value: Typed;
  readonly expr: Expr | undefined;
}

const EMPTY: CompiledRelation = { sql: '', relations: [], merged: [] };

/** Translates one SELECT with the ORDER BY that follows it. */
export function compileSelect(
  select: Select,
  orderBy: readonly SortItem[],
  env: Environment,
  parent: Scope | undefined,
): CompiledQuery {
  const series = seriesCall(select);
  const { from, where, period } = readSource(select, env, parent);
  const aliases = aliasesOf(select.items);
  const plain: Scope = {
    ...scopeOf(from, env, parent),
    ...(period === undefined ? {} : { period }),
    ...(series === undefined ? {} : { series: series.at }),
  };
  const named = { ...plain, aliases };
  const groupKeys = groupKeysOf(select, named);
  const outputs = select.items.flatMap((item, at) => compileItem(item, at, { ...plain, groupKeys }));
  const grouping = groupBy(select, outputs, named);
  const having =
    select.having === undefined ? '' : ` HAVING ${compileCondition(select.having, named, 'HAVING clause')}`;
  const list = outputs.map(({ column, value }) => `${value.sql} AS ${column.sql}`).join(', ');
  const source = from.sql === '' ? '' : ` FROM ${from.sql}`;
  const compiled = {
    sql: `SELECT ${select.distinct ? 'DISTINCT ' : ''}${list}${source}${where}${grouping}${having}`,
    columns: outputs.map(({ column }) => column),
  };
  if (series !== undefined)
    return compileSeries({ series, select, outputs, compiled, orderBy, scope: named });
  return { ...compiled, sql: `${compiled.sql}${compileOrder(orderBy, outputs, named)}` };
}

/** The call of time_series that is a column of a grouped SELECT, if there is one. */
function seriesCall(select: Select): Extract<Expr, { kind: 'call' }> | undefined {
  if (select.groupBy === undefined) return undefined;
  const calls = select.items.flatMap((item) =>
    item.kind === 'expr' && item.expr.kind === 'call' ? [item.expr] : [],
  );
  return calls.find((call) => call.name === 'time_series');
}

function compileSeries(query: {
  series: Extract<Expr, { kind: 'call' }>;
  select: Select;
  outputs: readonly Output[];
  compiled: CompiledQuery;
  orderBy: readonly SortItem[];
  scope: Scope;
}): CompiledQuery {
  const { series, select, outputs, compiled, orderBy, scope } = query;
  const { env } = scope;
  const bucket = outputs.find(({ expr }) => expr === series)?.column;
  if (bucket === undefined) throw new Error('time_series is one of the columns');
  const grouped = new Set(
    (select.groupBy ?? []).map((item) => (item.kind === 'expr' ? groupKey(item.expr, outputs, scope) : '')),
  );
  const keys = outputs
    .filter(({ column, value }) => column !== bucket && grouped.has(value.sql))
    .map(({ column }) => column);
  const filled = padded(
    { select: compiled, series: timeSeriesOf(new CallSite(series, scope)), bucket, keys, at: series.at },
    env,
  );
  const outer: Scope = { env, relations: [{ name: undefined, columns: filled.columns }] };
  const order = orderBy.map((item) => {
    const ordinal = item.expr.kind === 'long' ? filled.columns[Number(item.expr.text) - 1] : undefined;
    const { sql } = ordinal ?? compileExpression(item.expr, outer);
    return `${sql === bucket.sql ? filled.timeColumn : sql}${direction(item)}`;
  });
  const list = filled.columns.map((column) => column.sql).join(', ');
  return {
    sql: `SELECT ${list} FROM (${filled.sql}) ORDER BY ${[...order, `${filled.timeColumn} ASC`].join(', ')}`,
    columns: filled.columns,
  };
}

function readSource(select: Select, env: Environment, parent: Scope | undefined): SelectSource {
  const shifts = comparedShifts(select, { env, relations: [] });
  if (shifts.length > 0)
    return comparedSource(select, shifts, (at) => sourceOf(select, at, parent), { env, parent });
  const from = sourceOf(select, env, parent);
  if (select.where === undefined) return { from, where: '' };
  return {
    from,
    where: ` WHERE ${compileCondition(select.where, scopeOf(from, env, parent), 'WHERE clause')}`,
  };
}

/** The keys that are expressions or names; positions are none yet. */
function groupKeysOf(select: Select, scope: Scope): Typed[] {
  return (select.groupBy ?? []).flatMap((item) => {
    if (item.kind !== 'expr') return [];
    if (item.expr.kind !== 'long') return [compileExpression(aliased(item.expr, scope), scope)];
    const chosen = select.items[Number(item.expr.text) - 1];
    return chosen?.kind === 'expr' ? [compileExpression(chosen.expr, scope)] : [];
  });
}

/** FROM may be left out: the logstore asked about is meant, unless nothing in the SELECT needs rows. */
function sourceOf(select: Select, env: Environment, parent: Scope | undefined): CompiledRelation {
  if (select.from.length > 0) return compileFrom(select.from, env, parent);
  const exprs = select.items.flatMap((item) => (item.kind === 'expr' ? [item.expr] : []));
  const needsRows =
    select.items.some((item) => item.kind === 'star') ||
    select.where !== undefined ||
    select.groupBy !== undefined ||
    exprs.some((expr) => hasAggregate(expr, env.context.compiler.isAggregate) || hasColumn(expr));
  if (!needsRows) return EMPTY;
  const log = { kind: 'table', at: select.at, name: { name: 'log', quoted: false } } as const;
  return compileFrom([log], env, parent);
}

function compileItem(item: SelectItem, at: number, scope: Scope): Output[] {
  const { context } = scope.env;
  if (item.kind === 'expr') {
    const value = compileExpression(item.expr, scope);
    const name = item.alias?.name ?? nameOf(item.expr) ?? `_col${at}`;
    return [{ column: { name, sql: context.fresh('o', name), type: value.type }, value, expr: item.expr }];
  }
  const relations = scope.relations.filter(
    (relation) => item.relation === undefined || sameName(relation.name, item.relation.name),
  );
  if (relations.length === 0) context.refuse(item.at, `nothing to select '*' from`);
  const merged = item.relation === undefined ? (scope.merged ?? []) : [];
  const isMerged = (column: Column) => merged.some((other) => sameName(other.name, column.name));
  const columns = relations.flatMap((relation) => relation.columns).filter((column) => !isMerged(column));
  return [...merged, ...columns]
    .filter((column) => column.name !== '__time_ns_part__')
    .map((value) => ({
      column: { name: value.name, sql: context.fresh('o', value.name), type: value.type },
      value,
      expr: undefined,
    }));
}

function nameOf(expr: Expr): string | undefined {
  if (expr.kind === 'column') return expr.path.at(-1)?.name;
  return expr.kind === 'member' ? expr.field.name : undefined;
}

function aliasesOf(items: readonly SelectItem[]): Map<string, Expr> {
  const aliases = new Map<string, Expr>();
  for (const item of items) {
    if (item.kind === 'expr' && item.alias !== undefined)
      aliases.set(item.alias.name.toLowerCase(), item.expr);
  }
  return aliases;
}

function groupBy(select: Select, outputs: readonly Output[], scope: Scope): string {
  if (select.groupBy === undefined) return '';
  const items = select.groupBy.map((item) => groupItem(item, outputs, scope));
  return ` GROUP BY ${items.join(', ')}`;
}

function groupItem(item: GroupItem, outputs: readonly Output[], scope: Scope): string {
  if (item.kind === 'expr') return groupKey(item.expr, outputs, scope);
  const sets = item.sets.map((set) => {
    const keys = set.map((expr) => groupKey(expr, outputs, scope));
    return item.kind === 'GROUPING SETS' ? `(${keys.join(', ')})` : keys.join(', ');
  });
  return `${item.kind} (${sets.join(', ')})`;
}

/**
 * By alias, by name, by position, or any expression. An alias comes before a column of the same name: the
 * documentation counts `CASE … END AS http_user_agent` by its results with GROUP BY http_user_agent.
 */
function groupKey(expr: Expr, outputs: readonly Output[], scope: Scope): string {
  if (expr.kind !== 'long') return compileExpression(aliased(expr, scope), scope).sql;
  const output = outputs[Number(expr.text) - 1];
  if (output === undefined) {
    return scope.env.context.refuse(expr.at, `GROUP BY position ${expr.text} is not in the select list`);
  }
  return output.value.sql;
}

/** What the SELECT list calls by that name, unless it aggregates. */
function aliased(expr: Expr, scope: Scope): Expr {
  const [name, second] = expr.kind === 'column' ? expr.path : [];
  const chosen =
    name === undefined || second !== undefined ? undefined : scope.aliases?.get(name.name.toLowerCase());
  return chosen === undefined || hasAggregate(chosen, scope.env.context.compiler.isAggregate) ? expr : chosen;
}

function compileOrder(orderBy: readonly SortItem[], outputs: readonly Output[], scope: Scope): string {
  if (orderBy.length === 0) return '';
  return ` ORDER BY ${orderBy.map((item) => `${orderKey(item.expr, outputs, scope)}${direction(item)}`).join(', ')}`;
}

/** Names of the SELECT list come before those of the source. */
function orderKey(expr: Expr, outputs: readonly Output[], scope: Scope): string {
  if (expr.kind === 'long') {
    const output = outputs[Number(expr.text) - 1];
    if (output !== undefined) return output.column.sql;
    return scope.env.context.refuse(expr.at, `ORDER BY position ${expr.text} is not in the select list`);
  }
  const only: Identifier | undefined =
    expr.kind === 'column' && expr.path.length === 1 ? expr.path[0] : undefined;
  if (only !== undefined) {
    const named = outputs.filter(({ column }) => column.name === only.name);
    const output = named[0] ?? outputs.find(({ column }) => sameName(column.name, only.name));
    if (output !== undefined) return output.column.sql;
  }
  const compiled = compileExpression(expr, scope).sql;
  // After DISTINCT only what is selected can be sorted by, and DuckDB wants it by its name.
  return outputs.find(({ value }) => value.sql === compiled)?.column.sql ?? compiled;
}
