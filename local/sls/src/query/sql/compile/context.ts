import type { LogTable } from '../../store/log-table.ts';
import type { Query } from '../ast.ts';
import { placeOf, refuseSql } from '../refuse.ts';
import type { SqlType } from '../types.ts';

/** SQL for DuckDB together with the Presto type of its value. */
export interface Typed {
  readonly sql: string;
  readonly type: SqlType;
}

export interface Column extends Typed {
  /** As the query names it. */
  readonly name: string;
}

/** A logstore that a statement may read. */
export interface Source {
  readonly table: LogTable;
  /** Condition on the table's columns for the window moved into the past by so many seconds. */
  readonly condition: (shiftSeconds: number) => string;
}

export interface StatementOptions {
  readonly text: string;
  /** Finds `log`, the logstore's own name, and the other logstores of the project. */
  readonly sourceOf: (name: string) => Source | undefined;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly nowMs: number;
}

export interface Cte {
  readonly query: Query;
  readonly columnNames: readonly string[];
  /** The CTEs that were known where this one stands. */
  readonly visible: CteScope;
  /** What DuckDB calls it, and its columns, where the window is not moved. */
  readonly compiled: { readonly name: string; readonly columns: readonly Column[] };
}

export type CteScope = ReadonlyMap<string, Cte>;

/** Far more than any sane statement needs; `compare` over nested WITH doubles them at each level. */
const MAX_NAMES = 100_000;

/** What is the same for a whole statement; hands out names that occur nowhere else in it. */
export class Context {
  readonly options: StatementOptions;
  /** Internal column names and what the query calls them, for DuckDB's messages. */
  readonly names = new Map<string, string>();
  #count = 0;

  constructor(options: StatementOptions) {
    this.options = options;
  }

  fresh(prefix: string, meaning?: string): string {
    this.#count += 1;
    if (this.#count > MAX_NAMES) refuseSql('the statement is too complex');
    const name = `${prefix}${this.#count}`;
    if (meaning !== undefined) this.names.set(name, meaning);
    return name;
  }

  /** @throws QueryRefused ParameterInvalid, always */
  refuse(at: number, message: string): never {
    refuseSql(`${placeOf(this.options.text, at)}: ${message}`);
  }
}

/** Where a query stands: what CTEs it sees, and by how much its window is moved (for `compare`). */
export interface Environment {
  readonly context: Context;
  readonly ctes: CteScope;
  readonly shiftSeconds: number;
}
