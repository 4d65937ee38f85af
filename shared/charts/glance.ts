import { PENDING_LOGSTORE } from '../logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { DAY_MS, HOUR_MS } from '../time.ts';
import { type Chart, column, type Section } from './chart.ts';
import { JOURNEY_COLUMNS, JOURNEY_SHARES, OPENED, OPENED_AT_MS, sessions, WEEK_COMPARISON } from './sql.ts';

/** Six figures, each against the same hours a week before, and how they change over time. */

type Headline = Pick<Chart, 'id' | 'title' | 'question' | 'metric'> & {
  readonly logstore?: string;
  /** The figure: a number over the rows of `from`. */
  readonly figure: string;
  readonly from: string;
};

function headline({ logstore = RECORDS_LOGSTORE, figure, from, ...rest }: Headline): Chart {
  return {
    ...rest,
    logstore,
    sql: `
      SELECT
        diff[1] AS value,
        diff[2] AS before,
        if(diff[2] > 0, round(100.0 * (diff[1] - diff[2]) / diff[2], 1), null) AS change_percent
      FROM (
        SELECT ${WEEK_COMPARISON} AS diff
        FROM (SELECT ${figure} AS figure FROM ${from})
      )
      LIMIT 1`,
    kind: 'stat',
    columns: [
      column('value', 'count', 'Now', '当前'),
      column('before', 'count', 'A week before', '一周前'),
      column('change_percent', 'percent', 'Change', '变化'),
    ],
    width: 4,
    height: 4,
  };
}

export const GLANCE: Section = {
  id: 'glance',
  title: { en: 'At a glance', zh: '概览' },
  charts: [
    headline({
      id: 'headline-registered',
      title: { en: 'Registered', zh: '已登记' },
      question: { en: 'How many transactions were handed in?', zh: '登记了多少笔认证？' },
      metric:
        'Distinct transaction ids with a registration row in idv-pending. Rows queued again do not count.',
      logstore: PENDING_LOGSTORE,
      figure: 'count(DISTINCT transaction_id)',
      from: "(SELECT transaction_id FROM log WHERE coalesce(kind, 'register') = 'register' AND transaction_id <> '')",
    }),
    headline({
      id: 'headline-opened',
      title: { en: 'Opened', zh: '已打开' },
      question: { en: 'How many people saw at least the first page?', zh: '多少人至少看到了第一个页面？' },
      metric: 'Answered sessions that finished or were interrupted, or have a stage_reached of 1 or more.',
      figure: `count_if(${OPENED})`,
      from: sessions(['journey', 'stage_reached']),
    }),
    headline({
      id: 'headline-finished',
      title: { en: 'Finished', zh: '已完成' },
      question: {
        en: 'How many came to the end, whatever the decision?',
        zh: '多少人走完了流程（不论结果）？',
      },
      metric: 'Answered sessions with journey = finished.',
      figure: "count_if(journey = 'finished')",
      from: sessions(['journey']),
    }),
    headline({
      id: 'headline-passed',
      title: { en: 'Passed', zh: '已通过' },
      question: { en: 'How many finished and passed?', zh: '多少人完成并通过？' },
      metric: 'Answered sessions with journey = finished and passed = Y. A decision, not a drop-off figure.',
      figure: "count_if(journey = 'finished' AND passed = 'Y')",
      from: sessions(['journey', 'passed']),
    }),
    headline({
      id: 'headline-interrupted',
      title: { en: 'Interrupted', zh: '已中断' },
      question: {
        en: 'How many opened the flow and did not come to its end?',
        zh: '多少人打开后没有走完？',
      },
      metric: 'Answered sessions with journey = interrupted.',
      figure: "count_if(journey = 'interrupted')",
      from: sessions(['journey']),
    }),
    headline({
      id: 'headline-not-started',
      title: { en: 'Not started', zh: '未开始' },
      question: { en: 'How many never opened the flow?', zh: '多少人从未打开流程？' },
      metric: 'Answered sessions with journey = not_started.',
      figure: "count_if(journey = 'not_started')",
      from: sessions(['journey']),
    }),
    {
      id: 'trend',
      title: { en: 'Trend', zh: '趋势' },
      question: { en: 'Is it getting better or worse?', zh: '情况在变好还是变差？' },
      metric:
        'Answered sessions by when they were opened (else registered), in days, or in hours where the data spans three days or less. ' +
        'Percentages are of all answered sessions of the bucket; unknown is a status that nobody has documented. Sessions without either time are left out. The newest bucket is still filling for half an hour.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH opened AS (
          SELECT journey, ${OPENED_AT_MS} AS opened_at_ms
          FROM ${sessions(['journey', 'initialized_at_ms', 'registered_at_ms'])}
        ),
        sized AS (
          SELECT
            journey,
            opened_at_ms,
            if(max(opened_at_ms) OVER () - min(opened_at_ms) OVER () > ${3 * DAY_MS}, ${DAY_MS}, ${HOUR_MS}) AS size_ms
          FROM opened
          WHERE opened_at_ms IS NOT NULL
        ),
        buckets AS (
          SELECT journey, opened_at_ms - opened_at_ms % size_ms AS bucket_ms FROM sized
        )
        SELECT bucket_ms, count(1) AS answered, ${JOURNEY_SHARES}
        FROM buckets
        GROUP BY bucket_ms
        ORDER BY bucket_ms
        LIMIT 2000`,
      kind: 'line',
      columns: [
        column('bucket_ms', 'time_ms', 'Opened', '打开时间'),
        column('answered', 'count', 'Answered', '已查询'),
        ...JOURNEY_COLUMNS,
      ],
      x: 'bucket_ms',
      y: ['finished_percent', 'interrupted_percent', 'not_started_percent'],
      width: 24,
      height: 8,
    },
  ],
};
