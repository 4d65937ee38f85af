import type { CallSite } from '../compile/call-site.ts';
import { coerce } from '../compile/cast.ts';
import type { Typed } from '../compile/context.ts';
import { type SqlType, sameType } from '../types.ts';

/** Translates one call. */
export type Translate = (site: CallSite) => Typed;

/** What a function is to the query: only aggregates group rows, only window functions need OVER. */
export interface FunctionDefinition {
  readonly role: 'scalar' | 'aggregate' | 'window';
  readonly translate: Translate;
}

export interface Overload {
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
