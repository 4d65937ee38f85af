import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { type Chart, column } from './chart.ts';
import { JOURNEY_UNKNOWN, LABELS_AS_MAP, MIN_SESSIONS, percent, sessions } from './sql.ts';

/** Retries, permissions and edits: what costs people on the way. */

const MAX_RETRIES = 5;

interface RetryKind {
  readonly kind: string;
  readonly counter: string;
  readonly stage: string;
}

const RETRY_KINDS: readonly RetryKind[] = [
  { kind: 'ocr', counter: 'ocr_retries', stage: 'OCR_SCAN' },
  { kind: 'ocr_edit', counter: 'ocr_edit_retries', stage: 'OCR_RESULT' },
  { kind: 'liveness', counter: 'face_retries', stage: 'FACE' },
];

/** Only sessions that were on the stage can leave it: a stay there, or it is the last stage. */
const retrySql =
  `SELECT kind, retries, count(1) AS n, count_if(left_here) AS left_here, ${percent('count_if(left_here)', 'count(1)')} AS left_percent FROM` +
  ' (SELECT step.kind AS kind, least(step.retries, ' +
  `${MAX_RETRIES}) AS retries, journey = 'interrupted' AND last_stage = step.stage AS left_here FROM` +
  " (SELECT journey, coalesce(stage, '') AS last_stage, ocr_retries, ocr_edit_retries, face_retries, stay_ocr_scan_ms, stay_ocr_result_ms, stay_face_ms" +
  ` FROM ${sessions(['journey', 'stage', 'ocr_retries', 'ocr_edit_retries', 'face_retries', 'stay_ocr_scan_ms', 'stay_ocr_result_ms', 'stay_face_ms'])})` +
  ` CROSS JOIN UNNEST(ARRAY[${RETRY_KINDS.map(({ kind }) => `'${kind}'`).join(', ')}], ARRAY[${RETRY_KINDS.map(({ stage }) => `'${stage}'`).join(', ')}],` +
  ` ARRAY[${RETRY_KINDS.map(({ counter }) => counter).join(', ')}], ARRAY[stay_ocr_scan_ms, stay_ocr_result_ms, stay_face_ms])` +
  ' AS step(kind, stage, retries, stay_ms)' +
  " WHERE step.retries IS NOT NULL AND (step.stay_ms IS NOT NULL OR last_stage = step.stage) AND journey IN ('finished', 'interrupted'))" +
  ` GROUP BY kind, retries ORDER BY kind, retries LIMIT 100`;

const NOT_REFUSED = "permission_outcome IN ('none', 'unknown')";

