import { MINUTE_MS } from '../time.ts';
import { PENDING_LOGSTORE, SANE_TIME_AFTER_MS } from './pending.ts';
import { RECORDS_LOGSTORE } from './records.ts';
import type { Windows } from './retention.ts';
import { SWEEPS_LOGSTORE } from './sweeps.ts';
import { DISPOSITIONS, JOURNEYS } from './values.ts';
import { recordView, sqlList, tableOf } from './view.ts';

/**
 * The SQL of the ledger: what became of every transaction registered in a period.
 *
 *   registered = finished + interrupted + not_started + unknown + not_completed + invalid + expired + gave_up
 *              + waiting + residual
 *
 * A transaction belongs to the period of its earliest registration, however often it was registered or queued
 * again; of several final records the view's counts. Without one it is `waiting` while the sweep may not have reached
 * its newest queue row yet, and `residual` when the sweep has passed that row: there must be none of these.
 */
export const LEDGER_ENTRIES = {
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

export interface LedgerPeriod {
  /** By registration, unix ms, inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly nowMs: number;
  readonly windows: Windows;
}

/** A query that returns one row. */
export interface LedgerQuery {
  readonly logstore: string;
  readonly sql: string;
  readonly fromMs: number;
}

/** Allows for a slow clock, and for rows received in the second of the checkpoint. */
export const LEDGER_GRACE_MS = 2 * MINUTE_MS;

/** When SLS received a queue row, unix ms. */
const RECEIVED_MS = 'CAST("__tag__:__receive_time__" AS bigint) * 1000';

/** `at_ms`: the checkpoint of the newest run that knew one; null if there was none. */
export function passedQuery({ nowMs, windows }: LedgerPeriod): LedgerQuery {
  return {
    logstore: SWEEPS_LOGSTORE,
    sql: 'SELECT max_by(checkpoint_at_ms, ended_at_ms) AS at_ms FROM log WHERE checkpoint_at_ms IS NOT NULL',
    fromMs: nowMs - windows.sweepsMs,
  };
}

const UNANSWERED = sqlList(DISPOSITIONS.filter((disposition) => disposition !== 'answered'));

/**
 * The WITH parts of a query of the queue, the last of them `entries`: one row per registered transaction.
 * @param passedMs SQL for the unix ms up to which the queue is done
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
          WHEN finals.disposition IN (${UNANSWERED}) THEN finals.disposition
          WHEN finals.journey IN (${sqlList(JOURNEYS)}) THEN finals.journey
          ELSE 'unknown'
        END AS entry
      FROM registered
      LEFT JOIN finals ON registered.transaction_id = finals.transaction_id
      ${alsoFrom}
    )`;
}

/** When a queue row was registered: as it says, if that is sane, else when SLS received it. */
const registeredMs = (saneBeforeMs: number) =>
  `CASE
    WHEN registered_at_ms >= ${RECEIVED_MS} - ${saneBeforeMs}
      AND registered_at_ms <= ${RECEIVED_MS} + ${SANE_TIME_AFTER_MS}
    THEN registered_at_ms
    ELSE ${RECEIVED_MS}
  END`;

export function bookQuery(period: LedgerPeriod, passedUntilMs: number): LedgerQuery {
  const { fromMs, toMs, windows } = period;
  const counts = Object.values(LEDGER_ENTRIES).map((column) => `count_if(entry = '${column}') AS ${column}`);
  return {
    logstore: PENDING_LOGSTORE,
    sql: `
      WITH ${entryParts(String(passedUntilMs), registeredMs(windows.saneBeforeMs))}
      SELECT count(1) AS registered, ${counts.join(', ')}
      FROM entries
      WHERE registered_ms >= ${fromMs} AND registered_ms < ${toMs}`,
    fromMs: earliestMs(period),
  };
}

/** For a dashboard and an alert: over the transactions with a queue row in the time range, the checkpoint included. */
const ENTRIES_IN_RANGE = `
  WITH passed AS (
    SELECT coalesce(max_by(checkpoint_at_ms, ended_at_ms), 0) - ${LEDGER_GRACE_MS} AS until_ms
    FROM "${SWEEPS_LOGSTORE}"
    WHERE checkpoint_at_ms IS NOT NULL
  ),
  ${entryParts('passed.until_ms', RECEIVED_MS, 'CROSS JOIN passed')}`;

/** For `idv-pending`. Rows `entry`, `n`: registered first, then its parts. */
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

/** For `idv-pending`. One row, one column: `residual`. */
export const RESIDUAL_SQL = `
  ${ENTRIES_IN_RANGE}
  SELECT count_if(entry = 'residual') AS residual
  FROM entries
  LIMIT 1`;

export function unreadableQuery({ fromMs, toMs, nowMs, windows }: LedgerPeriod): LedgerQuery {
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
 * A record of an unreadable row has its place in the queue for an id (`row:…`): it was registered, badly. A record with
 * a time of registration was registered, even if its row has left the queue since.
 */
export function unregisteredQuery(period: LedgerPeriod): LedgerQuery {
  const { fromMs, toMs } = period;
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
    fromMs: earliestMs(period),
  };
}

/**
 * The whole queue, and the records of what was registered since. A session may have its final record, from a lookup,
 * before it is registered; the queue keeps a row longer than such a session may be old by then.
 */
function earliestMs({ fromMs, nowMs, windows }: LedgerPeriod): number {
  const earliestRecordMs = Math.max(nowMs - windows.recordsMs, fromMs - windows.pendingMs);
  return Math.min(nowMs - windows.pendingEventMs, earliestRecordMs);
}
