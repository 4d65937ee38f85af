import type { IndexedField } from '../../store/index-plan.ts';
import type { Alias, Expr, Relation } from '../ast.ts';
import { arrayOf, BIGINT, DOUBLE, type SqlType, type Typed, VARCHAR } from '../types.ts';
import { unify } from './cast.ts';
import {
  type Column,
  type Cte,
  compileCondition,
  compileExpression,
  type Environment,
  type Scope,
  type ScopeRelation,
  type Source,
} from './context.ts';

export interface CompiledRelation {
  readonly sql: string;
  readonly relations: readonly ScopeRelation[];
  readonly merged: readonly Column[];
}

/** Translates what stands after FROM; `outer` is what a subquery there may refer to. */
export function compileFrom(
  from: readonly Relation[],
  env: Environment,
  outer: Scope | undefined,
): CompiledRelation {
  const [first, ...rest] = from;
  if (first === undefined) throw new Error('FROM without a relation');
  let left = compileRelation(first, env, outer);
  for (const relation of rest) left = crossJoin(left, relation, env, outer);
  return left;
}

function compileRelation(relation: Relation, env: Environment, outer: Scope | undefined): CompiledRelation {
  switch (relation.kind) {
    case 'table':
      return compileTable(relation, env);
    case 'subquery': {
      const compiled = env.context.compiler.query(
        relation.query,
        env,
        outer === undefined ? {} : { parent: outer },
      );
      const name = env.context.fresh('r');
      return single(
        `(${compiled.sql}) AS ${name}`,
        renamed(compiled.columns, relation.alias, relation.at, env),
        relation.alias,
      );
    }
    case 'unnest':
      return compileUnnest(relation, scopeOf(undefined, env, outer));
    case 'join':
      return compileJoin(relation, env, outer);
  }
}

function single(
  sql: string,
  columns: readonly Column[],
  alias: Alias | undefined,
  name?: string,
): CompiledRelation {
  return { sql, relations: [{ name: alias?.name.name ?? name, columns }], merged: [] };
}

function compileTable(relation: Extract<Relation, { kind: 'table' }>, env: Environment): CompiledRelation {
  const { context, ctes } = env;
  const { name } = relation.name;
  const cte = ctes.get(name.toLowerCase());
  if (cte !== undefined) return compileCteUse(relation, cte, env);
  const source = context.options.sourceOf(name);
  if (source === undefined) return context.refuse(relation.at, `logstore or table '${name}' does not exist`);
  const internal = context.fresh('r');
  const columns = sourceColumns(source, env);
  const list = columns.map((column) => `${column.from} AS ${column.sql}`).join(', ');
  const rows = `(SELECT ${list} FROM ${source.table.name} WHERE ${source.condition(env.shiftSeconds)}) AS ${internal}`;
  return single(rows, renamed(columns, relation.alias, relation.at, env), relation.alias, name);
}

function compileCteUse(
  relation: Extract<Relation, { kind: 'table' }>,
  cte: Cte,
  env: Environment,
): CompiledRelation {
  const { context } = env;
  const internal = context.fresh('r');
  if (env.shiftSeconds === 0) {
    // A CTE may be used more than once in one FROM, so its columns get names of their own each time.
    const columns = cte.compiled.columns.map((column) => ({
      ...column,
      sql: context.fresh('c', column.name),
      from: column.sql,
    }));
    const list = columns.map((column) => `${column.from} AS ${column.sql}`).join(', ');
    const sql = `(SELECT ${list} FROM ${cte.compiled.name}) AS ${internal}`;
    return single(
      sql,
      renamed(columns, relation.alias, relation.at, env),
      relation.alias,
      relation.name.name,
    );
  }
  const compiled = env.context.compiler.query(cte.query, { ...env, ctes: cte.visible }, {});
  const columns = compiled.columns.map((column, at) => ({
    ...column,
    name: cte.columnNames[at] ?? column.name,
  }));
  const sql = `(${compiled.sql}) AS ${internal}`;
  return single(sql, renamed(columns, relation.alias, relation.at, env), relation.alias, relation.name.name);
}

/** `AS t(a, b)` */
function renamed(
  columns: readonly Column[],
  alias: Alias | undefined,
  at: number,
  env: Environment,
): readonly Column[] {
  if (alias === undefined || alias.columns.length === 0) return columns;
  if (alias.columns.length !== columns.length) {
    const wanted = alias.columns.length;
    return env.context.refuse(
      at,
      `Column alias list has ${wanted} entries but '${alias.name.name}' has ${columns.length} columns`,
    );
  }
  return columns.map((column, index) => ({ ...column, name: alias.columns[index]?.name ?? column.name }));
}

export function scopeOf(
  left: CompiledRelation | undefined,
  env: Environment,
  outer: Scope | undefined,
): Scope {
  return {
    env,
    relations: left?.relations ?? [],
    merged: left?.merged ?? [],
    ...(outer === undefined ? {} : { parent: outer }),
  };
}

function crossJoin(
  left: CompiledRelation,
  relation: Relation,
  env: Environment,
  outer: Scope | undefined,
): CompiledRelation {
  const right =
    relation.kind === 'unnest'
      ? compileUnnest(relation, scopeOf(left, env, outer))
      : compileRelation(relation, env, outer);
  return {
    sql: `${left.sql} CROSS JOIN ${right.sql}`,
    relations: [...left.relations, ...right.relations],
    merged: [...left.merged, ...right.merged],
  };
}

