import type { Expr, Identifier } from '../ast.ts';
import { BIGINT, duckTypeOf, fieldName, nameOfType, UNKNOWN } from '../types.ts';
import { coerce, unify } from './cast.ts';
import type { Typed } from './context.ts';
import { compileExpression } from './expression.ts';
import { type Scope, sameName } from './scope.ts';

/**
 * The values of these types do not go together.
 * @throws QueryRefused ParameterInvalid, always
 */
export function mismatch(parts: readonly Typed[], operator: string, at: number, scope: Scope): never {
  const types = parts.map((part) => nameOfType(part.type)).join(', ');
  return scope.env.context.refuse(at, `'${operator}' cannot be applied to ${types}`);
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
