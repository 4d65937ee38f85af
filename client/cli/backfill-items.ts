import { CsvError, parse } from 'csv-parse/sync';
import { safeParseTransaction } from '../../shared/api/transaction.ts';
import { safeParseJson } from '../../shared/fc/request.ts';
import { WIDEST_WINDOWS } from '../../shared/logstores/retention.ts';

/** Where a record begins and ends: a field of a CSV file may hold line breaks. */
interface Place {
  readonly line: number;
  readonly endLine: number;
  /** Byte offset just after it. */
  readonly endOffset: number;
}

/** One record of the file: a transaction in the API's format, or why it is left out. */
export interface Item extends Place {
  readonly outcome:
    | { readonly ok: true; readonly transactionId: string; readonly transaction: object }
    | { readonly ok: false; readonly reason: string };
}

export type FileKind = 'csv' | 'ndjson';

/** The file is not what its extension says. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

export interface ItemsOptions {
  readonly kind: FileKind;
  /** Opens the file at a byte offset. */
  readonly open: (offset: number) => AsyncIterable<Uint8Array>;
  readonly startOffset: number;
  readonly startLine: number;
  readonly nowMs: () => number;
}

/** @throws FileError when the first line of a CSV names no usable columns */
export async function* readItems(options: ItemsOptions): AsyncGenerator<Item> {
  const records = options.kind === 'csv' ? csvValues(options) : jsonValues(options);
  for await (const { value, ...place } of records) {
    yield { ...place, outcome: toOutcome(value, options.nowMs()) };
  }
}

interface Value extends Place {
  /** A string: why the record cannot be read. */
  readonly value: object | string;
}

async function* csvValues({ open, startOffset, startLine }: ItemsOptions): AsyncGenerator<Value> {
  const { delimiter, columns } = await readCsvHeader(open);
  const lines = readLines(open(startOffset), { startOffset, startLine });
  for await (const { fields, ...place } of readCsvRecords(lines, delimiter)) {
    if (place.line === 1) continue;
    yield { ...place, value: typeof fields === 'string' ? fields : toTransaction(columns, fields) };
  }
}

async function readCsvHeader(open: ItemsOptions['open']): Promise<CsvHeader> {
  let delimiter: Delimiter = ',';
  for await (const { text } of readLines(open(0))) {
    delimiter = delimiterOf(text);
    break;
  }
  for await (const { fields } of readCsvRecords(readLines(open(0)), delimiter)) {
    const columns = typeof fields === 'string' ? `the first line ${fields}` : readColumns(fields);
    if (typeof columns === 'string') throw new FileError(columns);
    return { delimiter, columns };
  }
  throw new FileError('the file is empty');
}

async function* jsonValues({ open, startOffset, startLine }: ItemsOptions): AsyncGenerator<Value> {
  for await (const { line, text, endOffset, tooLong } of readLines(open(startOffset), {
    startOffset,
    startLine,
  })) {
    if (text.trim() === '' && !tooLong) continue;
    yield { line, endLine: line, endOffset, value: tooLong ? TOO_LONG : parseLine(text) };
  }
}

function parseLine(text: string): object | string {
  const parsed = safeParseJson(text.replace(/^\ufeff/, ''));
  if (!parsed.ok) return parsed.reason;
  return typeof parsed.value === 'object' && parsed.value !== null ? parsed.value : 'is not an object';
}

function toOutcome(value: object | string, nowMs: number): Item['outcome'] {
  if (typeof value === 'string') return { ok: false, reason: value };
  // The server's own check, except for the age of a session: only the server knows how old it may be.
  const parsed = safeParseTransaction(value, { nowMs, initializedMs: WIDEST_WINDOWS.initializedMs });
  if (parsed.ok) return { ok: true, transactionId: parsed.value.transactionId, transaction: value };
  return {
    ok: false,
    reason: parsed.issues.map(({ path, message }) => `${path} ${message}`.trim()).join('; '),
  };
}

/** CSV as in https://www.rfc-editor.org/rfc/rfc4180, with the delimiter that the first line uses. */
type Delimiter = ',' | ';' | '\t';

interface CsvHeader {
  readonly delimiter: Delimiter;
  /** In order. */
  readonly columns: readonly string[];
}

interface CsvRecord extends Place {
  /** A string: why the record cannot be read. */
  readonly fields: readonly string[] | string;
}

/** The API's names and those that other systems use. */
const COLUMNS: Readonly<Record<string, string>> = {
  transactionid: 'transactionId',
  transaction_id: 'transactionId',
  merchantbizid: 'merchantBizId',
  merchant_biz_id: 'merchantBizId',
  initializedat: 'initializedAt',
  initialized_at: 'initializedAt',
  initialized_at_ms: 'initializedAt',
};
const LABEL = /^labels?\.(.+)$/;
const TOO_LONG = 'is longer than 64 KB';
const BAD_QUOTE = 'has a quote that is not closed or not escaped';

