import { safeParseTransaction } from '../../../functions/lookup/request-schema.ts';
import { safeParseJson } from '../../../shared/fc/body.ts';
import { WIDEST_WINDOWS } from '../../../shared/retention.ts';
import { type CsvHeader, readHeader, toTransaction } from './csv.ts';
import { type RawRecord, readRecords } from './records.ts';

/** One line of the file that is not blank: a transaction as the API takes it, or why it is left out. */
export interface Item {
  readonly line: number;
  /** Byte offset just behind the line. */
  readonly endOffset: number;
  readonly outcome:
    | { readonly ok: true; readonly transaction: object }
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
  const { kind, open, startOffset, startLine, nowMs } = options;
  const header = kind === 'csv' ? await readCsvHeader(open) : undefined;
  for await (const record of readRecords(open(startOffset), { startOffset, startLine })) {
    const isHeader = header !== undefined && record.line === 1;
    if (isHeader || (record.text.trim() === '' && !record.tooLong)) continue;
    const { line, endOffset } = record;
    yield { line, endOffset, outcome: toOutcome(record, header, nowMs()) };
  }
}

async function readCsvHeader(open: ItemsOptions['open']): Promise<CsvHeader> {
  for await (const record of readRecords(open(0))) {
    const header = readHeader(record.text);
    if (typeof header === 'string') throw new FileError(header);
    return header;
  }
  throw new FileError('the file is empty');
}

function toOutcome(record: RawRecord, header: CsvHeader | undefined, nowMs: number): Item['outcome'] {
  if (record.tooLong) return { ok: false, reason: 'is longer than 64 KB' };
  const value = header === undefined ? parseLine(record.text) : toTransaction(header, record.text);
  if (typeof value === 'string') return { ok: false, reason: value };
  // The server's own check, so that what is sent is taken. How old a session may be is its setting, and its clock's.
  const parsed = safeParseTransaction(value, { nowMs, initializedMs: WIDEST_WINDOWS.initializedMs });
  if (parsed.ok) return { ok: true, transaction: value };
  return {
    ok: false,
    reason: parsed.issues.map(({ path, message }) => `${path} ${message}`.trim()).join('; '),
  };
}

function parseLine(text: string): object | string {
  const parsed = safeParseJson(text.replace(/^\ufeff/, ''));
  if (!parsed.ok) return parsed.reason;
  return typeof parsed.value === 'object' && parsed.value !== null ? parsed.value : 'is not an object';
}
