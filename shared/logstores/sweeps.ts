import { explained, type FieldTable, type RowOf } from './field-table.ts';
import { RUN_ENDS } from './values.ts';

/** `idv-sweeps`: one row is one run of the sweep. The ledger reads in them how far the sweep has come. */
export const SWEEPS_LOGSTORE = 'idv-sweeps';

const SWEEP = 'the run';
const ANSWERS = 'CheckVerifyLog';
const QUEUE = 'idv-pending';

/**
 * Absent means "not known": a run that ended `busy` holds no shard and knows no checkpoint. The ledger reads
 * `checkpoint_at_ms` from the newest row that has one.
 */
export const SWEEP_FIELDS = {
  run_id: { type: 'text', meaning: 'The invocation, as in the function log', source: 'Function Compute' },
  consumer: {
    type: 'text',
    meaning: 'The function instance; the name under which it holds shards',
    source: 'Function Compute',
  },
  region: { type: 'text', meaning: 'The region that was asked', source: SWEEP },
  started_at_ms: { type: 'long', meaning: 'Begin of the run, unix ms', source: SWEEP },
  ended_at_ms: { type: 'long', meaning: 'End of the run, unix ms', source: SWEEP },
  duration_ms: { type: 'long', meaning: 'Length of the run, ms', source: SWEEP },
  ended: {
    type: 'text',
    meaning: `Why it ended: ${explained(RUN_ENDS)}`,
    source: SWEEP,
  },
  message: { type: 'text', meaning: 'What went wrong and what to do about it', source: SWEEP },
  failed: {
    type: 'text',
    meaning: 'true when the function fails after this row, so that the platform shows it; else false',
    source: SWEEP,
  },
  invalid_cursors: {
    type: 'long',
    meaning: 'Shards whose checkpoint SLS no longer knew: they were read again from their begin',
    source: QUEUE,
  },

  pulled: { type: 'long', meaning: 'Queue rows read', source: QUEUE },
  pulled_groups: { type: 'long', meaning: 'Log groups read', source: QUEUE },
  asked: { type: 'long', meaning: 'Transactions asked about', source: SWEEP },
  calls: { type: 'long', meaning: 'Calls made, repeated ones included', source: ANSWERS },
  throttled: { type: 'long', meaning: 'Calls refused for their rate', source: ANSWERS },
  answers: { type: 'json', meaning: 'Calls by return code', source: ANSWERS },
  finals: { type: 'json', meaning: 'Final records written, by disposition', source: SWEEP },
  final_count: { type: 'long', meaning: 'Final records written', source: SWEEP },
  event_count: { type: 'long', meaning: 'Log lines written to idv-events', source: SWEEP },
  requeued: { type: 'long', meaning: 'Rows queued again after an attempt', source: SWEEP },
  handed_back: {
    type: 'long',
    meaning: 'Rows queued again because the run had no time for them',
    source: SWEEP,
  },
  duplicates: {
    type: 'long',
    meaning: 'Rows of a transaction that this run had already met: not asked about again',
    source: QUEUE,
  },
  unreadable: { type: 'long', meaning: 'Rows that could not be read: recorded as invalid', source: QUEUE },
  reduced: {
    type: 'long',
    meaning: 'Rows that SLS took only without their long texts',
    source: 'idv-records, idv-events',
  },
  near_end: {
    type: 'long',
    meaning: 'Transactions met within two days of the end of their retention, or past it',
    source: QUEUE,
  },

  pace_asked_per_minute: { type: 'long', meaning: 'Calls per minute that were allowed', source: 'settings' },
  pace_reached_per_minute: {
    type: 'long',
    meaning:
      'Calls per minute that were made while there was something to ask; absent for less than a second of it',
    source: SWEEP,
  },
  checkpoints: {
    type: 'json',
    meaning: 'For each shard held, the receive time up to which its queue is done, unix ms',
    source: QUEUE,
  },
  checkpoint_at_ms: { type: 'long', meaning: 'The smallest of these, unix ms', source: QUEUE },
  lag_ms: {
    type: 'long',
    meaning: 'How far the farthest behind shard is behind what is due, ms; 0 when nothing due is left',
    source: QUEUE,
  },
  backlog: { type: 'long', meaning: 'Queue rows due and not done at the end of the run', source: QUEUE },
} as const satisfies FieldTable;

export type SweepRow = RowOf<typeof SWEEP_FIELDS>;
