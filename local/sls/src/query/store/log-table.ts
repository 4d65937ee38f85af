import { randomUUID } from 'node:crypto';
import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  VARCHAR,
} from '@duckdb/node-api';
import type { IndexConfig, QueryableLogstore, StoredRow } from '../contract.ts';
import { messageOf } from './duck-error.ts';
import { fieldReader, toDouble, toLong } from './field-value.ts';
import { type IndexedField, type IndexPlan, planIndex } from './index-plan.ts';
import { writePairs } from './row-text.ts';

/**
 * One logstore inside DuckDB: a table with a typed column per indexed field, filled from the store when it is
 * asked for. A table belongs to one epoch of its logstore; it is never changed but by appending.
 */
export interface LogTable {
  readonly epoch: number;
  readonly plan: IndexPlan;
  /** Qualified, for use in SQL. */
  readonly name: string;
  /** One more than the greatest sequence loaded. */
  loaded: number;
  /** Rows added since the last checkpoint. */
  unpacked: number;
  /** Columns of which a value was too long for analysis; the cut text stands beside in `<column>_cut`. */
  readonly cut: Set<string>;
}

/** The catalog that holds the tables: in memory, compressed at checkpoints. */
export const CATALOG = 'logs';

/** DuckDB's vector size: the most rows a chunk may have. */
const CHUNK_ROWS = 2048;
/** Compressing pays only for bulk, whether it came in one load or in many. */
const CHECKPOINT_ROWS = 100_000;
const CHECKPOINT_REFUSED = /^TransactionContext Error: Cannot CHECKPOINT: there are other/;

/** Makes the table of a logstore's present epoch, without rows. */
export async function createLogTable(
  connection: DuckDBConnection,
  logstore: QueryableLogstore,
  index: IndexConfig,
): Promise<LogTable> {
  const plan = planIndex(index);
  const name = `${CATALOG}.main.t_${randomUUID().replaceAll('-', '')}`;
  const columns = plan.fields.map((field) => `${field.column} ${sqlTypeOf(field)}`);
  const fixed = ['seq BIGINT', 't BIGINT', 'ns BIGINT', 'topic VARCHAR', 'source VARCHAR', 'tags VARCHAR'];
  const line = plan.line?.holds === undefined ? [] : ['line VARCHAR'];
  await connection.run(`CREATE TABLE ${name} (${[...fixed, 'raw VARCHAR', ...line, ...columns].join(', ')})`);
  return { epoch: logstore.epoch, plan, name, loaded: 0, unpacked: 0, cut: new Set() };
}

/** Appends what the logstore holds up to `toSequence` and the table does not. */
export async function loadRows(
  connection: DuckDBConnection,
  table: LogTable,
  logstore: QueryableLogstore,
): Promise<void> {
  const until = logstore.rowCount;
  if (table.loaded >= until) return;
  const from = table.loaded;
  const chunks = new ChunkLoader(connection, table);
  for await (const batch of logstore.read(from, until)) await chunks.add(batch);
  await chunks.end();
  table.loaded = until;
}

/** Collects rows to chunks and appends them. */
class ChunkLoader {
  readonly #connection: DuckDBConnection;
  readonly #table: LogTable;
  #rows: StoredRow[] = [];

  constructor(connection: DuckDBConnection, table: LogTable) {
    this.#connection = connection;
    this.#table = table;
  }

