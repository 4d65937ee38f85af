import type { Limit, Query, QueryBody, SortItem } from '../ast.ts';
import { duckTypeOf, type Typed } from '../types.ts';
import { direction } from './call-site.ts';
import { castValue, unify } from './cast.ts';
import {
  type Around,
  type CompiledQuery,
  type Cte,
  compileExpression,
  type Environment,
  type Scope,
} from './context.ts';
import { compileSelect } from './select.ts';

const DEFAULT_ROWS = 100;
const MAX_ROWS = 1_000_000;
const MAX_PAGE = 10_000;

/**
 * Translates a query to one for DuckDB.
 * @throws QueryRefused ParameterInvalid
 */
export function compileQuery(query: Query, env: Environment, around: Around): CompiledQuery {
  const { env: inner, sql: withSql } = compileWith(query, env);
  const limit = limitOf(query.limit, env, around);
  const { body } = query;
  const compiled =
    body.kind === 'select'
      ? compileSelect(body, query.orderBy, inner, around.parent)
      : sorted(compileBody(body, inner, around), query.orderBy, inner);
  return { sql: `${withSql}${compiled.sql}${limit}`, columns: compiled.columns };
}

function compileWith(query: Query, env: Environment): { env: Environment; sql: string } {
  if (query.with.length === 0) return { env, sql: '' };
  const ctes = new Map<string, Cte>(env.ctes);
  const parts: string[] = [];
  for (const { name, columns, query: inner } of query.with) {
    const visible = new Map(ctes);
    const compiled = compileQuery(inner, { ...env, ctes: visible }, {});
    if (columns.length > 0 && columns.length !== compiled.columns.length) {
      env.context.refuse(
        query.at,
        `Column alias list has ${columns.length} entries but '${name.name}' has ${compiled.columns.length} columns`,
      );
    }
    const internal = env.context.fresh('w');
    parts.push(`${internal} AS (${compiled.sql})`);
    const named = compiled.columns.map((column, at) => ({
      ...column,
      name: columns[at]?.name ?? column.name,
    }));
    const columnNames = named.map((column) => column.name);
    ctes.set(name.name.toLowerCase(), {
      query: inner,
      columnNames,
      visible,
      compiled: { name: internal, columns: named },
    });
  }
  return { env: { ...env, ctes }, sql: `WITH ${parts.join(', ')} ` };
}

function limitOf(limit: Limit | undefined, env: Environment, around: Around): string {
  const { context } = env;
  if (limit === undefined) return around.outermost === true ? ` LIMIT ${DEFAULT_ROWS}` : '';
  const { at, count = MAX_ROWS, offset } = limit;
  if (count > MAX_ROWS) context.refuse(at, `LIMIT must not exceed ${MAX_ROWS}`);
  if (offset === undefined) return ` LIMIT ${count}`;
  if (around.outermost !== true) context.refuse(at, 'LIMIT offset, count is not supported in a subquery');
  if (count > MAX_PAGE) context.refuse(at, `LIMIT offset, count must not ask for more than ${MAX_PAGE} rows`);
  if (offset + count > MAX_ROWS)
    context.refuse(at, `LIMIT offset, count must not exceed ${MAX_ROWS} rows in sum`);
  return ` LIMIT ${count} OFFSET ${offset}`;
}

function compileBody(body: QueryBody, env: Environment, around: Around): CompiledQuery {
  const inside: Around = around.parent === undefined ? {} : { parent: around.parent };
  switch (body.kind) {
    case 'select':
      return compileSelect(body, [], env, around.parent);
    case 'nested':
      return compileQuery(body.query, env, inside);
    case 'values':
      return compileValues(body, env, around.parent);
    case 'set':
      return compileSet(body, env, inside);
  }
}

function compileValues(
  body: Extract<QueryBody, { kind: 'values' }>,
  env: Environment,
  parent: Scope | undefined,
): CompiledQuery {
  const { context } = env;
  const scope: Scope = { env, relations: [], ...(parent === undefined ? {} : { parent }) };
  const rows = body.rows.map((row) => row.map((item) => compileExpression(item, scope)));
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width))
    context.refuse(body.at, 'Values rows have mismatched column counts');
  const lists = Array.from({ length: width }, (_, at) => {
    const values = rows.map((row) => row[at]).filter((value) => value !== undefined);
    return unify(values) ?? context.refuse(body.at, `Values rows have mismatched types in column ${at + 1}`);
  });
  const columns = lists.map((list, at) => ({
    name: `_col${at}`,
    sql: context.fresh('v', `_col${at}`),
    type: list.type,
  }));
  const tuples = rows.map((_, row) => `(${lists.map((list) => list.values[row]?.sql).join(', ')})`);
  const names = columns.map((column) => column.sql);
  const typed = columns.map((column) => `CAST(${column.sql} AS ${duckTypeOf(column.type)}) AS ${column.sql}`);
  const table = `(VALUES ${tuples.join(', ')}) AS ${context.fresh('r')}(${names.join(', ')})`;
  return { sql: `SELECT ${typed.join(', ')} FROM ${table}`, columns };
}

function compileSet(
  body: Extract<QueryBody, { kind: 'set' }>,
  env: Environment,
  around: Around,
): CompiledQuery {
  const { context } = env;
  const sides = [compileBody(body.left, env, around), compileBody(body.right, env, around)];
  const [left, right] = sides;
  if (left === undefined || right === undefined || left.columns.length !== right.columns.length) {
    return context.refuse(body.at, `${body.operator} query has different number of fields`);
  }
  const columns = left.columns.map((column, at) => {
    const other: Typed = right.columns[at] ?? column;
    const same = unify([column, other]);
    if (same === undefined)
      return context.refuse(body.at, `column ${at + 1} in ${body.operator} query has incompatible types`);
    return { name: column.name, sql: context.fresh('s', column.name), type: same.type };
  });
  const [a, b] = sides.map((side) => {
    const list = side.columns.map((column, at) => {
      const target = columns[at] ?? column;
      return `${(castValue(column, target.type) ?? column).sql} AS ${target.sql}`;
    });
    return `SELECT ${list.join(', ')} FROM (${side.sql})`;
  });
  const all = body.all ? ' ALL' : '';
  return { sql: `SELECT * FROM (${a} ${body.operator}${all} ${b})`, columns };
}

/** ORDER BY after something that is no SELECT: by its columns. */
function sorted(query: CompiledQuery, orderBy: readonly SortItem[], env: Environment): CompiledQuery {
  const list = query.columns.map((column) => column.sql).join(', ');
  const sql = `SELECT ${list} FROM (${query.sql})`;
  if (orderBy.length === 0) return { ...query, sql };
  const scope: Scope = { env, relations: [{ name: undefined, columns: query.columns }] };
  const items = orderBy.map((item) => {
    const { expr } = item;
    const ordinal = expr.kind === 'long' ? query.columns[Number(expr.text) - 1] : undefined;
    if (expr.kind === 'long' && ordinal === undefined) {
      return env.context.refuse(expr.at, `ORDER BY position ${expr.text} is not in the select list`);
    }
    return `${(ordinal ?? compileExpression(expr, scope)).sql}${direction(item)}`;
  });
  return { ...query, sql: `${sql} ORDER BY ${items.join(', ')}` };
}
