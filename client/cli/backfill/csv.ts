import { CsvError, parse } from 'csv-parse/sync';
import type { Line } from './lines.ts';

/** CSV as https://www.rfc-editor.org/rfc/rfc4180 has it, with the delimiter that the first line uses. */
export type Delimiter = ',' | ';' | '\t';

/** The columns, in order. */
export interface CsvHeader {
  readonly delimiter: Delimiter;
  readonly columns: readonly string[];
}

/** A record: one line, or several where a quoted field holds line breaks. */
export interface CsvRecord {
  readonly line: number;
  readonly endLine: number;
  /** Byte offset just behind it. */
  readonly endOffset: number;
  /** A reason instead of fields: it cannot be read. */
  readonly fields: readonly string[] | string;
}

/** Names that other systems use for the same. */
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
/** Far above any transaction: so far is looked for the quote that closes a field. */
const MAX_RECORD_CHARS = 65_536;

export function delimiterOf(firstLine: string): Delimiter {
  return ([',', ';', '\t'] as const).reduce((best, one) =>
    firstLine.split(one).length > firstLine.split(best).length ? one : best,
  );
}

/** A reason instead of columns: the file cannot be read. */
export function readColumns(names: readonly string[]): readonly string[] | string {
  const columns = names.map((name) => {
    const trimmed = name.trim();
    return LABEL.test(trimmed) ? trimmed : (COLUMNS[trimmed.toLowerCase()] ?? `?${trimmed}`);
  });
  const unknown = columns.filter((column) => column.startsWith('?')).map((column) => column.slice(1));
  if (unknown.length > 0) {
    return `the first line names columns that are not known: ${unknown.join(', ')} (labels are labels.NAME)`;
  }
  if (!columns.includes('transactionId')) return 'the first line names no column transactionId';
  if (new Set(columns).size < columns.length) return 'the first line names a column twice';
  return columns;
}

/** The transaction of a row as the API takes it, or a reason. Empty fields are absent. */
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
 * The records of a file that are not blank. A field in quotes may go on over several lines; where its quote is not
 * closed, or closed in the wrong place, that costs the line it stands on, and the lines behind it are read anew.
 */
export async function* readCsvRecords(
  lines: AsyncIterable<Line>,
  delimiter: Delimiter,
): AsyncGenerator<CsvRecord> {
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
    while (fields === 'open' && text.length <= MAX_RECORD_CHARS) {
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

/** `open`: a quote is not closed, more lines may do it; `misplaced`: none can. */
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
