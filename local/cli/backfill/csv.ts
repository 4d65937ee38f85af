/** One line of CSV as https://www.rfc-editor.org/rfc/rfc4180 has it, with the delimiter that the first line uses. */
export type Delimiter = ',' | ';' | '\t';

export interface CsvHeader {
  readonly delimiter: Delimiter;
  readonly columns: readonly string[];
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

/** A reason instead of a header: the file cannot be read. */
export function readHeader(line: string): CsvHeader | string {
  const text = line.replace(/^\ufeff/, '');
  const delimiter = ([',', ';', '\t'] as const).reduce((best, one) =>
    text.split(one).length > text.split(best).length ? one : best,
  );
  const names = splitCsv(text, delimiter);
  if (names === undefined) return 'the first line has a quote that is not closed or not escaped';
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
  return { delimiter, columns };
}

/** The transaction of a row as the API takes it, or a reason. Empty fields are absent. */
export function toTransaction({ delimiter, columns }: CsvHeader, text: string): object | string {
  const fields = splitCsv(text, delimiter);
  if (fields === undefined) return 'has a quote that is not closed or not escaped';
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

/** undefined when a quote stands where none may, or is not closed. */
function splitCsv(text: string, delimiter: Delimiter): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; at += 1) {
    const end = text[at] === '"' ? endOfQuoted(text, at) : endOfPlain(text, at, delimiter);
    if (end !== text.length && text[end] !== delimiter) return undefined;
    const field = text.slice(at, end);
    fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === text.length) return fields;
    at = end;
  }
}

/** Behind the quote that closes the field; -1 without one. */
function endOfQuoted(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); quote !== -1; quote = text.indexOf('"', quote + 2)) {
    if (text[quote + 1] !== '"') return quote + 1;
  }
  return -1;
}

/** At the delimiter, the end, or a quote that may not stand there. */
function endOfPlain(text: string, at: number, delimiter: Delimiter): number {
  let end = at;
  while (end < text.length && text[end] !== delimiter && text[end] !== '"') end += 1;
  return end;
}
