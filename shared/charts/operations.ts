import { LEDGER_ENTRIES, LEDGER_SQL } from '../logstores/ledger.ts';
import { PENDING_LOGSTORE } from '../logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { SWEEPS_LOGSTORE } from '../logstores/sweeps.ts';
import { MINUTE_MS } from '../time.ts';
import { column, type Section } from './chart.ts';
import { ended, percent } from './sql.ts';

/** Is everything asked about in time, and is anything missing? */

export const LEDGER: Section = {
  id: 'ledger',
  title: { en: 'Is anything missing?', zh: '有遗漏吗？' },
  charts: [
    {
      id: 'ledger',
      title: { en: 'Ledger', zh: '总账' },
      question: { en: 'Is every registered transaction accounted for?', zh: '每笔登记的认证都有下落吗？' },
      metric:
        `Over the transactions with a queue row in the time range: registered = ${Object.values(LEDGER_ENTRIES).join(' + ')}. ` +
        'Waiting: no final record and not yet passed by the sweep. Residual: passed by the sweep without a final record; it has to be 0.',
      logstore: PENDING_LOGSTORE,
      sql: LEDGER_SQL,
      kind: 'bar',
      columns: [column('entry', 'key', 'Entry', '项目'), column('n', 'count', 'Transactions', '笔数')],
      x: 'entry',
      y: ['n'],
      width: 12,
      height: 9,
    },
    {
      id: 'no-answer',
      title: { en: 'Ended without an answer', zh: '未获得结果' },
      question: { en: 'Why did the service not tell us?', zh: '服务为何没有给出结果？' },
      metric:
        'Transactions whose final record is not_completed, invalid, expired or gave_up, by the last return code.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH unanswered AS (
          SELECT disposition, coalesce(code, '') AS code
          FROM ${ended(['disposition', 'code'])}
          WHERE coalesce(disposition, '') <> 'answered'
        )
        SELECT disposition, code, count(1) AS n
        FROM unanswered
        GROUP BY disposition, code
        ORDER BY n DESC, disposition, code
        LIMIT 100`,
      kind: 'table',
      columns: [
        column('disposition', 'key', 'Ended as', '结果'),
        column('code', 'text', 'Return code', '返回码'),
        column('n', 'count', 'Transactions', '笔数'),
      ],
      width: 12,
      height: 9,
    },
  ],
};

/** Runs that were not turned away, in quarter hours. A sub-query in brackets. */
function runs(columns: readonly string[]): string {
  return `(
    SELECT started_at_ms - started_at_ms % ${15 * MINUTE_MS} AS bucket_ms, ${columns.join(', ')}
    FROM log
    WHERE ended <> 'busy'
  )`;
}

const ENDED = column('ended', 'key', 'Ended', '结束原因');
const ASKED = column('asked', 'count', 'Asked', '已查询');
const BUCKET = column('bucket_ms', 'time_ms', 'Run', '运行时间');
const LAG = column('lag_ms', 'ms', 'Lag', '延迟');
/** What became of the transactions asked about. */
const WORK = [
  ASKED,
  column('final_count', 'count', 'Ended', '完结'),
  column('requeued', 'count', 'Queued again', '重排'),
  column('handed_back', 'count', 'Handed back', '退回'),
];

const ofSweeps = { logstore: SWEEPS_LOGSTORE, labelled: false } as const;

export const SWEEP: Section = {
  id: 'sweep',
  title: { en: 'The sweep', zh: '扫描' },
  charts: [
    {
      ...ofSweeps,
      id: 'newest-run',
      title: { en: 'Where the sweep stands', zh: '扫描进度' },
      question: { en: 'How far behind is it, and how much is left?', zh: '落后多少？还剩多少？' },
      metric:
        'The newest run that was not turned away: why it ended, its lag, the rows that were due and not done, and the rows within two days of their end.',
      sql: `
        SELECT ended, ended_at_ms, lag_ms, backlog, near_end, checkpoint_at_ms
        FROM log
        WHERE ended <> 'busy'
        ORDER BY ended_at_ms DESC
        LIMIT 1`,
      kind: 'table',
      columns: [
        ENDED,
        column('ended_at_ms', 'time_ms', 'At', '时间'),
        LAG,
        column('backlog', 'count', 'Backlog', '积压'),
        column('near_end', 'count', 'Near their end', '临近过期'),
        column('checkpoint_at_ms', 'time_ms', 'Done up to', '已处理到'),
      ],
      width: 12,
      height: 5,
    },
    {
      ...ofSweeps,
      id: 'run-ends',
      title: { en: 'Why runs ended', zh: '运行结束原因' },
      question: { en: 'Do runs end normally?', zh: '运行是否正常结束？' },
      metric: 'Runs by the reason they ended. busy: another run was at work; nothing is wrong.',
      sql: `
        SELECT ended, count(1) AS n, sum(asked) AS transactions
        FROM log
        GROUP BY ended
        ORDER BY n DESC, ended
        LIMIT 100`,
      kind: 'bar',
      columns: [
        ENDED,
        column('n', 'count', 'Runs', '次数'),
        column('transactions', 'count', 'Asked', '已查询'),
      ],
      x: 'ended',
      y: ['n'],
      width: 12,
      height: 5,
    },
    {
      ...ofSweeps,
      id: 'pace',
      title: { en: 'Pace against quota, and throttling', zh: '速率与限流' },
      question: { en: 'Do we use the quota without being refused?', zh: '是否充分利用配额而不被限流？' },
      metric:
        'In quarter hours. Use of quota = calls per minute reached / calls per minute allowed, of the run with the highest. Throttled = calls refused for their rate / all calls.',
      sql: `
        SELECT
          bucket_ms,
          max(${percent('pace_reached_per_minute', 'pace_asked_per_minute')}) AS use_percent,
          ${percent('sum(throttled)', 'sum(calls)')} AS throttled_percent
        FROM ${runs(['pace_reached_per_minute', 'pace_asked_per_minute', 'throttled', 'calls'])}
        GROUP BY bucket_ms
        ORDER BY bucket_ms
        LIMIT 3000`,
      kind: 'line',
      columns: [
        BUCKET,
        column('use_percent', 'percent', 'Use of quota', '配额使用率'),
        column('throttled_percent', 'percent', 'Throttled', '限流率'),
      ],
      x: 'bucket_ms',
      y: ['use_percent', 'throttled_percent'],
      width: 12,
      height: 8,
    },
    {
      ...ofSweeps,
      id: 'queue-work',
      title: { en: 'What the runs did', zh: '运行情况' },
      question: { en: 'How much was asked, ended and queued again?', zh: '查询、完结、重排了多少？' },
      metric: 'Sums over all runs in quarter hours.',
      sql: `
        SELECT
          bucket_ms,
          ${WORK.map(({ name }) => `sum(${name}) AS ${name}`).join(', ')},
          max(lag_ms) AS lag_ms
        FROM ${runs([...WORK.map(({ name }) => name), 'lag_ms'])}
        GROUP BY bucket_ms
        ORDER BY bucket_ms DESC
        LIMIT 3000`,
      kind: 'table',
      columns: [BUCKET, ...WORK, column('lag_ms', 'ms', 'Greatest lag', '最大延迟')],
      width: 12,
      height: 8,
    },
    {
      ...ofSweeps,
      id: 'latest-runs',
      title: { en: 'Latest runs', zh: '最近运行' },
      question: { en: 'What did each run do, and why did it end?', zh: '每次运行做了什么？为何结束？' },
      metric: 'The 50 newest runs.',
      sql: `
        SELECT
          started_at_ms, ended, duration_ms, pulled, asked, final_count, requeued, handed_back, duplicates,
          throttled, lag_ms, message
        FROM log
        ORDER BY started_at_ms DESC
        LIMIT 50`,
      kind: 'table',
      columns: [
        column('started_at_ms', 'time_ms', 'Started', '开始'),
        ENDED,
        column('duration_ms', 'ms', 'Took', '耗时'),
        column('pulled', 'count', 'Pulled', '拉取'),
        ...WORK,
        column('duplicates', 'count', 'Duplicates', '重复'),
        column('throttled', 'count', 'Throttled', '限流'),
        LAG,
        column('message', 'text', 'Message', '说明'),
      ],
      width: 24,
      height: 10,
    },
  ],
};
