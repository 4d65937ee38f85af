import type { BinaryOperator, Expr, Identifier, Query } from '../ast.ts';
import {
  BIGINT,
  BOOLEAN,
  commonType,
  DATE,
  DOUBLE,
  duckTypeOf,
  fieldName,
  INTERVAL,
  isInteger,
  isNumeric,
  isTimestamp,
  nameOfType,
  type SqlType,
  type Typed,
  UNKNOWN,
  VARCHAR,
} from '../types.ts';
import { castValue, coerce, unify } from './cast.ts';
import {
  type CompiledQuery,
  compileCondition,
  compileExpression,
  mismatch,
  type Scope,
  sameName,
} from './context.ts';

const ORDERED = ['<', '<=', '>', '>='];

/** `a + b`, `a AND b`, `a = b` and the like. */
export function compileBinary(expr: Extract<Expr, { kind: 'binary' }>, scope: Scope): Typed {
  const { operator } = expr;
  if (operator === 'and' || operator === 'or') {
    const [left, right] = [expr.left, expr.right].map((side) =>
      compileCondition(side, scope, `value of ${operator.toUpperCase()}`),
    );
    return { sql: `(${left} ${operator.toUpperCase()} ${right})`, type: BOOLEAN };
  }
  if (operator === '||') return concatenate(expr, scope);
  if (['+', '-', '*', '/', '%'].includes(operator)) return arithmetic(expr, scope);
  return compileComparison(expr, operator, scope);
}

/** `left <operator> right` over values of one type. */
export function compileComparison(
  expr: { readonly at: number; readonly left: Expr; readonly right: Expr },
  operator: string,
  scope: Scope,
): Typed {
  const sides = [compileExpression(expr.left, scope), compileExpression(expr.right, scope)];
  const same = unify(sides);
  const unordered =
    same !== undefined && ORDERED.includes(operator) && ['map', 'json'].includes(same.type.kind);
  if (same === undefined || unordered) return mismatch(sides, operator, expr.at, scope);
  const [left, right] = same.values;
  return { sql: `(${left?.sql} ${operator} ${right?.sql})`, type: BOOLEAN };
}

/** `-x` and `+x`. */
export function negate(value: Typed, expr: Extract<Expr, { kind: 'unary' }>, scope: Scope): Typed {
  if (value.type.kind === 'unknown') return value;
  if (!isNumeric(value.type) && value.type.kind !== 'interval')
    return mismatch([value], expr.operator, expr.at, scope);
  return expr.operator === '+' ? value : { sql: `(-${value.sql})`, type: value.type };
}

function concatenate(expr: Extract<Expr, { kind: 'binary' }>, scope: Scope): Typed {
  const left = compileExpression(expr.left, scope);
  const right = compileExpression(expr.right, scope);
  const texts = [left, right].map((side) => coerce(side, VARCHAR));
  if (texts.every((side) => side !== undefined)) {
    return { sql: `(${texts.map((side) => side?.sql).join(' || ')})`, type: VARCHAR };
  }
  const arrays = [left, right].map((side, at) => {
    const other = at === 0 ? right : left;
    // An element may stand beside an array.
    return side.type.kind !== 'array' && other.type.kind === 'array'
      ? { sql: `[${side.sql}]`, type: { kind: 'array', element: side.type } as const }
      : side;
  });
  const same = arrays.every((side) => side.type.kind === 'array') ? unify(arrays) : undefined;
  if (same === undefined) return mismatch([left, right], '||', expr.at, scope);
  return { sql: `list_concat(${same.values.map((side) => side.sql).join(', ')})`, type: same.type };
}

function arithmetic(expr: Extract<Expr, { kind: 'binary' }>, scope: Scope): Typed {
  const left = compileExpression(expr.left, scope);
  const right = compileExpression(expr.right, scope);
  return (
    withNumbers(expr.operator, left, right) ??
    withMoments(expr.operator, left, right) ??
    mismatch([left, right], expr.operator, expr.at, scope)
  );
}

