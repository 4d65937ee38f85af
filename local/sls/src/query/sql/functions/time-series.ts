import type { CallSite, Translate } from '../compile/call-site.ts';
import { coerce, toMoment } from '../compile/cast.ts';
import type { Column, CompiledQuery, Environment } from '../compile/context.ts';
import {
  BIGINT,
  DOUBLE,
  isInteger,
  isNumeric,
  quoteText,
  SESSION_OFFSET_SECONDS,
  TIMESTAMP,
  VARCHAR,
} from '../types.ts';
import { fromMysqlFormat } from './time-format.ts';

const WINDOW = /^(\d{1,9})([smhd])$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const PADDINGS = ['0', 'null', 'last', 'next', 'avg'] as const;

type Padding = (typeof PADDINGS)[number];

interface TimeSeries {
  readonly stepSeconds: number;
  /** For strftime. */
  readonly format: string;
  readonly padding: Padding;
}

/**
 * The constants of `time_series(time, '5m', '%H:%i', '0')`.
 * @throws QueryRefused ParameterInvalid
 */
export function timeSeriesOf(site: CallSite): TimeSeries {
  if (site.count !== 4) return site.refuse();
  const [, amount, unit = ''] = WINDOW.exec(site.literal(1)) ?? [];
  const stepSeconds = Number(amount) * (SECONDS[unit] ?? 0);
  if (!(stepSeconds > 0)) return site.fail(`time_series: '${site.literal(1)}' is not a valid window`);
  const format =
    fromMysqlFormat(site.literal(2)) ??
    site.fail(`time_series: format '${site.literal(2)}' is not supported`);
  const padding = PADDINGS.find((known) => known === site.literal(3));
  if (padding === undefined)
    return site.fail(`time_series: '${site.literal(3)}' is not one of ${PADDINGS.join(', ')}`);
  return { stepSeconds, format, padding };
}

/** The start of the window a row falls into, in seconds of the session's clocks. */
const bucket: Translate = (site) => {
  const { stepSeconds } = timeSeriesOf(site);
  if (site.scope.series !== site.call.at) {
    return site.fail('time_series must be a column of its own of a SELECT with GROUP BY');
  }
  const time = site.typed(0);
  const local = isInteger(time.type)
    ? `(${coerce(time, BIGINT)?.sql} + ${SESSION_OFFSET_SECONDS})`
    : `CAST(epoch_ms(${(coerce(toMoment(time) ?? site.refuse(), TIMESTAMP) ?? site.refuse()).sql}) // 1000 AS BIGINT)`;
  return { sql: `(${local} - ${local} % ${stepSeconds})`, type: BIGINT };
};

export const TIME_SERIES: Readonly<Record<string, Translate>> = { time_series: bucket };

interface PaddedSelect {
  /** The SELECT with the bucket where time_series stands. */
  readonly select: CompiledQuery;
  readonly series: TimeSeries;
  readonly bucket: Column;
  /** Columns that rows are grouped by too. */
  readonly keys: readonly Column[];
  readonly at: number;
}

/** A chart has no use for more, and memory would. */
const MAX_BUCKETS = 100_000;

/**
 * The SELECT with a row for every step of the query's time window, for each combination of the other keys;
 * missing values are filled as `time_series` says. The last column name given is where rows are sorted by time.
 */
export function padded(
  query: PaddedSelect,
  env: Environment,
): CompiledQuery & { readonly timeColumn: string } {
  const { context } = env;
  const { select, series, bucket, keys, at } = query;
  const { fromSeconds, toSeconds } = context.options;
  const floor = (seconds: number) => {
    const local = Math.ceil(seconds) + SESSION_OFFSET_SECONDS;
    return local - (local % series.stepSeconds);
  };
  const [low, high] = [floor(fromSeconds), floor(toSeconds - 1)];
  if ((high - low) / series.stepSeconds >= MAX_BUCKETS)
    context.refuse(at, `time_series: more than ${MAX_BUCKETS} points in the time range`);
  const [inner, time] = [context.fresh('w'), context.fresh('t')];
  const rest = select.columns.filter((column) => column !== bucket);
  const values = rest.filter((column) => !keys.includes(column));
  const keyNames = keys.map((key) => key.sql);
  const steps = `(SELECT unnest(generate_series(${low}::BIGINT, ${high}::BIGINT, ${series.stepSeconds}::BIGINT)) AS ${time}) AS steps`;
  const groups =
    keys.length === 0 ? '' : ` CROSS JOIN (SELECT DISTINCT ${keyNames.join(', ')} FROM ${inner}) AS groups`;
  const on = [
    `found.${bucket.sql} = ${time}`,
    ...keyNames.map((key) => `found.${key} IS NOT DISTINCT FROM groups.${key}`),
  ];
  const picked = [
    ...keyNames.map((key) => `groups.${key} AS ${key}`),
    ...values.map((column) => `found.${column.sql} AS ${column.sql}`),
  ];
  const rows = `SELECT ${[time, ...picked].join(', ')} FROM ${steps}${groups} LEFT JOIN ${inner} AS found ON ${on.join(' AND ')}`;
  const columns = select.columns.map((column) => ({ ...column, ...shown(column, query) }));
  const window = `PARTITION BY ${keys.length === 0 ? 'true' : keyNames.join(', ')} ORDER BY ${time}`;
  const list = select.columns.map((column) => {
    if (column === bucket)
      return `strftime(make_timestamp(${time} * 1000000), ${quoteText(series.format)}) AS ${column.sql}`;
    return keys.includes(column) ? column.sql : `${filled(column, series, window)} AS ${column.sql}`;
  });
  const sql = `SELECT ${[...list, time].join(', ')} FROM (WITH ${inner} AS (${select.sql}) ${rows})`;
  return { sql, columns, timeColumn: time };
}

function shown(column: Column, query: PaddedSelect): Partial<Column> {
  if (column === query.bucket) return { type: VARCHAR };
  const averaged = query.series.padding === 'avg' && isNumeric(column.type) && !query.keys.includes(column);
  return averaged ? { type: DOUBLE } : {};
}

function filled(column: Column, series: TimeSeries, window: string): string {
  const { sql, type } = column;
  const last = `last_value(${sql} IGNORE NULLS) OVER (${window} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;
  const next = `first_value(${sql} IGNORE NULLS) OVER (${window} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)`;
  switch (series.padding) {
    case '0':
      if (isNumeric(type)) return `coalesce(${sql}, 0)`;
      return type.kind === 'varchar' ? `coalesce(${sql}, '0')` : sql;
    case 'last':
      return last;
    case 'next':
      return next;
    case 'avg':
      return isNumeric(type) ? `CAST((${last} + ${next}) / 2.0::DOUBLE AS DOUBLE)` : sql;
    case 'null':
      return sql;
  }
}
