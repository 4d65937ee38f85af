import { RECORDS_LOGSTORE, STAY_COLUMN } from '../logstores/records.ts';
import { STAGES } from '../logstores/values.ts';
import { column, type Section } from './chart.ts';
import { begun, MIN_SESSIONS, textArray } from './sql.ts';

/** How long people stay on each stage, and how patient those were who left. */

const STAY_COLUMNS = STAGES.map((stage) => STAY_COLUMN[stage]);

/** The part `stays`: one row per session and stage with a stay. */
const STAYS = `
  stays AS (
    SELECT journey, last_stage, page.stage AS stage, page.stay_ms AS stay_ms
    FROM (
      SELECT journey, stage AS last_stage, ARRAY[${STAY_COLUMNS.join(', ')}] AS stay_by_stage
      FROM ${begun(['stage', ...STAY_COLUMNS])}
    )
    CROSS JOIN UNNEST(${textArray(STAGES)}, stay_by_stage) AS page(stage, stay_ms)
    WHERE page.stay_ms IS NOT NULL
  )`;

/** For ORDER BY: the stages in the order of the flow, anything else last. */
const STAGE_ORDER = `CASE stage ${STAGES.map((stage, step) => `WHEN '${stage}' THEN ${step}`).join(' ')} ELSE 99 END`;

const BUCKET_SECONDS = 5;
const LAST_BUCKET_SECONDS = 300;

/** A life table: who left in each bucket, of those still on the page. Moving on censors a session; it is not leaving. */
const PATIENCE_SQL = `
  WITH ${STAYS},
  bucketed AS (
    SELECT
      stage,
      least(stay_ms / ${BUCKET_SECONDS * 1_000} * ${BUCKET_SECONDS}, ${LAST_BUCKET_SECONDS}) AS bucket,
      journey = 'interrupted' AND last_stage = stage AS left_here
    FROM stays
  ),
  counts AS (
    SELECT stage, bucket, count(1) AS watched, count_if(left_here) AS left_here
    FROM bucketed
    GROUP BY stage, bucket
  ),
  risks AS (
    SELECT stage, bucket, left_here, sum(watched) OVER (PARTITION BY stage ORDER BY bucket DESC) AS at_risk
    FROM counts
  ),
  survivals AS (
    SELECT
      stage,
      bucket + ${BUCKET_SECONDS} AS seconds,
      at_risk,
      left_here,
      ln(greatest(1.0 - CAST(left_here AS double) / at_risk, 0.000001)) AS ln_stay
    FROM risks
    WHERE at_risk >= ${MIN_SESSIONS}
  )
  SELECT
    stage,
    seconds,
    round(100.0 * exp(sum(ln_stay) OVER (PARTITION BY stage ORDER BY seconds)), 1) AS still_here_percent,
    at_risk,
    left_here
  FROM survivals
  ORDER BY stage, seconds
  LIMIT 2000`;

export const TIME: Section = {
  id: 'time',
  title: { en: 'Time and patience', zh: '时间与耐心' },
  charts: [
    {
      id: 'stay-by-stage',
      title: { en: 'Time on each stage', zh: '各阶段停留时间' },
      question: {
        en: 'How long do finishers and leavers stay on each stage?',
        zh: '完成者与离开者在各阶段停留多久？',
      },
      metric:
        'Percentiles (p50, p75, p95) of stay_<stage>_ms, separately for sessions that finished and sessions that were interrupted. Sessions without a stay on the stage do not count.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH ${STAYS}
        SELECT
          stage,
          journey,
          count(1) AS n,
          approx_percentile(stay_ms, 0.5) AS p50_ms,
          approx_percentile(stay_ms, 0.75) AS p75_ms,
          approx_percentile(stay_ms, 0.95) AS p95_ms
        FROM stays
        GROUP BY stage, journey
        ORDER BY ${STAGE_ORDER}, journey
        LIMIT 100`,
      kind: 'table',
      columns: [
        column('stage', 'key', 'Stage', '阶段'),
        column('journey', 'key', 'Journey', '流程'),
        column('n', 'count', 'Sessions', '会话数'),
        column('p50_ms', 'ms', 'Median', '中位数'),
        column('p75_ms', 'ms', 'p75', 'p75'),
        column('p95_ms', 'ms', 'p95', 'p95'),
      ],
      width: 12,
      height: 9,
    },
    {
      id: 'patience',
      title: { en: 'Patience', zh: '耐心曲线' },
      question: { en: 'After how long on a page do people give up?', zh: '在页面停留多久后放弃？' },
      metric:
        `Share of people who have not left a stage after this many seconds on it (life table in steps of ${BUCKET_SECONDS} s). Leaving = interrupted on this stage; ` +
        `going on or finishing is censored, not counted as staying. Shown while at least ${MIN_SESSIONS} people are still watched.`,
      logstore: RECORDS_LOGSTORE,
      sql: PATIENCE_SQL,
      kind: 'line',
      columns: [
        column('stage', 'key', 'Stage', '阶段'),
        column('seconds', 'seconds', 'Seconds on the page', '页面停留秒数'),
        column('still_here_percent', 'percent', 'Not left', '未离开'),
        column('at_risk', 'count', 'Still watched', '在看人数'),
        column('left_here', 'count', 'Left', '离开'),
      ],
      x: 'seconds',
      y: ['still_here_percent'],
      series: 'stage',
      width: 12,
      height: 9,
    },
  ],
};
