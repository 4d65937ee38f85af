import { BarChart, LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Chart, Column } from '../../../deploy/charts/chart.ts';
import type { Row } from './api.ts';
import { show, toNumber } from './format.ts';
import { say } from './words.ts';

echarts.use([
  BarChart,
  LineChart,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  AriaComponent,
  SVGRenderer,
]);

/** Told apart by people who do not see red and green alike (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#6b7280'];

type Series = { name: string; type: 'bar' | 'line'; [option: string]: unknown };

const live = new Map<HTMLElement, echarts.ECharts>();

/** Draws the chart into `place`; `onPick` gets the row that was clicked. */
export function draw(
  place: HTMLElement,
  chart: Chart,
  rows: readonly Row[],
  onPick?: (row: Row) => void,
): void {
  const drawing = echarts.init(place, undefined, { renderer: 'svg' });
  live.set(place, drawing);
  drawing.setOption(chart.kind === 'line' ? lineOption(chart, rows) : barOption(chart, rows));
  if (onPick === undefined) return;
  drawing.on('click', ({ dataIndex }) => {
    const row = rows[rows.length - 1 - (dataIndex ?? 0)];
    if (row !== undefined) onPick(row);
  });
}

/** Lets go of drawings whose place has left the page, and fits the others to their place. */
export function refit(): void {
  for (const [place, drawing] of live) {
    if (place.isConnected) drawing.resize();
    else {
      drawing.dispose();
      live.delete(place);
    }
  }
}

function columnOf(chart: Chart, name: string): Column {
  return (
    chart.columns.find((column) => column.name === name) ?? {
      name,
      as: 'text',
      title: { en: name, zh: name },
    }
  );
}

function ink(): { text: string; line: string } {
  const style = getComputedStyle(document.documentElement);
  return { text: style.getPropertyValue('--ink').trim(), line: style.getPropertyValue('--line').trim() };
}

/** Bars lie, so that long names stay readable on a phone. Rows run from top to bottom. */
function barOption(chart: Chart, rows: readonly Row[]) {
  const { text, line } = ink();
  const x = columnOf(chart, chart.x ?? '');
  const upward = [...rows].reverse();
  const series: Series[] = (chart.y ?? []).map((name) => ({
    name: say(columnOf(chart, name).title),
    type: 'bar',
    barMaxWidth: 22,
    ...(chart.kind === 'stacked' ? { stack: 'all' } : {}),
    data: upward.map((row) => toNumber(row[name]) ?? 0),
    label: {
      show: chart.kind !== 'stacked',
      position: 'right',
      color: text,
      formatter: ({ dataIndex }: { dataIndex: number }) => barLabel(chart, upward[dataIndex] ?? {}, name),
    },
  }));
  return {
    aria: { enabled: true },
    color: COLOURS,
    animation: false,
    grid: { left: 8, right: 84, top: series.length > 1 ? 34 : 8, bottom: 8, containLabel: true },
    legend: series.length > 1 ? { top: 0, textStyle: { color: text } } : undefined,
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, confine: true },
    xAxis: {
      type: 'value',
      axisLabel: { color: text, hideOverlap: true },
      splitLine: { lineStyle: { color: line } },
    },
    yAxis: {
      type: 'category',
      data: upward.map((row) => show(row[x.name], x.as)),
      axisLabel: { color: text, width: 130, overflow: 'truncate' },
      axisTick: { show: false },
    },
    series,
  };
}

function barLabel(chart: Chart, row: Row, name: string): string {
  const value = show(row[name], columnOf(chart, name).as);
  return row['share_percent'] === undefined ? value : `${value} · ${show(row['share_percent'], 'percent')}`;
}

function lineOption(chart: Chart, rows: readonly Row[]) {
  const { text, line } = ink();
  const x = columnOf(chart, chart.x ?? '');
  const series =
    chart.series === undefined ? valueSeries(chart, rows) : splitSeries(chart, rows, chart.series);
  return {
    aria: { enabled: true },
    color: COLOURS,
    animation: false,
    grid: { left: 8, right: 16, top: 34, bottom: 8, containLabel: true },
    legend: { top: 0, type: 'scroll', textStyle: { color: text } },
    tooltip: {
      trigger: 'axis',
      confine: true,
      valueFormatter: (value: unknown) => show(String(value), 'percent'),
    },
    xAxis: {
      type: x.as === 'time_ms' ? 'time' : 'value',
      name: x.as === 'time_ms' ? '' : say(x.title),
      nameLocation: 'middle',
      nameGap: 26,
      minInterval: 1,
      axisLabel: { color: text, hideOverlap: true },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      axisLabel: { color: text, formatter: '{value} %' },
      splitLine: { lineStyle: { color: line } },
    },
    series,
  };
}

function valueSeries(chart: Chart, rows: readonly Row[]): Series[] {
  return (chart.y ?? []).map((name) => ({
    name: say(columnOf(chart, name).title),
    type: 'line',
    showSymbol: rows.length < 30,
    data: rows.map((row) => [toNumber(row[chart.x ?? '']), toNumber(row[name])]),
  }));
}

/** One line for each value of the `series` column. */
function splitSeries(chart: Chart, rows: readonly Row[], by: string): Series[] {
  const [y = ''] = chart.y ?? [];
  const groups = new Map<string, Array<[number | undefined, number | undefined]>>();
  for (const row of rows) {
    const points = groups.get(row[by] ?? '') ?? [];
    points.push([toNumber(row[chart.x ?? '']), toNumber(row[y])]);
    groups.set(row[by] ?? '', points);
  }
  return [...groups].map(([name, data]) => ({
    name: show(name, columnOf(chart, by).as),
    type: 'line',
    showSymbol: data.length < 12,
    data,
  }));
}