function withNumbers(operator: BinaryOperator, left: Typed, right: Typed): Typed | undefined {
  const usable = (type: SqlType) => isNumeric(type) || type.kind === 'unknown';
  if (!usable(left.type) || !usable(right.type)) return undefined;
  const common = commonType(left.type, right.type) ?? UNKNOWN;
  // Integers count as bigint throughout, so that results are not cut to 32 bits. Decimals beyond sums are doubles.
  let type = isInteger(common) || common.kind === 'unknown' ? BIGINT : common;
  if (type.kind === 'decimal') type = operator === '+' || operator === '-' ? widened(type) : DOUBLE;
  const [a, b] = [castValue(left, type)?.sql, castValue(right, type)?.sql];
  const literal = /^\(-?[1-9]\d*::BIGINT\)$/.test(b ?? '');
  const whole = type.kind === 'bigint' && (operator === '/' || operator === '%');
  if (!whole) return { sql: `(${a} ${operator} ${b})`, type };
  return { sql: `(${a} ${operator === '/' ? '//' : '%'} ${literal ? b : `sls_divisor(${b})`})`, type };
}

function widened(type: Extract<SqlType, { kind: 'decimal' }>): SqlType {
  return { ...type, precision: Math.min(38, type.precision + 1) };
}

function withMoments(operator: BinaryOperator, left: Typed, right: Typed): Typed | undefined {
  const [a, b] = [left.type.kind, right.type.kind];
  const moment = (type: SqlType) => isTimestamp(type) || type.kind === 'date' || type.kind === 'time';
  if ((operator === '+' || operator === '-') && moment(left.type) && b === 'interval') {
    return moved(`(${left.sql} ${operator} ${right.sql})`, left.type);
  }
  if (operator === '+' && a === 'interval' && moment(right.type))
    return moved(`(${right.sql} + ${left.sql})`, right.type);
  if (operator === '-' && moment(left.type) && moment(right.type)) {
    const same = unify([left, right]);
    if (same === undefined || same.type.kind === 'time') return undefined;
    return {
      sql: `(CAST(${same.values[0]?.sql} AS TIMESTAMP) - CAST(${same.values[1]?.sql} AS TIMESTAMP))`,
      type: INTERVAL,
    };
  }
  if ((operator === '+' || operator === '-') && a === 'interval' && b === 'interval') {
    return { sql: `(${left.sql} ${operator} ${right.sql})`, type: INTERVAL };
  }
  if (operator === '*' && a === 'interval' && isInteger(right.type)) {
    return { sql: `(${left.sql} * ${right.sql})`, type: INTERVAL };
  }
  return operator === '*' && isInteger(left.type) && b === 'interval'
    ? { sql: `(${right.sql} * ${left.sql})`, type: INTERVAL }
    : undefined;
}

/** DuckDB makes a timestamp of date plus interval. */
function moved(sql: string, type: SqlType): Typed {
  return {
    sql: type.kind === 'date' ? `CAST(${sql} AS DATE)` : sql,
    type: type.kind === 'date' ? DATE : type,
  };
}

/** The fields of a row, one inside the other. */
export function member(base: Typed, path: readonly Identifier[], at: number, scope: Scope): Typed {
  let value = base;
  for (const part of path) {
    const { type } = value;
    const index =
      type.kind === 'row' ? type.fields.findIndex((field) => sameName(field.name, part.name)) : -1;
    const field = type.kind === 'row' ? type.fields[index] : undefined;
    if (field === undefined) {
      return scope.env.context.refuse(at, `${nameOfType(type)} has no field '${part.name}'`);
    }
    value = { sql: `struct_extract(${value.sql}, '${fieldName(index)}')`, type: field.type };
  }
  return value;
}

/** `ARRAY[…]` */
export function compileArray(expr: Extract<Expr, { kind: 'array' | 'row' }>, scope: Scope): Typed {
  const items = expr.items.map((item) => compileExpression(item, scope));
  if (items.length === 0) return { sql: 'CAST([] AS VARCHAR[])', type: { kind: 'array', element: UNKNOWN } };
  const same = unify(items);
  if (same === undefined) return mismatch(items, 'ARRAY', expr.at, scope);
  const type = { kind: 'array', element: same.type } as const;
  return { sql: `CAST([${same.values.map((item) => item.sql).join(', ')}] AS ${duckTypeOf(type)})`, type };
}

