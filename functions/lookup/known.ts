import { TRANSACTION_ID } from '../../shared/logstores/ids.ts';
import { PENDING_LOGSTORE, type PendingTransaction, readPendingRow } from '../../shared/logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../../shared/logstores/records.ts';
import { type Given, givenInRecord, Registration } from '../../shared/logstores/registration.ts';
import type { Windows } from '../../shared/logstores/retention.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { HOUR_MS, SECOND_MS } from '../../shared/time.ts';

/**
 * What the logstores already say about one transaction: its rows in the queue, and the answers before this one.
 * Both are searched for, never asked by SQL, of which a project has 15 statements at once for everybody. Only the
 * transaction id enters a search; it is of an alphabet that holds no quote, no operator and no space.
 */
export interface Known {
  /** Its rows in the queue, newest first. */
  readonly queued: readonly PendingTransaction[];
  /** When the newest of them was received, unix ms in whole seconds: it is asked about a delay after that. */
  readonly queuedAtMs?: number;
  /** Its records, newest first. */
  readonly answers: readonly EarlierAnswer[];
  /** The same for a reader; copies of the same answer are one entry. */
  readonly history: readonly HistoryEntry[];
  /** False when there may be more than was read. */
  readonly complete: boolean;
  /** True when a logstore did not answer, or in part only: then nothing may be concluded from what is missing. */
  readonly failed: boolean;
  /** Why a logstore could not be read, if one could not. */
  readonly error?: unknown;
}

/** A record, as far as a later question needs it. */
export interface EarlierAnswer {
  readonly revision: string;
  readonly viewKey: string;
  readonly final: boolean;
  readonly answered: boolean;
  readonly source: string | undefined;
  readonly askedAtMs: number;
  readonly given: Given;
  /** When what it says of the session was given, unix ms; absent when nobody knows. */
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
] as const;
const LONG_COLUMNS: ReadonlySet<string> = new Set(['asked_at_ms', 'attempt']);

export type HistoryEntry = { [column: string]: string | number } & {
  revision: string;
  /** How many rows say the same. */
  copies: number;
};

/** SLS accepts logs up to 15 minutes ahead of its clock. */
const AHEAD_MS = HOUR_MS;
/** The most rows that a search answers at a time. */
const MAX_QUEUE_ROWS = 100;
/** A search answers whole rows, and a record may have half a megabyte: a few at a time, and not all there may be. */
const HISTORY_PAGE_ROWS = 10;
export const MAX_HISTORY_ROWS = 50;

interface ReadOptions {
  readonly nowMs: number;
  /** What is kept. */
  readonly windows: Windows;
  readonly signal: AbortSignal;
}

/** Never throws: a log store that does not answer makes `failed` true and the rest empty. */
export async function readKnown(
  sls: SlsDataPlane,
  transactionId: string,
  options: ReadOptions,
): Promise<Known> {
  const [pending, records] = await Promise.allSettled([
    readQueue(sls, transactionId, options),
    readRecords(sls, transactionId, options),
  ]);
  const refused = [pending, records].find((read) => read.status === 'rejected');
  const queue = pending.status === 'fulfilled' ? pending.value : UNREAD;
  const answered = records.status === 'fulfilled' ? records.value : UNREAD;
  const receivedAtMs = queue.rows.map(queuedAtMs);
  return {
    queued: queue.rows.flatMap((row) => {
      const reading = readPendingRow(row, queuedAtMs(row), options.windows.saneBeforeMs);
      return reading.ok ? [reading.transaction] : [];
    }),
    ...(receivedAtMs.length === 0 ? {} : { queuedAtMs: Math.max(...receivedAtMs) }),
    answers: answered.rows.map((row) => toEarlierAnswer(row, options.windows.saneBeforeMs)),
    history: foldCopies(answered.rows),
    complete: !(queue.failed || queue.cut || answered.failed || answered.cut),
    failed: queue.failed || answered.failed,
    ...(refused === undefined ? {} : { error: refused.reason }),
  };
}

/**
 * All that was said of the session before, field by field. A record without the time at which that was given, as the
 * sweep's may be, only fills what nothing else says; one that a lookup wrote was given when it asked.
 */
