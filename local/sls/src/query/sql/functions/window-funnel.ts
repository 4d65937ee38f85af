import type { CallSite } from '../compile/call-site.ts';
import { coerce } from '../compile/cast.ts';
import { BIGINT, BOOLEAN, isTimestamp } from '../types.ts';
import type { Translate } from './definition.ts';

const MAX_STEPS = 32;

/**
 * `window_funnel(seconds, time, event, ARRAY['a', 'b'])` or `window_funnel(seconds, time, ARRAY[event = 'a', …])`:
 * how many of the steps were taken in their order within so many seconds of the first one. Other events between
 * the steps do not matter; of several chains the longest counts.
 *
 * The rows of a group become a list in order of time, folded with a list that holds, for each step, when the
 * newest chain that reached it began.
 */
export const windowFunnel: Translate = (site) => {
  if (site.count !== 3 && site.count !== 4) return site.refuse();
  const steps = stepConditions(site);
  if (steps.length === 0 || steps.length > MAX_STEPS) {
    return site.fail(`window_funnel takes 1 to ${MAX_STEPS} steps`);
  }
  const time = seconds(site);
  const flags = steps.map((step) => `CASE WHEN ${step} THEN 1::BIGINT ELSE 0::BIGINT END`);
  const events = site.aggregate('list', [`[${[time, ...flags].join(', ')}]`], {
    orderBy: ` ORDER BY ${time}`,
    filter: `${time} IS NOT NULL AND (${steps.map((step) => `coalesce(${step}, false)`).join(' OR ')})`,
  });
  const within = site.as(0, BIGINT);
  const reached = steps.map((_, at) => reachedAt(at + 2, within));
  const start = `[${['NULL::BIGINT', ...steps.map(() => 'NULL::BIGINT')].join(', ')}]`;
  const folded = `list_reduce(${events}, lambda a, e: [NULL::BIGINT, ${reached.join(', ')}], ${start})`;
  // Every step of a chain has been reached before the next one, so the count is the longest chain.
  return { sql: `coalesce(len(list_filter(${folded}, lambda s: s IS NOT NULL)), 0::BIGINT)`, type: BIGINT };
};

/** Element 1 is the event's time; step n stands at n + 1. The list before the event decides, so one event is one step. */
function reachedAt(at: number, within: string): string {
  if (at === 2) return `CASE WHEN e[2] = 1 THEN e[1] ELSE a[2] END`;
  return `CASE WHEN e[${at}] = 1 AND a[${at - 1}] IS NOT NULL AND e[1] - a[${at - 1}] <= ${within} THEN a[${at - 1}] ELSE a[${at}] END`;
}

function seconds(site: CallSite): string {
  const time = site.typed(1);
  if (isTimestamp(time.type)) return `CAST(epoch_ms(${time.sql}) // 1000 AS BIGINT)`;
  return site.as(1, BIGINT);
}

function stepConditions(site: CallSite): string[] {
  const list = site.arg(site.count - 1);
  if (list.kind !== 'array') return site.fail('the steps of window_funnel must be an ARRAY[…]');
  const { at } = list;
  return list.items.map((item) => {
    if (site.count === 3) return (coerce(site.compile(item), BOOLEAN) ?? site.refuse()).sql;
    return site.compile({ kind: 'binary', at, operator: '=', left: site.arg(2), right: item }).sql;
  });
}
