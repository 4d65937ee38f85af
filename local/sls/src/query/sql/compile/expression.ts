import type { Expr } from '../ast.ts';
import { compileFunction } from '../functions/registry.ts';
import {
  BIGINT,
  BOOLEAN,
  DATE,
  INTERVAL,
  nameOfType,
  quoteText,
  TIMESTAMP,
  type Typed,
  typeOfName,
  UNKNOWN,
  VARCHAR,
} from '../types.ts';
import { bigintLiteral, castValue, coerce, doubleLiteral, unify } from './cast.ts';
import { compileCondition, compileExpression, mismatch, resolve, type Scope } from './context.ts';
import {
  compileArray,
  compileBinary,
  compileComparison,
  compileExists,
  compileInQuery,
  compileQuantified,
  compileRow,
  compileScalarQuery,
  compileSubscript,
  member,
  negate,
} from './operator.ts';

const MAX_BIGINT = 9_223_372_036_854_775_807n;
const INTERVAL_AMOUNT = /^\d{1,12}$/;

/**
 * Translates an expression.
 * @throws QueryRefused ParameterInvalid for unknown names and functions, and types that do not go together
 */
export function translateExpression(expr: Expr, scope: Scope): Typed {
  const { context } = scope.env;
  switch (expr.kind) {
    case 'null':
      return { sql: 'NULL', type: UNKNOWN };
    case 'boolean':
      return { sql: String(expr.value), type: BOOLEAN };
    case 'string':
      return { sql: quoteText(expr.text), type: VARCHAR };
    case 'double':
      return doubleLiteral(expr.text);
    case 'long':
      if (BigInt(expr.text) > MAX_BIGINT) context.refuse(expr.at, `Invalid numeric literal: ${expr.text}`);
      return bigintLiteral(BigInt(expr.text));
    case 'literal': {
      const type = expr.type === 'date' ? DATE : TIMESTAMP;
      return castValue({ sql: quoteText(expr.text), type: VARCHAR }, type) ?? unreachable();
    }
    case 'interval':
      if (!INTERVAL_AMOUNT.test(expr.amount))
        context.refuse(expr.at, `'${expr.amount}' is not a valid interval`);
      return { sql: `INTERVAL '${expr.negative ? '-' : ''}${expr.amount} ${expr.unit}'`, type: INTERVAL };
    case 'column':
      return compileColumn(expr, scope);
    case 'call':
      return compileFunction(expr, scope);
    case 'lambda':
      return context.refuse(expr.at, 'a lambda can only be an argument of a function');
    default:
      return compileOperation(expr, scope);
  }
}

type Operation = Exclude<
  Expr,
  {
    kind:
      | 'null'
      | 'boolean'
      | 'string'
      | 'double'
      | 'long'
      | 'literal'
      | 'interval'
      | 'column'
      | 'call'
      | 'lambda';
  }
>;

