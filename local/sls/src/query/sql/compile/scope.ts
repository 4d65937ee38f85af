import type { Expr, Identifier } from '../ast.ts';
import type { Column, Environment, Typed } from './context.ts';

export interface ScopeRelation {
  readonly name: string | undefined;
  readonly columns: readonly Column[];
}

export interface Period {
  /** The column that numbers the periods; 0 is the present. */
  readonly column: string;
  readonly number: number;
  /** How far each lies back. */
  readonly shifts: readonly number[];
}

/** What names mean at some place of a statement. */
export interface Scope {
  readonly env: Environment;
  readonly relations: readonly ScopeRelation[];
  /** Columns that a JOIN … USING made one. */
  readonly merged?: readonly Column[];
  /** Of the query around a subquery. */
  readonly parent?: Scope;
  /** Where rows of several periods are compared: which of them an aggregate takes. */
  readonly period?: Period;
  /** Where the call of `time_series` stands that this SELECT is filled up for. */
  readonly series?: number;
  /** The keys of GROUP BY, for functions that look at them. */
  readonly groupKeys?: readonly Typed[];
  /** Expressions that were computed beforehand. */
  readonly known?: ReadonlyMap<Expr, Typed>;
  /** Parameters of lambdas. */
  readonly locals?: ReadonlyMap<string, Typed>;
  /** Names of the SELECT list, for clauses that may use them where no column has the name. */
  readonly aliases?: ReadonlyMap<string, Expr>;
}

export type Resolved =
  | { readonly kind: 'value'; readonly value: Typed; readonly rest: readonly Identifier[] }
  | { readonly kind: 'alias'; readonly expr: Expr; readonly rest: readonly Identifier[] };

/**
 * Finds what a name stands for. `rest` is what follows it: the fields of a row.
 * @throws QueryRefused ParameterInvalid for names that are unknown or ambiguous
 */
export function resolve(scope: Scope, column: Extract<Expr, { kind: 'column' }>): Resolved {
  for (let place: Scope | undefined = scope; place !== undefined; place = place.parent) {
    const found = resolveIn(place, column);
    if (found !== undefined) return found;
  }
  const name = column.path.map((part) => part.name).join('.');
  return scope.env.context.refuse(
    column.at,
    `Column '${name}' cannot be resolved;please add the column in the index attribute`,
  );
}

function resolveIn(scope: Scope, column: Extract<Expr, { kind: 'column' }>): Resolved | undefined {
  const [first, second, ...more] = column.path;
  if (first === undefined) return undefined;
  const local = scope.locals?.get(first.name.toLowerCase());
  if (local !== undefined) return { kind: 'value', value: local, rest: column.path.slice(1) };
  if (second !== undefined) {
    const named = scope.relations.filter((relation) => sameName(relation.name, first.name));
    const inside = find(named, second.name);
    if (inside.length > 1) ambiguous(scope, column);
    if (inside[0] !== undefined) return { kind: 'value', value: inside[0], rest: more };
  }
  const merged = scope.merged?.find((candidate) => sameName(candidate.name, first.name));
  const plain = merged === undefined ? find(scope.relations, first.name) : [merged];
  if (plain.length > 1) ambiguous(scope, column);
  if (plain[0] !== undefined) return { kind: 'value', value: plain[0], rest: column.path.slice(1) };
  const alias = scope.aliases?.get(first.name.toLowerCase());
  return alias === undefined ? undefined : { kind: 'alias', expr: alias, rest: column.path.slice(1) };
}

/** Names are case-insensitive; of fields that differ in case only, the one written exactly so counts. */
function find(relations: readonly ScopeRelation[], name: string): Column[] {
  const columns = relations.flatMap((relation) => relation.columns);
  const exact = columns.filter((column) => column.name === name);
  return exact.length > 0 ? exact : columns.filter((column) => sameName(column.name, name));
}

export function sameName(a: string | undefined, b: string): boolean {
  return a !== undefined && a.toLowerCase() === b.toLowerCase();
}

function ambiguous(scope: Scope, column: Extract<Expr, { kind: 'column' }>): never {
  const name = column.path.map((part) => part.name).join('.');
  return scope.env.context.refuse(column.at, `Column '${name}' is ambiguous`);
}
