import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { type Chart, column } from './chart.ts';
import { OPENED_AT_MS, percent, sessions } from './sql.ts';

/** Where the interrupted sessions stopped, and why. Only interrupted sessions count here. */

const interrupted = (columns: readonly string[]) =>
  `(SELECT ${columns.join(', ')} FROM ${sessions([...columns, 'journey'])} WHERE journey = 'interrupted')`;

export const WHERE_AND_WHY_CHARTS: readonly Chart[] = [
  {
    id: 'where-stage',
    section: 'where',
    title: { en: 'Where they left', zh: '在哪里离开' },
    question: { en: 'On which stage were they last seen?', zh: '最后停留在哪个阶段？' },
    metric:
      'Interrupted sessions by stage (from InterruptPageEn, else InterruptPage); none where no page was named. GUIDE is two places, before the document and before liveness. Share = of all interrupted sessions.',
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql:
      `SELECT stage, lost, ${percent('lost', 'sum(lost) OVER ()')} AS share_percent FROM` +
      ` (SELECT coalesce(stage, 'none') AS stage, count(1) AS lost FROM ${interrupted(['stage'])} GROUP BY coalesce(stage, 'none'))` +
      ' ORDER BY lost DESC, stage LIMIT 100',
    kind: 'bar',
    columns: [
      column('stage', 'key', 'Stage', '阶段'),
      column('lost', 'count', 'Interrupted', '中断'),
      column('share_percent', 'percent', 'Share', '占比'),
    ],
    x: 'stage',
    y: ['lost'],
    drill: { column: 'stage', field: 'stage', within: ['interrupted'] },
    width: 12,
    height: 8,
  },
  {
    id: 'why-cause',
    section: 'why',
    title: { en: 'Why they left', zh: '为什么离开' },
    question: { en: 'What stopped them, and could they come back?', zh: '原因是什么？还能挽回吗？' },
    metric:
      'Interrupted sessions by cause. Recoverable = those where another try, as the team can offer it, may succeed; not known where the cause is not. ' +
      'Share = of all interrupted sessions; recoverable share = of those where it is known.',
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql:
      `SELECT cause, recoverable, not_recoverable, lost - recoverable - not_recoverable AS outlook_unknown, lost,` +
      ` ${percent('lost', 'sum(lost) OVER ()')} AS share_percent,` +
      ` ${percent('recoverable', '(recoverable + not_recoverable)')} AS recoverable_percent FROM` +
      " (SELECT coalesce(cause, 'unknown') AS cause, count_if(recoverable = 'true') AS recoverable," +
      " count_if(recoverable = 'false') AS not_recoverable, count(1) AS lost" +
      ` FROM ${interrupted(['cause', 'recoverable'])} GROUP BY coalesce(cause, 'unknown')) ORDER BY lost DESC, cause LIMIT 100`,
    kind: 'stacked',
    columns: [
      column('cause', 'key', 'Cause', '原因'),
      column('recoverable', 'count', 'Recoverable', '可挽回'),
      column('not_recoverable', 'count', 'Not recoverable', '不可挽回'),
      column('outlook_unknown', 'count', 'Not known', '无法判断'),
      column('lost', 'count', 'Interrupted', '中断'),
      column('share_percent', 'percent', 'Share', '占比'),
      column('recoverable_percent', 'percent', 'Recoverable share', '可挽回占比'),
    ],
    x: 'cause',
    y: ['recoverable', 'not_recoverable', 'outlook_unknown'],
    drill: { column: 'cause', field: 'cause', within: ['interrupted'] },
    width: 12,
    height: 8,
  },
  {
    id: 'where-page',
    section: 'where',
    title: { en: 'Fine page', zh: '具体页面' },
    question: { en: 'On which page exactly, and for what reason?', zh: '具体在哪个页面？什么原因？' },
    metric:
      'Interrupted sessions by InterruptPage as received (Chinese, 13 pages; where it is missing, InterruptPageEn), with the commonest cause.',
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql:
      'SELECT page, max_by(page_en, lost) AS page_en, sum(lost) AS lost, max_by(cause, lost) AS commonest_cause FROM' +
      " (SELECT coalesce(interrupt_page, interrupt_page_en, 'none') AS page, coalesce(interrupt_page_en, '') AS page_en, coalesce(cause, 'unknown') AS cause, count(1) AS lost" +
      ` FROM ${interrupted(['interrupt_page', 'interrupt_page_en', 'cause'])}` +
      " GROUP BY coalesce(interrupt_page, interrupt_page_en, 'none'), coalesce(interrupt_page_en, ''), coalesce(cause, 'unknown'))" +
      ' GROUP BY page ORDER BY lost DESC, page LIMIT 100',
    kind: 'table',
    columns: [
      column('page', 'text', 'Page', '页面'),
      column('page_en', 'key', 'Page (English)', '页面（英文）'),
      column('lost', 'count', 'Interrupted', '中断'),
      column('commonest_cause', 'key', 'Commonest cause', '最常见原因'),
    ],
    drill: { column: 'page', field: 'interrupt_page', within: ['interrupted'] },
    width: 12,
    height: 8,
  },
  {
    id: 'latest-lost',
    section: 'lost',
    title: { en: 'Latest lost transactions', zh: '最近流失的认证' },
    question: { en: 'What happened to the people we lost just now?', zh: '刚刚流失的用户经历了什么？' },
    metric: 'The 50 interrupted sessions opened last, with their story.',
    logstore: RECORDS_LOGSTORE,
    labelled: true,
    search: '*',
    sql:
      `SELECT transaction_id, ${OPENED_AT_MS} AS opened_at_ms, stage, cause, recoverable, story, story_zh FROM` +
      ` ${interrupted(['transaction_id', 'initialized_at_ms', 'registered_at_ms', 'stage', 'cause', 'recoverable', 'story', 'story_zh'])}` +
      ' ORDER BY opened_at_ms DESC, transaction_id LIMIT 50',
    kind: 'table',
    columns: [
      column('transaction_id', 'id', 'Transaction', '认证 ID'),
      column('opened_at_ms', 'time_ms', 'Opened', '打开时间'),
      column('stage', 'key', 'Stage', '阶段'),
      column('cause', 'key', 'Cause', '原因'),
      column('recoverable', 'key', 'Recoverable', '可挽回'),
      column('story', 'text', 'Story', '经过（英文）'),
      column('story_zh', 'text', 'Story (Chinese)', '经过'),
    ],
    width: 24,
    height: 10,
  },
];
