import type { DuckDBValue } from '@duckdb/node-api';
import type { HistogramBucket, QueryRequest } from '../contract.ts';
import type { Database } from '../store/database.ts';
import type { LogTable } from '../store/log-table.ts';
import { readPairs } from '../store/row-text.ts';
import { sqlText } from './words.ts';

type Window = Pick<QueryRequest, 'fromSeconds' | 'toSeconds' | 'topic'>;

/** The condition of a time window (from inclusive, to exclusive) and, if asked for, a topic. */
export function windowCondition(window: Window, shiftSeconds = 0): string {
  const from = BigInt(Math.ceil(window.fromSeconds - shiftSeconds));
  const to = BigInt(Math.ceil(window.toSeconds - shiftSeconds));
  const topic = window.topic ? ` AND topic = ${sqlText(window.topic)}` : '';
  return `t >= ${from} AND t < ${to}${topic}`;
}

/** The rows a search finds, by `__time__`, then in the order they came; newest first if asked for. */
export async function searchRows(
  database: Database,
  table: LogTable,
  search: { condition: string; request: QueryRequest },
): Promise<{ rows: Array<Record<string, string>>; matched: number }> {
  const { condition, request } = search;
  const where = `${windowCondition(request)} AND ${condition}`;
  const direction = request.reverse ? 'DESC' : 'ASC';
  const matched = await countRows(database, table, where);
  if (request.line === 0 || matched <= request.offset) return { rows: [], matched };
  const found = await database.query(
    `SELECT t, ns, topic, source, tags, raw FROM ${table.name} JOIN (
       SELECT seq FROM ${table.name} WHERE ${where}
       ORDER BY t ${direction}, seq ${direction} LIMIT ${request.line} OFFSET ${request.offset}
     ) page USING (seq) ORDER BY t ${direction}, seq ${direction}`,
  );
  return { rows: found.rows.map(toLog), matched };
}

/** How many rows meet a condition. */
export async function countRows(database: Database, table: LogTable, where: string): Promise<number> {
  const count = await database.query(`SELECT count(*) FROM ${table.name} WHERE ${where}`);
  return Number(count.rows[0]?.[0] ?? 0);
}

/** How many rows match in each interval of the window; the intervals start at multiples of their length. */
export async function countByInterval(
  database: Database,
  table: LogTable,
  search: { condition: string; window: Window; intervalSeconds: number },
): Promise<HistogramBucket[]> {
  const { condition, window, intervalSeconds } = search;
  const found = await database.query(
    `SELECT t - t % ${intervalSeconds} AS bucket, count(*) FROM ${table.name}
     WHERE ${windowCondition(window)} AND ${condition} GROUP BY 1`,
  );
  const counts = new Map(found.rows.map(([bucket, count]) => [Number(bucket), Number(count)]));
  const buckets: HistogramBucket[] = [];
  let start = window.fromSeconds - (window.fromSeconds % intervalSeconds);
  for (; start < window.toSeconds; start += intervalSeconds) {
    buckets.push({
      from: Math.max(start, window.fromSeconds),
      to: Math.min(start + intervalSeconds, window.toSeconds),
      count: counts.get(start) ?? 0,
    });
  }
  return buckets;
}

function toLog(row: readonly DuckDBValue[]): Record<string, string> {
  const [time, ns, topic, source, tags, raw] = row;
  const log: Record<string, string> = {
    __time__: String(time),
    __source__: String(source),
    __topic__: String(topic),
  };
  if (ns !== null && ns !== undefined) log.__time_ns_part__ = String(ns);
  for (const [key, value] of readPairs(String(tags))) log[`__tag__:${key}`] = value;
  for (const [key, value] of readPairs(String(raw))) log[key] = value;
  return log;
}
