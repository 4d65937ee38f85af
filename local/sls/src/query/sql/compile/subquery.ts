import type { Expr, Query } from '../ast.ts';
import { BOOLEAN, nameOfType } from '../types.ts';
import { unify } from './cast.ts';
import type { Typed } from './context.ts';
import { compileExpression } from './expression.ts';
import { type CompiledQuery, compileQuery } from './query.ts';
import type { Scope } from './scope.ts';

/** `EXISTS (SELECT …)` */
export function compileExists(query: Query, scope: Scope): Typed {
  return { sql: `EXISTS (${compileQuery(query, scope.env, { parent: scope }).sql})`, type: BOOLEAN };
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
  if (same === undefined) {
    const types = `${nameOfType(arg.type)}, ${nameOfType(value.type)}`;
    return scope.env.context.refuse(expr.at, `'${operator}' cannot be applied to ${types}`);
  }
  const [left, right] = same.values;
  return { sql: `(${left?.sql} ${operator} (SELECT ${right?.sql} FROM (${compiled.sql})))`, type: BOOLEAN };
}

function oneColumn(query: Query, at: number, scope: Scope): { compiled: CompiledQuery; value: Typed } {
  const compiled = compileQuery(query, scope.env, { parent: scope });
  const [value, second] = compiled.columns;
  if (value === undefined || second !== undefined) {
    return scope.env.context.refuse(
      at,
      `a subquery here must return one column, not ${compiled.columns.length}`,
    );
  }
  return { compiled, value };
}
