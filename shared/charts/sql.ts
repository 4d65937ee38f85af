import { JOURNEYS } from '../logstores/values.ts';
import { recordView, sqlList } from '../logstores/view.ts';
import { column } from './chart.ts';

/**
 * The pieces of SLS SQL that charts and alerts share. Only what the service documents is used:
 * https://www.alibabacloud.com/help/en/sls/sql-syntax (read 2026-11-23). Sub-queries and named parts read from `log`
 * and have no LIMIT; the outermost LIMIT is always written, since SLS silently returns 100 rows without one.
 *
 * A query is written over several lines, in parts named by WITH. Only inside `compare` there are sub-queries: SLS runs
 * them again over another time range, which it documents for sub-queries, not for named parts
 * (https://www.alibabacloud.com/help/en/sls/interval-valued-and-periodicity-valued-comparison-functions, read
 * 2026-11-24).
 */

/**
 * The same query on one line, for a document that SLS stores: no comments, no line breaks, no indentation. Quoted text
 * is left as it is.
 */
export function squeeze(sql: string): string {
  const parts = sql.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\s+|./g) ?? [];
  let line = '';
  for (const part of parts) {
    const isSpace = /^(--|\/\*|\s)/.test(part);
    if (!isSpace) line = (part === ')' ? line.trimEnd() : line) + part;
    else if (!/(^|[ (])$/.test(line)) line += ' ';
  }
  return line.trim();
}

/** Every transaction with a final record, answered or not: one row each. A sub-query in brackets. */
export function ended(columns: readonly string[]): string {
  return `(SELECT * FROM ${recordView([...columns, 'final'])} WHERE final = 'true')`;
}

/**
 * Every session whose final answer is known: one row each. Left out: what still waits (no final row) and what the
 * service gave no log of (disposition other than answered). A sub-query in brackets.
 */
export function sessions(columns: readonly string[]): string {
  const view = recordView([...columns, 'final', 'disposition']);
  return `(SELECT * FROM ${view} WHERE final = 'true' AND disposition = 'answered')`;
}

/** Sessions that somebody opened and did not finish. A sub-query in brackets. */
export function interrupted(columns: readonly string[]): string {
  return `(SELECT * FROM ${sessions([...columns, 'journey'])} WHERE journey = 'interrupted')`;
}

/** Sessions that began and came to an end: finished or interrupted. A sub-query in brackets. */
export function begun(columns: readonly string[]): string {
  return `(SELECT * FROM ${sessions([...columns, 'journey'])} WHERE journey IN ('finished', 'interrupted'))`;
}

/** When the session was opened, else registered, unix ms: what charts bucket by. */
export const OPENED_AT_MS = 'coalesce(initialized_at_ms, registered_at_ms)';

/** Sessions that somebody opened: whoever finished or was interrupted did, whatever else is missing. */
export const OPENED = "(journey IN ('finished', 'interrupted') OR coalesce(stage_reached, 0) > 0)";

/** A status that is not documented, or none at all. */
const JOURNEY_UNKNOWN = `coalesce(journey, '') NOT IN (${sqlList(JOURNEYS)})`;

/** A status or page that is not documented, or a cause that is not known; having no page is neither. */
export const UNKNOWN_VALUES = `(
  ${JOURNEY_UNKNOWN}
  OR coalesce(stage, '') LIKE 'unknown:%'
  OR coalesce(cause, 'unknown') = 'unknown'
)`;

/** The stage of the last page, as charts count it: a session may have none. */
export const LAST_STAGE = "coalesce(stage, 'none')";

/** Headline figures are compared with the same hours a week before. */
export const WEEK_SECONDS = 604_800;

/** `part` of `whole` in percent with one decimal; null where there is no whole. */
export function percent(part: string, whole: string): string {
  return `round(100.0 * ${part} / nullif(${whole}, 0), 1)`;
}

/** How a group of sessions went, as shares of all of them: the columns of JOURNEY_COLUMNS. */
export const JOURNEY_SHARES = `
  ${percent("count_if(journey = 'finished')", 'count(1)')} AS finished_percent,
  ${percent("count_if(journey = 'interrupted')", 'count(1)')} AS interrupted_percent,
  ${percent("count_if(journey = 'not_started')", 'count(1)')} AS not_started_percent,
  ${percent(`count_if(${JOURNEY_UNKNOWN})`, 'count(1)')} AS unknown_percent`;

export const JOURNEY_COLUMNS = [
  column('finished_percent', 'percent', 'Finished', '完成率'),
  column('interrupted_percent', 'percent', 'Interrupted', '中断率'),
  column('not_started_percent', 'percent', 'Not started', '未开始率'),
  column('unknown_percent', 'percent', 'Unknown', '未知率'),
];

/** A reader with another time range may put its own length in place of the week. */
export const WEEK_COMPARISON = `compare(figure, ${WEEK_SECONDS})`;

export function textArray(values: readonly string[]): string {
  return `ARRAY[${sqlList(values)}]`;
}

/** The labels of a row, name to value; null where another writer left something else. */
export const LABELS_AS_MAP = 'TRY(CAST(json_parse(labels) AS map(varchar, varchar)))';

/** A rate over fewer sessions is not shown. */
export const MIN_SESSIONS = 30;
