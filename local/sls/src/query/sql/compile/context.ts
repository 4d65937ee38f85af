import type { LogTable } from '../../store/log-table.ts';
import type { Expr, Identifier, Query } from '../ast.ts';
import { placeOf, refuseSql } from '../lexer.ts';
import { BOOLEAN, nameOfType, type Typed } from '../types.ts';
import { coerce } from './cast.ts';

export interface Column extends Typed {
  /** As the query names it. */
  readonly name: string;
}

/** A logstore that a statement may read. */
export interface Source {
  readonly table: LogTable;
  /** Condition on the table's columns for the window moved into the past by so many seconds. */
  readonly condition: (shiftSeconds: number) => string;
}

export interface StatementOptions {
  readonly text: string;
  /** Finds `log`, the logstore's own name, and the other logstores of the project. */
  readonly sourceOf: (name: string) => Source | undefined;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly nowMs: number;
}

export interface Cte {
  readonly query: Query;
  readonly columnNames: readonly string[];
  /** The CTEs that were known where this one stands. */
  readonly visible: CteScope;
  /** What DuckDB calls it, and its columns, where the window is not moved. */
  readonly compiled: { readonly name: string; readonly columns: readonly Column[] };
}

export type CteScope = ReadonlyMap<string, Cte>;

export interface CompiledQuery {
  readonly sql: string;
  /** Their `sql` is what the compiled query calls them. */
  readonly columns: readonly Column[];
}

export interface Around {
  /** The query around a subquery. */
  readonly parent?: Scope;
  /** The statement itself: its LIMIT has rules, and a default. */
  readonly outermost?: boolean;
}

/**
 * The parts of the compiler that call each other in a circle: expressions hold queries, queries hold expressions,
 * and calls of functions hold both. The statement is given them, so that no module has to import what imports it.
 */
export interface Compiler {
  readonly expression: (expr: Expr, scope: Scope) => Typed;
  readonly query: (query: Query, env: Environment, around: Around) => CompiledQuery;
  /** Whether a function of that name groups rows. */
  readonly isAggregate: (name: string) => boolean;
}

/** Far more than any sane statement needs; `compare` over nested WITH doubles them at each level. */
const MAX_NAMES = 100_000;

/** What is the same for a whole statement; hands out names that occur nowhere else in it. */
export class Context {
  readonly options: StatementOptions;
  readonly compiler: Compiler;
  /** Internal column names and what the query calls them, for DuckDB's messages. */
  readonly names = new Map<string, string>();
  #count = 0;

  constructor(options: StatementOptions, compiler: Compiler) {
    this.options = options;
    this.compiler = compiler;
  }

  fresh(prefix: string, meaning?: string): string {
    this.#count += 1;
    if (this.#count > MAX_NAMES) refuseSql('the statement is too complex');
    const name = `${prefix}${this.#count}`;
    if (meaning !== undefined) this.names.set(name, meaning);
    return name;
  }

  /** @throws QueryRefused ParameterInvalid, always */
  refuse(at: number, message: string): never {
    refuseSql(`${placeOf(this.options.text, at)}: ${message}`);
  }
}

/** Where a query stands: what CTEs it sees, and by how much its window is moved (for `compare`). */
export interface Environment {
  readonly context: Context;
  readonly ctes: CteScope;
  readonly shiftSeconds: number;
}

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

/**
 * Translates an expression, unless that was done beforehand.
 * @throws QueryRefused ParameterInvalid for unknown names and functions, and types that do not go together
 */
export function compileExpression(expr: Expr, scope: Scope): Typed {
  return scope.known?.get(expr) ?? scope.env.context.compiler.expression(expr, scope);
}

/** A condition: must be boolean. */
export function compileCondition(expr: Expr, scope: Scope, what: string): string {
  const condition = coerce(compileExpression(expr, scope), BOOLEAN);
  return (condition ?? scope.env.context.refuse(expr.at, `${what} must evaluate to a boolean`)).sql;
}

/**
 * The values of these types do not go together.
 * @throws QueryRefused ParameterInvalid, always
 */
export function mismatch(parts: readonly Typed[], operator: string, at: number, scope: Scope): never {
  const types = parts.map((part) => nameOfType(part.type)).join(', ');
  return scope.env.context.refuse(at, `'${operator}' cannot be applied to ${types}`);
}
