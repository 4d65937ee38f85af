import type { CallSite, Translate } from '../compile/call-site.ts';
import { castValue, coerce, moveZone, toMoment } from '../compile/cast.ts';
import {
  BIGINT,
  DATE,
  DOUBLE,
  INTERVAL,
  isTimestamp,
  quoteText,
  SESSION_ZONE,
  type SqlType,
  TIME,
  TIMESTAMP,
  type Typed,
  VARCHAR,
} from '../types.ts';
import { fromJodaFormat, fromMysqlFormat } from './time-format.ts';

type Table = Readonly<Record<string, Translate>>;

const UNITS = ['millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];
const ZONE = /^([A-Za-z]+(\/[A-Za-z0-9_+-]+){0,2}|[+-]\d{2}:\d{2})$/;
const PARSE_DURATION = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h|d)\s*$/;

/** The argument as a point in time: timestamps, dates, Unix seconds and texts are all taken. */
function moment(site: CallSite, at: number): Typed {
  return toMoment(site.typed(at)) ?? site.refuse();
}

function unitOf(site: CallSite): string {
  const unit = site.literal(0).toLowerCase();
  return UNITS.includes(unit) ? unit : site.fail(`'${unit}' is not a valid unit of time`);
}

function zoneOf(site: CallSite, at: number): string {
  const zone = site.literal(at);
  if (!ZONE.test(zone)) return site.fail(`'${zone}' is not a valid time zone`);
  // DuckDB's names for fixed offsets have their sign the other way round, as POSIX has it.
  const fixed = /^([+-])(\d{2}):(00)$/.exec(zone);
  if (fixed === null)
    return zone.startsWith('+') || zone.startsWith('-')
      ? site.fail(`'${zone}' is not a valid time zone`)
      : zone;
  return `Etc/GMT${fixed[1] === '+' ? '-' : '+'}${Number(fixed[2])}`;
}

const trunc: Translate = (site) => {
  site.takes(2);
  const unit = unitOf(site);
  const type = site.typed(1).type;
  if (type.kind === 'date')
    return { sql: `CAST(date_trunc('${unit}', ${site.typed(1).sql}) AS DATE)`, type: DATE };
  const value = moment(site, 1);
  return { sql: `date_trunc('${unit}', ${value.sql})`, type: value.type };
};

const format: Translate = (site) => {
  site.takes(2);
  const pattern =
    fromMysqlFormat(site.literal(1)) ??
    site.fail(`date_format: '${site.literal(1)}' has a specifier that is not supported`);
  return { sql: `strftime(${moment(site, 0).sql}, ${quoteText(pattern)})`, type: VARCHAR };
};

const parse: Translate = (site) => {
  site.takes(2);
  const pattern =
    fromMysqlFormat(site.literal(1)) ??
    site.fail(`date_parse: '${site.literal(1)}' has a specifier that is not supported`);
  return { sql: `strptime(${site.as(0, VARCHAR)}, ${quoteText(pattern)})`, type: TIMESTAMP };
};

const formatDatetime: Translate = (site) => {
  site.takes(2);
  const pattern =
    fromJodaFormat(site.literal(1)) ?? site.fail(`format_datetime: '${site.literal(1)}' is not supported`);
  return { sql: `strftime(${moment(site, 0).sql}, ${quoteText(pattern)})`, type: VARCHAR };
};

const parseDatetime: Translate = (site) => {
  site.takes(2);
  const pattern =
    fromJodaFormat(site.literal(1)) ?? site.fail(`parse_datetime: '${site.literal(1)}' is not supported`);
  const type = { kind: 'zoned', zone: SESSION_ZONE } as const;
  return { sql: `strptime(${site.as(0, VARCHAR)}, ${quoteText(pattern)})`, type };
};

const fromUnixtime: Translate = (site) => {
  site.takes(1, 2);
  const value = toMoment({ sql: site.as(0, DOUBLE), type: DOUBLE }) ?? site.refuse();
  if (site.count === 1) return value;
  const zone = zoneOf(site, 1);
  return { sql: moveZone(value.sql, SESSION_ZONE, zone), type: { kind: 'zoned', zone } };
};

const toUnixtime: Translate = (site) => {
  site.takes(1);
  const value = coerce(moment(site, 0), TIMESTAMP) ?? site.refuse();
  return { sql: `sls_to_unixtime(${value.sql})`, type: DOUBLE };
};

const add: Translate = (site) => {
  site.takes(3);
  const unit = unitOf(site);
  const amount = site.as(1, BIGINT);
  const step = unit === 'quarter' ? `(${amount} * INTERVAL '3 month')` : `(${amount} * INTERVAL '1 ${unit}')`;
  const whole = site.typed(2).type.kind === 'date';
  const value = whole ? site.typed(2) : moment(site, 2);
  const sum = `(${value.sql} + ${step})`;
  return { sql: whole ? `CAST(${sum} AS DATE)` : sum, type: value.type };
};

