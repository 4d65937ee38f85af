import { SWEEPS_LOGSTORE } from '../../functions/sweep/report-fields.ts';
import { PENDING_LOGSTORE } from '../../shared/pending.ts';
import { RECORDS_LOGSTORE } from '../../shared/record/record-fields.ts';
import type { AlertDefinition } from './alert.ts';
import { UNKNOWN_CONDITION } from './data-quality.ts';
import { ledgerResidualSql } from './ledger-sql.ts';
import { percent, sessions, WEEK_SECONDS } from './sql.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A share over four hours, now and in the same hours of the week before, with how many sessions stand behind both. */
function shareAgainstLastWeek(condition: string, columns: readonly string[]): string {
  const share = percent(`count_if(${condition})`, 'count(1)');
  return (
    '* | SELECT share[1] AS now_percent, share[2] AS before_percent, n[1] AS now_n, n[2] AS before_n FROM' +
    ` (SELECT compare(part, ${WEEK_SECONDS}) AS share, compare(answered, ${WEEK_SECONDS}) AS n FROM` +
    ` (SELECT ${share} AS part, count(1) AS answered FROM ${sessions(columns)} WHERE journey IN ('finished', 'interrupted'))) LIMIT 1`
  );
}

/** A step up that is unlikely to be chance: ten points more, on at least a hundred sessions on each side. */
const STEP_UP = 'now_n >= 100 && before_n >= 100 && now_percent - before_percent >= 10';

export const ALERTS: readonly AlertDefinition[] = [
  {
    name: 'idv-residual',
    title: { en: 'A transaction is missing', zh: '有认证遗漏' },
    advice:
      'The sweep has passed a registered transaction without a final record. Open the Operations dashboard; register the transaction again, and report the run.',
    logstore: PENDING_LOGSTORE,
    query: `* | ${ledgerResidualSql()}`,
    windowSeconds: 30 * DAY,
    everySeconds: HOUR,
    condition: 'residual > 0',
    severity: 'critical',
  },
  {
    name: 'idv-no-run',
    title: { en: 'The sweep does not run', zh: '扫描未运行' },
    advice:
      'No run but busy ones ended in the last 15 minutes. Look at the timer trigger and at the log of the sweep function.',
    logstore: SWEEPS_LOGSTORE,
    query: "* | SELECT count_if(ended <> 'busy') AS runs FROM log LIMIT 1",
    windowSeconds: 15 * MINUTE,
    everySeconds: 5 * MINUTE,
    condition: 'runs == 0',
    severity: 'high',
    raiseWithoutData: true,
  },
  {
    name: 'idv-forbidden',
    title: { en: 'The service refuses our rights', zh: '权限被拒绝' },
    advice:
      'CheckVerifyLog answers Forbidden. Attach AliyunAntCloudAuthFullAccess to the function role; nothing is lost for 30 days.',
    logstore: SWEEPS_LOGSTORE,
    query: "* | SELECT count_if(ended = 'forbidden') AS refused FROM log LIMIT 1",
    windowSeconds: 15 * MINUTE,
    everySeconds: 5 * MINUTE,
    condition: 'refused > 0',
    severity: 'high',
  },
  {
    name: 'idv-throttled',
    title: { en: 'Calls are throttled', zh: '调用被限流' },
    advice:
      'Over 5 % of calls were refused for their rate in the last hour. Somebody else uses the same quota: lower QPS_LIMIT, or ask for more.',
    logstore: SWEEPS_LOGSTORE,
    query: `* | SELECT sum(calls) AS calls, ${percent('sum(throttled)', 'sum(calls)')} AS throttled_percent FROM log LIMIT 1`,
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
    query: shareAgainstLastWeek("journey = 'interrupted'", ['journey']),
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
    query: shareAgainstLastWeek("permission_outcome <> 'none'", ['permission_outcome', 'journey']),
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
    query:
      `* | SELECT count(1) AS answered, ${percent(`count_if(${UNKNOWN_CONDITION})`, 'count(1)')} AS unknown_percent` +
      ` FROM ${sessions(['journey', 'stage', 'cause'])} LIMIT 1`,
    windowSeconds: DAY,
    everySeconds: HOUR,
    condition: 'answered >= 100 && unknown_percent > 1',
    severity: 'medium',
  },
];
