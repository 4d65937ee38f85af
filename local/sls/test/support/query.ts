import {
  type IndexConfig,
  type QueryableLogstore,
  type QueryEngine,
  QueryRefused,
  type QueryRequest,
  type QueryResult,
  type StoredRow,
} from '../../src/query/contract.ts';

type Fields = Record<string, string | number>;

/** A logstore in memory whose rows and index a test sets at will. */
export class MemoryLogstore implements QueryableLogstore {
  readonly project = 'proj';
  readonly name: string;
  index: IndexConfig | undefined;
  epoch = 0;
  readonly rows: StoredRow[] = [];

  constructor(name: string, index: IndexConfig | undefined) {
    this.name = name;
    this.index = index;
  }

  get rowCount(): number {
    return this.rows.length;
  }

  async *read(from: number, to: number): AsyncIterable<readonly StoredRow[]> {
    for (let at = from; at < to; at += 1000) yield this.rows.slice(at, Math.min(to, at + 1000));
  }

  setIndex(index: IndexConfig | undefined): void {
    this.index = index;
    this.epoch += 1;
  }

  /** Adds a log; `__time__`, `__topic__`, `__source__` and `__tag__:x` go where they belong. */
  add(fields: Fields): this {
    const { __time__ = BASE, __topic__ = '', __source__ = '10.0.0.1', ...rest } = fields;
    const entries = Object.entries(rest).map(([key, value]) => [key, String(value)] as const);
    this.rows.push({
      sequence: this.rows.length,
      timeSeconds: Number(__time__),
      receiveTimeMs: Number(__time__) * 1000,
      topic: String(__topic__),
      source: String(__source__),
      tags: entries
        .filter(([key]) => key.startsWith('__tag__:'))
        .map(([key, value]) => [key.slice('__tag__:'.length), value]),
      contents: entries.filter(([key]) => !key.startsWith('__tag__:')),
    });
    return this;
  }
}

/** 2026-11-23 00:00:00 in UTC+8. */
export const BASE = 1_795_363_200;

export const DELIMITERS = [...`, '";=()[]{}?@&<>/:\n\t\r`];

export const text = (more: object = {}) => ({
  type: 'text' as const,
  doc_value: true,
  token: DELIMITERS,
  ...more,
});
export const long = (more: object = {}) => ({ type: 'long' as const, doc_value: true, ...more });
export const double = (more: object = {}) => ({ type: 'double' as const, doc_value: true, ...more });

/** Asks a query of a logstore, with others of its project at hand. */
export interface Asking {
  readonly engine: QueryEngine;
  readonly logstore: MemoryLogstore;
  readonly others?: readonly MemoryLogstore[];
}

export function ask(asking: Asking, query: string, more: Partial<QueryRequest> = {}): Promise<QueryResult> {
  const lookup = (name: string) => asking.others?.find((logstore) => logstore.name === name);
  const request: QueryRequest = {
    query,
    fromSeconds: BASE - 86_400,
    toSeconds: BASE + 86_400,
    line: query.includes('|') ? 0 : 100,
    offset: 0,
    reverse: false,
    ...more,
  };
  return asking.engine.query(asking.logstore, lookup, request);
}

/** The rows of a SQL answer as arrays, in the order of its columns. */
export async function rowsOf(
  asking: Asking,
  query: string,
  more: Partial<QueryRequest> = {},
): Promise<string[][]> {
  const answer = await ask(asking, query, more);
  return answer.rows.map((row) => answer.columns.map((column) => row[column.name] ?? '<missing>'));
}

/** What a refused query was refused with; fails if it was answered. */
export async function refusalOf(
  asking: Asking,
  query: string,
  more: Partial<QueryRequest> = {},
): Promise<QueryRefused> {
  const outcome = await ask(asking, query, more).catch((error: unknown) => error);
  if (outcome instanceof QueryRefused) return outcome;
  throw new Error(
    `not refused: ${query} gave ${String(outcome instanceof Error ? outcome.stack : JSON.stringify(outcome))}`,
  );
}
