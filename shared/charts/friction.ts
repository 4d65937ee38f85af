import { explained } from '../logstores/field-table.ts';
import { RECORDS_LOGSTORE, STAY_COLUMN } from '../logstores/records.ts';
import { PERMISSION_OUTCOMES } from '../logstores/values.ts';
import { column, type Section } from './chart.ts';
import { begun, LAST_STAGE, percent, textArray } from './sql.ts';

/** Retries, permissions and edits: what costs people on the way. */

/** Stands for this many or more. */
const MAX_REPEATS = 5;

const RETRIES = [
  { kind: 'ocr', counter: 'ocr_retries', stage: 'OCR_SCAN' },
  { kind: 'ocr_edit', counter: 'ocr_edit_retries', stage: 'OCR_RESULT' },
  { kind: 'liveness', counter: 'face_retries', stage: 'FACE' },
] as const;
const RETRY_COUNTERS = RETRIES.map(({ counter }) => counter);
const RETRY_STAYS = RETRIES.map(({ stage }) => STAY_COLUMN[stage]);

/** Only sessions known to have been on the stage count: by a stay there, or because it is the last stage. */
const RETRIES_SQL = `
  WITH steps AS (
    SELECT journey, last_stage, step.kind AS kind, step.stage AS stage, step.retries AS retries, step.stay_ms AS stay_ms
    FROM (
      SELECT
        journey,
        ${LAST_STAGE} AS last_stage,
        ARRAY[${RETRY_COUNTERS.join(', ')}] AS retries_by_kind,
        ARRAY[${RETRY_STAYS.join(', ')}] AS stay_by_kind
      FROM ${begun(['stage', ...RETRY_COUNTERS, ...RETRY_STAYS])}
    )
    CROSS JOIN UNNEST(
      ${textArray(RETRIES.map(({ kind }) => kind))},
      ${textArray(RETRIES.map(({ stage }) => stage))},
      retries_by_kind,
      stay_by_kind
    ) AS step(kind, stage, retries, stay_ms)
    WHERE step.retries IS NOT NULL AND (step.stay_ms IS NOT NULL OR last_stage = step.stage)
  ),
  capped AS (
    SELECT
      kind,
      least(retries, ${MAX_REPEATS}) AS retries,
      journey = 'interrupted' AND last_stage = stage AS left_here
    FROM steps
  )
  SELECT
    kind,
    retries,
    count(1) AS n,
    count_if(left_here) AS left_here,
    ${percent('count_if(left_here)', 'count(1)')} AS left_percent
  FROM capped
  GROUP BY kind, retries
  ORDER BY kind, retries
  LIMIT 100`;

const PERMISSION_OUTCOME = "coalesce(permission_outcome, 'unknown')";
const NOT_REFUSED = "permission_outcome IN ('none', 'unknown')";

export const FRICTION: Section = {
  id: 'friction',
  title: { en: 'Friction', zh: '阻力' },
  charts: [
    {
      id: 'leave-after-retries',
      title: { en: 'Leaving after retries', zh: '重试后的离开率' },
      question: { en: 'How many retries do people put up with?', zh: '用户能忍受几次重试？' },
      metric:
        'P(interrupted on this stage | k retries on it), for document capture, document edit and liveness. Denominator: finished or interrupted sessions ' +
        `that were on the stage and whose counter is known. ${MAX_REPEATS} stands for ${MAX_REPEATS} or more.`,
      logstore: RECORDS_LOGSTORE,
      sql: RETRIES_SQL,
      kind: 'line',
      columns: [
        column('kind', 'key', 'Stage', '阶段'),
        column('retries', 'count', 'Retries', '重试次数'),
        column('n', 'count', 'Sessions', '会话数'),
        column('left_here', 'count', 'Left', '离开'),
        column('left_percent', 'percent', 'Left', '离开率'),
      ],
      x: 'retries',
      y: ['left_percent'],
      series: 'kind',
      width: 12,
      height: 8,
    },
    {
      id: 'permission-outcomes',
      title: { en: 'Camera permission', zh: '相机权限' },
      question: { en: 'When the camera is refused, do people recover?', zh: '拒绝相机权限后能恢复吗？' },
      metric:
        `Finished or interrupted sessions by permission_outcome: ${explained(PERMISSION_OUTCOMES)}; unknown: the field is missing. ` +
        'Share = of those that were refused at all.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH outcomes AS (
          SELECT ${PERMISSION_OUTCOME} AS permission_outcome, count(1) AS n
          FROM ${begun(['permission_outcome'])}
          GROUP BY ${PERMISSION_OUTCOME}
        )
        SELECT
          permission_outcome,
          n,
          if(
            ${NOT_REFUSED},
            null,
            ${percent('n', `sum(if(${NOT_REFUSED}, 0, n)) OVER ()`)}
          ) AS share_of_refused_percent
        FROM outcomes
        ORDER BY n DESC, permission_outcome
        LIMIT 100`,
      kind: 'bar',
      columns: [
        column('permission_outcome', 'key', 'Outcome', '结果'),
        column('n', 'count', 'Sessions', '会话数'),
        column('share_of_refused_percent', 'percent', 'Share of refused', '占被拒比例'),
      ],
      x: 'permission_outcome',
      y: ['n'],
      drill: {
        column: 'permission_outcome',
        field: 'permission_outcome',
        within: ['finished', 'interrupted'],
        counted: PERMISSION_OUTCOME,
      },
      width: 6,
      height: 8,
    },
    {
      id: 'edit-burden',
      title: { en: 'Edit burden', zh: '修改负担' },
      question: { en: 'What do corrections of the recognised text cost?', zh: '修改识别结果的代价是什么？' },
      metric: `Finished or interrupted sessions with a stay on the document result page and a known number of edits, by that number (${MAX_REPEATS} = ${MAX_REPEATS} or more): how many were interrupted, anywhere, and the median time on that page.`,
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH edited AS (
          SELECT least(ocr_edits, ${MAX_REPEATS}) AS edits, journey, stay_ocr_result_ms
          FROM ${begun(['ocr_edits', 'stay_ocr_result_ms'])}
          WHERE ocr_edits IS NOT NULL AND stay_ocr_result_ms IS NOT NULL
        )
        SELECT
          edits,
          count(1) AS n,
          ${percent("count_if(journey = 'interrupted')", 'count(1)')} AS interrupted_percent,
          approx_percentile(stay_ocr_result_ms, 0.5) AS median_ms
        FROM edited
        GROUP BY edits
        ORDER BY edits
        LIMIT 100`,
      kind: 'bar',
      columns: [
        column('edits', 'count', 'Edits', '修改次数'),
        column('n', 'count', 'Sessions', '会话数'),
        column('interrupted_percent', 'percent', 'Interrupted', '中断率'),
        column('median_ms', 'ms', 'Median time', '中位时间'),
      ],
      x: 'edits',
      y: ['interrupted_percent'],
      width: 6,
      height: 8,
    },
  ],
};
