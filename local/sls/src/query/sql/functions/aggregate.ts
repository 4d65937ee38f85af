import type { CallSite, Translate } from '../compile/call-site.ts';
import { coerce } from '../compile/cast.ts';
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  DOUBLE,
  isInteger,
  isNumeric,
  isTimestamp,
  mapOf,
  type SqlType,
  type Typed,
} from '../types.ts';

type Table = Readonly<Record<string, Translate>>;

function typed(sql: string, type: SqlType): Typed {
  return { sql, type };
}

const count: Translate = (site) => {
  if (site.call.star || site.count === 0) return typed(site.aggregate('count', ['*']), BIGINT);
  site.takes(1);
  return typed(site.aggregate('count', [site.typed(0).sql]), BIGINT);
};

const countIf: Translate = (site) => {
  site.takes(1);
  // DuckDB counts nothing as NULL here, Presto as 0.
  return typed(`CAST(coalesce(${site.aggregate('count_if', [site.as(0, BOOLEAN)])}, 0) AS BIGINT)`, BIGINT);
};

/** DuckDB sums integers to 128 bits; beyond 64 Presto has an error. */
const sum: Translate = (site) => {
  site.takes(1);
  const { type, sql } = site.typed(0);
  if (isInteger(type)) return typed(`CAST(${site.aggregate('sum', [sql])} AS BIGINT)`, BIGINT);
  if (type.kind === 'decimal') {
    const wide = { kind: 'decimal', precision: 38, scale: type.scale } as const;
    return typed(`CAST(${site.aggregate('sum', [sql])} AS DECIMAL(38, ${type.scale}))`, wide);
  }
  return typed(site.aggregate('sum', [site.as(0, DOUBLE)]), DOUBLE);
};

/** An aggregate over doubles that gives a double. */
function ofDoubles(name: string, parameters = 1): Translate {
  return (site) => {
    site.takes(parameters);
    const args = Array.from({ length: parameters }, (_, at) => site.as(at, DOUBLE));
    return typed(site.aggregate(name, args), DOUBLE);
  };
}

const average: Translate = (site) => {
  site.takes(1);
  return typed(site.aggregate('avg', [site.as(0, DOUBLE)]), DOUBLE);
};

/** `max(x)`, and `max(x, n)`: the n greatest. */
function extreme(name: 'max' | 'min'): Translate {
  return (site) => {
    site.takes(1, 2);
    const { sql, type } = site.typed(0);
    if (['map', 'json', 'row'].includes(type.kind)) site.refuse();
    if (site.count === 1) return typed(site.aggregate(name, [sql]), type);
    return typed(site.aggregate(name, [sql, site.as(1, BIGINT)]), arrayOf(type));
  };
}

/** `max_by(x, y)`: x of the row with the greatest y, even if it is NULL; `max_by(x, y, n)`: of the n greatest. */
function extremeBy(name: 'arg_max' | 'arg_min'): Translate {
  return (site) => {
    site.takes(2, 3);
    const [value, by] = [site.typed(0), site.typed(1)];
    if (site.count === 2) return typed(site.aggregate(`${name}_null`, [value.sql, by.sql]), value.type);
    return typed(site.aggregate(name, [value.sql, by.sql, site.as(2, BIGINT)]), arrayOf(value.type));
  };
}

const anyValue: Translate = (site) => {
  site.takes(1);
  const { sql, type } = site.typed(0);
  return typed(site.aggregate('any_value', [sql]), type);
};

/** Exact, which an approximation may be. */
const approxDistinct: Translate = (site) => {
  site.takes(1, 2);
  const { distinct: _, ...call } = site.call;
  const counting = { ...call, distinct: true };
  return typed(site.withCall(counting).aggregate('count', [site.typed(0).sql]), BIGINT);
};

/** Exact too: the value at that rank, of the argument's own type. */
const approxPercentile: Translate = (site) => {
  site.takes(2);
  const { sql, type } = site.typed(0);
  if (!isNumeric(type)) site.refuse();
  const value = type.kind === 'decimal' ? site.as(0, DOUBLE) : sql;
  const result = type.kind === 'decimal' ? DOUBLE : type;
  const share = site.typed(1);
  if (share.type.kind === 'array') {
    const shares = site.as(1, arrayOf(DOUBLE));
    return typed(site.aggregate('quantile_disc', [value, shares]), arrayOf(result));
  }
  return typed(site.aggregate('quantile_disc', [value, site.as(1, DOUBLE)]), result);
};

const arrayAgg: Translate = (site) => {
  site.takes(1);
  const { sql, type } = site.typed(0);
  return typed(site.aggregate('list', [sql]), arrayOf(type));
};

const setAgg: Translate = (site) => {
  site.takes(1);
  const { sql, type } = site.typed(0);
  return typed(`list_sort(list_distinct(${site.aggregate('list', [sql])}))`, arrayOf(type));
};

const histogram: Translate = (site) => {
  site.takes(1);
  const { sql, type } = site.typed(0);
  const counted = site.aggregate('histogram', [sql]);
  return typed(
    `map_from_entries(list_transform(map_entries(${counted}), lambda e: {k: e.key, v: CAST(e.value AS BIGINT)}))`,
    mapOf(type, BIGINT),
  );
};

/** The value at a key met more than once is the last one's. */
const mapAgg: Translate = (site) => {
  site.takes(2);
  const [key, value] = [site.typed(0), site.typed(1)];
  const entries = site.aggregate('list', [`{'k': ${key.sql}, 'v': ${value.sql}}`], {
    filter: `${key.sql} IS NOT NULL`,
  });
  return typed(`sls_map(${entries})`, mapOf(key.type, value.type));
};

