/**
 * The view that every reader of the logstores takes, as pieces of SLS SQL. A transaction may have several rows:
 * provisional, final, replayed, written twice. Its record is the row of the greatest `view_key`, whole; its
 * events are the lines of that row's revision, each once.
 */

/**
 * One row per transaction: a sub-query in brackets.
 * @param columns those that the reader needs; `transaction_id` is always there
 * @param from the logstore, `log` for the one that is queried
 * @param where a condition on rows before the choice is made: only one that holds for all rows of a
 *   transaction or for none, or is meant to choose among fewer rows (such as `final = 'true'`)
 */
export function recordView(
  columns: readonly string[],
  { from = 'log', where }: { from?: string; where?: string } = {},
): string {
  const list = listOf(['transaction_id', ...columns]);
  const ranked = `row_number() over (partition by transaction_id order by view_key desc) as view_place`;
  return (
    `(select ${list} from (select ${list}, ${ranked} from ${tableOf(from)}` +
    `${where === undefined ? '' : ` where ${where}`}) where view_place = 1)`
  );
}

/** The lines of each transaction's record, each (`lang`, `seq`) once: a sub-query in brackets. */
export function eventView(
  columns: readonly string[],
  { events = 'log', records = 'log', where }: { events?: string; records?: string; where?: string } = {},
): string {
  const list = listOf(['transaction_id', 'lang', 'seq', ...columns]);
  const qualified = listOf(
    ['transaction_id', 'lang', 'seq', ...columns].map((column) => `line.${column} as ${column}`),
  );
  const ranked =
    'row_number() over (partition by line.transaction_id, line.lang, line.seq order by line.revision) as view_place';
  return (
    `(select ${list} from (select ${qualified}, ${ranked} from ${tableOf(events)} as line join ` +
    `${recordView(['revision'], { from: records, ...(where === undefined ? {} : { where }) })} as record ` +
    'on line.transaction_id = record.transaction_id and line.revision = record.revision) where view_place = 1)'
  );
}

function listOf(columns: readonly string[]): string {
  return [...new Set(columns)].join(', ');
}

/** A logstore's name may hold a hyphen. */
export function tableOf(logstore: string): string {
  return logstore === 'log' ? 'log' : `"${logstore}"`;
}
