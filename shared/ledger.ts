import { PENDING_LOGSTORE, SANE_TIME_AFTER_MS, SANE_TIME_BEFORE_MS } from './pending.ts';
import { RECORDS_LOGSTORE } from './record/record-fields.ts';
import type { SlsDataPlane } from './sls/types.ts';
import { SWEEPS_LOGSTORE } from './sweeps-logstore.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from './time.ts';
import { recordView, tableOf } from './view.ts';

/**
 * The books of the queue: what became of every transaction registered in a period.
 *
 *   registered = finished + interrupted + not_started + unknown + not_completed + invalid + expired + gave_up
 *              + waiting + residual
 *
 * A transaction belongs to the period of its earliest registration, however often it was registered or queued
 * again; with several final records the view's counts. Without one it is `waiting` while its newest queue row
 * may still be before the sweep, and `residual` when the sweep has passed it: that must be 0.
 */
export interface Ledger {
  readonly registered: number;
  readonly finished: number;
  readonly interrupted: number;
  readonly notStarted: number;
  readonly unknown: number;
  readonly notCompleted: number;
  readonly invalid: number;
  readonly expired: number;
  readonly gaveUp: number;
  readonly waiting: number;
  readonly residual: number;
  /** Rows of the queue without a transaction id. */
  readonly unreadable: number;
  /** Transactions with a record of the period that were never registered. */
  readonly unregistered: number;
  /** False: SLS saw only a part of the data, and no number here is exact. */
  readonly complete: boolean;
}

