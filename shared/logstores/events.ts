import { type FieldTable, oneOf, type RowOf } from './field-table.ts';
import { EVENT_KINDS } from './values.ts';

/** `idv-events`: one row is one line of one session's client log. */
export const EVENTS_LOGSTORE = 'idv-events';

export const EVENT_FIELDS = {
  transaction_id: { type: 'text', meaning: 'The transaction', source: 'Initialize, by the merchant' },
  revision: {
    type: 'text',
    meaning: 'Revision of the record that the line belongs to',
    source: 'our working',
  },
  final: { type: 'text', meaning: 'true when that record is final, else false', source: 'our working' },
  lang: { type: 'text', meaning: 'zh for a line of LogInfo, en for one of LogInfoEn', source: 'our working' },
  seq: { type: 'long', meaning: 'Place in its log, from 1', source: 'our working' },
  logged_at: {
    type: 'text',
    meaning: 'Time as logged; no zone is documented, so it is not converted',
    source: 'LogInfo, LogInfoEn',
  },
  text: {
    type: 'text',
    meaning: 'The line without its time; the whole line when it could not be read',
    source: 'LogInfo, LogInfoEn',
    chinese: true,
  },
  kind: {
    type: 'text',
    meaning: oneOf(EVENT_KINDS),
    source: 'our working, from the wording',
  },
  stage: { type: 'text', meaning: 'Stage that the line speaks of', source: 'our working, from the wording' },
  gap_ms: {
    type: 'long',
    meaning:
      'Time since the line before in the same log, ms; absent for the first and when time runs backwards',
    source: 'our working',
  },
  write_error: {
    type: 'text',
    meaning: 'Why the log store refused the full row: the text is then cut',
    source: 'SLS',
  },
} as const satisfies FieldTable;

export type EventRow = RowOf<typeof EVENT_FIELDS>;
