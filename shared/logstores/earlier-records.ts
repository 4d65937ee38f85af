import { RECORD_FIELDS, type RecordRow } from './records.ts';
import { type Given, givenInRecord } from './registration.ts';

/** The most records that are read of one transaction. */
export const MAX_HISTORY_ROWS = 50;

/** A record, as far as a later lookup needs it. */
export interface EarlierRecord {
  readonly revision: string;
  readonly viewKey: string;
  readonly final: boolean;
  readonly answered: boolean;
  readonly source: string | undefined;
  readonly askedAtMs: number;
  readonly given: Given;
  /** When its statements about the session were given, unix ms; absent when unknown. */
  readonly givenAtMs?: number;
  readonly registeredAtMs?: number;
}

/** Columns of `idv-records` that tell one answer from another without the answer itself. */
export const HISTORY_COLUMNS = [
  'revision',
  'view_key',
  'final',
  'disposition',
  'code',
  'asked_at_ms',
  'source',
  'attempt',
  'request_id',
  'journey',
  'passed',
  'cause',
  'stage',
] as const satisfies (keyof RecordRow)[];

export type HistoryEntry = Pick<RecordRow, (typeof HISTORY_COLUMNS)[number]> & {
  /** How many rows say the same. */
  copies: number;
};

type Row = Readonly<Record<string, string>>;

export function toEarlierRecord(row: Row, saneBeforeMs: number): EarlierRecord {
  const askedAtMs = toLong(row.asked_at_ms);
  const registeredAtMs = toLong(row.registered_at_ms);
  const givenAtMs = toLong(row.given_at_ms) || (row.source === 'lookup' ? askedAtMs : 0);
  return {
    revision: row.revision ?? '',
    viewKey: row.view_key ?? '',
    final: row.final === 'true',
    answered: row.disposition === 'answered',
    source: row.source,
    askedAtMs,
    given: givenInRecord(row, saneBeforeMs),
    ...(givenAtMs > 0 ? { givenAtMs } : {}),
    ...(registeredAtMs > 0 ? { registeredAtMs } : {}),
  };
}

/** Newest first. Provisional and final rows may share a revision: the session had not changed in between. */
export function foldCopies(rows: readonly Row[]): HistoryEntry[] {
  const byAnswer = new Map<string, HistoryEntry>();
  for (const row of rows) {
    const entry = toEntry(row);
    const key = `${entry.revision} ${entry.final} ${entry.disposition}`;
    const seen = byAnswer.get(key);
    if (seen === undefined) byAnswer.set(key, entry);
    else byAnswer.set(key, { ...(askedAt(entry) > askedAt(seen) ? entry : seen), copies: seen.copies + 1 });
  }
  return [...byAnswer.values()].sort((one, other) => askedAt(other) - askedAt(one));
}

function toEntry(row: Row): HistoryEntry {
  const columns = HISTORY_COLUMNS.flatMap((column) => {
    const value = row[column];
    if (value === undefined || value === '') return [];
    return [[column, RECORD_FIELDS[column].type === 'long' ? toLong(value) : value]];
  });
  return { ...Object.fromEntries(columns), copies: 1 };
}

function askedAt(entry: HistoryEntry): number {
  return entry.asked_at_ms ?? 0;
}

function toLong(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
