import type { Call, Expr, FrameBound, SortItem, WindowSpec } from '../ast.ts';
import { BIGINT, nameOfType, type SqlType, sameType, type Typed } from '../types.ts';
import { coerce } from './cast.ts';
import { compileExpression, type Scope } from './context.ts';

/** Translates one call. */
export type Translate = (site: CallSite) => Typed;

/** What a function is to the query: only aggregates group rows, only window functions need OVER. */
export interface FunctionDefinition {
  readonly role: 'scalar' | 'aggregate' | 'window';
  readonly translate: Translate;
}

interface Overload {
  readonly params: readonly SqlType[];
  readonly returns: SqlType;
  readonly sql: (...args: string[]) => string;
}

/** A function whose variants have fixed types of arguments; one that fits without any conversion comes first. */
export function overloads(...variants: readonly Overload[]): Translate {
  return (site) => {
    const args = site.all();
    const fitting = variants.filter((variant) => variant.params.length === args.length);
    const exact = fitting.find((variant) =>
      variant.params.every((type, at) => {
        const arg = args[at];
        return arg !== undefined && sameType(arg.type, type);
      }),
    );
    for (const variant of exact === undefined ? fitting : [exact]) {
      const coerced = variant.params.map((type, at) => {
        const arg = args[at];
        return arg === undefined ? undefined : coerce(arg, type)?.sql;
      });
      const sqls = coerced.filter((sql) => sql !== undefined);
      if (sqls.length === coerced.length) return { sql: variant.sql(...sqls), type: variant.returns };
    }
    return site.refuse();
  };
}

export function overload(params: readonly SqlType[], returns: SqlType, sql: Overload['sql']): Overload {
  return { params, returns, sql };
}

export interface Lambda {
  /** `lambda a, b: …` */
  readonly sql: string;
  readonly type: SqlType;
}

/** One call of a function, as the function's translation sees it. */
export class CallSite {
  readonly call: Call;
  readonly scope: Scope;
  readonly #compiled = new Map<number, Typed>();

  constructor(call: Call, scope: Scope) {
    this.call = call;
    this.scope = scope;
  }

  get count(): number {
    return this.call.args.length;
  }

  /** The same place, with the call changed. */
  withCall(call: Call): CallSite {
    return new CallSite(call, this.scope);
  }

  /** A name that occurs nowhere else in the statement. */
  fresh(prefix: string): string {
    return this.scope.env.context.fresh(prefix);
  }

  compile(expr: Expr): Typed {
    return compileExpression(expr, this.scope);
  }

  /** Refuses the call unless it has one of these numbers of arguments. */
  takes(...counts: number[]): void {
    if (!counts.includes(this.count)) this.refuse();
  }

  arg(at: number): Expr {
    const arg = this.call.args[at];
    return arg ?? this.refuse();
  }

  typed(at: number): Typed {
    const known = this.#compiled.get(at);
    if (known !== undefined) return known;
    const compiled = compileExpression(this.arg(at), this.scope);
    this.#compiled.set(at, compiled);
    return compiled;
  }

  all(): Typed[] {
    return this.call.args.map((_, at) => this.typed(at));
  }

  /** The argument's SQL as that type. */
  as(at: number, type: SqlType): string {
    return (coerce(this.typed(at), type) ?? this.refuse()).sql;
  }

  nameOfArgument(at: number): string {
    return nameOfType(this.typed(at).type);
  }

  array(at: number): { sql: string; element: SqlType } {
    const { sql, type } = this.typed(at);
    return type.kind === 'array' ? { sql, element: type.element } : this.refuse();
  }

  map(at: number): { sql: string; key: SqlType; value: SqlType } {
    const { sql, type } = this.typed(at);
    return type.kind === 'map' ? { sql, key: type.key, value: type.value } : this.refuse();
  }