/** All values of each key. */
const multimapAgg: Translate = (site) => {
  site.takes(2);
  const [key, value] = [site.typed(0), site.typed(1)];
  const entries = site.aggregate('list', [`{'k': ${key.sql}, 'v': ${value.sql}}`], {
    filter: `${key.sql} IS NOT NULL`,
  });
  return typed(`sls_multimap(${entries})`, mapOf(key.type, arrayOf(value.type)));
};

function ofBooleans(name: string): Translate {
  return (site) => {
    site.takes(1);
    return typed(site.aggregate(name, [site.as(0, BOOLEAN)]), BOOLEAN);
  };
}

function ofBigints(name: string): Translate {
  return (site) => {
    site.takes(1);
    return typed(site.aggregate(name, [site.as(0, BIGINT)]), BIGINT);
  };
}

const geometricMean: Translate = (site) => {
  site.takes(1);
  return typed(`exp(${site.aggregate('avg', [`ln(${site.as(0, DOUBLE)})`])})`, DOUBLE);
};

const grouping: Translate = (site) => {
  if (site.count === 0) site.refuse();
  return typed(
    `CAST(grouping(${site
      .all()
      .map(({ sql }) => sql)
      .join(', ')}) AS BIGINT)`,
    BIGINT,
  );
};

const MAX_STEPS = 32;

/**
 * `window_funnel(seconds, time, event, ARRAY['a', 'b'])` or `window_funnel(seconds, time, ARRAY[event = 'a', …])`:
 * how many of the steps were taken in their order within so many seconds of the first one. Other events between
 * the steps do not matter; of several chains the longest counts.
 *
 * The rows of a group become a list in order of time, folded with a list that holds, for each step, when the
 * newest chain that reached it began.
 */
const windowFunnel: Translate = (site) => {
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

function ranking(name: string): Translate {
  return (site) => {
    if (site.count !== 0) return site.refuse();
    return { sql: site.aggregate(name, []), type: BIGINT };
  };
}

function share(name: string): Translate {
  return (site) => {
    if (site.count !== 0) return site.refuse();
    return { sql: site.aggregate(name, []), type: DOUBLE };
  };
}

function ofFrame(name: string): Translate {
  return (site) => {
    if (site.count !== 1) return site.refuse();
    const { sql, type } = site.typed(0);
    return { sql: site.aggregate(name, [sql]), type };
  };
}

/** `lag(x[, rows[, otherwise]])` */
function offset(name: string): Translate {
  return (site) => {
    if (site.count < 1 || site.count > 3) return site.refuse();
    const { sql, type } = site.typed(0);
    const rows = site.count > 1 ? [site.as(1, BIGINT)] : [];
    const otherwise = site.count > 2 ? [site.as(2, type)] : [];
    return { sql: site.aggregate(name, [sql, ...rows, ...otherwise]), type };
  };
}

const ntile: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  return { sql: site.aggregate('ntile', [site.as(0, BIGINT)]), type: BIGINT };
};

const nthValue: Translate = (site) => {
  if (site.count !== 2) return site.refuse();
  const { sql, type } = site.typed(0);
  return { sql: site.aggregate('nth_value', [sql, site.as(1, BIGINT)]), type };
};

/** Functions that make one value of many rows; with OVER they are window functions too. */
export const AGGREGATES: Table = {
  count,
  count_if: countIf,
  sum,
  avg: average,
  max: extreme('max'),
  min: extreme('min'),
  max_by: extremeBy('arg_max'),
  min_by: extremeBy('arg_min'),
  arbitrary: anyValue,
  any_value: anyValue,
  approx_distinct: approxDistinct,
  approx_percentile: approxPercentile,
  array_agg: arrayAgg,
  set_agg: setAgg,
  histogram,
  map_agg: mapAgg,
  multimap_agg: multimapAgg,
  bool_and: ofBooleans('bool_and'),
  bool_or: ofBooleans('bool_or'),
  every: ofBooleans('bool_and'),
  bitwise_and_agg: ofBigints('bit_and'),
  bitwise_or_agg: ofBigints('bit_or'),
  geometric_mean: geometricMean,
  corr: ofDoubles('corr', 2),
  covar_pop: ofDoubles('covar_pop', 2),
  covar_samp: ofDoubles('covar_samp', 2),
  regr_slope: ofDoubles('regr_slope', 2),
  regr_intercept: ofDoubles('regr_intercept', 2),
  stddev: ofDoubles('stddev_samp'),
  stddev_samp: ofDoubles('stddev_samp'),
  stddev_pop: ofDoubles('stddev_pop'),
  variance: ofDoubles('var_samp'),
  var_samp: ofDoubles('var_samp'),
  var_pop: ofDoubles('var_pop'),
  skewness: ofDoubles('skewness'),
  kurtosis: ofDoubles('kurtosis'),
  entropy: ofDoubles('entropy'),
  grouping,
  window_funnel: windowFunnel,
};

/** Functions that need OVER (…). */
export const WINDOW: Table = {
  cume_dist: share('cume_dist'),
  dense_rank: ranking('dense_rank'),
  first_value: ofFrame('first_value'),
  lag: offset('lag'),
  last_value: ofFrame('last_value'),
  lead: offset('lead'),
  nth_value: nthValue,
  ntile,
  percent_rank: share('percent_rank'),
  rank: ranking('rank'),
  row_number: ranking('row_number'),
};
