import type { CallSite } from '../compile/call-site.ts';
import { coerce, toMoment } from '../compile/cast.ts';
import type { Typed } from '../compile/context.ts';
import { compileExpression } from '../compile/expression.ts';
import type { Scope } from '../compile/scope.ts';
import { arrayOf, BIGINT, DOUBLE, isInteger, isTimestamp } from '../types.ts';
import { hasAggregate } from '../walk.ts';
import type { Translate } from './definition.ts';

/** The functions that look at the same window some time ago. */
export const COMPARING = ['compare', 'ts_compare'];

const MAX_PERIODS = 8;

/**
 * By how many seconds a call looks back.
 * @throws QueryRefused ParameterInvalid
 */
export function shiftsOf(call: CallSite['call'], scope: Scope): number[] {
  const shifts = call.args.slice(1).map((arg) => (arg.kind === 'long' ? Number(arg.text) : 0));
  if (
    shifts.length === 0 ||
    shifts.length > MAX_PERIODS ||
    shifts.some((shift) => shift <= 0 || shift > 1e10)
  ) {
    return scope.env.context.refuse(
      call.at,
      `${call.name} takes a column and 1 to ${MAX_PERIODS} numbers of seconds`,
    );
  }
  return shifts;
}

/** `[now, before …, now / before …]` */
function values(site: CallSite): { list: string[]; shifts: number[] } {
  const { scope } = site;
  const { period } = scope;
  const shifts = shiftsOf(site.call, scope);
  if (period === undefined) return site.fail(`${site.call.name} must stand in the SELECT list`);
  const now = valueIn(site, 0);
  const before = shifts.map((shift) => valueIn(site, period.shifts.indexOf(shift)));
  return { list: [now, ...before, ...before.map((value) => `(${now} / ${value})`)], shifts };
}

function valueIn(site: CallSite, number: number): string {
  const { period } = site.scope;
  if (period === undefined) return site.refuse();
  const scope = { ...site.scope, period: { ...period, number } };
  const arg = site.arg(0);
  const single = hasAggregate(arg) ? arg : ({ ...site.call, name: 'max', args: [arg] } as const);
  return (coerce(compileExpression(single, scope), DOUBLE) ?? site.refuse()).sql;
}

const compare: Translate = (site): Typed => {
  return { sql: `[${values(site).list.join(', ')}]`, type: arrayOf(DOUBLE) };
};

/** With the Unix time of the compared moments at the end. */
const tsCompare: Translate = (site): Typed => {
  const { list, shifts } = values(site);
  const key = site.scope.groupKeys?.find(({ type }) => isTimestamp(type) || isInteger(type));
  if (key === undefined) return site.fail('ts_compare needs a GROUP BY with a column of time');
  const seconds = isInteger(key.type)
    ? coerce(key, BIGINT)?.sql
    : `sls_to_unixtime(${(toMoment(key) ?? key).sql})`;
  const times = shifts.map((shift) => `CAST(${seconds} - ${shift} AS DOUBLE)`);
  return { sql: `[${[...list, ...times].join(', ')}]`, type: arrayOf(DOUBLE) };
};

export const COMPARE: Readonly<Record<string, Translate>> = { compare, ts_compare: tsCompare };
