import type { SlsDataPlane } from '../sls/types.ts';
import { HOUR_MS, SECOND_MS } from '../time.ts';
import { PENDING_LOGSTORE, SANE_TIME_AFTER_MS } from './pending.ts';
import { RECORDS_LOGSTORE } from './records.ts';
import type { Windows } from './retention.ts';
import { SWEEPS_LOGSTORE } from './sweeps.ts';
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
  /** False: SLS saw only a part of the data, or no longer keeps all of the period, and no number here is exact. */
  readonly complete: boolean;
}

export interface LedgerOptions {
  /** By registration, unix ms, inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly nowMs: number;
  /** What is kept. */
  readonly windows: Windows;
  readonly signal?: AbortSignal | undefined;
}

/** A slow clock, and rows that are received in the second of the checkpoint. */
export const GRACE_MS = 120 * SECOND_MS;
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
    complete:
      options.fromMs >= options.nowMs - options.windows.pendingMs &&
      [passed, booked, unreadable, unregistered].every((answer) => answer.complete),
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
    fromMs: options.nowMs - options.windows.sweepsMs,
  });
  const atMs = Number(row.at_ms ?? Number.NaN);
  return { untilMs: Number.isFinite(atMs) ? atMs - GRACE_MS : 0, complete };
}

/** When a queue row counts as registered: as it says, if that is sane, else when SLS received it. */
const registeredMs = (saneBeforeMs: number) =>
  `case when registered_at_ms >= ${RECEIVED_SECONDS} * 1000 - ${saneBeforeMs} ` +
  `and registered_at_ms <= ${RECEIVED_SECONDS} * 1000 + ${SANE_TIME_AFTER_MS} ` +
  `then registered_at_ms else ${RECEIVED_SECONDS} * 1000 end`;

/** Transactions by id: when SLS received the newest row, and with `saneBeforeMs` their period. */
const registered = (saneBeforeMs?: number) =>
  `select transaction_id, max(${RECEIVED_SECONDS}) as newest_seconds` +
  `${saneBeforeMs === undefined ? '' : `, min(${registeredMs(saneBeforeMs)}) as registered_ms`} ` +
  `from log where transaction_id is not null and transaction_id <> '' group by transaction_id`;

/**
 * One row per registered transaction, asked of the queue: `entry`, and with `saneBeforeMs` also `registered_ms`. A
 * select without brackets.
 * @param passedUntilMs SQL for the unix ms up to which the sweep is done
 * @param alsoFrom a further join that `passedUntilMs` may name
 */
export function bookEntries(passedUntilMs: string, alsoFrom = '', saneBeforeMs?: number): string {
  const finals = recordView(['disposition', 'journey'], { from: RECORDS_LOGSTORE, where: "final = 'true'" });
  const entry =
    `case when f.transaction_id is null and r.newest_seconds * 1000 >= ${passedUntilMs} then 'waiting' ` +
    `when f.transaction_id is null then 'residual' ` +
    `when f.disposition in ('not_completed', 'invalid', 'expired', 'gave_up') then f.disposition ` +
    `when f.journey in ('finished', 'interrupted', 'not_started') then f.journey else 'unknown' end`;
  return (
    `select ${saneBeforeMs === undefined ? '' : 'r.registered_ms as registered_ms, '}${entry} as entry ` +
    `from (${registered(saneBeforeMs)}) as r ` +
    `left join ${finals} as f on r.transaction_id = f.transaction_id${alsoFrom}`
  );
}

function bookQuery(options: LedgerOptions, passedUntilMs: number): Query {
  const { fromMs, toMs, windows } = options;
  const counts = Object.values(ENTRIES).map((column) => `count_if(entry = '${column}') as ${column}`);
  return {
    logstore: PENDING_LOGSTORE,
    sql:
      `select count(*) as registered, ${counts.join(', ')} ` +
      `from (${bookEntries(String(passedUntilMs), '', windows.saneBeforeMs)}) ` +
      `where registered_ms >= ${fromMs} and registered_ms < ${toMs}`,
    fromMs: earliestMs(options),
  };
}

function unreadableQuery({ fromMs, toMs, nowMs, windows }: LedgerOptions): Query {
  return {
    logstore: PENDING_LOGSTORE,
    sql:
      `select count(*) as n from log where (transaction_id is null or transaction_id = '') ` +
      `and ${RECEIVED_SECONDS} * 1000 >= ${fromMs} and ${RECEIVED_SECONDS} * 1000 < ${toMs}`,
    fromMs: nowMs - windows.pendingEventMs,
  };
}

/**
 * Records of rows that could not be read bear a place in the queue for an id: they were registered, badly. What says
 * when it was registered was, even if its row has left the queue since.
 */
function unregisteredQuery(options: LedgerOptions): Query {
  const { fromMs, toMs } = options;
  return {
    logstore: RECORDS_LOGSTORE,
    sql:
      'select count(*) as n from (select transaction_id from log ' +
      `where asked_at_ms >= ${fromMs} and asked_at_ms < ${toMs} and transaction_id not like 'row:%' ` +
      'group by transaction_id having max(registered_at_ms) is null) as a ' +
      `left join (select transaction_id from ${tableOf(PENDING_LOGSTORE)} group by transaction_id) as q ` +
      'on a.transaction_id = q.transaction_id where q.transaction_id is null',
    fromMs: earliestMs(options),
  };
}

/**
 * The whole queue, and the records of what was registered since. A session may be looked up, for good, before
 * somebody registers it; the queue keeps a row longer than such a session may be old then.
 */
function earliestMs({ fromMs, nowMs, windows }: LedgerOptions): number {
  const earliestRecordMs = Math.max(nowMs - windows.recordsMs, fromMs - windows.pendingMs);
  return Math.min(nowMs - windows.pendingEventMs, earliestRecordMs);
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