/** Whole units between two points in time: from 10:30 to 11:15 no hour has passed. */
const diff: Translate = (site) => {
  site.takes(3);
  const unit = unitOf(site);
  const [from, to] = [moment(site, 1), moment(site, 2)].map(
    (value) => (coerce(value, TIMESTAMP) ?? site.refuse()).sql,
  );
  return { sql: `datesub('${unit}', ${from}, ${to})`, type: BIGINT };
};

const atTimezone: Translate = (site) => {
  site.takes(2);
  const value = moment(site, 0);
  const zone = zoneOf(site, 1);
  const from = value.type.kind === 'zoned' ? value.type.zone : SESSION_ZONE;
  return { sql: moveZone(value.sql, from, zone), type: { kind: 'zoned', zone } };
};

/** A number out of a point in time. */
function field(sql: (x: string) => string): Translate {
  return (site) => {
    site.takes(1);
    const { type, sql: value } = site.typed(0);
    const plain =
      type.kind === 'date' || type.kind === 'time' || type.kind === 'interval' || isTimestamp(type);
    return { sql: `CAST(${sql(plain ? value : moment(site, 0).sql)} AS BIGINT)`, type: BIGINT };
  };
}

const part = (name: string) => field((x) => `date_part('${name}', ${x})`);

/** The time of asking, the same throughout a statement. */
function current(type: SqlType, sql: (moment: string) => string): Translate {
  return (site) => {
    site.takes(0);
    const now = `sls_from_unixtime(${site.scope.env.context.options.nowMs / 1000}::DOUBLE)`;
    return { sql: sql(now), type };
  };
}

const ZONED: SqlType = { kind: 'zoned', zone: SESSION_ZONE };
const now = current(ZONED, (moment) => moment);

function casting(type: SqlType): Translate {
  return (site) => {
    site.takes(1);
    return castValue(type.kind === 'date' ? moment(site, 0) : site.typed(0), type) ?? site.refuse();
  };
}

const lastDay: Translate = (site) => {
  site.takes(1);
  return { sql: `last_day(${moment(site, 0).sql})`, type: DATE };
};

const SECONDS_IN: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
};

const parseDuration: Translate = (site) => {
  site.takes(1);
  const [, amount, unit = ''] = PARSE_DURATION.exec(site.literal(0)) ?? site.fail('not a valid duration');
  return {
    sql: `to_milliseconds(${Math.round(Number(amount) * (SECONDS_IN[unit] ?? 0) * 1000)})`,
    type: INTERVAL,
  };
};

export const TIME_FUNCTIONS: Table = {
  at_timezone: atTimezone,
  current_date: current(DATE, (moment) => `CAST(${moment} AS DATE)`),
  current_time: current(TIME, (moment) => `CAST(${moment} AS TIME)`),
  current_timestamp: now,
  current_timezone: (site) => ({
    sql: quoteText(site.count === 0 ? SESSION_ZONE : site.refuse()),
    type: VARCHAR,
  }),
  date: casting(DATE),
  date_add: add,
  date_diff: diff,
  date_format: format,
  date_parse: parse,
  date_trunc: trunc,
  day: part('day'),
  day_of_month: part('day'),
  day_of_week: part('isodow'),
  day_of_year: part('doy'),
  dow: part('isodow'),
  doy: part('doy'),
  format_datetime: formatDatetime,
  from_iso8601_date: (site) => castValue({ sql: site.as(0, VARCHAR), type: VARCHAR }, DATE) ?? site.refuse(),
  from_iso8601_timestamp: (site) => {
    const text = `replace(${site.as(0, VARCHAR)}, 'T', ' ')`;
    return { sql: `sls_iso_timestamp(${text})`, type: ZONED };
  },
  from_unixtime: fromUnixtime,
  hour: part('hour'),
  last_day_of_month: lastDay,
  localtime: current(TIME, (moment) => `CAST(${moment} AS TIME)`),
  localtimestamp: current(TIMESTAMP, (moment) => moment),
  millisecond: field((x) => `(date_part('millisecond', ${x}) % 1000)`),
  minute: part('minute'),
  month: part('month'),
  now,
  parse_datetime: parseDatetime,
  parse_duration: parseDuration,
  quarter: part('quarter'),
  second: part('second'),
  to_iso8601: (site) => ({ sql: `strftime(${moment(site, 0).sql}, '%Y-%m-%dT%H:%M:%S.%g')`, type: VARCHAR }),
  to_unixtime: toUnixtime,
  week: part('week'),
  week_of_year: part('week'),
  year: part('year'),
  year_of_week: part('isoyear'),
};
