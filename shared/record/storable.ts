import type { EventRow } from '../logstores/events.ts';
import type { RecordRow } from '../logstores/records.ts';

/**
 * Rows that SLS accepts: known columns with valid UTF-8 of bounded length. The unchanged value is in `raw`, where JSON
 * escapes what is replaced here.
 */

/** What SLS cannot store (half a surrogate pair) or what C programs cut text at (NUL). */
const UNSTORABLE = /[\p{Cs}\0]/gu;

/** In Node 20, not yet in the ES2023 typings. */
interface WellFormed {
  isWellFormed(): boolean;
}

/** The same text with each unstorable character replaced by U+FFFD. */
export function storable(text: string): string {
  const fine = (text as unknown as WellFormed).isWellFormed() && !text.includes('\0');
  return fine ? text : text.replace(UNSTORABLE, '\uFFFD');
}

/** At most `length` UTF-16 units, the last one `…` when something was cut off; never half a surrogate pair. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return storable(text);
  const cut = text.slice(0, length - 1);
  const last = cut.charCodeAt(cut.length - 1);
  const whole = last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
  return `${storable(whole)}…`;
}

/** A row whose columns may be given as undefined. */
export type Columns<T> = { -readonly [K in keyof T]?: T[K] | undefined };

/**
 * One row of the columns that are known: what is not known is left out, never written as a word. Of a column given
 * twice the later value counts.
 */
export function present<T extends object>(...parts: readonly Columns<T>[]): T {
  const row: Record<string, unknown> = {};
  for (const part of parts) {
    for (const column in part) {
      const value = part[column];
      if (value !== undefined) row[column] = value;
    }
  }
  return row as T;
}

/** Ids and codes fit; a text that made SLS refuse the row does not. */
const MAX_TEXT_LENGTH = 512;
const MAX_STORY_LENGTH = 160;

/**
 * The row to write when SLS refused the full one for its content: without raw, the story and every other text cut, the
 * reason in `write_error`. Ids, view key, outcome and all numbers stay.
 */
export function reduceRecord(row: RecordRow, writeError: string): RecordRow {
  const { raw, labels, cause_evidence, story, story_zh, ...rest } = row;
  return {
    ...cutTexts(rest),
    // Cut JSON text would be invalid: all of it or nothing.
    ...(labels !== undefined && labels.length <= MAX_TEXT_LENGTH ? { labels } : {}),
    ...(cause_evidence !== undefined && cause_evidence.length <= MAX_TEXT_LENGTH ? { cause_evidence } : {}),
    ...(story === undefined ? {} : { story: clip(story, MAX_STORY_LENGTH) }),
    ...(story_zh === undefined ? {} : { story_zh: clip(story_zh, MAX_STORY_LENGTH) }),
    ...(raw === undefined ? {} : { raw_truncated: 'true' }),
    write_error: clip(writeError, MAX_TEXT_LENGTH),
  };
}

/** The same for a line of the log. */
export function reduceEvent(row: EventRow, writeError: string): EventRow {
  return {
    ...cutTexts(row),
    ...(row.text === undefined ? {} : { text: clip(row.text, MAX_STORY_LENGTH) }),
    write_error: clip(writeError, MAX_TEXT_LENGTH),
  };
}

function cutTexts<T extends Readonly<Record<string, string | number | undefined>>>(row: T): T {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === 'string' ? clip(value, MAX_TEXT_LENGTH) : value,
    ]),
  ) as T;
}