  async add(batch: readonly StoredRow[]): Promise<void> {
    for (const row of batch) {
      this.#rows.push(row);
      if (this.#rows.length === CHUNK_ROWS) await this.#flush();
    }
  }

  async end(): Promise<void> {
    if (this.#rows.length > 0) await this.#flush();
  }

  async #flush(): Promise<void> {
    const columns = toColumns(this.#rows, this.#table.plan);
    this.#rows = [];
    await this.#makeRoom(columns);
    const all = [...columns.values.values()];
    const chunk = DuckDBDataChunk.create(
      all.map((column) => column.type),
      columns.count,
    );
    for (const [at, column] of all.entries()) chunk.setColumnValues(at, column.values);
    const [catalog, schema, name = ''] = this.#table.name.split('.');
    const appender = await this.#connection.createAppender(name, schema, catalog);
    appender.appendDataChunk(chunk);
    appender.closeSync();
    this.#table.unpacked += columns.count;
    if (this.#table.unpacked >= CHECKPOINT_ROWS) await this.#pack();
  }

  /**
   * DuckDB refuses a checkpoint while another connection writes, and while one still reads that began before a
   * table was made, altered or dropped. That costs room and nothing else, so the next rows try again.
   */
  async #pack(): Promise<void> {
    try {
      await this.#connection.run(`CHECKPOINT ${CATALOG}`);
      this.#table.unpacked = 0;
    } catch (error) {
      if (!CHECKPOINT_REFUSED.test(messageOf(error) ?? '')) throw error;
    }
  }

  /** The columns for cut text exist only once they are needed: most tables never do. */
  async #makeRoom(columns: Columns): Promise<void> {
    const { cut, name } = this.#table;
    for (const column of columns.cut.keys()) {
      if (cut.has(column)) continue;
      await this.#connection.run(`ALTER TABLE ${name} ADD COLUMN ${column}_cut VARCHAR`);
      cut.add(column);
    }
    for (const column of cut) {
      const values = columns.cut.get(column) ?? new Array<string | null>(columns.count).fill(null);
      columns.values.set(`${column}_cut`, { type: VARCHAR, values });
    }
  }
}

interface Columns {
  readonly count: number;
  readonly values: Map<string, { type: DuckDBType; values: Array<string | bigint | number | null> }>;
  readonly cut: Map<string, Array<string | null>>;
}

function toColumns(rows: readonly StoredRow[], plan: IndexPlan): Columns {
  const readers = rows.map(fieldReader);
  const holds = plan.line?.holds;
  const values: Columns['values'] = new Map([
    ['seq', { type: BIGINT, values: rows.map((row) => BigInt(row.sequence)) }],
    ['t', { type: BIGINT, values: rows.map((row) => BigInt(row.timeSeconds)) }],
    [
      'ns',
      {
        type: BIGINT,
        values: rows.map((row) => (row.timeNsPart === undefined ? null : BigInt(row.timeNsPart))),
      },
    ],
    ['topic', { type: VARCHAR, values: rows.map((row) => row.topic) }],
    ['source', { type: VARCHAR, values: rows.map((row) => row.source) }],
    ['tags', { type: VARCHAR, values: rows.map((row) => writePairs(row.tags)) }],
    ['raw', { type: VARCHAR, values: rows.map((row) => writePairs(row.contents)) }],
  ]);
  if (holds !== undefined) {
    values.set('line', { type: VARCHAR, values: rows.map((row) => writePairs(row.contents, holds)) });
  }
  const cut: Columns['cut'] = new Map();
  for (const field of plan.fields) {
    const texts = readers.map((read) => read(field));
    values.set(field.column, { type: duckTypeOf(field), values: texts.map((text) => typed(field, text)) });
    if (field.type !== 'text' && field.type !== 'json') continue;
    const shortened = texts.map((text) => cutText(text, plan.maxTextBytes));
    if (shortened.some((text) => text !== null)) cut.set(field.column, shortened);
  }
  return { count: rows.length, values, cut };
}

function typed(field: IndexedField, text: string | null): string | bigint | number | null {
  if (field.type === 'long') return toLong(text);
  return field.type === 'double' ? toDouble(text) : text;
}

function sqlTypeOf(field: IndexedField): string {
  if (field.type === 'long') return 'BIGINT';
  return field.type === 'double' ? 'DOUBLE' : 'VARCHAR';
}

function duckTypeOf(field: IndexedField): DuckDBType {
  if (field.type === 'long') return BIGINT;
  return field.type === 'double' ? DOUBLE : VARCHAR;
}

/** The text cut to so many bytes, at a character's boundary; null if it is short enough. */
function cutText(text: string | null, maxBytes: number): string | null {
  // No character takes more than 3 bytes per UTF-16 unit, so most texts need no counting.
  if (text === null || text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return null;
  const bytes = Buffer.from(text);
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
