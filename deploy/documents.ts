import { ALERTS, type AlertDefinition } from '../shared/charts/alerts.ts';
import { type Chart, type ChartKind, type DashboardDefinition, queryOf } from '../shared/charts/chart.ts';
import { DASHBOARDS } from '../shared/charts/dashboards.ts';
import { SAVED_SEARCHES, type SavedSearch } from '../shared/charts/saved-searches.ts';
import { squeeze } from '../shared/charts/sql.ts';

/** Dashboards, saved searches and alerts as the documents that SLS stores, made from `shared/charts`. */

export interface DashboardDocument {
  readonly dashboardName: string;
  readonly displayName: string;
  readonly description: string;
  readonly attribute: { readonly type: 'grid' };
  readonly charts: ReadonlyArray<Record<string, unknown>>;
}

export type SavedSearchDocument = ReturnType<typeof toSavedSearch>;
export type AlertDocument = ReturnType<typeof toAlert>;

export interface Documents {
  readonly dashboards: readonly DashboardDocument[];
  readonly savedSearches: readonly SavedSearchDocument[];
  readonly alerts: readonly AlertDocument[];
}

interface DocumentsTarget {
  readonly project: string;
  readonly region: string;
  /** The action policy that notifies people. Without one an alert is evaluated, but shows only in the console. */
  readonly alertReceiver?: string | undefined;
}

export function collectDocuments(target: DocumentsTarget): Documents {
  return {
    dashboards: DASHBOARDS.map((definition) => toDashboard(definition, target)),
    savedSearches: SAVED_SEARCHES.map(toSavedSearch),
    alerts: ALERTS.map((definition) => toAlert(definition, target)),
  };
}

const inBoth = ({ title }: { readonly title: { en: string; zh: string } }) => `${title.en} · ${title.zh}`;

const lineOf = (definition: { readonly sql: string }) => squeeze(queryOf(definition));

const SLS_CHART_TYPE: Record<ChartKind, string> = {
  stat: 'statpro',
  bar: 'barpro',
  stacked: 'barpro',
  line: 'linepro',
  table: 'tablepro',
};

const GRID_COLUMNS = 24;
const DEFAULT_RANGE = '-604800s';

/**
 * The shape follows what the console itself saves: a 24-column grid, the marker `@` as query and the real query in
 * `chartQueries`. https://www.alibabacloud.com/help/en/sls/developer-reference/update-dashboard (read 2026-11-23)
 */
function toDashboard(definition: DashboardDefinition, { project }: DocumentsTarget): DashboardDocument {
  const places = layOut(definition.sections.flatMap(({ charts }) => charts));
  return {
    dashboardName: definition.name,
    displayName: inBoth(definition),
    description: definition.description.en,
    attribute: { type: 'grid' },
    charts: places.map((place) => toChart(place, project)),
  };
}

interface Place {
  readonly chart: Chart;
  readonly x: number;
  readonly y: number;
}

/** From left to right, a new row where the next chart does not fit; a row is as high as its tallest chart. */
function layOut(charts: readonly Chart[]): Place[] {
  const places: Place[] = [];
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  for (const chart of charts) {
    if (x + chart.width > GRID_COLUMNS) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    places.push({ chart, x, y });
    x += chart.width;
    rowHeight = Math.max(rowHeight, chart.height);
  }
  return places;
}

function toChart({ chart, x, y }: Place, project: string): Record<string, unknown> {
  const query = lineOf(chart);
  return {
    title: chart.id,
    type: SLS_CHART_TYPE[chart.kind],
    action: {},
    search: {
      logstore: chart.logstore,
      topic: '',
      query: '@',
      start: DEFAULT_RANGE,
      end: 'now',
      chartQueries: [
        { name: 'A', datasource: 'logstore', project, logstore: chart.logstore, query, tokenQuery: query },
      ],
    },
    display: {
      basicOptions: {
        displayName: inBoth(chart),
        showTitle: true,
        showBorder: true,
        showBackground: true,
        showTime: true,
        description: `${chart.question.en} ${chart.metric}`,
      },
      queryOptionMap: { A: { name: 'A', ...axes(chart) } },
      xPos: x,
      yPos: y,
      width: chart.width,
      height: chart.height,
      version: '2',
    },
  };
}

function axes(chart: Chart): Record<string, unknown> {
  if (chart.x === undefined || chart.y === undefined) return {};
  return {
    xAxisKey: chart.x,
    yAxisKeys: chart.y,
    ...(chart.series === undefined ? {} : { aggField: chart.series }),
  };
}

/** The name has 3 to 63 characters. */
function toSavedSearch(definition: SavedSearch) {
  return {
    savedsearchName: definition.name,
    displayName: inBoth(definition),
    logstore: definition.logstore,
    topic: '',
    searchQuery: lineOf(definition),
  };
}

/** https://help.aliyun.com/zh/sls/developer-reference/create-alert (read 2026-11-23) */
const SEVERITY = { critical: 10, high: 8, medium: 6, low: 4 } as const;

function toAlert(definition: AlertDefinition, { project, region, alertReceiver = '' }: DocumentsTarget) {
  const { name, title, advice, logstore, windowSeconds, everySeconds, condition } = definition;
  const severity = SEVERITY[definition.severity];
  return {
    name,
    displayName: inBoth(definition),
    description: advice,
    schedule: { type: 'FixedRate', interval: `${everySeconds}s` },
    configuration: {
      version: '2.0',
      type: 'default',
      dashboard: 'internal-alert-analysis',
      queryList: [
        {
          storeType: 'log',
          region,
          project,
          store: logstore,
          query: lineOf(definition),
          timeSpanType: 'Relative',
          start: `-${windowSeconds}s`,
          end: 'now',
          powerSqlMode: 'auto',
        },
      ],
      groupConfiguration: { type: 'no_group', fields: [] },
      joinConfigurations: [],
      severityConfigurations: [{ severity, evalCondition: { condition, countCondition: '' } }],
      labels: [{ key: 'product', value: 'idv-dropoff' }],
      annotations: [
        { key: 'title', value: title.en },
        { key: 'desc', value: advice },
      ],
      autoAnnotation: true,
      sendResolved: true,
      threshold: 1,
      noDataFire: definition.raiseWithoutData ?? false,
      noDataSeverity: severity,
      policyConfiguration: {
        alertPolicyId: 'sls.builtin.dynamic',
        actionPolicyId: alertReceiver,
        repeatInterval: '1h',
      },
    },
  };
}
