import { ON_COLUMN, RECORDS_LOGSTORE } from '../logstores/records.ts';
import { STAGES } from '../logstores/values.ts';
import { sqlList } from '../logstores/view.ts';
import { column, type Section } from './chart.ts';
import { interrupted, LAST_STAGE, OPENED, percent, sessions, textArray } from './sql.ts';

/**
 * The funnel: how many are known to have been on each page, and how many left there. A page passed without a trace is
 * not counted, since we do not know which pages a solution has; and with several solutions in one figure no order of
 * pages holds. So there are no shares from page to page either.
 */

/** Interrupted sessions last seen on the stage, as `where-stage` counts them. */
const leftOn = (stage: string) => `(journey = 'interrupted' AND ${LAST_STAGE} = '${stage}')`;

/** The rows of the funnel that are not stages, as SQL conditions on a session. */
const BESIDE_STAGES = {
  ALL: 'true',
  FINISHED: "journey = 'finished'",
  unknown: `(journey = 'interrupted' AND ${LAST_STAGE} NOT IN (${sqlList([...STAGES, 'none'])}))`,
  no_log: `(path_version IS NOT NULL AND coalesce(log_coverage, 'none') = 'none' AND ${OPENED})`,
  not_measured: `(path_version IS NULL AND ${OPENED})`,
} as const;

/** The columns that these conditions read. */
const BESIDE_READS = ['journey', 'stage', 'stage_reached', 'log_coverage', 'path_version'];

const count = (condition: string) => `count_if(${condition})`;
const NOTHING = 'CAST(null AS bigint)';

/** In the order shown. A figure that does not exist is null. */
const FUNNEL_ROWS: ReadonlyArray<{
  readonly name: string;
  readonly entered: string;
  readonly leftHere: string;
}> = [
  { name: 'ALL', entered: count(BESIDE_STAGES.ALL), leftHere: NOTHING },
  // Whoever left on a page was on it, which is known even of rows without `on_<stage>`.
  ...STAGES.map((stage) => ({
    name: stage,
    entered: count(`${ON_COLUMN[stage]} = 1 OR ${leftOn(stage)}`),
    leftHere: count(leftOn(stage)),
  })),
  { name: 'FINISHED', entered: count(BESIDE_STAGES.FINISHED), leftHere: NOTHING },
  { name: 'none', entered: NOTHING, leftHere: count(leftOn('none')) },
  { name: 'unknown', entered: NOTHING, leftHere: count(BESIDE_STAGES.unknown) },
  { name: 'no_log', entered: count(BESIDE_STAGES.no_log), leftHere: NOTHING },
  { name: 'not_measured', entered: count(BESIDE_STAGES.not_measured), leftHere: NOTHING },
];

/** `solution`: SQL over the labels of a session, to count each of its values separately. */
function funnelSql(solution?: string): string {
  const ifSplit = (sql: string) => (solution === undefined ? '' : sql);
  return `
    WITH counts AS (
      SELECT
        ${ifSplit(`${solution} AS solution,`)}
        ARRAY[${FUNNEL_ROWS.map(({ entered }) => entered).join(', ')}] AS entered_by_row,
        ARRAY[${FUNNEL_ROWS.map(({ leftHere }) => leftHere).join(', ')}] AS left_by_row
      FROM ${sessions([...BESIDE_READS, ...Object.values(ON_COLUMN), ...(solution === undefined ? [] : ['labels'])])}
      ${ifSplit(`GROUP BY ${solution}`)}
    ),
    pages AS (
      SELECT ${ifSplit('solution,')} place, stage, entered, left_here
      FROM counts
      CROSS JOIN UNNEST(
        ARRAY[${FUNNEL_ROWS.map((_, place) => place).join(', ')}],
        ${textArray(FUNNEL_ROWS.map(({ name }) => name))},
        entered_by_row,
        left_by_row
      ) AS page(place, stage, entered, left_here)
      WHERE coalesce(entered, 0) + coalesce(left_here, 0) > 0
    )
    SELECT
      ${ifSplit('solution,')} stage, entered, left_here,
      if(
        left_here > 0 AND left_here = max(left_here) OVER (${ifSplit('PARTITION BY solution')}),
        'most_left',
        ''
      ) AS note
    FROM pages
    ORDER BY ${ifSplit('solution,')} place
    LIMIT 1000`;
}

const FUNNEL_COLUMNS = [
  column('stage', 'key', 'Page', '页面'),
  column('entered', 'count', 'Known to have been there', '确认到达'),
  column('left_here', 'count', 'Left here', '在此离开'),
  column('note', 'key', 'Note', '备注'),
];

