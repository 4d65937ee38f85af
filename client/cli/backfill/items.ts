import { safeParseTransaction } from '../../../shared/api/transaction.ts';
import { safeParseJson } from '../../../shared/fc/request.ts';
import { WIDEST_WINDOWS } from '../../../shared/logstores/retention.ts';
import { type CsvHeader, delimiterOf, readColumns, readCsvRecords, toTransaction } from './csv.ts';
import { readLines } from './lines.ts';

/** One record of the file that is not blank: a transaction as the API takes it, or why it is left out. */
export interface Item {
  /** Where it begins and ends: a field of a CSV file may hold line breaks. */
  readonly line: number;
  readonly endLine: number;
  /** Byte offset just behind it. */
  readonly endOffset: number;
  readonly outcome:
    | { readonly ok: true; readonly transactionId: string; readonly transaction: object }
    | { readonly ok: false; readonly reason: string };
}

export type FileKind = 'csv' | 'ndjson';

/** The file cannot be read as what it says it is. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

export interface ItemsOptions {
  readonly kind: FileKind;
  /** Opens the file from a byte on. */
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

interface Value {
  readonly line: number;
  readonly endLine: number;
  readonly endOffset: number;
  /** A reason instead of a value: it cannot be read. */
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
  let delimiter: CsvHeader['delimiter'] = ',';
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
    yield { line, endLine: line, endOffset, value: tooLong ? 'is longer than 64 KB' : parseLine(text) };
  }
}

function parseLine(text: string): object | string {
  const parsed = safeParseJson(text.replace(/^\ufeff/, ''));
  if (!parsed.ok) return parsed.reason;
  return typeof parsed.value === 'object' && parsed.value !== null ? parsed.value : 'is not an object';
}

function toOutcome(value: object | string, nowMs: number): Item['outcome'] {
  if (typeof value === 'string') return { ok: false, reason: value };
  // The server's own check, so that what is sent is taken. How old a session may be is its setting, and its clock's.
  const parsed = safeParseTransaction(value, { nowMs, initializedMs: WIDEST_WINDOWS.initializedMs });
  if (parsed.ok) return { ok: true, transactionId: parsed.value.transactionId, transaction: value };
  return {
    ok: false,
    reason: parsed.issues.map(({ path, message }) => `${path} ${message}`.trim()).join('; '),
  };
}
