import { RECORDS_LOGSTORE } from '../../shared/record/record-fields.ts';
import { type Chart, column } from './chart.ts';
import { LADDER, OPENED_AT_MS, percent, STAGES, sessions, stayColumn, textArray } from './sql.ts';

/**
 * The funnel stands on `stage_reached`, a fixed ladder: whoever reached a later stage has passed the earlier
 * ones, so an optional page never looks like a drop. A stage that no session of the group was ever on (OCR in
 * a face-only solution) is left out. Who left is counted at the stage they left from.
 */

const STAGE_COLUMNS = STAGES.map(stayColumn);

const reached = LADDER.map((_, step) => `count_if(stage_reached >= ${step})`);
const leftHere = LADDER.map((_, step) =>
  step === LADDER.length - 1 ? '0' : `count_if(stage_reached = ${step})`,
);
const used = LADDER.map((stage, step) =>
  step < 2 || step === LADDER.length - 1
    ? '1'
    : `count_if(${stayColumn(stage)} IS NOT NULL OR stage_reached = ${step})`,
);
const steps = LADDER.map((_, step) => String(step)).join(', ');

function funnelSql(group: string | undefined): string {
  const key = group === undefined ? '' : 'solution, ';
  const partition = group === undefined ? '' : 'PARTITION BY solution';
  const counts =
    `SELECT ${group === undefined ? '' : `${group} AS solution, `}ARRAY[${reached.join(', ')}] AS reached_by_step,` +
    ` ARRAY[${leftHere.join(', ')}] AS left_by_step, ARRAY[${used.join(', ')}] AS used_by_step` +
    ` FROM ${sessions(['stage_reached', ...STAGE_COLUMNS, ...(group === undefined ? [] : ['labels'])])}` +
    (group === undefined ? '' : ` GROUP BY ${group}`);
  return (
    `SELECT ${key}stage, reached, left_here, ${percent('left_here', 'reached')} AS left_percent,` +
    ` ${percent('reached', `max(reached) OVER (${partition})`)} AS overall_percent,` +
    ` if(left_here > 0 AND left_here = max(left_here) OVER (${partition}), 'largest_drop', '') AS note` +
    ` FROM (SELECT ${key}step, stage, reached, left_here FROM (${counts})` +
    ` CROSS JOIN UNNEST(ARRAY[${steps}], ${textArray(LADDER)}, reached_by_step, left_by_step, used_by_step)` +
    ' AS ladder(step, stage, reached, left_here, used) WHERE used > 0 AND reached_by_step[1] > 0)' +
    ` ORDER BY ${key}step LIMIT 1000`
  );
}

const FUNNEL_COLUMNS = [
  column('stage', 'key', 'Stage', '阶段'),
  column('reached', 'count', 'Reached', '到达'),
  column('left_here', 'count', 'Left here', '在此离开'),
  column('left_percent', 'percent', 'Left, of those who reached it', '离开率'),
  column('overall_percent', 'percent', 'Reached, of all', '总体到达率'),
  column('note', 'key', 'Note', '备注'),
];

const METRIC =
  'Reached: answered sessions with stage_reached at or above the step. Left here: those whose stage_reached is exactly the step. ' +
  'Step loss = left here / reached; overall = reached / all answered sessions. Stages no session was on are left out. The largest drop by count is named.';

export const FUNNEL_CHARTS: readonly Chart[] = [
  {
    id: 'funnel',
    title: { en: 'Funnel', zh: '漏斗' },
    question: { en: 'At which step do we lose most people?', zh: '哪一步流失的人最多？' },
    metric: METRIC,
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql: funnelSql(undefined),
    kind: 'funnel',
    columns: FUNNEL_COLUMNS,
    x: 'stage',
    y: ['reached', 'left_here'],
    drill: { column: 'stage', field: 'stage_reached' },
    width: 12,
    height: 9,
  },
  {
    id: 'funnel-by-solution',
    title: { en: 'Funnel by solution', zh: '各方案漏斗' },
    question: { en: 'Do the solutions lose people at different steps?', zh: '不同方案在哪一步流失？' },
    metric: `${METRIC} One funnel for each value of the label product_code.`,
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql: funnelSql("coalesce(json_extract_scalar(labels, '$.product_code'), 'none')"),
    kind: 'table',
    columns: [column('solution', 'text', 'Solution', '方案'), ...FUNNEL_COLUMNS],
    width: 12,
    height: 9,
  },
];

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export const TREND_CHART: Chart = {
  id: 'trend',
  title: { en: 'Trend', zh: '趋势' },
  question: { en: 'Is it getting better or worse?', zh: '情况在变好还是变差？' },
  metric:
    'Answered sessions by when they were opened (else registered), in days, or in hours where the data spans three days or less. ' +
    'Percentages are of all answered sessions of the bucket. The newest bucket is still filling for half an hour.',
  logstore: RECORDS_LOGSTORE,
  labelled: true,
  search: '*',
  sql:
    `SELECT bucket_ms, count(1) AS answered, ${percent("count_if(journey = 'finished')", 'count(1)')} AS finished_percent,` +
    ` ${percent("count_if(journey = 'interrupted')", 'count(1)')} AS interrupted_percent,` +
    ` ${percent("count_if(journey = 'not_started')", 'count(1)')} AS not_started_percent` +
    ' FROM (SELECT journey, opened_at_ms - opened_at_ms % if(max(opened_at_ms) OVER () - min(opened_at_ms) OVER () > ' +
    `${3 * DAY_MS}, ${DAY_MS}, ${HOUR_MS}) AS bucket_ms` +
    ` FROM (SELECT journey, ${OPENED_AT_MS} AS opened_at_ms FROM ${sessions(['journey', 'initialized_at_ms', 'registered_at_ms'])})` +
    ' WHERE opened_at_ms IS NOT NULL) GROUP BY bucket_ms ORDER BY bucket_ms LIMIT 2000',
  kind: 'line',
  columns: [
    column('bucket_ms', 'time_ms', 'Opened', '打开时间'),
    column('answered', 'count', 'Answered', '已查询'),
    column('finished_percent', 'percent', 'Finished', '完成率'),
    column('interrupted_percent', 'percent', 'Interrupted', '中断率'),
    column('not_started_percent', 'percent', 'Not started', '未开始率'),
  ],
  x: 'bucket_ms',
  y: ['finished_percent', 'interrupted_percent', 'not_started_percent'],
  width: 24,
  height: 8,
};
