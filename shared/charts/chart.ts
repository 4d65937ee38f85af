import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { recordView } from '../logstores/view.ts';

/**
 * One chart, defined once. The SLS dashboard, the local console and docs/charts.md are made
 * from these definitions, so a number means the same wherever it is seen.
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
 * - `table`: as it is
 */
export type ChartKind = 'stat' | 'bar' | 'stacked' | 'line' | 'table';

export interface Column {
  readonly name: string;
  readonly title: Text;
  /** How a person reads the value; `key` is a word from a closed list (stage, cause ...), `id` a transaction. */
  readonly as: 'text' | 'key' | 'id' | 'count' | 'percent' | 'ratio' | 'ms' | 'seconds' | 'time_ms';
}

/** Parts of the dashboards, each about one question (`dashboards.ts`). */
export type SectionId =
  | 'glance'
  | 'where'
  | 'why'
  | 'time'
  | 'friction'
  | 'lost'
  | 'quality'
  | 'ledger'
  | 'sweep';

export interface Chart {
  /** Also the SLS chart name: `^[0-9a-z][0-9a-z_-]*[0-9a-z]$`. */
  readonly id: string;
  /** Where it stands; within a section in the order of definition. */
  readonly section: SectionId;
  readonly title: Text;
  /** The question it answers. */
  readonly question: Text;
  /** Numerator, denominator, what is left out. For docs/charts.md. */
  readonly metric: string;
  readonly logstore: string;
  /** Search part in front of the `|`: what narrows the rows. `*` takes all. */
  readonly search: string;
  readonly sql: string;
  readonly kind: ChartKind;
  readonly columns: readonly Column[];
  readonly x?: string;
  readonly y?: readonly string[];
  readonly series?: string;
  /**
   * The record field a bar stands for: a click on it lists the transactions with that value, of the journeys that
   * the chart counts where it does not count all.
   */
  readonly drill?: { readonly column: string; readonly field: string; readonly within?: readonly string[] };
  /** Its rows carry the merchant's labels, so that a label can narrow it. */
  readonly labelled: boolean;
  /** In the 24-column grid of an SLS dashboard. */
  readonly width: number;
  readonly height: number;
}

export interface Section {
  readonly id: SectionId;
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

/**
 * The whole query of a chart, as SLS takes it. `condition` is on the columns `labels` and `transaction_id`, and
 * narrows it to the transactions whose record meets it, before anything is counted; it is SQL and must have been
 * built from checked parts (`sqlText`).
 */
export function queryOf(chart: Chart, condition?: string): string {
  if (condition === undefined || !chart.labelled) return `${chart.search} | ${chart.sql}`;
  // Of the rows of a transaction only the one that everybody sees decides; one in the queue has no such order.
  const rows = chart.logstore === RECORDS_LOGSTORE ? recordView(['labels']) : 'log';
  const narrowed = `FROM (SELECT * FROM log WHERE transaction_id IN (SELECT transaction_id FROM ${rows} WHERE ${condition}))`;
  return `${chart.search} | ${chart.sql.replaceAll(/\bfrom log\b/gi, () => narrowed)}`;
}
