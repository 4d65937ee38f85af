import { SWEEPS_LOGSTORE } from '../../functions/sweep/report-fields.ts';
import { PENDING_LOGSTORE } from '../../shared/pending.ts';

/**
 * The ledger in one query, over the transactions registered in the time range. `waiting` is what the sweep has
 * not come to yet: its newest queue row was received after the checkpoint, less two minutes for rows that a
 * slow writer delivers late. The rest without a final record is `residual`.
 */
const GRACE_SECONDS = 120;

const LEDGER =
  `WITH passed AS (SELECT coalesce(max_by(checkpoint_at_ms, ended_at_ms), 0) / 1000 - ${GRACE_SECONDS} AS at_seconds` +
  ` FROM "${SWEEPS_LOGSTORE}" WHERE checkpoint_at_ms IS NOT NULL),` +
  ` queued AS (SELECT transaction_id, max(CAST("__tag__:__receive_time__" AS bigint)) AS received_seconds FROM "${PENDING_LOGSTORE}"` +
  " WHERE transaction_id <> '' GROUP BY transaction_id HAVING count_if(coalesce(kind, 'register') = 'register') > 0)," +
  ' answer AS (SELECT transaction_id, disposition, journey FROM (SELECT transaction_id, disposition, journey, final,' +
  " row_number() OVER (PARTITION BY transaction_id ORDER BY view_key DESC) AS view_rank FROM log) WHERE view_rank = 1 AND final = 'true')," +
  ' entries AS (SELECT CASE' +
  " WHEN answer.transaction_id IS NULL AND queued.received_seconds >= passed.at_seconds THEN 'waiting'" +
  " WHEN answer.transaction_id IS NULL THEN 'residual'" +
  " WHEN answer.disposition <> 'answered' THEN answer.disposition" +
  " WHEN answer.journey IN ('finished', 'interrupted', 'not_started') THEN answer.journey ELSE 'unknown' END AS entry" +
  ' FROM queued LEFT JOIN answer ON queued.transaction_id = answer.transaction_id CROSS JOIN passed)';

/** Rows `entry`, `n`: registered first, then its parts. */
export function ledgerSql(): string {
  return (
    `${LEDGER} SELECT entry, n FROM (SELECT 'registered' AS entry, count(1) AS n, 0 AS place FROM entries` +
    ' UNION ALL SELECT entry, count(1) AS n, 1 AS place FROM entries GROUP BY entry)' +
    ' WHERE n > 0 ORDER BY place, n DESC, entry LIMIT 100'
  );
}

/** One row, one column: `residual`. */
export function ledgerResidualSql(): string {
  return `${LEDGER} SELECT count_if(entry = 'residual') AS residual FROM entries LIMIT 1`;
}
