import type { CallSite, Translate } from '../compile/call-site.ts';
import { unify } from '../compile/cast.ts';
import { compileExpression } from '../compile/context.ts';
import { BOOLEAN, type Typed, UNKNOWN } from '../types.ts';
import { outsideTry } from '../walk.ts';

type Table = Readonly<Record<string, Translate>>;

function unified(site: CallSite, values: readonly Typed[]): { values: Typed[]; type: Typed['type'] } {
  return unify(values) ?? site.refuse();
}

const ifThen: Translate = (site) => {
  if (site.count !== 2 && site.count !== 3) return site.refuse();
  const condition = site.as(0, BOOLEAN);
  const { values, type } = unified(site, site.all().slice(1));
  const otherwise = values[1] === undefined ? '' : ` ELSE ${values[1].sql}`;
  return { sql: `CASE WHEN ${condition} THEN ${values[0]?.sql}${otherwise} END`, type };
};

const coalesce: Translate = (site) => {
  if (site.count < 1) return site.refuse();
  const { values, type } = unified(site, site.all());
  return { sql: `coalesce(${values.map((value) => value.sql).join(', ')})`, type };
};

const nullIf: Translate = (site) => {
  if (site.count !== 2) return site.refuse();
  const { values } = unified(site, site.all());
  const first = site.typed(0);
  return {
    sql: `CASE WHEN ${values[0]?.sql} = ${values[1]?.sql} THEN NULL ELSE ${first.sql} END`,
    type: first.type,
  };
};

/** NULL if any of them is. */
function extreme(name: 'greatest' | 'least'): Translate {
  return (site) => {
    if (site.count < 1) return site.refuse();
    const { values, type } = unified(site, site.all());
    const missing = values.map((value) => `${value.sql} IS NULL`).join(' OR ');
    return {
      sql: `CASE WHEN ${missing} THEN NULL ELSE ${name}(${values.map((value) => value.sql).join(', ')}) END`,
      type,
    };
  };
}

/**
 * NULL where the value is an error. DuckDB's TRY takes neither aggregates nor subqueries, so these are computed
 * outside and handed to it as the parameter of a lambda.
 */
const tryValue: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  const outside = outsideTry(site.arg(0), site.scope.env.context.compiler.isAggregate);
  if (outside.length === 0) {
    const { sql, type } = site.typed(0);
    return { sql: `TRY(${sql})`, type };
  }
  const name = site.fresh('p');
  const values = outside.map((expr) => site.compile(expr));
  const known = new Map(
    outside.map((expr, at) => [expr, { sql: `${name}.v${at}`, type: values[at]?.type ?? UNKNOWN }] as const),
  );
  const body = compileExpression(site.arg(0), { ...site.scope, known });
  const fields = values.map((value, at) => `'v${at}': ${value.sql}`);
  return {
    sql: `list_transform([{${fields.join(', ')}}], lambda ${name}: TRY(${body.sql}))[1]`,
    type: body.type,
  };
};

export const CONDITIONAL: Table = {
  coalesce,
  greatest: extreme('greatest'),
  if: ifThen,
  least: extreme('least'),
  nullif: nullIf,
  try: tryValue,
};