function compileJoin(
  join: Extract<Relation, { kind: 'join' }>,
  env: Environment,
  outer: Scope | undefined,
): CompiledRelation {
  const left = compileRelation(join.left, env, outer);
  if (join.type === 'CROSS') return crossJoin(left, join.right, env, outer);
  const right =
    join.right.kind === 'unnest'
      ? compileUnnest(join.right, scopeOf(left, env, outer))
      : compileRelation(join.right, env, outer);
  const relations = [...left.relations, ...right.relations];
  const both: CompiledRelation = { sql: '', relations, merged: [...left.merged, ...right.merged] };
  const nested = `${left.sql} ${join.type} JOIN ${join.right.kind === 'join' ? `(${right.sql})` : right.sql}`;
  if (join.using === undefined) {
    const on =
      join.on === undefined ? 'true' : compileCondition(join.on, scopeOf(both, env, outer), 'JOIN ON clause');
    return { ...both, sql: `${nested} ON ${on}` };
  }
  const using = join.using.map((column) => {
    const sides = [left, right].map((side) => {
      const expr: Expr = { kind: 'column', at: join.at, path: [column] };
      return compileExpression(expr, scopeOf(side, env, undefined));
    });
    const same = unify(sides);
    if (same === undefined)
      return env.context.refuse(join.at, `column '${column.name}' has different types on both sides`);
    return { name: column.name, values: same.values, type: same.type };
  });
  const on = using.map(({ values }) => `${values[0]?.sql} = ${values[1]?.sql}`).join(' AND ');
  const merged = using.map(({ name, values, type }) => {
    return { name, type, sql: `coalesce(${values[0]?.sql}, ${values[1]?.sql})` };
  });
  return { sql: `${nested} ON ${on}`, relations, merged: [...both.merged, ...merged] };
}

/** Arrays side by side, the shorter ones filled with NULL; a map gives two columns. */
function compileUnnest(relation: Extract<Relation, { kind: 'unnest' }>, scope: Scope): CompiledRelation {
  const { context } = scope.env;
  const lists = relation.args.flatMap((arg) => listsOf(compileExpression(arg, scope), arg, relation, scope));
  if (relation.ordinality) {
    const longest = `greatest(${lists.map((list) => `len(${list.sql})`).join(', ')})`;
    lists.push({ sql: `range(1, ${longest} + 1)`, type: arrayOf(BIGINT), name: 'ordinality' });
  }
  const columns = lists.map((list, at) => {
    const name = relation.alias?.columns[at]?.name ?? list.name ?? `_col${at}`;
    return { name, sql: context.fresh('u', name), type: elementOf(list.type) };
  });
  const list = lists.map((item, at) => `unnest(${item.sql}) AS ${columns[at]?.sql}`).join(', ');
  const named = renamed(columns, relation.alias, relation.at, scope.env);
  return single(`LATERAL (SELECT ${list}) AS ${context.fresh('r')}`, named, relation.alias);
}

function elementOf(type: SqlType): SqlType {
  if (type.kind !== 'array') throw new Error('only arrays are unnested');
  return type.element;
}

function listsOf(
  value: Typed,
  arg: Expr,
  relation: Extract<Relation, { kind: 'unnest' }>,
  scope: Scope,
): Array<Typed & { name?: string }> {
  const { type, sql } = value;
  if (type.kind === 'map') {
    return [
      { sql: `map_keys(${sql})`, type: arrayOf(type.key), name: 'key' },
      { sql: `map_values(${sql})`, type: arrayOf(type.value), name: 'value' },
    ];
  }
  if (type.kind !== 'array') {
    return scope.env.context.refuse(arg.at, 'Cannot unnest type: only arrays and maps can be unnested');
  }
  const { element } = type;
  const wanted = (relation.alias?.columns.length ?? 0) - (relation.ordinality ? 1 : 0);
  // An array of rows becomes a column for each of their fields, where so many are named.
  if (
    element.kind === 'row' &&
    relation.args.length === 1 &&
    wanted === element.fields.length &&
    wanted > 1
  ) {
    return element.fields.map((field, at) => ({
      sql: `list_transform(${sql}, lambda e: struct_extract(e, 'f${at}'))`,
      type: arrayOf(field.type),
    }));
  }
  return [value];
}

/** The columns SQL sees of a logstore: reserved ones, and the fields whose index has statistics switched on. */
function sourceColumns(source: Source, env: Environment): Array<Column & { readonly from: string }> {
  const { context, shiftSeconds } = env;
  const { plan, cut } = source.table;
  const column = (name: string, type: SqlType, from: string) => ({
    name,
    type,
    from,
    sql: context.fresh('c', name),
  });
  // `compare` lays the past over the present: its rows bear the times they are compared with.
  const time = shiftSeconds === 0 ? 't' : `(t + ${shiftSeconds})`;
  return [
    ...plan.fields
      .filter((field) => field.analysed)
      .flatMap((field) => {
        const from = cut.has(field.column) ? `coalesce(${field.column}_cut, ${field.column})` : field.column;
        const names = field.alias === undefined ? [field.key] : [field.key, field.alias];
        return names.map((name) => column(name, typeOf(field), from));
      }),
    column('__time__', BIGINT, time),
    column('__time_ns_part__', BIGINT, 'ns'),
    column('__topic__', VARCHAR, 'topic'),
    column('__source__', VARCHAR, 'source'),
  ];
}

function typeOf(field: IndexedField): SqlType {
  if (field.type === 'long') return BIGINT;
  return field.type === 'double' ? DOUBLE : VARCHAR;
}
