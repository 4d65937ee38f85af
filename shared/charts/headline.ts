import { PENDING_LOGSTORE } from '../logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { type Chart, column, type Text } from './chart.ts';
import { comparedWithLastWeek, OPENED, sessions } from './sql.ts';

/** The six figures at the top of the drop-off dashboard, each against the same hours a week before. */

const STAT_COLUMNS = [
  column('value', 'count', 'Now', '当前'),
  column('before', 'count', 'A week before', '一周前'),
  column('change_percent', 'percent', 'Change', '变化'),
];

interface Headline {
  readonly id: string;
  readonly title: Text;
  readonly question: Text;
  readonly metric: string;
  readonly logstore?: string;
  readonly sql: string;
}

function headline({ logstore = RECORDS_LOGSTORE, ...rest }: Headline): Chart {
  return {
    ...rest,
    section: 'glance',
    logstore,
    labelled: true,
    search: '*',
    kind: 'stat',
    columns: STAT_COLUMNS,
    width: 4,
    height: 4,
  };
}

function sessionsWhere(condition: string, columns: readonly string[]): string {
  return comparedWithLastWeek(`count_if(${condition})`, sessions(columns));
}

export const HEADLINE_CHARTS: readonly Chart[] = [
  headline({
    id: 'headline-registered',
    title: { en: 'Registered', zh: '已登记' },
    question: { en: 'How many transactions were handed in?', zh: '登记了多少笔认证？' },
    metric:
      'Distinct transaction ids with a registration row in idv-pending. Rows queued again do not count.',
    logstore: PENDING_LOGSTORE,
    sql: comparedWithLastWeek(
      'count(DISTINCT transaction_id)',
      "(SELECT transaction_id FROM log WHERE coalesce(kind, 'register') = 'register' AND transaction_id <> '')",
    ),
  }),
  headline({
    id: 'headline-opened',
    title: { en: 'Opened', zh: '已打开' },
    question: { en: 'How many people saw at least the first page?', zh: '多少人至少看到了第一个页面？' },
    metric: 'Answered sessions that finished or were interrupted, or have a stage_reached of 1 or more.',
    sql: sessionsWhere(OPENED, ['journey', 'stage_reached']),
  }),
  headline({
    id: 'headline-finished',
    title: { en: 'Finished', zh: '已完成' },
    question: {
      en: 'How many came to the end, whatever the decision?',
      zh: '多少人走完了流程（不论结果）？',
    },
    metric: 'Answered sessions with journey = finished.',
    sql: sessionsWhere("journey = 'finished'", ['journey']),
  }),
  headline({
    id: 'headline-passed',
    title: { en: 'Passed', zh: '已通过' },
    question: { en: 'How many finished and passed?', zh: '多少人完成并通过？' },
    metric: 'Answered sessions with journey = finished and passed = Y. A decision, not a drop-off figure.',
    sql: sessionsWhere("journey = 'finished' AND passed = 'Y'", ['journey', 'passed']),
  }),
  headline({
    id: 'headline-interrupted',
    title: { en: 'Interrupted', zh: '已中断' },
    question: { en: 'How many opened the flow and did not come to its end?', zh: '多少人打开后没有走完？' },
    metric: 'Answered sessions with journey = interrupted.',
    sql: sessionsWhere("journey = 'interrupted'", ['journey']),
  }),
  headline({
    id: 'headline-not-started',
    title: { en: 'Not started', zh: '未开始' },
    question: { en: 'How many never opened the flow?', zh: '多少人从未打开流程？' },
    metric: 'Answered sessions with journey = not_started.',
    sql: sessionsWhere("journey = 'not_started'", ['journey']),
  }),
];