export function delimiterOf(firstLine: string): Delimiter {
  return ([',', ';', '\t'] as const).reduce((best, one) =>
    firstLine.split(one).length > firstLine.split(best).length ? one : best,
  );
}

/** Returns the columns, or why the file cannot be read. */
export function readColumns(names: readonly string[]): readonly string[] | string {
  const columns = names.map((name) => {
    const trimmed = name.trim();
    return LABEL.test(trimmed) ? trimmed : (COLUMNS[trimmed.toLowerCase()] ?? `?${trimmed}`);
  });
  const unknown = columns.filter((column) => column.startsWith('?')).map((column) => column.slice(1));
  if (unknown.length > 0) {
    return `the first line names unknown columns: ${unknown.join(', ')} (a label's is labels.NAME)`;
  }
  if (!columns.includes('transactionId')) return 'the first line has no column transactionId';
  if (new Set(columns).size < columns.length) return 'the first line names a column twice';
  return columns;
}

/** The transaction in the API's format, or why the record holds none. An empty field is absent. */
export function toTransaction(columns: readonly string[], fields: readonly string[]): object | string {
  if (fields.length !== columns.length) return `has ${fields.length} fields instead of ${columns.length}`;
  const transaction: Record<string, unknown> = {};
  const labels: Record<string, string> = {};
  for (const [index, column] of columns.entries()) {
    const value = fields[index] ?? '';
    if (value === '') continue;
    const [, label] = LABEL.exec(column) ?? [];
    if (label === undefined) transaction[column] = value;
    else labels[label] = value;
  }
  return Object.keys(labels).length === 0 ? transaction : { ...transaction, labels };
}

/**
 * The records of a file, without blank lines. A quoted field may span several lines. A quote that is not closed, or is
 * closed in the wrong place, spoils only its own line: those after it are read again.
 */
async function* readCsvRecords(lines: AsyncIterable<Line>, delimiter: Delimiter): AsyncGenerator<CsvRecord> {
  const source = lines[Symbol.asyncIterator]();
  const again: Line[] = [];
  const next = async () => again.shift() ?? (await source.next()).value;
  for (let first = await next(); first !== undefined; first = await next()) {
    if (first.text.trim() === '' && !first.tooLong) continue;
    const { line, endOffset, tooLong } = first;
    const only = { line, endLine: line, endOffset };
    if (tooLong) {
      yield { ...only, fields: TOO_LONG };
      continue;
    }
    const taken: Line[] = [];
    let text = line === 1 ? first.text.replace(/^\ufeff/, '') : first.text;
    let fields = splitCsv(text, delimiter);
    while (fields === 'open' && text.length <= MAX_LINE_BYTES) {
      const more = await next();
      if (more === undefined) break;
      taken.push(more);
      if (more.tooLong) break;
      text += `\n${more.text}`;
      if (more.text.includes('"')) fields = splitCsv(text, delimiter);
    }
    const last = taken.at(-1) ?? first;
    if (typeof fields !== 'string') {
      yield { line, endLine: last.line, endOffset: last.endOffset, fields };
      continue;
    }
    again.unshift(...taken);
    yield { ...only, fields: BAD_QUOTE };
  }
}

/** `open`: a quote is not closed, but later lines may close it; `misplaced`: none can. */
export function splitCsv(text: string, delimiter: Delimiter): readonly string[] | 'open' | 'misplaced' {
  try {
    const [fields = []] = parse(text, {
      delimiter,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
    });
    return fields;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'open' : 'misplaced';
  }
}

/**
 * One line of a file, with where it ends: a run can go on after any of them. Files are split by bytes, as a chunk may end
 * within a character, or between CR and LF.
 */
export interface Line {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Byte offset just after the line and its line end. */
  readonly endOffset: number;
  /** Over the limit: `text` is empty. */
  readonly tooLong: boolean;
}

interface LineOptions {
  readonly startOffset?: number;
  readonly startLine?: number;
}

/** Far above any transaction: a file without line breaks, or with an open quote, must not fill the memory. */
const MAX_LINE_BYTES = 65_536;
const LF = 0x0a;

export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { startOffset = 0, startLine = 1 }: LineOptions = {},
): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let endOffset = startOffset;
  let line = startLine;
  const add = (bytes: Uint8Array) => {
    endOffset += bytes.length;
    size += bytes.length;
    if (size <= MAX_LINE_BYTES) parts.push(bytes);
    else parts = [];
  };
  const finish = (): Line => {
    const text = Buffer.concat(parts)
      .toString('utf8')
      .replace(/\r?\n$/, '');
    const record = { line, text, endOffset, tooLong: size > MAX_LINE_BYTES };
    parts = [];
    size = 0;
    line += 1;
    return record;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      add(chunk.subarray(from, at + 1));
      from = at + 1;
      yield finish();
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (size > 0) yield finish();
}
