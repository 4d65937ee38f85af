import { EVENT_FIELDS, EVENTS_LOGSTORE } from './events.ts';
import type { FieldTable } from './field-table.ts';
import { PENDING_FIELDS, PENDING_LOGSTORE } from './pending.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from './records.ts';
import { SWEEP_FIELDS, SWEEPS_LOGSTORE } from './sweeps.ts';

interface Table {
  readonly logstore: string;
  /** What one row is. */
  readonly row: string;
  readonly fields: FieldTable;
}

/** The four logstores, by their names in `retentionDays` of s.yaml. */
export const TABLES = {
  pending: {
    logstore: PENDING_LOGSTORE,
    row: 'a transaction that waits, or is asked again',
    fields: PENDING_FIELDS,
  },
  records: {
    logstore: RECORDS_LOGSTORE,
    row: 'one answer about one transaction',
    fields: RECORD_FIELDS,
  },
  events: {
    logstore: EVENTS_LOGSTORE,
    row: "one line of one session's client log",
    fields: EVENT_FIELDS,
  },
  sweeps: {
    logstore: SWEEPS_LOGSTORE,
    row: 'one run of the sweep',
    fields: SWEEP_FIELDS,
  },
} as const satisfies Readonly<Record<string, Table>>;