function compileOperation(expr: Operation, scope: Scope): Typed {
  switch (expr.kind) {
    case 'unary':
      return compileUnary(expr, scope);
    case 'binary':
      return compileBinary(expr, scope);
    case 'isNull':
      return truth(`(${compileExpression(expr.arg, scope).sql} IS ${expr.negated ? 'NOT ' : ''}NULL)`);
    case 'isDistinct':
      return compileComparison(expr, expr.negated ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM', scope);
    case 'between':
      return compileBetween(expr, scope);
    case 'inList':
      return compileInList(expr, scope);
    case 'like':
      return compileLike(expr, scope);
    case 'case':
      return compileCase(expr, scope);
    case 'cast':
      return compileCast(expr, scope);
    case 'extract':
      return compileExtract(expr, scope);
    case 'array':
      return compileArray(expr, scope);
    case 'row':
      return compileRow(expr, scope);
    case 'subscript':
      return compileSubscript(expr, scope);
    case 'member':
      return member(compileExpression(expr.base, scope), [expr.field], expr.at, scope);
    case 'atTimeZone':
      return compileFunction(asCall('at_timezone', expr.at, [expr.arg, expr.zone]), scope);
    case 'exists':
      return compileExists(expr.query, scope);
    case 'subquery':
      return compileScalarQuery(expr.query, expr.at, scope);
    case 'inQuery':
      return compileInQuery(expr, scope);
    case 'quantified':
      return compileQuantified(expr, scope);
  }
}

function truth(sql: string): Typed {
  return { sql, type: BOOLEAN };
}

function unreachable(): never {
  throw new Error('a literal of this type can always be cast from text');
}

function compileColumn(expr: Extract<Expr, { kind: 'column' }>, scope: Scope): Typed {
  const found = resolve(scope, expr);
  if (found.kind === 'value') return member(found.value, found.rest, expr.at, scope);
  const { aliases: _, ...plain } = scope;
  return member(compileExpression(found.expr, plain), found.rest, expr.at, scope);
}

function compileUnary(expr: Extract<Expr, { kind: 'unary' }>, scope: Scope): Typed {
  if (expr.operator === 'not') return truth(`(NOT ${compileCondition(expr.arg, scope, 'value of NOT')})`);
  // The one bigint whose positive counterpart is none.
  if (expr.operator === '-' && expr.arg.kind === 'long' && BigInt(expr.arg.text) === MAX_BIGINT + 1n) {
    return { sql: `CAST('-${expr.arg.text}' AS BIGINT)`, type: BIGINT };
  }
  return negate(compileExpression(expr.arg, scope), expr, scope);
}

function compileBetween(expr: Extract<Expr, { kind: 'between' }>, scope: Scope): Typed {
  const parts = [expr.arg, expr.low, expr.high].map((part) => compileExpression(part, scope));
  const same = unify(parts);
  if (same === undefined) return mismatch(parts, 'BETWEEN', expr.at, scope);
  const [arg, low, high] = same.values.map((value) => value.sql);
  return truth(`(${arg} ${expr.negated ? 'NOT ' : ''}BETWEEN ${low} AND ${high})`);
}

function compileInList(expr: Extract<Expr, { kind: 'inList' }>, scope: Scope): Typed {
  const parts = [expr.arg, ...expr.list].map((part) => compileExpression(part, scope));
  const same = unify(parts);
  if (same === undefined) return mismatch(parts, 'IN', expr.at, scope);
  const [arg, ...list] = same.values.map((value) => value.sql);
  return truth(`(${arg} ${expr.negated ? 'NOT ' : ''}IN (${list.join(', ')}))`);
}

function compileLike(expr: Extract<Expr, { kind: 'like' }>, scope: Scope): Typed {
  const text = (part: Expr) => {
    const value = compileExpression(part, scope);
    return (coerce(value, VARCHAR) ?? mismatch([value], 'LIKE', part.at, scope)).sql;
  };
  const escaping = expr.escape === undefined ? '' : ` ESCAPE ${text(expr.escape)}`;
  return truth(`(${text(expr.arg)} ${expr.negated ? 'NOT ' : ''}LIKE ${text(expr.pattern)}${escaping})`);
}

function compileCase(expr: Extract<Expr, { kind: 'case' }>, scope: Scope): Typed {
  const results = expr.branches.map((branch) => compileExpression(branch.result, scope));
  if (expr.otherwise !== undefined) results.push(compileExpression(expr.otherwise, scope));
  const same = unify(results);
  if (same === undefined) return mismatch(results, 'CASE', expr.at, scope);
  const branches = expr.branches.map((branch, at) => {
    const when = expr.operand === undefined ? branch.when : equal(expr.operand, branch.when);
    return `WHEN ${compileCondition(when, scope, 'CASE WHEN clause')} THEN ${same.values[at]?.sql}`;
  });
  const otherwise = expr.otherwise === undefined ? '' : ` ELSE ${same.values.at(-1)?.sql}`;
  return { sql: `CASE ${branches.join(' ')}${otherwise} END`, type: same.type };
}

function equal(left: Expr, right: Expr): Expr {
  return { kind: 'binary', at: right.at, operator: '=', left, right };
}

function compileCast(expr: Extract<Expr, { kind: 'cast' }>, scope: Scope): Typed {
  const value = compileExpression(expr.arg, scope);
  const type = typeOfName(expr.type);
  const cast = castValue(value, type, expr.safe);
  if (cast === undefined) {
    return scope.env.context.refuse(expr.at, `Cannot cast ${nameOfType(value.type)} to ${nameOfType(type)}`);
  }
  return cast;
}

function compileExtract(expr: Extract<Expr, { kind: 'extract' }>, scope: Scope): Typed {
  const names: Readonly<Record<string, string>> = {
    dow: 'day_of_week',
    doy: 'day_of_year',
    yow: 'year_of_week',
  };
  return compileFunction(asCall(names[expr.field] ?? expr.field, expr.at, [expr.arg]), scope);
}

function asCall(name: string, at: number, args: readonly Expr[]): Extract<Expr, { kind: 'call' }> {
  return { kind: 'call', at, name, args, star: false, distinct: false, orderBy: [], ignoreNulls: false };
}
