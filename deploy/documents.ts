import { toSlsAlert } from '../shared/charts/alert.ts';
import { ALERTS } from '../shared/charts/alerts.ts';
import { DASHBOARDS } from '../shared/charts/dashboards.ts';
import { SAVED_SEARCHES } from '../shared/charts/saved-searches.ts';
import { toSlsDashboard } from './sls-dashboard.ts';

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

/** Everything the console is given, as the documents that SLS keeps. */
export function collectDocuments({ project, region, alertReceiver }: DocumentsTarget): Documents {
  const target = { project, region, ...(alertReceiver ? { actionPolicyId: alertReceiver } : {}) };
  return {
    dashboards: DASHBOARDS.map((definition) => toSlsDashboard(definition, project)),
    savedSearches: SAVED_SEARCHES.map(({ name, title, logstore, query }) => ({
      savedsearchName: name,
      displayName: `${title.en} · ${title.zh}`,
      logstore,
      searchQuery: query,
    })),
    alerts: ALERTS.map((definition) => toSlsAlert(definition, target)),
  };
}
