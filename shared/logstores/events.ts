import { chinese, type FieldTable, long, oneOf, type RowOf, text } from './field-table.ts';
import { EVENT_KINDS } from './values.ts';

/** `idv-events`: one row is one line of one session's client log. */
export const EVENTS_LOGSTORE = 'idv-events';

export const EVENT_FIELDS = {
  transaction_id: text('The transaction', 'Initialize, by the merchant'),
  revision: text('Revision of the record that the line belongs to', 'derived by us'),
  final: text('true when that record is final, else false', 'derived by us'),
  lang: text('zh for a line of LogInfo, en for one of LogInfoEn', 'derived by us'),
  seq: long('Place in its log, from 1', 'derived by us'),
  logged_at: text('Time as logged; no zone is documented, so it is not converted', 'LogInfo, LogInfoEn'),
  text: chinese('The line without its time; the whole line when it could not be read', 'LogInfo, LogInfoEn'),
  kind: text(oneOf(EVENT_KINDS), 'derived by us, from the wording'),
  stage: text('Stage that the line is about', 'derived by us, from the wording'),
  gap_ms: long(
    'Time since the line before in the same log, ms; absent for the first and when time runs backwards',
    'derived by us',
  ),
  write_error: text('Why the log store refused the full row: the text is then cut', 'SLS'),
} as const satisfies FieldTable;

export type EventRow = RowOf<typeof EVENT_FIELDS>;
