import { bookEntries, GRACE_MS } from '../logstores/ledger.ts';
import { SWEEPS_LOGSTORE } from '../logstores/sweeps.ts';

/**
 * The ledger of `shared/ledger.ts` in one query, for a dashboard and an alert: over the transactions with a queue
 * row in the time range. Asked of the queue's logstore.
 */
const ENTRIES =
  `WITH passed AS (SELECT coalesce(max_by(checkpoint_at_ms, ended_at_ms), 0) - ${GRACE_MS} AS until_ms` +
  ` FROM "${SWEEPS_LOGSTORE}" WHERE checkpoint_at_ms IS NOT NULL),` +
  ` entries AS (${bookEntries('passed.until_ms', ' cross join passed')})`;

/** Rows `entry`, `n`: registered first, then its parts. */
export function ledgerSql(): string {
  return (
    `${ENTRIES} SELECT entry, n FROM (SELECT 'registered' AS entry, count(1) AS n, 0 AS place FROM entries` +
    ' UNION ALL SELECT entry, count(1) AS n, 1 AS place FROM entries GROUP BY entry)' +
    ' WHERE n > 0 ORDER BY place, n DESC, entry LIMIT 100'
  );
}

/** One row, one column: `residual`. */
export function ledgerResidualSql(): string {
  return `${ENTRIES} SELECT count_if(entry = 'residual') AS residual FROM entries LIMIT 1`;
}
