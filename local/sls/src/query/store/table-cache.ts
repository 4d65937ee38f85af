import { type QueryableLogstore, QueryRefused } from '../contract.ts';
import type { Database } from './database.ts';
import { createLogTable, type LogTable, loadRows } from './log-table.ts';

interface Entry {
  table: LogTable;
  users: number;
  /** Replaced or dropped: goes as soon as nobody uses it. */
  dead: boolean;
}

/**
 * The tables of the logstores asked about so far. Loads of one logstore happen one after the other; a table that
 * is being queried stays until the query is done, even if its logstore has moved on.
 */
export class TableCache {
  readonly #database: Database;
  readonly #entries = new Map<string, Entry>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Lends the tables of the logstores, up to date with what they hold now.
   * @throws QueryRefused IndexConfigNotExist
   */
  async withTables<T>(
    logstores: readonly QueryableLogstore[],
    work: (tables: ReadonlyMap<string, LogTable>) => Promise<T>,
  ): Promise<T> {
    const held: Entry[] = [];
    const tables = new Map<string, LogTable>();
    try {
      for (const logstore of logstores) {
        const entry = await this.#inTurn(keyOf(logstore.project, logstore.name), () =>
          this.#acquire(logstore),
        );
        held.push(entry);
        tables.set(logstore.name, entry.table);
      }
      return await work(tables);
    } finally {
      for (const entry of held) {
        entry.users -= 1;
        await this.#dropIfUnused(entry);
      }
    }
  }

  async drop(project: string, name: string): Promise<void> {
    const key = keyOf(project, name);
    await this.#inTurn(key, () => this.#retire(key));
  }

  async #acquire(logstore: QueryableLogstore): Promise<Entry> {
    const { index } = logstore;
    if (index === undefined) {
      throw new QueryRefused(
        'IndexConfigNotExist',
        `logstore without index config, logstore: ${logstore.name}`,
      );
    }
    const key = keyOf(logstore.project, logstore.name);
    let entry = this.#entries.get(key);
    // Fewer rows than before: a logstore of the same name was made anew.
    if (
      entry !== undefined &&
      (entry.table.epoch !== logstore.epoch || entry.table.loaded > logstore.rowCount)
    ) {
      await this.#retire(key);
      entry = undefined;
    }
    if (entry === undefined) {
      const table = await this.#database.use((connection) => createLogTable(connection, logstore, index));
      entry = { table, users: 0, dead: false };
      this.#entries.set(key, entry);
    }
    const { table } = entry;
    try {
      await this.#database.use((connection) => loadRows(connection, table, logstore));
    } catch (error) {
      // Part of the rows may be in the table, which would then hold them twice.
      await this.#retire(key);
      throw error;
    }
    entry.users += 1;
    return entry;
  }

  async #retire(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    entry.dead = true;
    await this.#dropIfUnused(entry);
  }

  async #dropIfUnused(entry: Entry): Promise<void> {
    if (!entry.dead || entry.users > 0) return;
    await this.#database.use((connection) => connection.run(`DROP TABLE IF EXISTS ${entry.table.name}`));
  }

  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work, work);
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.#turns.set(key, settled);
    void settled.then(() => {
      if (this.#turns.get(key) === settled) this.#turns.delete(key);
    });
    return turn;
  }
}

function keyOf(project: string, name: string): string {
  return `${project}/${name}`;
}