const FUNNEL_METRIC =
  'Known to have been there: answered sessions with on_<stage> = 1 (a page stay, a log line or the last page). Left here: interrupted sessions whose last page it was. ' +
  'A page passed without a trace is not counted, and the pages are those of all solutions together: no share from page to page follows. ' +
  'Guide is two places, before the document and before liveness; Fine page tells them apart. ' +
  'No log: opened, but the answer names no page except the last. Not measured: opened, and stored by a version that did not keep the pages; only the last page is known of these, too. ' +
  'Pages nobody was on are left out.';

/** The page as received, in Chinese; where it is missing, in English. */
const PAGE = "coalesce(interrupt_page, interrupt_page_en, 'none')";

export const WHERE: Section = {
  id: 'where',
  title: { en: 'Where', zh: '在哪里' },
  charts: [
    {
      id: 'funnel',
      title: { en: 'Funnel', zh: '漏斗' },
      question: { en: 'On which page do we lose most people?', zh: '哪个页面流失的人最多？' },
      metric: FUNNEL_METRIC,
      logstore: RECORDS_LOGSTORE,
      sql: funnelSql(),
      kind: 'bar',
      columns: FUNNEL_COLUMNS,
      x: 'stage',
      y: ['entered', 'left_here'],
      drill: {
        column: 'stage',
        field: 'stage',
        within: ['interrupted'],
        counted: LAST_STAGE,
        beside: BESIDE_STAGES,
        reads: BESIDE_READS,
      },
      width: 12,
      height: 9,
    },
    {
      id: 'funnel-by-solution',
      title: { en: 'Funnel by solution', zh: '各方案漏斗' },
      question: { en: 'Do the solutions lose people on different pages?', zh: '不同方案在哪个页面流失？' },
      metric: `${FUNNEL_METRIC} Counted separately for each value of the label product_code.`,
      logstore: RECORDS_LOGSTORE,
      sql: funnelSql("coalesce(json_extract_scalar(labels, '$.product_code'), 'none')"),
      kind: 'table',
      columns: [column('solution', 'text', 'Solution', '方案'), ...FUNNEL_COLUMNS],
      width: 12,
      height: 9,
    },
    {
      id: 'where-stage',
      title: { en: 'Where they left', zh: '在哪里离开' },
      question: { en: 'On which stage were they last seen?', zh: '最后停留在哪个阶段？' },
      metric:
        'Interrupted sessions by stage (from InterruptPageEn, else InterruptPage); none where no page was named. GUIDE is two places, before the document and before liveness. Share = of all interrupted sessions.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH stages AS (
          SELECT ${LAST_STAGE} AS stage, count(1) AS lost
          FROM ${interrupted(['stage'])}
          GROUP BY ${LAST_STAGE}
        )
        SELECT stage, lost, ${percent('lost', 'sum(lost) OVER ()')} AS share_percent
        FROM stages
        ORDER BY lost DESC, stage
        LIMIT 100`,
      kind: 'bar',
      columns: [
        column('stage', 'key', 'Stage', '阶段'),
        column('lost', 'count', 'Interrupted', '中断'),
        column('share_percent', 'percent', 'Share', '占比'),
      ],
      x: 'stage',
      y: ['lost'],
      drill: { column: 'stage', field: 'stage', within: ['interrupted'], counted: LAST_STAGE },
      width: 12,
      height: 8,
    },
    {
      id: 'where-page',
      title: { en: 'Fine page', zh: '具体页面' },
      question: { en: 'On which page exactly, and for what reason?', zh: '具体在哪个页面？什么原因？' },
      metric:
        'Interrupted sessions by InterruptPage as received (Chinese, 13 pages; where it is missing, InterruptPageEn), with the commonest cause.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH lost AS (
          SELECT
            ${PAGE} AS page,
            coalesce(interrupt_page_en, '') AS page_en,
            coalesce(cause, 'unknown') AS cause
          FROM ${interrupted(['interrupt_page', 'interrupt_page_en', 'cause'])}
        ),
        counts AS (
          SELECT page, page_en, cause, count(1) AS n FROM lost GROUP BY page, page_en, cause
        )
        SELECT page, max_by(page_en, n) AS page_en, sum(n) AS lost, max_by(cause, n) AS commonest_cause
        FROM counts
        GROUP BY page
        ORDER BY lost DESC, page
        LIMIT 100`,
      kind: 'table',
      columns: [
        column('page', 'text', 'Page', '页面'),
        column('page_en', 'key', 'Page (English)', '页面（英文）'),
        column('lost', 'count', 'Interrupted', '中断'),
        column('commonest_cause', 'key', 'Commonest cause', '最常见原因'),
      ],
      drill: {
        column: 'page',
        field: 'interrupt_page',
        within: ['interrupted'],
        counted: PAGE,
        reads: ['interrupt_page_en'],
      },
      width: 12,
      height: 8,
    },
  ],
};
