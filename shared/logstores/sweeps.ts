import { explained, type FieldTable, json, long, type RowOf, text } from './field-table.ts';
import { RUN_ENDS } from './values.ts';

/** `idv-sweeps`: one row is one run of the sweep. The ledger learns from them how far the sweep has come. */
export const SWEEPS_LOGSTORE = 'idv-sweeps';

const SWEEP = 'the run';
const ANSWERS = 'CheckVerifyLog';
const QUEUE = 'idv-pending';

/**
 * Absent means "not known": a run that ended `busy` holds no shard and knows no checkpoint. The ledger reads
 * `checkpoint_at_ms` from the newest row that has one.
 */
export const SWEEP_FIELDS = {
  run_id: text('The invocation, as in the function log', 'Function Compute'),
  consumer: text('The function instance; the name under which it holds shards', 'Function Compute'),
  region: text('The region that was asked', SWEEP),
  started_at_ms: long('Start of the run, unix ms', SWEEP),
  ended_at_ms: long('End of the run, unix ms', SWEEP),
  duration_ms: long('Length of the run, ms', SWEEP),
  ended: text(`Why it ended: ${explained(RUN_ENDS)}`, SWEEP),
  message: text('What went wrong and what to do about it', SWEEP),
  failed: text(
    'true when the function fails after this row, so that the platform shows it; else false',
    SWEEP,
  ),
  invalid_cursors: long(
    'Shards whose checkpoint SLS no longer knew: they were read again from their beginning',
    QUEUE,
  ),

  pulled: long('Queue rows read', QUEUE),
  pulled_groups: long('Log groups read', QUEUE),
  asked: long('Transactions asked about', SWEEP),
  calls: long('Calls made, repeated ones included', ANSWERS),
  throttled: long('Calls refused for their rate', ANSWERS),
  answers: json('Calls by return code', ANSWERS),
  finals: json('Final records written, by disposition', SWEEP),
  final_count: long('Final records written', SWEEP),
  event_count: long('Log lines written to idv-events', SWEEP),
  requeued: long('Rows queued again after an attempt', SWEEP),
  handed_back: long('Rows queued again because the run had no time for them', SWEEP),
  duplicates: long('Rows of a transaction that this run had already met: not asked about again', QUEUE),
  unreadable: long('Rows that could not be read: recorded as invalid', QUEUE),
  reduced: long('Rows that SLS accepted only without their long texts', 'idv-records, idv-events'),
  near_end: long('Transactions met within two days of the end of their retention, or past it', QUEUE),

  pace_asked_per_minute: long('Calls per minute that were allowed', 'settings'),
  pace_reached_per_minute: long(
    'Calls per minute that were made while there was something to ask; absent when that was less than a second',
    SWEEP,
  ),
  checkpoints: json('For each shard held, the receive time up to which its rows are done, unix ms', QUEUE),
  checkpoint_at_ms: long('The smallest of these, unix ms', QUEUE),
  lag_ms: long(
    'How far the shard farthest behind is behind what is due, ms; 0 when nothing due is left',
    QUEUE,
  ),
  backlog: long('Queue rows due and not done at the end of the run', QUEUE),
} as const satisfies FieldTable;

export type SweepRow = RowOf<typeof SWEEP_FIELDS>;
