import { EVENTS_LOGSTORE } from '../logstores/events.ts';
import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { eventView, recordView } from '../logstores/view.ts';
import type { Text } from './chart.ts';
import { ended, interrupted } from './sql.ts';

export interface SavedSearch {
  /** `^[0-9a-z][0-9a-z_-]*[0-9a-z]$`, 3 to 63 characters, unique. */
  readonly name: string;
  readonly title: Text;
  readonly logstore: string;
  readonly sql: string;
}

const VIEW_COLUMNS = [
  'transaction_id',
  'final',
  'disposition',
  'code',
  'journey',
  'passed',
  'stage',
  'stage_reached',
  'cause',
  'cause_confidence',
  'recoverable',
  'story',
  'initialized_at_ms',
  'registered_at_ms',
  'asked_at_ms',
  'revision',
  'view_key',
];

/** Ready-made searches for the SLS console. The view comes first: every count has to start from it. */
export const SAVED_SEARCHES: readonly SavedSearch[] = [
  {
    name: 'idv-view',
    title: { en: 'The view: one row per transaction', zh: '视图：每笔认证一行' },
    logstore: RECORDS_LOGSTORE,
    sql: `
      SELECT ${VIEW_COLUMNS.join(', ')}
      FROM ${recordView(VIEW_COLUMNS)}
      ORDER BY asked_at_ms DESC
      LIMIT 1000`,
  },
  {
    name: 'idv-lost',
    title: { en: 'Lost transactions, recoverable first', zh: '流失的认证（可挽回优先）' },
    logstore: RECORDS_LOGSTORE,
    sql: `
      SELECT transaction_id, cause, recoverable, stage, story
      FROM ${interrupted(['transaction_id', 'cause', 'recoverable', 'stage', 'story', 'asked_at_ms'])}
      ORDER BY recoverable DESC, asked_at_ms DESC
      LIMIT 1000`,
  },
  {
    name: 'idv-no-answer',
    title: { en: 'Ended without an answer', zh: '未获得结果' },
    logstore: RECORDS_LOGSTORE,
    sql: `
      SELECT transaction_id, disposition, code, attempt, asked_at_ms
      FROM ${ended(['transaction_id', 'disposition', 'code', 'attempt', 'asked_at_ms'])}
      WHERE coalesce(disposition, '') <> 'answered'
      ORDER BY asked_at_ms DESC
      LIMIT 1000`,
  },
  {
    name: 'idv-timeline',
    title: { en: 'Event lines (add transaction_id: ID)', zh: '事件时间线（加 transaction_id: ID）' },
    logstore: EVENTS_LOGSTORE,
    sql: `
      SELECT transaction_id, lang, seq, logged_at, text, kind, stage
      FROM ${eventView(['logged_at', 'text', 'kind', 'stage'])}
      ORDER BY transaction_id, lang, seq
      LIMIT 10000`,
  },
];
