import { tmpdir } from 'node:os';
import {
  type CreateQueryEngine,
  type HistogramBucket,
  type LogstoreLookup,
  type QueryableLogstore,
  type QueryEngine,
  QueryRefused,
  type QueryRequest,
  type QueryResult,
} from './contract.ts';
import { compileSearch } from './search/compile.ts';
import { parseSearch, splitQuery } from './search/parse.ts';
import { countByInterval, countRows, searchRows, windowCondition } from './search/run.ts';
import type { Query } from './sql/ast.ts';
import type { Source } from './sql/compile/context.ts';
import { readSql, runSql } from './sql/run.ts';
import { tableNames } from './sql/walk.ts';
import { Database } from './store/database.ts';
import { TableCache } from './store/table-cache.ts';

/** The service's own limits: one page of a search, and how long a query may take. */
const MAX_LINES = 100;
const QUERY_TIMEOUT_MS = 55_000;
/** A histogram without an interval has about as many bars as the console draws. */
const HISTOGRAM_BARS = 60;
const MAX_BARS = 10_000;

const DEFAULT_MEMORY_LIMIT_MB = 512;
const DEFAULT_THREADS = 2;

/**
 * Runs queries the way the service documents it, with these differences, all on the exact side:
 * - an index holds for every row from the moment it is set, as after the service's reindexing;
 * - `approx_` functions are exact, and no query stops at an amount of data scanned;
 * - wildcards match every word and not a sample of 100.
 * Opens an engine; it must be closed.
 */
export const createQueryEngine: CreateQueryEngine = async (options = {}) => {
  const database = await Database.open({
    memoryLimitMb: options.memoryLimitMb ?? DEFAULT_MEMORY_LIMIT_MB,
    threads: options.threads ?? DEFAULT_THREADS,
    temporaryDirectory: options.temporaryDirectory ?? tmpdir(),
    timeoutMs: options.timeoutMs ?? QUERY_TIMEOUT_MS,
  });
  return new DuckQueryEngine(database, options.now ?? Date.now);
};

class DuckQueryEngine implements QueryEngine {
  readonly #database: Database;
  readonly #tables: TableCache;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#tables = new TableCache(database);
  }

  async query(
    logstore: QueryableLogstore,
    lookup: LogstoreLookup,
    request: QueryRequest,
  ): Promise<QueryResult> {
    checkWindow(request);
    const { search, sql } = splitQuery(request.query);
    if (sql === undefined) return this.#search(logstore, request, search);
    return this.#analyse({ logstore, lookup, request }, search, sql);
  }

  async histogram(
    logstore: QueryableLogstore,
    _lookup: LogstoreLookup,
    request: Parameters<QueryEngine['histogram']>[2],
  ): Promise<HistogramBucket[]> {
    checkWindow(request);
    const search = parseSearch(splitQuery(request.query).search);
    return this.#tables.withTables([logstore], async (tables) => {
      const table = tableOf(tables, logstore);
      const condition = compileSearch(search, table.plan).sql;
      const intervalSeconds = intervalOf(request);
      return countByInterval(this.#database, table, { condition, window: request, intervalSeconds });
    });
  }

  async drop(project: string, name: string): Promise<void> {
    await this.#tables.drop(project, name);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #search(logstore: QueryableLogstore, request: QueryRequest, text: string): Promise<QueryResult> {
    checkPage(request);
    if (/^select\s/i.test(text)) {
      throw new QueryRefused('ParameterInvalid', 'sql query must follow search query,please read syntex doc');
    }
    const search = parseSearch(text);
    return this.#tables.withTables([logstore], async (tables) => {
      const table = tableOf(tables, logstore);
      const compiled = compileSearch(search, table.plan);
      const found = await searchRows(this.#database, table, { condition: compiled.sql, request });
      return {
        rows: found.rows,
        columns: [],
        hasSql: false,
        whereQuery: text,
        aggQuery: '',
        processedRows: found.matched,
        terms: compiled.terms,
      };
    });
  }

  async #analyse(
    asked: { logstore: QueryableLogstore; lookup: LogstoreLookup; request: QueryRequest },
    search: string,
    sql: string,
  ): Promise<QueryResult> {
    const { logstore, lookup, request } = asked;
    if (request.offset !== 0) {
      throw new QueryRefused('ParameterInvalid', 'offset is not available for pagination in sql query');
    }
    const statement = readSql(sql);
    const node = parseSearch(search);
    const stores = namedStores(statement, logstore, lookup);
    return this.#tables.withTables([...new Set(stores.values())], async (tables) => {
      const table = tableOf(tables, logstore);
      const compiled = compileSearch(node, table.plan);
      const sourceOf = (name: string): Source | undefined => {
        const store = stores.get(name);
        if (store === undefined) return undefined;
        const searched = store === logstore;
        const condition = (shift: number) => {
          const window = windowCondition(searched ? request : { ...request, topic: '' }, shift);
          return searched ? `${window} AND ${compiled.sql}` : window;
        };
        return { table: tableOf(tables, store), condition };
      };
      const { fromSeconds, toSeconds } = request;
      const options = { text: sql, sourceOf, fromSeconds, toSeconds, nowMs: this.#now() };
      const result = await runSql(this.#database, statement, options);
      const processedRows = await countRows(
        this.#database,
        table,
        `${windowCondition(request)} AND ${compiled.sql}`,
      );
      return {
        ...result,
        hasSql: true,
        whereQuery: search,
        aggQuery: sql,
        processedRows,
        terms: compiled.terms,
      };
    });
  }
}

/** The logstores a statement names; CTEs and unknown names are left to its translation. */
function namedStores(
  statement: Query,
  logstore: QueryableLogstore,
  lookup: LogstoreLookup,
): Map<string, QueryableLogstore> {
  const stores = new Map([['log', logstore]]);
  for (const name of tableNames(statement)) {
    if (name.toLowerCase() === 'log' || name === logstore.name) {
      stores.set(name, logstore);
      continue;
    }
    const found = lookup(name);
    if (found !== undefined) stores.set(name, found);
  }
  return stores;
}

function tableOf<T>(tables: ReadonlyMap<string, T>, logstore: QueryableLogstore): T {
  const table = tables.get(logstore.name);
  if (table === undefined) throw new Error(`no table for logstore ${logstore.name}`);
  return table;
}

function checkWindow(window: { fromSeconds: number; toSeconds: number }): void {
  const { fromSeconds, toSeconds } = window;
  if (!Number.isFinite(fromSeconds) || !Number.isFinite(toSeconds) || fromSeconds >= toSeconds) {
    throw new QueryRefused('InvalidTimeRange', 'request time range is invalid: from must be less than to');
  }
}

function checkPage(request: QueryRequest): void {
  if (!Number.isInteger(request.line) || request.line < 0 || request.line > MAX_LINES) {
    throw new QueryRefused('InvalidLine', `line must be a whole number from 0 to ${MAX_LINES}`);
  }
  if (!Number.isInteger(request.offset) || request.offset < 0) {
    throw new QueryRefused('InvalidOffset', 'offset must be a whole number from 0');
  }
}

function intervalOf(request: { fromSeconds: number; toSeconds: number; intervalSeconds?: number }): number {
  const span = request.toSeconds - request.fromSeconds;
  const interval = request.intervalSeconds ?? Math.max(1, Math.ceil(span / HISTOGRAM_BARS));
  if (!Number.isInteger(interval) || interval <= 0 || span / interval > MAX_BARS) {
    throw new QueryRefused('ParameterInvalid', 'interval is not valid for the time range');
  }
  return interval;
}
