import type { FrameBound, SortItem, WindowSpec } from '../ast.ts';
import { BIGINT } from '../types.ts';
import { coerce } from './cast.ts';
import { compileExpression } from './expression.ts';
import type { Scope } from './scope.ts';

/** The items of an ORDER BY. */
export function compileSort(items: readonly SortItem[], scope: Scope): string {
  return items.map((item) => `${compileExpression(item.expr, scope).sql}${direction(item)}`).join(', ');
}

export function direction(item: SortItem): string {
  return `${item.descending ? ' DESC' : ' ASC'} NULLS ${item.nullsFirst ? 'FIRST' : 'LAST'}`;
}

/** What stands inside OVER (…). */
export function compileWindow(spec: WindowSpec, scope: Scope): string {
  const parts: string[] = [];
  if (spec.partitionBy.length > 0) {
    const keys = spec.partitionBy.map((expr) => compileExpression(expr, scope).sql);
    parts.push(`PARTITION BY ${keys.join(', ')}`);
  }
  if (spec.orderBy.length > 0) parts.push(`ORDER BY ${compileSort(spec.orderBy, scope)}`);
  if (spec.frame !== undefined) {
    const { unit, start, end } = spec.frame;
    parts.push(`${unit} BETWEEN ${compileBound(start, scope)} AND ${compileBound(end, scope)}`);
  }
  return parts.join(' ');
}

function compileBound(bound: FrameBound, scope: Scope): string {
  if (bound.kind === 'current') return 'CURRENT ROW';
  if (bound.offset === undefined) return `UNBOUNDED ${bound.kind.toUpperCase()}`;
  const offset = coerce(compileExpression(bound.offset, scope), BIGINT);
  if (offset === undefined)
    scope.env.context.refuse(bound.offset.at, 'a window frame is counted in whole numbers');
  return `${offset.sql} ${bound.kind.toUpperCase()}`;
}