  /** The text of an argument that must be a literal. */
  literal(at: number): string {
    const arg = this.arg(at);
    if (arg.kind === 'string' || arg.kind === 'long') return arg.text;
    return this.fail(`argument ${at + 1} of ${this.call.name} must be a constant`);
  }

  lambda(at: number, parameters: readonly SqlType[]): Lambda {
    const { params, body } = this.#lambdaAst(at, parameters.length);
    const names = params.map(() => this.scope.env.context.fresh('p'));
    const locals = new Map(this.scope.locals);
    for (const [index, param] of params.entries()) {
      const type = parameters[index];
      if (type !== undefined) locals.set(param.name.toLowerCase(), { sql: names[index] ?? '', type });
    }
    const compiled = compileExpression(body, { ...this.scope, locals });
    return { sql: `lambda ${names.join(', ')}: ${compiled.sql}`, type: compiled.type };
  }

  /** The lambda's body with SQL put in place of its parameters. */
  inline(at: number, values: readonly Typed[]): Typed {
    const { params, body } = this.#lambdaAst(at, values.length);
    const locals = new Map(this.scope.locals);
    for (const [index, param] of params.entries()) {
      const value = values[index];
      if (value !== undefined) locals.set(param.name.toLowerCase(), value);
    }
    return compileExpression(body, { ...this.scope, locals });
  }

  #lambdaAst(at: number, parameters: number): Extract<Expr, { kind: 'lambda' }> {
    const arg = this.arg(at);
    if (arg.kind !== 'lambda') return this.refuse();
    if (arg.params.length !== parameters) {
      return this.fail(`a lambda of ${this.call.name} takes ${parameters} parameters`);
    }
    return arg;
  }

  /** An aggregate or window function of DuckDB with this call's DISTINCT, ORDER BY, FILTER and OVER. */
  aggregate(
    name: string,
    args: readonly string[],
    extra: { filter?: string; orderBy?: string } = {},
  ): string {
    const { distinct, filter, over, ignoreNulls } = this.call;
    const order = extra.orderBy ?? this.#orderBy(this.call.orderBy);
    const nulls = ignoreNulls && over !== undefined ? ' IGNORE NULLS' : '';
    const inside = `${distinct ? 'DISTINCT ' : ''}${args.join(', ')}${order}${nulls}`;
    const { period } = this.scope;
    const conditions = [
      ...(period === undefined || over !== undefined ? [] : [`${period.column} = ${period.number}`]),
      ...(filter === undefined ? [] : [compileExpression(filter, this.scope).sql]),
      ...(extra.filter === undefined ? [] : [extra.filter]),
    ];
    const where = conditions.length === 0 ? '' : ` FILTER (WHERE ${conditions.join(' AND ')})`;
    return `${name}(${inside})${where}${over === undefined ? '' : ` OVER (${compileWindow(over, this.scope)})`}`;
  }

  #orderBy(items: readonly SortItem[]): string {
    return items.length === 0 ? '' : ` ORDER BY ${compileSort(items, this.scope)}`;
  }

  fail(message: string): never {
    return this.scope.env.context.refuse(this.call.at, message);
  }

  /** The arguments do not fit the function. */
  refuse(): never {
    const types = this.call.args.map((arg, at) =>
      arg.kind === 'lambda' ? 'function' : nameOfType(this.typed(at).type),
    );
    return this.fail(`Unexpected parameters (${types.join(', ')}) for function ${this.call.name}`);
  }
}

/** The items of an ORDER BY. */
function compileSort(items: readonly SortItem[], scope: Scope): string {
  return items.map((item) => `${compileExpression(item.expr, scope).sql}${direction(item)}`).join(', ');
}

export function direction(item: SortItem): string {
  return `${item.descending ? ' DESC' : ' ASC'} NULLS ${item.nullsFirst ? 'FIRST' : 'LAST'}`;
}

/** What stands inside OVER (…). */
function compileWindow(spec: WindowSpec, scope: Scope): string {
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