/** `ROW(…)` */
export function compileRow(expr: Extract<Expr, { kind: 'array' | 'row' }>, scope: Scope): Typed {
  const items = expr.items.map((item) => compileExpression(item, scope));
  const fields = items.map((item, at) => `'${fieldName(at)}': ${item.sql}`);
  const type = { kind: 'row', fields: items.map((item) => ({ name: undefined, type: item.type })) } as const;
  return { sql: `{${fields.join(', ')}}`, type };
}

/** `a[i]` of an array or a map; what is not there is an error. */
export function compileSubscript(expr: Extract<Expr, { kind: 'subscript' }>, scope: Scope): Typed {
  const base = compileExpression(expr.base, scope);
  const index = compileExpression(expr.index, scope);
  const wanted = base.type.kind === 'map' ? base.type.key : BIGINT;
  const key = coerce(index, wanted);
  if (key === undefined) return mismatch([base, index], '[]', expr.at, scope);
  if (base.type.kind === 'array') {
    return { sql: `list_extract(${base.sql}, sls_index(${base.sql}, ${key.sql}))`, type: base.type.element };
  }
  if (base.type.kind === 'map') {
    const missing = `CAST(CAST('sls:Key not present in map' AS BIGINT) AS ${duckTypeOf(base.type.key)})`;
    const sure = `CASE WHEN map_contains(${base.sql}, ${key.sql}) THEN ${key.sql} ELSE ${missing} END`;
    return { sql: `map_extract_value(${base.sql}, ${sure})`, type: base.type.value };
  }
  return mismatch([base, index], '[]', expr.at, scope);
}

/** `EXISTS (SELECT …)` */
export function compileExists(query: Query, scope: Scope): Typed {
  return {
    sql: `EXISTS (${scope.env.context.compiler.query(query, scope.env, { parent: scope }).sql})`,
    type: BOOLEAN,
  };
}

/** `(SELECT …)` as a value; more than one row is an error. */
export function compileScalarQuery(query: Query, at: number, scope: Scope): Typed {
  const { compiled, value } = oneColumn(query, at, scope);
  return { sql: `(${compiled.sql})`, type: value.type };
}

/** `x IN (SELECT …)` */
export function compileInQuery(expr: Extract<Expr, { kind: 'inQuery' }>, scope: Scope): Typed {
  return against(expr, `${expr.negated ? 'NOT ' : ''}IN`, scope);
}

/** `x > ALL (SELECT …)` */
export function compileQuantified(expr: Extract<Expr, { kind: 'quantified' }>, scope: Scope): Typed {
  return against(expr, `${expr.operator} ${expr.all ? 'ALL' : 'ANY'}`, scope);
}

function against(
  expr: { readonly at: number; readonly arg: Expr; readonly query: Query },
  operator: string,
  scope: Scope,
): Typed {
  const arg = compileExpression(expr.arg, scope);
  const { compiled, value } = oneColumn(expr.query, expr.at, scope);
  const same = unify([arg, value]);
  if (same === undefined) return mismatch([arg, value], operator, expr.at, scope);
  const [left, right] = same.values;
  return { sql: `(${left?.sql} ${operator} (SELECT ${right?.sql} FROM (${compiled.sql})))`, type: BOOLEAN };
}

function oneColumn(query: Query, at: number, scope: Scope): { compiled: CompiledQuery; value: Typed } {
  const compiled = scope.env.context.compiler.query(query, scope.env, { parent: scope });
  const [value, second] = compiled.columns;
  if (value === undefined || second !== undefined) {
    return scope.env.context.refuse(
      at,
      `a subquery here must return one column, not ${compiled.columns.length}`,
    );
  }
  return { compiled, value };
}
