import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { STAGES } from '../logstores/values.ts';
import { type Chart, column } from './chart.ts';
import { JOURNEY_UNKNOWN, OPENED, OPENED_AT_MS, percent, sessions, textArray } from './sql.ts';

/**
 * How many are known to have been on each page, and how many left there. A page that was passed without a trace
 * is not made up: which pages a solution has is not known here, and with several solutions in one figure no
 * order of pages holds. So there are no shares from page to page either.
 */

const LAST_PAGE = "coalesce(stage, 'none')";

/** The interrupted sessions that were last seen there, as `where-stage` counts them. */
const leftOn = (stage: string) => `(journey = 'interrupted' AND ${LAST_PAGE} = '${stage}')`;

const knownPages = [...STAGES, 'none'].map((stage) => `'${stage}'`).join(', ');
const leftElsewhere = `(journey = 'interrupted' AND ${LAST_PAGE} NOT IN (${knownPages}))`;

/** What a row stands for that is no stage: SQL over a session. Its transactions can be listed by it. */
export const FUNNEL_BESIDE_STAGES = {
  ALL: 'true',
  FINISHED: "journey = 'finished'",
  unknown: leftElsewhere,
  no_log: `(path_version IS NOT NULL AND coalesce(log_coverage, 'none') = 'none' AND ${OPENED})`,
  not_measured: `(path_version IS NULL AND ${OPENED})`,
} as const;

/** What the conditions above read. */
export const FUNNEL_COLUMNS_READ = ['journey', 'stage', 'stage_reached', 'log_coverage', 'path_version'];

const onColumn = (stage: string) => `on_${stage.toLowerCase()}`;
const count = (condition: string) => `count_if(${condition})`;
const NOTHING = 'cast(null AS bigint)';

/** In this order. A figure that does not exist is null. */
const ROWS: ReadonlyArray<{ readonly name: string; readonly entered: string; readonly leftHere: string }> = [
  { name: 'ALL', entered: count(FUNNEL_BESIDE_STAGES.ALL), leftHere: NOTHING },
  // Who left on a page was on it: that is known of rows without `on_<stage>`, too.
  ...STAGES.map((stage) => ({
    name: stage,
    entered: count(`${onColumn(stage)} = 1 OR ${leftOn(stage)}`),
    leftHere: count(leftOn(stage)),
  })),
  { name: 'FINISHED', entered: count(FUNNEL_BESIDE_STAGES.FINISHED), leftHere: NOTHING },
  { name: 'none', entered: NOTHING, leftHere: count(leftOn('none')) },
  { name: 'unknown', entered: NOTHING, leftHere: count(leftElsewhere) },
  { name: 'no_log', entered: count(FUNNEL_BESIDE_STAGES.no_log), leftHere: NOTHING },
  { name: 'not_measured', entered: count(FUNNEL_BESIDE_STAGES.not_measured), leftHere: NOTHING },
];

function funnelSql(group: string | undefined): string {
  const key = group === undefined ? '' : 'solution, ';
  const partition = group === undefined ? '' : 'PARTITION BY solution';
  const columns = [
    ...FUNNEL_COLUMNS_READ,
    ...STAGES.map(onColumn),
    ...(group === undefined ? [] : ['labels']),
  ];
  const counts =
    `SELECT ${group === undefined ? '' : `${group} AS solution, `}ARRAY[${ROWS.map(({ entered }) => entered).join(', ')}] AS entered_by_row,` +
    ` ARRAY[${ROWS.map(({ leftHere }) => leftHere).join(', ')}] AS left_by_row FROM ${sessions(columns)}` +
    (group === undefined ? '' : ` GROUP BY ${group}`);
  return (
    `SELECT ${key}stage, entered, left_here,` +
    ` if(left_here > 0 AND left_here = max(left_here) OVER (${partition}), 'most_left', '') AS note` +
    ` FROM (SELECT ${key}place, stage, entered, left_here FROM (${counts})` +
    ` CROSS JOIN UNNEST(ARRAY[${ROWS.map((_, place) => place).join(', ')}], ${textArray(ROWS.map(({ name }) => name))}, entered_by_row, left_by_row)` +
    ' AS page(place, stage, entered, left_here) WHERE coalesce(entered, 0) + coalesce(left_here, 0) > 0)' +
    ` ORDER BY ${key}place LIMIT 1000`
  );
}

const COLUMNS = [
  column('stage', 'key', 'Page', '页面'),
  column('entered', 'count', 'Known to have been there', '确认到达'),
  column('left_here', 'count', 'Left here', '在此离开'),
  column('note', 'key', 'Note', '备注'),
];

const METRIC =
  'Known to have been there: answered sessions with on_<stage> = 1 (a page stay, a log line or the last page). Left here: interrupted sessions whose last page it was. ' +
  'A page passed without a trace is not counted, and the pages are those of all solutions together: no share from page to page follows. ' +
  'Guide is two places, before the document and before liveness; Fine page tells them apart. ' +
  'No log: opened, but the answer told no pages except the last. Not measured: opened, and stored by a version that did not keep the pages; of these, too, only the last page is known. ' +
  'Pages nobody was on are left out.';

export const FUNNEL_CHARTS: readonly Chart[] = [
  {
    id: 'funnel',
    section: 'where',
    title: { en: 'Funnel', zh: '漏斗' },
    question: { en: 'On which page do we lose most people?', zh: '哪个页面流失的人最多？' },
    metric: METRIC,
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql: funnelSql(undefined),
    kind: 'bar',
    columns: COLUMNS,
    x: 'stage',
    y: ['entered', 'left_here'],
    drill: { column: 'stage', field: 'stage', within: ['interrupted'] },
    width: 12,
    height: 9,
  },
  {
    id: 'funnel-by-solution',
    section: 'where',
    title: { en: 'Funnel by solution', zh: '各方案漏斗' },
    question: { en: 'Do the solutions lose people on different pages?', zh: '不同方案在哪个页面流失？' },
    metric: `${METRIC} Counted apart for each value of the label product_code.`,
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql: funnelSql("coalesce(json_extract_scalar(labels, '$.product_code'), 'none')"),
    kind: 'table',
    columns: [column('solution', 'text', 'Solution', '方案'), ...COLUMNS],
    width: 12,
    height: 9,
  },
];

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export const TREND_CHART: Chart = {
  id: 'trend',
  section: 'glance',
  title: { en: 'Trend', zh: '趋势' },
  question: { en: 'Is it getting better or worse?', zh: '情况在变好还是变差？' },
  metric:
    'Answered sessions by when they were opened (else registered), in days, or in hours where the data spans three days or less. ' +
    'Percentages are of all answered sessions of the bucket; unknown is a status that nobody has documented. Sessions without either time are left out. The newest bucket is still filling for half an hour.',
  logstore: RECORDS_LOGSTORE,
  labelled: true,
  search: '*',
  sql:
    `SELECT bucket_ms, count(1) AS answered, ${percent("count_if(journey = 'finished')", 'count(1)')} AS finished_percent,` +
    ` ${percent("count_if(journey = 'interrupted')", 'count(1)')} AS interrupted_percent,` +
    ` ${percent("count_if(journey = 'not_started')", 'count(1)')} AS not_started_percent,` +
    ` ${percent(`count_if(${JOURNEY_UNKNOWN})`, 'count(1)')} AS unknown_percent` +
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
    column('unknown_percent', 'percent', 'Unknown', '未知率'),
  ],
  x: 'bucket_ms',
  y: ['finished_percent', 'interrupted_percent', 'not_started_percent'],
  width: 24,
  height: 8,
};