export function registrationOf({ queued, answers }: Pick<Known, 'queued' | 'answers'>): Registration {
  const registration = new Registration();
  for (const row of queued) registration.addRow(row);
  const undated: EarlierAnswer[] = [];
  for (const answer of answers) {
    if (answer.registeredAtMs !== undefined) registration.registered(answer.registeredAtMs);
    if (answer.givenAtMs === undefined) undated.push(answer);
    else registration.add(answer.given, answer.givenAtMs);
  }
  undated.sort((one, other) => other.askedAtMs - one.askedAtMs);
  for (const { given } of undated) registration.fill(given);
  return registration;
}

interface Reading {
  readonly rows: readonly Row[];
  readonly failed: boolean;
  /** There may be older rows than were read. */
  readonly cut: boolean;
}

type Row = Readonly<Record<string, string>>;

const UNREAD: Reading = { rows: [], failed: true, cut: false };

/** When SLS received the row: that is what the sweep goes by. `__time__` is its writer's, and near it at best. */
function queuedAtMs(row: Row): number {
  return toLong(row['__tag__:__receive_time__'] ?? row.__time__) * SECOND_MS;
}

async function readQueue(
  sls: SlsDataPlane,
  transactionId: string,
  { nowMs, windows, signal }: ReadOptions,
): Promise<Reading> {
  const { rows, complete } = await sls.query(
    PENDING_LOGSTORE,
    {
      ...searchFor(transactionId),
      ...windowOf(nowMs, windows.pendingEventMs),
      line: MAX_QUEUE_ROWS,
      offset: 0,
    },
    { signal },
  );
  return { rows: rows.filter(isOf(transactionId)), failed: !complete, cut: rows.length >= MAX_QUEUE_ROWS };
}

async function readRecords(
  sls: SlsDataPlane,
  transactionId: string,
  { nowMs, windows, signal }: ReadOptions,
): Promise<Reading> {
  const search = { ...searchFor(transactionId), ...windowOf(nowMs, windows.recordsMs) };
  const rows: Row[] = [];
  for (let offset = 0; offset < MAX_HISTORY_ROWS; offset += HISTORY_PAGE_ROWS) {
    const page = await sls.query(
      RECORDS_LOGSTORE,
      { ...search, line: HISTORY_PAGE_ROWS, offset },
      { signal },
    );
    rows.push(...page.rows.filter(isOf(transactionId)).filter(hasRevision).map(withoutContent));
    if (!page.complete) return { rows, failed: true, cut: false };
    if (page.rows.length < HISTORY_PAGE_ROWS) return { rows, failed: false, cut: false };
  }
  return { rows, failed: false, cut: true };
}

/** Newest first, so that what is cut off is old. */
function searchFor(transactionId: string) {
  return { query: `transaction_id: "${checked(transactionId)}"`, reverse: true };
}

/** Search is by word and ignores case: only the row itself says whose it is. */
function isOf(transactionId: string) {
  return (row: Row) => row.transaction_id === transactionId;
}

function hasRevision({ revision }: Row): boolean {
  return revision !== undefined && revision !== '';
}

/** The answer itself is most of a row, and nothing here needs it. */
function withoutContent({ raw: _, story: _en, story_zh: _zh, cause_evidence: _evidence, ...row }: Row): Row {
  return row;
}

/** Checked at the edge already; said again where a search is built, because here it would hurt. */
function checked(transactionId: string): string {
  if (!TRANSACTION_ID.test(transactionId)) throw new Error('not a transaction id');
  return transactionId;
}

function windowOf(nowMs: number, lengthMs: number) {
  return {
    fromSeconds: Math.floor((nowMs - lengthMs) / SECOND_MS),
    toSeconds: Math.floor((nowMs + AHEAD_MS) / SECOND_MS),
  };
}

function toEarlierAnswer(row: Row, saneBeforeMs: number): EarlierAnswer {
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

/** Provisional and final rows may share a revision: the session had not changed in between. */
function foldCopies(rows: readonly Row[]): HistoryEntry[] {
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
  const entry: Record<string, string | number> = {};
  for (const column of HISTORY_COLUMNS) {
    const value = row[column];
    if (value !== undefined && value !== '') entry[column] = LONG_COLUMNS.has(column) ? toLong(value) : value;
  }
  return { ...entry, revision: row.revision ?? '', copies: 1 };
}

function askedAt(entry: HistoryEntry): number {
  return typeof entry.asked_at_ms === 'number' ? entry.asked_at_ms : 0;
}

function toLong(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
