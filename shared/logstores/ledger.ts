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
const GRACE_MS = 120 * SECOND_MS;
const AHEAD_MS = HOUR_MS;

/** When SLS received a queue row, unix ms. */
const RECEIVED_MS = 'CAST("__tag__:__receive_time__" AS bigint) * 1000';
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
      [passed, booked, unreadable, unregistered].every((read) => read.complete),
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
    sql: 'SELECT max_by(checkpoint_at_ms, ended_at_ms) AS at_ms FROM log WHERE checkpoint_at_ms IS NOT NULL',
    fromMs: options.nowMs - options.windows.sweepsMs,
  });
  const atMs = Number(row.at_ms ?? Number.NaN);
  return { untilMs: Number.isFinite(atMs) ? atMs - GRACE_MS : 0, complete };
}

/**
 * Named parts of a query of the queue, the last of them `entries`: one row per registered transaction.
 * @param passedMs SQL for the unix ms up to which the sweep is done
 * @param registeredMs SQL for the time of a queue row that counts as its registration
 * @param alsoFrom a further join that `passedMs` may name
 */
function entryParts(passedMs: string, registeredMs: string, alsoFrom = ''): string {
  return `
    registered AS (
      SELECT
        transaction_id,
        max(${RECEIVED_MS}) AS newest_ms,
        min(${registeredMs}) AS registered_ms
      FROM log
      WHERE transaction_id IS NOT NULL AND transaction_id <> ''
      GROUP BY transaction_id
    ),
    finals AS ${recordView(['disposition', 'journey'], { from: RECORDS_LOGSTORE, where: "final = 'true'" })},
    entries AS (
      SELECT
        registered.registered_ms AS registered_ms,
        CASE
          WHEN finals.transaction_id IS NULL AND registered.newest_ms >= ${passedMs} THEN 'waiting'
          WHEN finals.transaction_id IS NULL THEN 'residual'
          WHEN finals.disposition IN ('not_completed', 'invalid', 'expired', 'gave_up') THEN finals.disposition
          WHEN finals.journey IN ('finished', 'interrupted', 'not_started') THEN finals.journey
          ELSE 'unknown'
        END AS entry
      FROM registered
      LEFT JOIN finals ON registered.transaction_id = finals.transaction_id
      ${alsoFrom}
    )`;
}

/** When a queue row counts as registered: as it says, if that is sane, else when SLS received it. */
const registeredMs = (saneBeforeMs: number) =>
  `CASE
    WHEN registered_at_ms >= ${RECEIVED_MS} - ${saneBeforeMs}
      AND registered_at_ms <= ${RECEIVED_MS} + ${SANE_TIME_AFTER_MS}
    THEN registered_at_ms
    ELSE ${RECEIVED_MS}
  END`;

function bookQuery(options: LedgerOptions, passedUntilMs: number): Query {
  const { fromMs, toMs, windows } = options;
  const counts = Object.values(ENTRIES).map((column) => `count_if(entry = '${column}') AS ${column}`);
  return {
    logstore: PENDING_LOGSTORE,
    sql: `
      WITH ${entryParts(String(passedUntilMs), registeredMs(windows.saneBeforeMs))}
      SELECT count(1) AS registered, ${counts.join(', ')}
      FROM entries
      WHERE registered_ms >= ${fromMs} AND registered_ms < ${toMs}`,
    fromMs: earliestMs(options),
  };
}

/**
 * The same for a dashboard and an alert, which find the checkpoint in the same query: over the transactions with a
 * queue row in the time range.
 */
const ENTRIES_IN_RANGE = `
  WITH passed AS (
    SELECT coalesce(max_by(checkpoint_at_ms, ended_at_ms), 0) - ${GRACE_MS} AS until_ms
    FROM "${SWEEPS_LOGSTORE}"
    WHERE checkpoint_at_ms IS NOT NULL
  ),
  ${entryParts('passed.until_ms', RECEIVED_MS, 'CROSS JOIN passed')}`;

/** Asked of the queue. Rows `entry`, `n`: registered first, then its parts. */
export const LEDGER_SQL = `
  ${ENTRIES_IN_RANGE},
  counts AS (
    SELECT 'registered' AS entry, count(1) AS n, 0 AS place FROM entries
    UNION ALL
    SELECT entry, count(1) AS n, 1 AS place FROM entries GROUP BY entry
  )
  SELECT entry, n
  FROM counts
  WHERE n > 0
  ORDER BY place, n DESC, entry
  LIMIT 100`;

/** Asked of the queue. One row, one column: `residual`. */
export const RESIDUAL_SQL = `
  ${ENTRIES_IN_RANGE}
  SELECT count_if(entry = 'residual') AS residual
  FROM entries
  LIMIT 1`;

function unreadableQuery({ fromMs, toMs, nowMs, windows }: LedgerOptions): Query {
  return {
    logstore: PENDING_LOGSTORE,
    sql: `
      SELECT count(1) AS n
      FROM log
      WHERE (transaction_id IS NULL OR transaction_id = '')
        AND ${RECEIVED_MS} >= ${fromMs} AND ${RECEIVED_MS} < ${toMs}`,
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
    sql: `
      WITH asked AS (
        SELECT transaction_id
        FROM log
        WHERE asked_at_ms >= ${fromMs} AND asked_at_ms < ${toMs} AND transaction_id NOT LIKE 'row:%'
        GROUP BY transaction_id
        HAVING max(registered_at_ms) IS NULL
      ),
      queued AS (
        SELECT transaction_id FROM ${tableOf(PENDING_LOGSTORE)} GROUP BY transaction_id
      )
      SELECT count(1) AS n
      FROM asked
      LEFT JOIN queued ON asked.transaction_id = queued.transaction_id
      WHERE queued.transaction_id IS NULL`,
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
