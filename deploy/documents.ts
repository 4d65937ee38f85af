import { RECORDS_LOGSTORE } from '../shared/record/record-fields.ts';

/** A dashboard as SLS keeps it. */
export interface DashboardDocument {
  readonly dashboardName: string;
  readonly displayName: string;
  readonly description?: string;
  readonly attribute: Readonly<Record<string, string>>;
  readonly charts: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

/** A saved search as SLS keeps it; the name has 3 to 63 characters. */
export interface SavedSearchDocument {
  readonly savedsearchName: string;
  readonly displayName: string;
  readonly logstore: string;
  readonly topic?: string;
  readonly searchQuery: string;
}

/** An alert rule (Alert 2.0) as SLS keeps it. */
export interface AlertDocument {
  readonly name: string;
  readonly displayName: string;
  readonly description?: string;
  readonly schedule: Readonly<Record<string, unknown>>;
  readonly configuration: Readonly<Record<string, unknown>>;
}

export interface Documents {
  readonly dashboards: readonly DashboardDocument[];
  readonly savedSearches: readonly SavedSearchDocument[];
  readonly alerts: readonly AlertDocument[];
}

export interface DocumentsTarget {
  readonly project: string;
  readonly region: string;
  /** Id of the action policy that alerts go to. */
  readonly alertReceiver?: string | undefined;
}

/** The row that stands for a transaction: the one of the greatest view_key, whole. */
const VIEW = [
  '* | SELECT transaction_id, final, disposition, journey, stage, cause, cause_confidence, recoverable, story',
  'FROM (SELECT *, row_number() OVER (PARTITION BY transaction_id ORDER BY view_key DESC) AS view_rank FROM log)',
  'WHERE view_rank = 1 ORDER BY transaction_id LIMIT 1000',
].join(' ');

/** Everything the console is given, as the documents that SLS keeps. */
export function collectDocuments(_target: DocumentsTarget): Documents {
  return {
    dashboards: [],
    savedSearches: [
      {
        savedsearchName: 'idv-view',
        displayName: 'The view: one row per transaction',
        logstore: RECORDS_LOGSTORE,
        searchQuery: VIEW,
      },
    ],
    alerts: [],
  };
}
