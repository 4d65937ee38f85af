import { recordView } from '../logstores/view.ts';

/**
 * The pieces of SLS SQL that charts and alerts share. Only what the service documents is used:
 * https://www.alibabacloud.com/help/en/sls/sql-syntax (read 2026-11-23). Sub-queries name `log` and carry no
 * LIMIT; the outermost LIMIT is always written, since 100 rows is the silent default.
 */

/** Every transaction that ended, answered or not: one row each. */
export function ended(columns: readonly string[]): string {
  return `(SELECT ${listOf(columns)} FROM ${recordView([...columns, 'final'])} WHERE final = 'true')`;
}

/**
 * Every session whose final answer is known: one row each. Left out: what still waits (no final row) and what
 * the service never told about (disposition other than answered).
 */
export function sessions(columns: readonly string[]): string {
  return (
    `(SELECT ${listOf(columns)} FROM ${recordView([...columns, 'final', 'disposition'])}` +
    " WHERE final = 'true' AND disposition = 'answered')"
  );
}

function listOf(columns: readonly string[]): string {
  return [...new Set(columns)].join(', ');
}

/** When the session was opened, else registered, unix ms: what charts bucket by. */
export const OPENED_AT_MS = 'coalesce(initialized_at_ms, registered_at_ms)';

/** Sessions that somebody opened. Whoever finished or was interrupted had done so, whatever else is missing. */
export const OPENED = "(journey IN ('finished', 'interrupted') OR coalesce(stage_reached, 0) > 0)";

/** A status that nobody has documented, or none at all: what is left of all beside the three known journeys. */
export const JOURNEY_UNKNOWN = "coalesce(journey, '') NOT IN ('finished', 'interrupted', 'not_started')";

/** A week before, hour by hour: what headline figures are compared with. */
export const WEEK_SECONDS = 604_800;

/** `part` of `whole` in percent with one decimal; null where there is no whole. */
export function percent(part: string, whole: string): string {
  return `round(100.0 * ${part} / nullif(${whole}, 0), 1)`;
}

/** A week, as SQL says it; a reader with another time range may put its own length there. */
export const WEEK_COMPARISON = `compare(figure, ${WEEK_SECONDS})`;

/** A figure now, a week before, and the change: `expression` over `from` has to give one row, one number. */
export function comparedWithLastWeek(expression: string, from: string): string {
  return (
    'SELECT diff[1] AS value, diff[2] AS before, if(diff[2] > 0, round(100.0 * (diff[1] - diff[2]) / diff[2], 1), null) AS change_percent' +
    ` FROM (SELECT ${WEEK_COMPARISON} AS diff FROM (SELECT ${expression} AS figure FROM ${from})) LIMIT 1`
  );
}

export function stayColumn(stage: string): string {
  return `stay_${stage.toLowerCase()}_ms`;
}

export function textArray(values: readonly string[]): string {
  return `ARRAY[${values.map((value) => `'${value}'`).join(', ')}]`;
}

/** The labels of a row, name to value; nothing where another writer left something else. */
export const LABELS_AS_MAP = 'TRY(CAST(json_parse(labels) AS map(varchar, varchar)))';

/** The smallest number of sessions a rate is shown for: fewer say nothing. */
export const MIN_SESSIONS = 30;
