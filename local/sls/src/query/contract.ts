/**
 * The seam between the store (an append-only file, the truth) and the query engine (DuckDB). The engine reads
 * rows it has not seen yet when it is asked, so that writing stays cheap.
 */

/** The body of CreateIndex / UpdateIndex, as the wire has it. */
export interface IndexConfig {
  line?: {
    token: string[];
    caseSensitive?: boolean;
    chn?: boolean;
    include_keys?: string[];
    exclude_keys?: string[];
  };
  keys?: Record<string, IndexKey>;
  max_text_len?: number;
}

export interface IndexKey {
  type: 'text' | 'long' | 'double' | 'json';
  doc_value?: boolean;
  alias?: string;
  caseSensitive?: boolean;
  chn?: boolean;
  token?: string[];
  index_all?: boolean;
  max_depth?: number;
  json_keys?: Record<string, { type: 'text' | 'long' | 'double'; alias?: string; doc_value?: boolean }>;
}

export interface StoredRow {
  /** Position in the logstore, from 0 in steps of 1, in order of arrival over all shards. */
  sequence: number;
  timeSeconds: number;
  timeNsPart?: number;
  receiveTimeMs: number;
  topic: string;
  source: string;
  tags: ReadonlyArray<readonly [key: string, value: string]>;
  contents: ReadonlyArray<readonly [key: string, value: string]>;
}

/** One logstore as the engine sees it. */
export interface QueryableLogstore {
  readonly project: string;
  readonly name: string;
  /** undefined: no index, queries are refused with IndexConfigNotExist. */
  readonly index: IndexConfig | undefined;
  /** Moves when the index changes or stored receive times are moved (`age`): the engine then loads anew. */
  readonly epoch: number;
  /** One more than the greatest sequence stored. */
  readonly rowCount: number;
  /** Rows with `fromSequence <= sequence < toSequence`, in order, in batches. */
  read(fromSequence: number, toSequence: number): AsyncIterable<readonly StoredRow[]>;
}

/** Finds a logstore of the same project for joins; undefined if there is none. */
export type LogstoreLookup = (name: string) => QueryableLogstore | undefined;

export interface QueryRequest {
  query: string;
  /** Unix seconds, from inclusive, to exclusive, over `__time__`. */
  fromSeconds: number;
  toSeconds: number;
  topic?: string;
  /** Search only: 0..100; SQL has its own LIMIT (default 100 rows). */
  line: number;
  offset: number;
  reverse: boolean;
}

export interface QueryResult {
  rows: Array<Record<string, string>>;
  /** Column order and Presto type names of a SQL result; empty for a search. */
  columns: Array<{ name: string; type: string }>;
  hasSql: boolean;
  whereQuery: string;
  aggQuery: string;
  /** Rows that matched the search part. */
  processedRows: number;
  /** Terms the search asks for, for highlighting. */
  terms: Array<{ key: string; term: string }>;
}

export interface HistogramBucket {
  from: number;
  to: number;
  count: number;
}

/** Thrown for anything a query got wrong; the envelope turns it into a 400 with this code. */
export class QueryRefused extends Error {
  override readonly name = 'QueryRefused';
  readonly errorCode:
    | 'ParameterInvalid'
    | 'InvalidQueryString'
    | 'InvalidTimeRange'
    | 'InvalidOffset'
    | 'InvalidLine'
    | 'IndexConfigNotExist';

  constructor(errorCode: QueryRefused['errorCode'], message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

export interface QueryEngine {
  /** @throws QueryRefused */
  query(logstore: QueryableLogstore, lookup: LogstoreLookup, request: QueryRequest): Promise<QueryResult>;
  /** @throws QueryRefused */
  histogram(
    logstore: QueryableLogstore,
    lookup: LogstoreLookup,
    request: Pick<QueryRequest, 'query' | 'fromSeconds' | 'toSeconds' | 'topic'> & {
      intervalSeconds?: number;
    },
  ): Promise<HistogramBucket[]>;
  /** Forget a logstore that was deleted. */
  drop(project: string, name: string): Promise<void>;
  close(): Promise<void>;
}

/** `local/sls/query/engine.ts` exports this: an engine over an in-memory DuckDB that spills to a temporary folder. */
export type CreateQueryEngine = (options?: {
  memoryLimitMb?: number;
  threads?: number;
  /** Where the temporary folder is made; the system's place for them if not given. */
  temporaryDirectory?: string;
  /** How long a query may take; 55 s like the service's if not given. */
  timeoutMs?: number;
  /** Unix milliseconds, for `now()` and the like. */
  now?: () => number;
}) => Promise<QueryEngine>;

/** The query engine, loaded when the first query comes: writing and pulling need none. */
export interface QueryAccess {
  engine(): Promise<QueryEngine>;
  /** Lets the engine forget a logstore, if it was ever loaded. */
  drop(project: string, logstore: string): Promise<void>;
  close(): Promise<void>;
}
