import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type DuckDBConnection, DuckDBInstance, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { QueryRefused } from '../contract.ts';
import { MACROS } from '../sql/macros.ts';
import { toRefusal } from './duck-error.ts';
import { CATALOG } from './log-table.ts';

export interface DatabaseOptions {
  readonly memoryLimitMb: number;
  readonly threads: number;
  readonly timeoutMs: number;
  readonly temporaryDirectory: string;
}

export interface ResultTable {
  readonly names: string[];
  readonly types: DuckDBType[];
  readonly rows: DuckDBValue[][];
}

/** What a query may use beyond memory, in the temporary folder. */
const SPILL_LIMIT = '8GB';
const INTERRUPT_EVERY_MS = 20;

/**
 * DuckDB inside this process. After opening it can touch nothing but its own spill folder: no files, no
 * network, no extensions, and its settings are locked.
 */
export class Database {
  readonly #instance: DuckDBInstance;
  readonly #directory: string;
  readonly #timeoutMs: number;
  readonly #idle: DuckDBConnection[] = [];
  readonly #all = new Set<DuckDBConnection>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  private constructor(instance: DuckDBInstance, directory: string, timeoutMs: number) {
    this.#instance = instance;
    this.#directory = directory;
    this.#timeoutMs = timeoutMs;
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    const directory = await mkdtemp(join(options.temporaryDirectory, 'sls-query-'));
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(options.threads),
      memory_limit: `${options.memoryLimitMb}MB`,
      temp_directory: directory,
      max_temp_directory_size: SPILL_LIMIT,
    });
    const database = new Database(instance, directory, options.timeoutMs);
    await database.use(async (connection) => {
      await connection.run(`ATTACH ':memory:' AS ${CATALOG} (COMPRESS)`);
      for (const macro of MACROS) await connection.run(macro);
      // 1e0/0 is Infinity, as in Java.
      for (const [setting, value] of SETTINGS) await connection.run(`SET GLOBAL ${setting} = ${value}`);
    });
    return database;
  }

  /** Lends a connection that nobody else uses meanwhile. */
  async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the query engine is closed');
    const running = this.#lend(work);
    const settled = running.then(
      () => {},
      () => {},
    );
    this.#running.add(settled);
    try {
      return await running;
    } finally {
      this.#running.delete(settled);
    }
  }

  async #lend<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = this.#idle.pop() ?? (await this.#connect());
    try {
      return await work(connection);
    } finally {
      this.#idle.push(connection);
    }
  }

  /**
   * Runs one statement, for at most the time limit, and reads its rows to the end: a result that is left half
   * read keeps its transaction open, and that keeps every checkpoint away.
   * @throws QueryRefused
   */
  async query(sql: string): Promise<ResultTable> {
    return this.use(async (connection) => {
      let expired = false;
      const timer = globalThis.setTimeout(() => {
        expired = true;
        connection.interrupt();
      }, this.#timeoutMs);
      try {
        const reader = await connection.runAndReadAll(sql);
        return { names: reader.columnNames(), types: reader.columnTypes(), rows: reader.getRows() };
      } catch (error) {
        if (!expired) throw toRefusal(error);
        throw new QueryRefused(
          'ParameterInvalid',
          `query exceeded max time of ${this.#timeoutMs / 1000} seconds`,
        );
      } finally {
        clearTimeout(timer);
      }
    });
  }

  /** Ends what is running, then closes. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#running.size > 0) {
      // A statement may begin just after it was told to end, so it is told again.
      for (const connection of this.#all) connection.interrupt();
      await Promise.race([Promise.all(this.#running), setTimeout(INTERRUPT_EVERY_MS)]);
    }
    for (const connection of this.#all) connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    this.#all.add(connection);
    return connection;
  }
}

const SETTINGS: ReadonlyArray<readonly [string, string]> = [
  ['ieee_floating_point_ops', 'true'],
  ['autoinstall_known_extensions', 'false'],
  ['autoload_known_extensions', 'false'],
  ['enable_external_access', 'false'],
  ['lock_configuration', 'true'],
];
