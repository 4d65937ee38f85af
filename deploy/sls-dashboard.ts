import { type Chart, type ChartKind, type DashboardDefinition, queryOf } from '../shared/charts/chart.ts';

/**
 * A dashboard as SLS keeps it. The shape follows what the console itself saves: a 24-column grid, the marker
 * `@` as query and the real query in `chartQueries`.
 * https://www.alibabacloud.com/help/en/sls/developer-reference/update-dashboard (read 2026-11-23)
 */
export interface DashboardDocument {
  dashboardName: string;
  displayName: string;
  description: string;
  attribute: { type: 'grid' };
  charts: Array<Record<string, unknown>>;
}

const SLS_CHART_TYPE: Record<ChartKind, string> = {
  stat: 'statpro',
  bar: 'barpro',
  stacked: 'barpro',
  line: 'linepro',
  table: 'tablepro',
};

const GRID_COLUMNS = 24;
const DEFAULT_RANGE = '-604800s';

export function toSlsDashboard(definition: DashboardDefinition, project: string): DashboardDocument {
  const places = layOut(definition.sections.flatMap(({ charts }) => charts));
  return {
    dashboardName: definition.name,
    displayName: `${definition.title.en} · ${definition.title.zh}`,
    description: definition.description.en,
    attribute: { type: 'grid' },
    charts: places.map(({ chart, x, y }) => toSlsChart(chart, project, { x, y })),
  };
}

interface Place {
  chart: Chart;
  x: number;
  y: number;
}

/** From left to right, a new row where the next chart does not fit; a row is as high as its highest chart. */
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

function toSlsChart(chart: Chart, project: string, at: { x: number; y: number }): Record<string, unknown> {
  const query = queryOf(chart);
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
        displayName: `${chart.title.en} · ${chart.title.zh}`,
        showTitle: true,
        showBorder: true,
        showBackground: true,
        showTime: true,
        description: `${chart.question.en} ${chart.metric}`,
      },
      queryOptionMap: { A: { name: 'A', ...axes(chart) } },
      xPos: at.x,
      yPos: at.y,
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
