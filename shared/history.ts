import {
  type EarlierRecord,
  foldCopies,
  type HistoryEntry,
  MAX_HISTORY_ROWS,
  toEarlierRecord,
} from './logstores/earlier-records.ts';
import { TRANSACTION_ID } from './logstores/ids.ts';
import { PENDING_LOGSTORE, type PendingTransaction, readPendingRow } from './logstores/pending.ts';
import { RECORDS_LOGSTORE } from './logstores/records.ts';
import { Registration } from './logstores/registration.ts';
import { timeRange, type Windows } from './logstores/retention.ts';
import type { SlsDataPlane } from './sls/types.ts';
import { SECOND_MS } from './time.ts';

/**
 * What the logstores already hold of one transaction: its rows in the queue, and its records. Both are read by search,
 * never by SQL, of which a project may run only 15 statements at once. Only the transaction id enters a search; its
 * alphabet has no quote, no operator and no space.
 */
export interface History {
  /** Its rows in the queue, newest first. */
  readonly queued: readonly PendingTransaction[];
  /** When SLS received the newest of them, unix ms in whole seconds: the sweep's delay counts from there. */
  readonly queuedAtMs?: number;
  /** Its records, newest first. */
  readonly records: readonly EarlierRecord[];
  /** The records as a reader sees them; copies of the same answer are one entry. */
  readonly entries: HistoryEntry[];
  /** False when there may be more than was read. */
  readonly complete: boolean;
  /** True when a logstore could not be read, or only in part: then nothing may be concluded from what is missing. */
  readonly failed: boolean;
  /** Why a logstore could not be read, if one could not. */
  readonly error?: unknown;
}

/** The most rows that a search returns at a time. */
const MAX_QUEUE_ROWS = 100;
/** A search returns whole rows, and a record may have half a megabyte: a few at a time. */
const HISTORY_PAGE_ROWS = 10;

interface ReadOptions {
  readonly nowMs: number;
  readonly windows: Windows;
  readonly signal: AbortSignal;
}

/** Never throws: a logstore that cannot be read makes `failed` true and its part empty. */
export async function readHistory(
  sls: SlsDataPlane,
  transactionId: string,
  options: ReadOptions,
): Promise<History> {
  const { saneBeforeMs } = options.windows;
  const [pending, records] = await Promise.allSettled([
    readQueue(sls, transactionId, options),
    readRecords(sls, transactionId, options),
  ]);
  const refused = [pending, records].find((read) => read.status === 'rejected');
  const queue = pending.status === 'fulfilled' ? pending.value : UNREAD;
  const recorded = records.status === 'fulfilled' ? records.value : UNREAD;
  const receivedAtMs = queue.rows.map(receivedAt);
  return {
    queued: queue.rows.flatMap((row) => {
      const reading = readPendingRow(row, receivedAt(row), saneBeforeMs);
      return reading.ok ? [reading.transaction] : [];
    }),
    ...(receivedAtMs.length === 0 ? {} : { queuedAtMs: Math.max(...receivedAtMs) }),
    records: recorded.rows.map((row) => toEarlierRecord(row, saneBeforeMs)),
    entries: foldCopies(recorded.rows),
    complete: !(queue.failed || queue.cut || recorded.failed || recorded.cut),
    failed: queue.failed || recorded.failed,
    ...(refused === undefined ? {} : { error: refused.reason }),
  };
}

/**
 * All that was given of the session so far, field by field. A record of unknown time, such as the sweep's may be, only
 * fills in what nothing else says; one that a lookup wrote was given when it asked.
 */
export function registrationOf({ queued, records }: Pick<History, 'queued' | 'records'>): Registration {
  const registration = new Registration();
  for (const row of queued) registration.addRow(row);
  const undated: EarlierRecord[] = [];
  for (const record of records) {
    if (record.registeredAtMs !== undefined) registration.registered(record.registeredAtMs);
    if (record.givenAtMs === undefined) undated.push(record);
    else registration.add(record.given, record.givenAtMs);
  }
  undated.sort((one, other) => other.askedAtMs - one.askedAtMs);
  for (const { given } of undated) registration.fill(given);
  return registration;
}

/** The transaction's next row of the queue; `nowMs` is when it is registered unless it was before. */
export function rowOf(transactionId: string, registration: Registration, nowMs: number): PendingTransaction {
  return registration.applyTo({
    transactionId,
    registeredAtMs: nowMs,
    givenAtMs: nowMs,
    attempt: 0,
    kind: 'register',
  });
}

type Row = Readonly<Record<string, string>>;

interface Reading {
  readonly rows: readonly Row[];
  readonly failed: boolean;
  /** There may be older rows than were read. */
  readonly cut: boolean;
}

const UNREAD: Reading = { rows: [], failed: true, cut: false };

/** When SLS received the row, which is what the sweep goes by. `__time__` is its writer's, and near it at best. */
function receivedAt(row: Row): number {
  const seconds = row['__tag__:__receive_time__'] ?? row.__time__ ?? '';
  return /^\d{1,15}$/.test(seconds) ? Number(seconds) * SECOND_MS : 0;
}

async function readQueue(
  sls: SlsDataPlane,
  transactionId: string,
  { nowMs, windows, signal }: ReadOptions,
): Promise<Reading> {
  const range = timeRange(nowMs - windows.pendingEventMs, nowMs);
  const page = { ...searchFor(transactionId), ...range, line: MAX_QUEUE_ROWS, offset: 0 };
  const { rows, complete } = await sls.query(PENDING_LOGSTORE, page, { signal });
  return { rows: rows.filter(isOf(transactionId)), failed: !complete, cut: rows.length >= MAX_QUEUE_ROWS };
}

async function readRecords(
  sls: SlsDataPlane,
  transactionId: string,
  { nowMs, windows, signal }: ReadOptions,
): Promise<Reading> {
  const range = timeRange(nowMs - windows.recordsMs, nowMs);
  const search = { ...searchFor(transactionId), ...range, line: HISTORY_PAGE_ROWS };
  const rows: Row[] = [];
  for (let offset = 0; offset < MAX_HISTORY_ROWS; offset += HISTORY_PAGE_ROWS) {
    const page = await sls.query(RECORDS_LOGSTORE, { ...search, offset }, { signal });
    rows.push(...page.rows.filter(isOf(transactionId)).filter(hasRevision).map(withoutContent));
    if (!page.complete) return { rows, failed: true, cut: false };
    if (page.rows.length < HISTORY_PAGE_ROWS) return { rows, failed: false, cut: false };
  }
  return { rows, failed: false, cut: true };
}

/** Newest first, so that what is cut off is old. */
function searchFor(transactionId: string) {
  // Checked at the edge already; checked again here, because a bad one would be run as a search.
  if (!TRANSACTION_ID.test(transactionId)) throw new Error('not a transaction id');
  return { query: `transaction_id: "${transactionId}"`, reverse: true };
}

/** A search goes by words and ignores case: only the row itself tells whose it is. */
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
