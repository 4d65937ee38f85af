import type { CallSite } from '../compile/call-site.ts';
import { coerce, toMoment } from '../compile/cast.ts';
import { SESSION_OFFSET_SECONDS } from '../time-zone.ts';
import { BIGINT, isInteger, TIMESTAMP } from '../types.ts';
import type { Translate } from './definition.ts';
import { fromMysqlFormat } from './time-format.ts';

const WINDOW = /^(\d{1,9})([smhd])$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const PADDINGS = ['0', 'null', 'last', 'next', 'avg'] as const;

export type Padding = (typeof PADDINGS)[number];

export interface TimeSeries {
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
