import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { recordView } from '../logstores/view.ts';

/**
 * Charts, each defined once. The SLS dashboards, the console and docs/charts.md are made from these definitions, so a
 * number means the same wherever it is seen.
 */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

/**
 * How the rows are drawn.
 * - `stat`: one row with `value`, `before`, `change_percent`
 * - `bar`, `stacked`: `x` names the bars, each of `y` is a bar or a part of one
 * - `line`: `x` runs along the axis; `series`, where given, splits the rows into lines
 * - `table`: rows and columns
 */
export type ChartKind = 'stat' | 'bar' | 'stacked' | 'line' | 'table';

export interface Column {
  readonly name: string;
  readonly title: Text;
  /** How a person reads the value; `key` is a word from a closed list (stage, cause ...), `id` a transaction. */
  readonly as: 'text' | 'key' | 'id' | 'count' | 'percent' | 'ratio' | 'ms' | 'seconds' | 'time_ms';
}

export interface Chart {
  /** `^[0-9a-z][0-9a-z_-]*[0-9a-z]$`, unique. */
  readonly id: string;
  readonly title: Text;
  /** The question it answers. */
  readonly question: Text;
  /** Numerator, denominator, what is left out. */
  readonly metric: string;
  readonly logstore: string;
  readonly sql: string;
  readonly kind: ChartKind;
  readonly columns: readonly Column[];
  readonly x?: string;
  readonly y?: readonly string[];
  readonly series?: string;
  readonly drill?: Drill;
  /** False: its rows have no labels of the merchant, so no label can narrow it. */
  readonly labelled?: false;
  /** In a grid of 24 columns. */
  readonly width: number;
  readonly height: number;
}

/**
 * The record field that a bar stands for: a click on the bar lists the transactions with that value.
 */
export interface Drill {
  /** The chart's column that holds the value. */
  readonly column: string;
  readonly field: string;
  /** The journeys that the chart counts, where it does not count all. */
  readonly within?: readonly string[];
  /** SQL for the field's value as the chart counts it, where that is not the field itself. */
  readonly counted?: string;
  /** The field holds several values, separated by commas. */
  readonly several?: true;
  /** SQL conditions of the bars that do not stand for a value of the field. */
  readonly beside?: Readonly<Record<string, string>>;
  /** Further fields that `counted` and `beside` read. */
  readonly reads?: readonly string[];
}

/** A part of a dashboard, about one question. */
export interface Section {
  readonly id: string;
  readonly title: Text;
  readonly charts: readonly Chart[];
}

export interface DashboardDefinition {
  readonly name: string;
  readonly title: Text;
  readonly description: Text;
  readonly sections: readonly Section[];
}

export function column(name: string, as: Column['as'], en: string, zh: string): Column {
  return { name, as, title: { en, zh } };
}

/** The whole query of a definition, as SLS takes it: a search, here for everything, and the SQL over its rows. */
export function queryOf({ sql }: { readonly sql: string }): string {
  return `* | ${sql.trim()}`;
}

/**
 * The query of a chart over the transactions whose record meets a condition, or over all without one. `condition` is
 * SQL on the columns `labels` and `transaction_id`, which must have been built from checked parts (`sqlText`).
 */
export function narrowedQueryOf(chart: Chart, condition: string | undefined): string {
  if (condition === undefined || chart.labelled === false) return queryOf(chart);
  // Only the row of the view decides about a transaction; in the queue every row does.
  const rows = chart.logstore === RECORDS_LOGSTORE ? recordView(['labels']) : 'log';
  const narrowed = `FROM (
    SELECT * FROM log WHERE transaction_id IN (SELECT transaction_id FROM ${rows} WHERE ${condition})
  )`;
  return queryOf({ sql: chart.sql.replaceAll(/\bfrom\s+log\b/gi, () => narrowed) });
}
