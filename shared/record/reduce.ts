import type { EventRow } from '../logstores/events.ts';
import type { RecordRow } from '../logstores/records.ts';
import { clip } from './text.ts';

/** Ids and codes fit whole; a text that made the log store refuse the row does not. */
const TEXT_LENGTH = 512;
const STORY_LENGTH = 160;

/**
 * The row for a log store that refused the full one for its content: no raw, the story cut, every other text
 * bounded, the reason in `write_error`. Identity, standing, outcome and all numbers stay.
 */
export function reduceRecord(row: RecordRow, writeError: string): RecordRow {
  const { raw, labels, cause_evidence, story, story_zh, ...rest } = row;
  return {
    ...cutTexts(rest),
    // JSON text that is cut is no JSON: whole or not at all.
    ...(labels !== undefined && labels.length <= TEXT_LENGTH ? { labels } : {}),
    ...(cause_evidence !== undefined && cause_evidence.length <= TEXT_LENGTH ? { cause_evidence } : {}),
    ...(story === undefined ? {} : { story: clip(story, STORY_LENGTH) }),
    ...(story_zh === undefined ? {} : { story_zh: clip(story_zh, STORY_LENGTH) }),
    ...(raw === undefined ? {} : { raw_truncated: 'true' }),
    write_error: clip(writeError, TEXT_LENGTH),
  };
}

/** The same for a line of the log. */
export function reduceEvent(row: EventRow, writeError: string): EventRow {
  return {
    ...cutTexts(row),
    ...(row.text === undefined ? {} : { text: clip(row.text, STORY_LENGTH) }),
    write_error: clip(writeError, TEXT_LENGTH),
  };
}

function cutTexts<T extends Readonly<Record<string, string | number | undefined>>>(row: T): T {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === 'string' ? clip(value, TEXT_LENGTH) : value,
    ]),
  ) as T;
}
