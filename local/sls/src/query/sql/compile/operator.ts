import type { BinaryOperator, Expr } from '../ast.ts';
import {
  BIGINT,
  BOOLEAN,
  commonType,
  DATE,
  DOUBLE,
  INTERVAL,
  isInteger,
  isNumeric,
  isTimestamp,
  type SqlType,
  UNKNOWN,
  VARCHAR,
} from '../types.ts';
import { castValue, coerce, unify } from './cast.ts';
import { mismatch } from './composite.ts';
import type { Typed } from './context.ts';
import { compileCondition, compileExpression } from './expression.ts';
import type { Scope } from './scope.ts';

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
