import { type Chart, type Drill as ChartDrill, narrowedQueryOf } from '../../shared/charts/chart.ts';
import { CHARTS } from '../../shared/charts/dashboards.ts';
import { LABELS_AS_MAP, OPENED_AT_MS, sessions, WEEK_COMPARISON } from '../../shared/charts/sql.ts';
import { EVENTS_LOGSTORE } from '../../shared/logstores/events.ts';
import { LABEL_KEY, MAX_LABEL_LENGTH, MAX_LABELS } from '../../shared/logstores/ids.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../../shared/logstores/records.ts';
import { recordView } from '../../shared/logstores/view.ts';
import { sqlText } from '../../shared/sls/sql-text.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';

/**
 * The console's queries to SLS. Whatever comes from the page is checked against a pattern or made a literal by
 * `sqlText`: it can narrow a query, never change its meaning.
 */

export interface Range {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** Values by label name. */
export type LabelFilter = Readonly<Record<string, string>>;

export type LogQueries = Pick<SlsDataPlane, 'query'>;

export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** A transaction id or, for a row that could not be read, its place in the queue. */
const ROW_ID = /^[A-Za-z0-9_|:+/=-]{1,128}$/;
const MAX_VALUES_LISTED = 50;

/** Returns undefined when nothing is filtered. */
function labelCondition(filter: LabelFilter): string | undefined {
  const entries = Object.entries(filter);
  if (entries.length > MAX_LABELS)
    throw new BadRequest(`at most ${MAX_LABELS} labels can be filtered at once`);
  const parts = entries.map(([name, value]) => {
    if (!LABEL_KEY.test(name))
      throw new BadRequest(`label: ${JSON.stringify(name.slice(0, 40))} is not a label name`);
    if (value.length > MAX_LABEL_LENGTH) {
      throw new BadRequest(`label.${name}: at most ${MAX_LABEL_LENGTH} characters`);
    }
    return `json_extract_scalar(labels, '$.${name}') = ${sqlText(value)}`;
  });
  return parts.length === 0 ? undefined : parts.join(' AND ');
}

/** A headline figure is compared with the previous period of the same length; in SLS's own console, with a week. */
export async function chartRows(sls: LogQueries, chart: Chart, range: Range, filter: LabelFilter) {
  const period = WEEK_COMPARISON.replace(/\d+/, () => String(range.toSeconds - range.fromSeconds));
  // Replaced before the filter is added: one of its values may look like the comparison.
  const sql = chart.sql.replaceAll(WEEK_COMPARISON, () => period);
  return sls.query(chart.logstore, {
    query: narrowedQueryOf({ ...chart, sql }, labelCondition(filter)),
    ...range,
  });
}

const LIST_COLUMNS = [
  'transaction_id',
  'initialized_at_ms',
  'registered_at_ms',
  'journey',
  'stage',
  'cause',
  'recoverable',
  'story',
  'story_zh',
];

export interface Drill {
  readonly field: string;
  readonly value: string;
  /** Only sessions of these journeys; empty: of all. */
  readonly within: readonly string[];
}

/** Columns by which a list of transactions may be narrowed, and how the charts count them. */
const DRILLS: readonly ChartDrill[] = [
  ...CHARTS.flatMap(({ drill }) => drill ?? []),
  { column: 'journey', field: 'journey' },
];

/** The transactions behind one bar, newest first. */
export async function transactionsBehind(sls: LogQueries, drill: Drill, range: Range, filter: LabelFilter) {
  const drills = DRILLS.filter(({ field }) => field === drill.field);
  if (drills.length === 0) {
    throw new BadRequest(`field: one of ${[...new Set(DRILLS.map(({ field }) => field))].join(', ')}`);
  }
  if (drill.value.length > MAX_LABEL_LENGTH) throw new BadRequest('value: too long');
  const wrong = drill.within.find((journey) => !/^[a-z_]{1,40}$/.test(journey));
  if (wrong !== undefined) throw new BadRequest('within: names of journeys, separated by commas');
  const reads = drills.flatMap(({ reads: more = [] }) => more);
  const labels = labelCondition(filter);
  const query = `* |
    SELECT ${LIST_COLUMNS.join(', ')}
    FROM ${sessions([...LIST_COLUMNS, drill.field, 'labels', ...reads])}
    WHERE ${drillCondition(drill, drills)} ${labels === undefined ? '' : `AND ${labels}`}
    ORDER BY ${OPENED_AT_MS} DESC, transaction_id
    LIMIT 200`;
  return sls.query(RECORDS_LOGSTORE, { query, ...range });
}

function drillCondition({ field, value, within }: Drill, drills: readonly ChartDrill[]): string {
  for (const { beside = {} } of drills) {
    if (Object.hasOwn(beside, value)) return beside[value] ?? '';
  }
  const [{ counted = field, several = false } = {}] = drills;
  const hit = several
    ? `strpos(concat(',', ${counted}, ','), concat(',', ${sqlText(value)}, ',')) > 0`
    : `${counted} = ${sqlText(value)}`;
  return within.length === 0 ? hit : `${hit} AND journey IN (${within.map(sqlText).join(', ')})`;
}

interface TransactionDetail {
  /** The transaction's rows, starting with the one that the view takes. */
  readonly records: Array<Record<string, string>>;
  readonly events: Array<Record<string, string>>;
}

/** One transaction, read by search because SQL would truncate the raw answer. */
export async function transactionDetail(
  sls: LogQueries,
  transactionId: string,
  range: Range,
): Promise<TransactionDetail> {
  if (!ROW_ID.test(transactionId)) {
    throw new BadRequest('transactionId: letters, digits, _ and -, at most 128 characters');
  }
  const query = `transaction_id: "${transactionId}"`;
  const found = await sls.query(RECORDS_LOGSTORE, { query, ...range, line: 100, reverse: true });
  const records = found.rows
    .filter((row) => row['transaction_id'] === transactionId)
    .sort((a, b) => ((a['view_key'] ?? '') < (b['view_key'] ?? '') ? 1 : -1))
    .map(onlyFields);
  const revision = records[0]?.['revision'];
  return {
    records,
    events: revision === undefined ? [] : await eventsOf(sls, transactionId, revision, range),
  };
}

async function eventsOf(sls: LogQueries, transactionId: string, revision: string, range: Range) {
  const query = `transaction_id: "${transactionId}" |
    SELECT
      lang,
      seq,
      max(logged_at) AS logged_at,
      max(text) AS text,
      max(kind) AS kind,
      max(stage) AS stage,
      max(gap_ms) AS gap_ms
    FROM log
    WHERE transaction_id = ${sqlText(transactionId)} AND revision = ${sqlText(revision)}
    GROUP BY lang, seq
    ORDER BY lang DESC, seq
    LIMIT 4000`;
  return (await sls.query(EVENTS_LOGSTORE, { query, ...range })).rows;
}

function onlyFields(row: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name in RECORD_FIELDS));
}

/** The most frequent values of every label, for the filter lists. */
export async function labelValues(sls: LogQueries, range: Range) {
  const query = `* |
    WITH label_values AS (
      SELECT label, value, count(1) AS n
      FROM ${recordView(['labels'])}
      CROSS JOIN UNNEST(${LABELS_AS_MAP}) AS dimension(label, value)
      WHERE labels IS NOT NULL AND value <> ''
      GROUP BY label, value
    ),
    placed AS (
      SELECT label, value, n, row_number() OVER (PARTITION BY label ORDER BY n DESC, value) AS place
      FROM label_values
    )
    SELECT label, value, n
    FROM placed
    WHERE place <= ${MAX_VALUES_LISTED}
    ORDER BY label, place
    LIMIT 2000`;
  return sls.query(RECORDS_LOGSTORE, { query, ...range });
}
