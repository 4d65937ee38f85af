import { RESIDUAL_SQL } from '../logstores/ledger.ts';
import { PENDING_LOGSTORE } from '../logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { SWEEPS_LOGSTORE } from '../logstores/sweeps.ts';
import type { RunEnd } from '../logstores/values.ts';
import { sqlList } from '../logstores/view.ts';
import { MINUTE_MS } from '../time.ts';
import type { Text } from './chart.ts';
import { begun, percent, sessions, UNKNOWN_VALUES, WEEK_SECONDS } from './sql.ts';

/** One alert: a query that returns one row, and the condition on that row that raises it. */
export interface AlertDefinition {
  /** `^[0-9a-z][0-9a-z-]*[0-9a-z]$`, unique. */
  readonly name: string;
  readonly title: Text;
  /** What it means and what to do, for the person on call. */
  readonly advice: string;
  readonly logstore: string;
  readonly sql: string;
  /** How far back each evaluation looks, a day at most, and how often it runs, in seconds. */
  readonly windowSeconds: number;
  readonly everySeconds: number;
  /** Over the columns of the row: comparisons of columns, differences and numbers, joined by `&&`. */
  readonly condition: string;
  readonly severity: 'critical' | 'high' | 'medium' | 'low';
  /** Raise it also when the query returns no row. */
  readonly raiseWithoutData?: boolean;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A share now and in the same hours a week before, each with its number of sessions. */
function shareAgainstLastWeek(condition: string, columns: readonly string[]): string {
  return `
    SELECT share[1] AS now_percent, share[2] AS before_percent, n[1] AS now_n, n[2] AS before_n
    FROM (
      SELECT compare(part, ${WEEK_SECONDS}) AS share, compare(answered, ${WEEK_SECONDS}) AS n
      FROM (
        SELECT ${percent(`count_if(${condition})`, 'count(1)')} AS part, count(1) AS answered
        FROM ${begun(columns)}
      )
    )
    LIMIT 1`;
}

/**
 * A run that did its job: a run that failed, or was turned away, did not. A `busy` run that knows a lag of 0 came to a
 * queue in which nothing was left; one that ran out of time, or lost its lease, did its job if any of its work was
 * acknowledged.
 */
const WORKED = `(
  ended = 'done'
  OR (ended = 'busy' AND lag_ms = 0)
  OR (
    ended IN ('deadline', 'lease_lost')
    AND coalesce(final_count, 0) + coalesce(requeued, 0) + coalesce(handed_back, 0) + coalesce(duplicates, 0) > 0
  )
)`;

/** How many runs have ended this way since the last one that did its job. */
function sinceWorked(ends: readonly RunEnd[]): string {
  return `
    WITH runs AS (
      SELECT ended, ended_at_ms, max(if(${WORKED}, ended_at_ms, 0)) OVER () AS worked_at_ms FROM log
    )
    SELECT count_if(ended IN (${sqlList(ends)}) AND ended_at_ms > worked_at_ms) AS runs
    FROM runs
    LIMIT 1`;
}

/** A rise that is unlikely to be chance: ten points more, with at least a hundred sessions on each side. */
const STEP_UP = 'now_n >= 100 && before_n >= 100 && now_percent - before_percent >= 10';

export const ALERTS: readonly AlertDefinition[] = [
  {
    name: 'idv-residual',
    title: { en: 'A transaction is missing', zh: '有认证遗漏' },
    advice:
      'The sweep has passed a transaction queued in the last 24 hours without a final record. Open the Operations dashboard, whose ledger goes back further; register the transaction again, and report the run.',
    logstore: PENDING_LOGSTORE,
    sql: RESIDUAL_SQL,
    windowSeconds: DAY,
    everySeconds: HOUR,
    condition: 'residual > 0',
    severity: 'critical',
  },
  {
    name: 'idv-no-run',
    title: { en: 'The sweep makes no progress', zh: '扫描没有进展' },
    advice:
      'No run has done its work for half an hour: there was none, or each failed or was turned away. Look at Latest runs on the Operations dashboard; if it shows none, at the timer trigger and the log of the sweep function.',
    logstore: SWEEPS_LOGSTORE,
    sql: `SELECT count_if(${WORKED}) AS worked FROM log LIMIT 1`,
    // A run may take ten minutes. One that was killed reports nothing, and the next takes as long again.
    windowSeconds: 30 * MINUTE,
    everySeconds: 5 * MINUTE,
    condition: 'worked == 0',
    severity: 'critical',
    raiseWithoutData: true,
  },
  {
    name: 'idv-run-failed',
    title: { en: 'The sweep fails', zh: '扫描失败' },
    advice:
      'The newest runs ended as error or write_failed. Their message (Latest runs on the Operations dashboard) says what is wrong; a consumer group, logstore or index that is gone is created again by a deployment. Nothing is lost: what was not done is tried again.',
    logstore: SWEEPS_LOGSTORE,
    sql: sinceWorked(['error', 'write_failed']),
    windowSeconds: HOUR,
    everySeconds: 5 * MINUTE,
    condition: 'runs > 0',
    severity: 'high',
  },
  {
    name: 'idv-upstream-down',
    title: { en: 'The service does not answer', zh: '服务不可用' },
    advice:
      'The newest runs found CheckVerifyLog down. Nothing is lost for 30 days, and the sweep resumes by itself; look at the status page of Alibaba Cloud and, if it lasts, at the endpoint.',
    logstore: SWEEPS_LOGSTORE,
    sql: sinceWorked(['upstream_down']),
    windowSeconds: HOUR,
    everySeconds: 5 * MINUTE,
    condition: 'runs > 0',
    severity: 'medium',
  },
  {
    name: 'idv-forbidden',
    title: { en: 'The service refuses our rights', zh: '权限被拒绝' },
    advice:
      'CheckVerifyLog returns Forbidden. Attach AliyunAntCloudAuthFullAccess to the function role; nothing is lost for 30 days.',
    logstore: SWEEPS_LOGSTORE,
    sql: sinceWorked(['forbidden']),
    windowSeconds: HOUR,
    everySeconds: 5 * MINUTE,
    condition: 'runs > 0',
    severity: 'high',
  },
  {
    name: 'idv-invalid-cursor',
    title: { en: 'The place in the queue was lost', zh: '队列位点丢失' },
    advice:
      'SLS no longer knew a checkpoint, and the queue was read again from its beginning. Rows are lost if the sweep stood still for as long as idv-pending is kept: compare the ledger with your own books.',
    logstore: SWEEPS_LOGSTORE,
    sql: 'SELECT coalesce(sum(invalid_cursors), 0) AS invalid_cursors FROM log LIMIT 1',
    windowSeconds: HOUR,
    everySeconds: 15 * MINUTE,
    condition: 'invalid_cursors > 0',
    severity: 'high',
  },
  {
    name: 'idv-lag',
    title: { en: 'Answers come late', zh: '查询延迟' },
    advice:
      'A run of the last quarter of an hour was an hour or more behind what is due. After a large backfill this passes by itself; otherwise more is registered than the quota allows: look at Pace against quota, and ask for a higher quota.',
    logstore: SWEEPS_LOGSTORE,
    sql: `SELECT coalesce(max(lag_ms), 0) / ${MINUTE_MS} AS lag_minutes FROM log LIMIT 1`,
    windowSeconds: 15 * MINUTE,
    everySeconds: 5 * MINUTE,
    condition: 'lag_minutes >= 60',
    severity: 'medium',
  },
  {
    name: 'idv-near-end',
    title: { en: 'Logs are about to be deleted', zh: '日志即将过期' },
    advice:
      'A run of the last hour met transactions within two days of the 30 after which the service deletes their log, or past it. Unless they come from a backfill or a replay, the sweep has stood still for weeks.',
    logstore: SWEEPS_LOGSTORE,
    sql: 'SELECT coalesce(max(near_end), 0) AS near_end FROM log LIMIT 1',
    windowSeconds: HOUR,
    everySeconds: 15 * MINUTE,
    condition: 'near_end > 0',
    severity: 'high',
  },
  {
    name: 'idv-throttled',
    title: { en: 'Calls are throttled', zh: '调用被限流' },
    advice:
      'Over 5 % of calls were refused for their rate in the last hour. Somebody else uses the same quota: lower QPS_LIMIT, or ask for a higher quota.',
    logstore: SWEEPS_LOGSTORE,
    sql: `SELECT sum(calls) AS calls, ${percent('sum(throttled)', 'sum(calls)')} AS throttled_percent FROM log LIMIT 1`,
    windowSeconds: HOUR,
    everySeconds: 15 * MINUTE,
    condition: 'calls >= 20 && throttled_percent > 5',
    severity: 'medium',
  },
  {
    name: 'idv-interrupted-up',
    title: { en: 'More people leave than a week ago', zh: '中断率明显上升' },
    advice:
      'The interrupted share of the last four hours is ten points or more above the same hours a week before. Look at cause and breakdown on the Drop-off dashboard.',
    logstore: RECORDS_LOGSTORE,
    sql: shareAgainstLastWeek("journey = 'interrupted'", []),
    windowSeconds: 4 * HOUR,
    everySeconds: 15 * MINUTE,
    condition: STEP_UP,
    severity: 'high',
  },
  {
    name: 'idv-camera-refused-up',
    title: { en: 'More people refuse the camera than a week ago', zh: '拒绝相机的比例明显上升' },
    advice:
      'The share of sessions with a refused camera permission is ten points or more above the same hours a week before. A release may ask at the wrong moment.',
    logstore: RECORDS_LOGSTORE,
    sql: shareAgainstLastWeek("permission_outcome <> 'none'", ['permission_outcome']),
    windowSeconds: 4 * HOUR,
    everySeconds: 15 * MINUTE,
    condition: STEP_UP,
    severity: 'medium',
  },
  {
    name: 'idv-unknown-values',
    title: { en: 'Answers hold values we do not know', zh: '出现未知取值' },
    advice:
      'Over 1 % of the answers of a day have a journey, stage or cause that this version does not know. Look at Data quality, and update idv-dropoff.',
    logstore: RECORDS_LOGSTORE,
    sql: `
      SELECT count(1) AS answered, ${percent(`count_if(${UNKNOWN_VALUES})`, 'count(1)')} AS unknown_percent
      FROM ${sessions(['journey', 'stage', 'cause'])}
      LIMIT 1`,
    windowSeconds: DAY,
    everySeconds: HOUR,
    condition: 'answered >= 100 && unknown_percent > 1',
    severity: 'medium',
  },
];