export const FRICTION_CHARTS: readonly Chart[] = [
  {
    id: 'leave-after-retries',
    section: 'friction',
    title: { en: 'Leaving after retries', zh: '重试后的离开率' },
    question: { en: 'How many retries do people put up with?', zh: '用户能忍受几次重试？' },
    metric:
      'P(interrupted on this stage | k retries on it), for document capture, document edit and liveness. Denominator: finished or interrupted sessions ' +
      `that were on the stage and whose counter is known. ${MAX_RETRIES} stands for ${MAX_RETRIES} or more.`,
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql: retrySql,
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
    section: 'friction',
    title: { en: 'Camera permission', zh: '相机权限' },
    question: { en: 'When the camera is refused, do people recover?', zh: '拒绝相机权限后能恢复吗？' },
    metric:
      'Finished or interrupted sessions by permission_outcome: recovered (refused, then got past), left_there (left on the refused page), left_later; none: no refusal is recorded; unknown: the field is missing. ' +
      'Share = of those that were refused at all.',
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql:
      `SELECT permission_outcome, n, if(${NOT_REFUSED}, null, ` +
      `${percent('n', `sum(if(${NOT_REFUSED}, 0, n)) OVER ()`)}) AS share_of_refused_percent FROM` +
      " (SELECT coalesce(permission_outcome, 'unknown') AS permission_outcome, count(1) AS n" +
      ` FROM ${sessions(['permission_outcome', 'journey'])} WHERE journey IN ('finished', 'interrupted')` +
      " GROUP BY coalesce(permission_outcome, 'unknown')) ORDER BY n DESC, permission_outcome LIMIT 100",
    kind: 'bar',
    columns: [
      column('permission_outcome', 'key', 'Outcome', '结果'),
      column('n', 'count', 'Sessions', '会话数'),
      column('share_of_refused_percent', 'percent', 'Share of refused', '占被拒比例'),
    ],
    x: 'permission_outcome',
    y: ['n'],
    drill: { column: 'permission_outcome', field: 'permission_outcome', within: ['finished', 'interrupted'] },
    width: 6,
    height: 8,
  },
  {
    id: 'edit-burden',
    section: 'friction',
    title: { en: 'Edit burden', zh: '修改负担' },
    question: { en: 'What do corrections of the recognised text cost?', zh: '修改识别结果的代价是什么？' },
    metric:
      'Finished or interrupted sessions with a stay on the document result page and a known number of edits, by that number (5 = 5 or more): how many were interrupted, anywhere, and the median time on that page.',
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql:
      `SELECT edits, count(1) AS n, ${percent("count_if(journey = 'interrupted')", 'count(1)')} AS interrupted_percent,` +
      ' approx_percentile(stay_ocr_result_ms, 0.5) AS median_ms FROM' +
      ` (SELECT least(ocr_edits, ${MAX_RETRIES}) AS edits, journey, stay_ocr_result_ms FROM ${sessions(['ocr_edits', 'journey', 'stay_ocr_result_ms'])}` +
      " WHERE ocr_edits IS NOT NULL AND stay_ocr_result_ms IS NOT NULL AND journey IN ('finished', 'interrupted')) GROUP BY edits ORDER BY edits LIMIT 100",
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
];

/** Yes/no facts of a session that may go with leaving. */
const FACTORS: ReadonlyArray<readonly [name: string, condition: string]> = [
  ['camera_refused', "permission_outcome <> 'none'"],
  ['ocr_retried', 'ocr_retries > 0'],
  ['ocr_retried_3_or_more', 'ocr_retries >= 3'],
  ['ocr_edited', 'ocr_edits > 0'],
  ['liveness_retried', 'face_retries > 0'],
  ['liveness_retried_3_or_more', 'face_retries >= 3'],
  ['slow_loading_over_3s', 'stay_loading_ms > 3000'],
  ['hidden_over_30s', 'hidden_ms > 30000'],
];

const FACTOR_COLUMNS = [
  'journey',
  'labels',
  'permission_outcome',
  'ocr_retries',
  'ocr_edits',
  'face_retries',
  'stay_loading_ms',
  'hidden_ms',
];

/** A half is added to each cell (Haldane, Anscombe), so that an empty cell gives a finite ratio. */
const factorsSql =
  `WITH session AS (SELECT *, journey = 'interrupted' AS lost FROM ${sessions(FACTOR_COLUMNS)} WHERE journey IN ('finished', 'interrupted')),` +
  ' cells AS (' +
  'SELECT factor, count_if(here AND lost) AS a, count_if(here AND NOT lost) AS b, count_if(NOT here AND lost) AS c, count_if(NOT here AND NOT lost) AS d' +
  ` FROM session CROSS JOIN UNNEST(ARRAY[${FACTORS.map(([name]) => `'${name}'`).join(', ')}], ARRAY[${FACTORS.map(([, condition]) => condition).join(', ')}]) AS fact(factor, here)` +
  ' WHERE here IS NOT NULL GROUP BY factor' +
  ' UNION ALL ' +
  "SELECT concat(label, ' = ', value) AS factor, a, b, sum(a) OVER (PARTITION BY label) - a AS c, sum(b) OVER (PARTITION BY label) - b AS d FROM" +
  ` (SELECT label, value, count_if(lost) AS a, count_if(NOT lost) AS b FROM session CROSS JOIN UNNEST(${LABELS_AS_MAP}) AS dimension(label, value)` +
  ' WHERE labels IS NOT NULL AND value IS NOT NULL GROUP BY label, value))' +
  ' SELECT factor, a + b AS n, round(100.0 * a / (a + b), 1) AS left_percent, round(100.0 * c / (c + d), 1) AS left_without_percent,' +
  ' round(odds, 2) AS odds_ratio, round(exp(ln(odds) - 1.96 * error), 2) AS low, round(exp(ln(odds) + 1.96 * error), 2) AS high FROM' +
  ' (SELECT factor, a, b, c, d, (a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)) AS odds,' +
  ' sqrt(1.0 / (a + 0.5) + 1.0 / (b + 0.5) + 1.0 / (c + 0.5) + 1.0 / (d + 0.5)) AS error FROM cells' +
  ` WHERE a + b >= ${MIN_SESSIONS} AND c + d >= ${MIN_SESSIONS}) ORDER BY odds DESC, factor LIMIT 100`;

export const FACTORS_CHART: Chart = {
  id: 'factors',
  section: 'why',
  title: { en: 'What goes with leaving', zh: '与离开相关的因素' },
  question: { en: 'Which facts are commoner among those who left?', zh: '哪些情况在离开者中更常见？' },
  metric:
    `Odds ratio of being interrupted with the fact against without it, 95 % interval, over finished and interrupted sessions of which it is known; at least ${MIN_SESSIONS} on each side. A label is compared with its other values. ` +
    'This is correlation: it does not say that the fact makes people leave.',
  logstore: RECORDS_LOGSTORE,
  labelled: true,
  search: '*',
  sql: factorsSql,
  kind: 'table',
  columns: [
    column('factor', 'key', 'Fact', '因素'),
    column('n', 'count', 'Sessions with it', '具备会话数'),
    column('left_percent', 'percent', 'Left with it', '具备时离开率'),
    column('left_without_percent', 'percent', 'Left without it', '不具备时离开率'),
    column('odds_ratio', 'ratio', 'Odds ratio (not causal)', '优势比（非因果）'),
    column('low', 'ratio', '95 % from', '95% 下限'),
    column('high', 'ratio', '95 % to', '95% 上限'),
  ],
  width: 12,
  height: 10,
};

export const BREAKDOWN_CHART: Chart = {
  id: 'breakdown',
  section: 'why',
  title: { en: 'By label', zh: '按标签' },
  question: {
    en: 'Does it differ by platform, version, channel, country?',
    zh: '平台、版本、渠道、国家之间有差别吗？',
  },
  metric: `Answered sessions by each label given at registration; values with fewer than ${MIN_SESSIONS} sessions are left out. Percentages are of the sessions with that value.`,
  logstore: RECORDS_LOGSTORE,
  labelled: true,
  search: '*',
  sql:
    `SELECT label, value, count(1) AS n, ${percent("count_if(journey = 'finished')", 'count(1)')} AS finished_percent,` +
    ` ${percent("count_if(journey = 'interrupted')", 'count(1)')} AS interrupted_percent, ${percent("count_if(journey = 'not_started')", 'count(1)')} AS not_started_percent,` +
    ` ${percent(`count_if(${JOURNEY_UNKNOWN})`, 'count(1)')} AS unknown_percent` +
    ` FROM ${sessions(['labels', 'journey'])} CROSS JOIN UNNEST(${LABELS_AS_MAP}) AS dimension(label, value)` +
    ` WHERE labels IS NOT NULL AND value IS NOT NULL GROUP BY label, value HAVING count(1) >= ${MIN_SESSIONS} ORDER BY label, n DESC, value LIMIT 1000`,
  kind: 'table',
  columns: [
    column('label', 'text', 'Label', '标签'),
    column('value', 'text', 'Value', '值'),
    column('n', 'count', 'Sessions', '会话数'),
    column('finished_percent', 'percent', 'Finished', '完成率'),
    column('interrupted_percent', 'percent', 'Interrupted', '中断率'),
    column('not_started_percent', 'percent', 'Not started', '未开始率'),
    column('unknown_percent', 'percent', 'Unknown', '未知率'),
  ],
  width: 24,
  height: 10,
};