export interface LedgerOptions {
  /** By registration, unix ms, inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly nowMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A slow clock, and rows that are received in the second of the checkpoint. */
export const GRACE_MS = 120 * SECOND_MS;
/** The queue keeps 45 days; another writer's rows may carry an event time of up to seven days before. */
const PENDING_WINDOW_MS = 53 * DAY_MS;
const RECORDS_KEPT_MS = 180 * DAY_MS;
/** A session may be looked up, for good, before somebody registers it: it is at most that old then. */
const RECORD_BEFORE_REGISTRATION_MS = 45 * DAY_MS;
const SWEEPS_KEPT_MS = 90 * DAY_MS;
const AHEAD_MS = HOUR_MS;

const RECEIVED_SECONDS = 'cast("__tag__:__receive_time__" as bigint)';
/** Members of the ledger by the name they have in the records. */
const ENTRIES = {
  finished: 'finished',
  interrupted: 'interrupted',
  notStarted: 'not_started',
  unknown: 'unknown',
  notCompleted: 'not_completed',
  invalid: 'invalid',
  expired: 'expired',
  gaveUp: 'gave_up',
  waiting: 'waiting',
  residual: 'residual',
} as const;

/**
 * Reads the ledger by SQL over the logstores.
 * @throws SlsError, UpstreamNetworkError, UpstreamTimeoutError, UpstreamContractError
 */
export async function readLedger(sls: SlsDataPlane, options: LedgerOptions): Promise<Ledger> {
  // First: what the sweep passes while the rest is read then counts as waiting, not as residual.
  const passed = await readPassed(sls, options);
  const [booked, unreadable, unregistered] = await Promise.all([
    ask(sls, options, bookQuery(options, passed.untilMs)),
    ask(sls, options, unreadableQuery(options)),
    ask(sls, options, unregisteredQuery(options)),
  ]);
  const counts = booked.row;
  return {
    registered: toCount(counts.registered),
    ...(Object.fromEntries(
      Object.entries(ENTRIES).map(([member, column]) => [member, toCount(counts[column])]),
    ) as Record<keyof typeof ENTRIES, number>),
    unreadable: toCount(unreadable.row.n),
    unregistered: toCount(unregistered.row.n),
    complete: [passed, booked, unreadable, unregistered].every((answer) => answer.complete),
  };
}

interface Query {
  readonly logstore: string;
  readonly sql: string;
  readonly fromMs: number;
}

/** What the newest run that knew a checkpoint had passed; nothing if there was none. */
async function readPassed(
  sls: SlsDataPlane,
  options: LedgerOptions,
): Promise<{ untilMs: number; complete: boolean }> {
  const { row, complete } = await ask(sls, options, {
    logstore: SWEEPS_LOGSTORE,
    sql: 'select max_by(checkpoint_at_ms, ended_at_ms) as at_ms from log where checkpoint_at_ms is not null',
    fromMs: options.nowMs - SWEEPS_KEPT_MS,
  });
  const atMs = Number(row.at_ms ?? Number.NaN);
  return { untilMs: Number.isFinite(atMs) ? atMs - GRACE_MS : 0, complete };
}

/** When a queue row counts as registered: as it says, if that is sane, else when SLS received it. */
const REGISTERED_MS =
  `case when registered_at_ms >= ${RECEIVED_SECONDS} * 1000 - ${SANE_TIME_BEFORE_MS} ` +
  `and registered_at_ms <= ${RECEIVED_SECONDS} * 1000 + ${SANE_TIME_AFTER_MS} ` +
  `then registered_at_ms else ${RECEIVED_SECONDS} * 1000 end`;

/** Transactions by id: their period, and when SLS received the newest row. */
const REGISTERED =
  `select transaction_id, min(${REGISTERED_MS}) as registered_ms, max(${RECEIVED_SECONDS}) as newest_seconds ` +
  `from log where transaction_id is not null and transaction_id <> '' group by transaction_id`;

/**
 * One row per registered transaction, `registered_ms` and `entry`, asked of the queue: a select without brackets.
 * @param passedUntilMs SQL for the unix ms up to which the sweep is done
 * @param alsoFrom a further join that `passedUntilMs` may name
 */
export function bookEntries(passedUntilMs: string, alsoFrom = ''): string {
  const finals = recordView(['disposition', 'journey'], { from: RECORDS_LOGSTORE, where: "final = 'true'" });
  const entry =
    `case when f.transaction_id is null and r.newest_seconds * 1000 >= ${passedUntilMs} then 'waiting' ` +
    `when f.transaction_id is null then 'residual' ` +
    `when f.disposition in ('not_completed', 'invalid', 'expired', 'gave_up') then f.disposition ` +
    `when f.journey in ('finished', 'interrupted', 'not_started') then f.journey else 'unknown' end`;
  return (
    `select r.registered_ms as registered_ms, ${entry} as entry from (${REGISTERED}) as r ` +
    `left join ${finals} as f on r.transaction_id = f.transaction_id${alsoFrom}`
  );
}

function bookQuery({ fromMs, toMs, nowMs }: LedgerOptions, passedUntilMs: number): Query {
  const counts = Object.values(ENTRIES).map((column) => `count_if(entry = '${column}') as ${column}`);
  return {
    logstore: PENDING_LOGSTORE,
    sql:
      `select count(*) as registered, ${counts.join(', ')} from (${bookEntries(String(passedUntilMs))}) ` +
      `where registered_ms >= ${fromMs} and registered_ms < ${toMs}`,
    fromMs: Math.min(nowMs - PENDING_WINDOW_MS, earliestRecordMs(fromMs, nowMs)),
  };
}

function unreadableQuery({ fromMs, toMs, nowMs }: LedgerOptions): Query {
  return {
    logstore: PENDING_LOGSTORE,
    sql:
      `select count(*) as n from log where (transaction_id is null or transaction_id = '') ` +
      `and ${RECEIVED_SECONDS} * 1000 >= ${fromMs} and ${RECEIVED_SECONDS} * 1000 < ${toMs}`,
    fromMs: nowMs - PENDING_WINDOW_MS,
  };
}

/** Records of rows that could not be read bear a place in the queue for an id: they were registered, badly. */
function unregisteredQuery({ fromMs, toMs, nowMs }: LedgerOptions): Query {
  return {
    logstore: RECORDS_LOGSTORE,
    sql:
      'select count(*) as n from (select transaction_id from log ' +
      `where asked_at_ms >= ${fromMs} and asked_at_ms < ${toMs} and transaction_id not like 'row:%' ` +
      'group by transaction_id) as a ' +
      `left join (select transaction_id from ${tableOf(PENDING_LOGSTORE)} group by transaction_id) as q ` +
      'on a.transaction_id = q.transaction_id where q.transaction_id is null',
    fromMs: Math.min(nowMs - PENDING_WINDOW_MS, earliestRecordMs(fromMs, nowMs)),
  };
}

function earliestRecordMs(fromMs: number, nowMs: number): number {
  return Math.max(nowMs - RECORDS_KEPT_MS, fromMs - RECORD_BEFORE_REGISTRATION_MS);
}

async function ask(
  sls: SlsDataPlane,
  { nowMs, signal }: LedgerOptions,
  { logstore, sql, fromMs }: Query,
): Promise<{ row: Record<string, string>; complete: boolean }> {
  const { rows, complete } = await sls.query(
    logstore,
    {
      query: `* | ${sql}`,
      fromSeconds: Math.floor(fromMs / SECOND_MS),
      toSeconds: Math.floor((nowMs + AHEAD_MS) / SECOND_MS),
    },
    signal === undefined ? {} : { signal },
  );
  return { row: rows[0] ?? {}, complete };
}

function toCount(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : 0;
}
