import { BarChart, LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Chart, Column } from '../../../shared/charts/chart.ts';
import type { Row } from './api.ts';
import { show, toNumber } from './format.ts';
import { timeSpan } from './time-span.ts';
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

/** Can be told apart by colour-blind people (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#6b7280'];

type Series = { name: string; type: 'bar' | 'line'; [option: string]: unknown };

interface Drawing {
  readonly echart: echarts.ECharts;
  /** Draws it for the current width and colours. */
  readonly paint: () => void;
}

const live = new Map<HTMLElement, Drawing>();

/** Draws the chart into `place`; `onPick` gets the row that was clicked. */
export function draw(
  place: HTMLElement,
  chart: Chart,
  rows: readonly Row[],
  onPick?: (row: Row) => void,
): void {
  const echart = echarts.init(place, undefined, { renderer: 'svg' });
  const paint = () => {
    const { height, option } = picture(chart, rows, place.clientWidth);
    place.style.height = `${height}px`;
    echart.resize();
    echart.setOption(option, true);
  };
  live.set(place, { echart, paint });
  paint();
  if (onPick === undefined) return;
  echart.on('click', ({ dataIndex }) => {
    const row = rows[rows.length - 1 - (dataIndex ?? 0)];
    if (row !== undefined) onPick(row);
  });
}

/** Disposes of drawings that are no longer on the page and repaints the others: size or colours have changed. */
export function redraw(): void {
  for (const [place, { echart, paint }] of live) {
    if (place.isConnected) paint();
    else {
      echart.dispose();
      live.delete(place);
    }
  }
}

function picture(chart: Chart, rows: readonly Row[], width: number) {
  const series = chart.kind === 'line' ? lineSeries(chart, rows) : barSeries(chart, rows);
  const legend = legendOf(series, width);
  const parts = { series, legend, width };
  const option = chart.kind === 'line' ? lineOption(chart, rows, parts) : barOption(chart, rows, parts);
  const plot = chart.kind === 'line' ? 246 : 50 + rows.length * ROW_HEIGHT;
  return { height: plot + legend.height, option };
}

const ROW_HEIGHT = 34;
const FONT_SIZE = 12;
/** For the words in a drawing. */
const FONT = { fontSize: FONT_SIZE, fontFamily: 'sans-serif' };

interface Legend {
  readonly height: number;
  readonly option: Record<string, unknown> | undefined;
}

const LEGEND_LINE = 22;
/** Icon, its distance from the name, and the gap between two names, as the library sets them. */
const LEGEND_ITEM = 25 + 5 + 10;

/** Estimates how many lines the legend takes: the library does not say. */
function legendOf(series: readonly Series[], width: number): Legend {
  if (series.length < 2) return { height: 0, option: undefined };
  let lines = 1;
  let used = 0;
  for (const { name } of series) {
    const needed = LEGEND_ITEM + widthOf(name);
    if (used > 0 && used + needed > width) {
      lines += 1;
      used = 0;
    }
    used += needed;
  }
  return {
    height: lines * LEGEND_LINE + 8,
    option: { top: 0, textStyle: { ...FONT, color: ink().text } },
  };
}

let measure: CanvasRenderingContext2D | null | undefined;

function widthOf(text: string): number {
  measure ??= document.createElement('canvas').getContext('2d');
  if (measure === null) return text.length * FONT_SIZE;
  measure.font = `${FONT.fontSize}px ${FONT.fontFamily}`;
  return measure.measureText(text).width;
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

/** Bars are horizontal: long names stay readable on a phone. Rows run from top to bottom. */
function barSeries(chart: Chart, rows: readonly Row[]): Series[] {
  const { text } = ink();
  const upward = [...rows].reverse();
  return (chart.y ?? []).map((name) => ({
    name: say(columnOf(chart, name).title),
    type: 'bar',
    barMaxWidth: 22,
    ...(chart.kind === 'stacked' ? { stack: 'all' } : {}),
    data: upward.map((row) => toNumber(row[name]) ?? 0),
    label: {
      ...FONT,
      show: chart.kind !== 'stacked',
      position: 'right',
      color: text,
      formatter: ({ dataIndex }: { dataIndex: number }) => barLabel(chart, upward[dataIndex] ?? {}, name),
    },
  }));
}

interface Parts {
  readonly series: readonly Series[];
  readonly legend: Legend;
  readonly width: number;
}

function barOption(chart: Chart, rows: readonly Row[], { series, legend, width }: Parts) {
  const { text, line } = ink();
  const x = columnOf(chart, chart.x ?? '');
  return {
    aria: { enabled: true },
    color: COLOURS,
    animation: false,
    grid: { left: 8, right: 84, top: 8 + legend.height, bottom: 8, containLabel: true },
    legend: legend.option,
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, confine: true },
    xAxis: {
      type: 'value',
      axisLabel: { ...FONT, color: text, hideOverlap: true },
      splitLine: { lineStyle: { color: line } },
    },
    yAxis: {
      type: 'category',
      data: [...rows].reverse().map((row) => show(row[x.name], x.as)),
      // A long name is wrapped: two lines fit beside a bar.
      axisLabel: {
        ...FONT,
        color: text,
        width: Math.min(180, Math.max(110, 0.4 * width)),
        overflow: 'break',
      },
      axisTick: { show: false },
    },
    series,
  };
}

function barLabel(chart: Chart, row: Row, name: string): string {
  const value = show(row[name], columnOf(chart, name).as);
  return row['share_percent'] === undefined ? value : `${value} · ${show(row['share_percent'], 'percent')}`;
}

function lineSeries(chart: Chart, rows: readonly Row[]): Series[] {
  return chart.series === undefined ? valueSeries(chart, rows) : splitSeries(chart, rows, chart.series);
}

function lineOption(chart: Chart, rows: readonly Row[], { series, legend }: Parts) {
  const { text, line } = ink();
  const x = columnOf(chart, chart.x ?? '');
  const name = x.as === 'time_ms' ? {} : { name: say(x.title), nameLocation: 'middle', nameGap: NAME_GAP };
  return {
    aria: { enabled: true },
    color: COLOURS,
    animation: false,
    grid: {
      left: 8,
      right: 16,
      top: 12 + legend.height,
      // Room is kept for an axis' numbers, not for its name.
      bottom: 'name' in name ? 8 + FONT_SIZE + NAME_GAP / 2 : 8,
      containLabel: true,
    },
    legend: legend.option,
    tooltip: {
      trigger: 'axis',
      confine: true,
      valueFormatter: (value: unknown) => show(String(value), 'percent'),
    },
    xAxis: {
      type: x.as === 'time_ms' ? 'time' : 'value',
      ...name,
      nameTextStyle: { ...FONT, color: text },
      ...(x.as === 'time_ms' ? timeSpan(rows.map((row) => toNumber(row[x.name]))) : {}),
      minInterval: 1,
      axisLabel: { ...FONT, color: text, hideOverlap: true },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      axisLabel: { ...FONT, color: text, formatter: '{value} %' },
      splitLine: { lineStyle: { color: line } },
    },
    series,
  };
}

const NAME_GAP = 26;

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
