import { RECORDS_LOGSTORE } from './records.ts';

/**
 * The view that every reader of the logstores uses. A transaction may have several rows: provisional, final, replayed,
 * written twice. Its record is the whole row with the greatest `view_key`; its events are the lines of that row's
 * revision, each once.
 */

/** The last millisecond that 13 digits hold, in the year 2286. */
const LAST_MS = 9_999_999_999_999;

/**
 * Orders the rows of one transaction as text: final answers before other final rows before provisional ones; then rows
 * that hold what a registration gave before rows without it; then the row asked for later; then by revision, so that
 * the choice never depends on the order of rows.
 */
export function viewKeyOf(row: {
  final: boolean;
  answered: boolean;
  /** A registration gave labels, the time of opening or a merchant's own id. */
  given: boolean;
  askedAtMs: number | undefined;
  revision: string;
}): string {
  const rank = row.final ? (row.answered ? 3 : 2) : 1;
  const askedAtMs = Math.min(row.askedAtMs ?? 0, LAST_MS);
  return `${rank}${row.given ? 1 : 0}${String(askedAtMs).padStart(13, '0')}${row.revision}`;
}

/**
 * One row per transaction: a sub-query in brackets.
 * @param columns those that the reader needs; `transaction_id` is always there
 * @param from the logstore, or `log` for the one that is queried
 * @param where a condition on rows before the choice is made: only one that holds for all rows of a
 *   transaction or for none, or is meant to choose among fewer rows (such as `final = 'true'`)
 */
export function recordView(
  columns: readonly string[],
  { from = 'log', where }: { from?: string; where?: string } = {},
): string {
  const list = [...new Set(['transaction_id', ...columns])].join(', ');
  return `(
    SELECT ${list}
    FROM (
      SELECT ${list}, row_number() OVER (PARTITION BY transaction_id ORDER BY view_key DESC) AS view_place
      FROM ${tableOf(from)}
      ${where === undefined ? '' : `WHERE ${where}`}
    )
    WHERE view_place = 1
  )`;
}

/** The lines of each transaction's record, each (`lang`, `seq`) once: a sub-query in brackets, for `idv-events`. */
export function eventView(columns: readonly string[]): string {
  const names = ['transaction_id', 'lang', 'seq', ...columns];
  return `(
    SELECT ${names.join(', ')}
    FROM (
      SELECT
        ${names.map((name) => `line.${name} AS ${name}`).join(', ')},
        row_number() OVER (PARTITION BY line.transaction_id, line.lang, line.seq ORDER BY line.revision) AS view_place
      FROM log AS line
      JOIN ${recordView(['revision'], { from: RECORDS_LOGSTORE })} AS record
        ON line.transaction_id = record.transaction_id AND line.revision = record.revision
    )
    WHERE view_place = 1
  )`;
}

/** A logstore's name may hold a hyphen. */
export function tableOf(logstore: string): string {
  return logstore === 'log' ? 'log' : `"${logstore}"`;
}

/** The values as SQL literals, for IN (…) and ARRAY[…]. */
export function sqlList(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ');
}
