import {
  PENDING_LOGSTORE,
  type PendingReading,
  type PendingTransaction,
  readPendingRow,
} from '../../shared/pending.ts';
import { RECORDS_LOGSTORE } from '../../shared/record/record-fields.ts';
import type { Windows } from '../../shared/retention.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { HOUR_MS, SECOND_MS } from '../../shared/time.ts';

/**
 * What the logstores already say about one transaction: its rows in the queue, and the answers before this one.
 * Only the transaction id enters a query; it is of an alphabet that holds no quote, no operator and no space.
 */
export interface Known {
  /** What was said about the session before, by registrations first and else by earlier records. */
  readonly session: Session;
  /** When the newest row was received, unix ms in whole seconds: it is asked about a delay after that. */
  readonly queuedAtMs?: number;
  /** Newest first; copies of the same answer are one entry. */
  readonly history: readonly HistoryEntry[];
  /** False when a logstore could not be read: then nothing may be concluded from what is missing. */
  readonly complete: boolean;
  /** Why a logstore could not be read, if one could not. */
  readonly error?: unknown;
}

export interface Session {
  readonly registeredAtMs?: number;
  readonly initializedAtMs?: number;
  readonly merchantBizId?: string;
  readonly labels?: Readonly<Record<string, string>>;
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
/** What a record knows of its registration, for a transaction whose rows have left the queue. */
const SESSION_COLUMNS = ['registered_at_ms', 'initialized_at_ms', 'merchant_biz_id', 'labels'] as const;
const LONG_COLUMNS: ReadonlySet<string> = new Set(['asked_at_ms', 'attempt']);

export type HistoryEntry = { [column: string]: string | number } & {
  revision: string;
  /** How many rows say the same. */
  copies: number;
};

/** SLS accepts logs up to 15 minutes ahead of its clock. */
const AHEAD_MS = HOUR_MS;
const MAX_HISTORY_ROWS = 500;

interface ReadOptions {
  readonly nowMs: number;
  /** What is kept. */
  readonly windows: Windows;
  readonly signal: AbortSignal;
}

/** Never throws: a log store that does not answer makes `complete` false and the rest empty. */
export async function readKnown(
  sls: SlsDataPlane,
  transactionId: string,
  options: ReadOptions,
): Promise<Known> {
  const [pending, records] = await Promise.allSettled([
    readPending(sls, transactionId, options),
    readHistory(sls, transactionId, options),
  ]);
  const failed = [pending, records].find((read) => read.status === 'rejected');
  const queued = pending.status === 'fulfilled' ? pending.value : { rows: [], complete: false };
  const answered = records.status === 'fulfilled' ? records.value : { rows: [], complete: false };
  const { saneBeforeMs } = options.windows;
  const queuedSaid = said(queued.rows.map((row) => readPendingRow(row, queuedAtMs(row), saneBeforeMs)));
  const recordsSaid = said(answered.rows.map((row) => readRecordRow(row, transactionId, saneBeforeMs)));
  const registered = [
    ...queuedSaid.map((one) => one.registeredAtMs),
    ...answered.rows.map((row) => toLong(row.registered_at_ms)).filter((ms) => ms > 0),
  ];
  return {
    session: toSession([...queuedSaid, ...recordsSaid], registered),
    ...(queued.rows.length === 0 ? {} : { queuedAtMs: Math.max(...queued.rows.map(queuedAtMs)) }),
    history: foldCopies(answered.rows),
    complete: queued.complete && answered.complete,
    ...(failed === undefined ? {} : { error: failed.reason }),
  };
}

function said(readings: readonly PendingReading[]): PendingTransaction[] {
  return readings.flatMap((reading) => (reading.ok ? [reading.transaction] : []));
}

/** When SLS received the row: that is what the sweep goes by. `__time__` is its writer's, and near it at best. */
function queuedAtMs(row: Row): number {
  return toLong(row['__tag__:__receive_time__'] ?? row.__time__) * SECOND_MS;
}

/** A record's columns have the names and the meaning of the queue's; its time of registration is read apart. */
function readRecordRow(row: Row, transactionId: string, saneBeforeMs: number): PendingReading {
  const columns = Object.fromEntries(SESSION_COLUMNS.map((column) => [column, presentText(row[column])]));
  const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
  return readPendingRow(
    { ...(given as Record<string, string>), transaction_id: transactionId },
    toLong(row.asked_at_ms),
    saneBeforeMs,
  );
}

async function readPending(
  sls: SlsDataPlane,
  transactionId: string,
  { nowMs, windows, signal }: ReadOptions,
) {
  const { rows, complete } = await sls.query(
    PENDING_LOGSTORE,
    {
      query: searchFor(transactionId),
      ...windowOf(nowMs, windows.pendingEventMs),
      line: 100,
      offset: 0,
      reverse: true,
    },
    { signal },
  );
  // Search is by word and ignores case: only the row itself says whose it is.
  return { rows: rows.filter((row) => row.transaction_id === transactionId), complete };
}

async function readHistory(
  sls: SlsDataPlane,
  transactionId: string,
  { nowMs, windows, signal }: ReadOptions,
) {
  return sls.query(
    RECORDS_LOGSTORE,
    {
      query:
        `${searchFor(transactionId)} | SELECT ${[...HISTORY_COLUMNS, ...SESSION_COLUMNS].join(', ')} FROM log ` +
        `WHERE transaction_id = '${checked(transactionId)}' ORDER BY view_key DESC LIMIT ${MAX_HISTORY_ROWS}`,
      ...windowOf(nowMs, windows.recordsMs),
    },
    { signal },
  );
}

function searchFor(transactionId: string): string {
  return `transaction_id: "${checked(transactionId)}"`;
}

/** Checked at the edge already; said again where a query is built, because here it would hurt. */
function checked(transactionId: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(transactionId)) throw new Error('not a transaction id');
  return transactionId;
}

function windowOf(nowMs: number, lengthMs: number) {
  return {
    fromSeconds: Math.floor((nowMs - lengthMs) / SECOND_MS),
    toSeconds: Math.floor((nowMs + AHEAD_MS) / SECOND_MS),
  };
}

type Row = Readonly<Record<string, string>>;

/** The earliest registration counts; the rest is taken from the first that says it, so newest first. */
function toSession(newestFirst: readonly PendingTransaction[], registeredMs: readonly number[]): Session {
  const registeredAtMs = Math.min(...registeredMs);
  const initializedAtMs = firstPresent(newestFirst.map((one) => one.initializedAtMs));
  const merchantBizId = firstPresent(newestFirst.map((one) => one.merchantBizId));
  const labels = firstPresent(newestFirst.map((one) => one.labels));
  return {
    ...(Number.isFinite(registeredAtMs) ? { registeredAtMs } : {}),
    ...(initializedAtMs === undefined ? {} : { initializedAtMs }),
    ...(merchantBizId === undefined ? {} : { merchantBizId }),
    ...(labels === undefined ? {} : { labels: JSON.parse(labels) }),
  };
}

/** Provisional and final rows may share a revision: the session had not changed in between. */
function foldCopies(rows: readonly Row[]): HistoryEntry[] {
  const byAnswer = new Map<string, HistoryEntry>();
  for (const row of rows) {
    const entry = toEntry(row);
    if (entry === undefined) continue;
    const key = `${entry.revision} ${entry.final} ${entry.disposition}`;
    const seen = byAnswer.get(key);
    if (seen === undefined) byAnswer.set(key, entry);
    else byAnswer.set(key, { ...(askedAt(entry) > askedAt(seen) ? entry : seen), copies: seen.copies + 1 });
  }
  return [...byAnswer.values()].sort((one, other) => askedAt(other) - askedAt(one));
}

function toEntry(row: Row): HistoryEntry | undefined {
  const entry: Record<string, string | number> = {};
  for (const column of HISTORY_COLUMNS) {
    const value = presentText(row[column]);
    if (value !== undefined) entry[column] = LONG_COLUMNS.has(column) ? toLong(value) : value;
  }
  const { revision } = entry;
  return typeof revision === 'string' ? { ...entry, revision, copies: 1 } : undefined;
}

function askedAt(entry: HistoryEntry): number {
  return typeof entry.asked_at_ms === 'number' ? entry.asked_at_ms : 0;
}

/** SQL writes an absent value as the word null. A MerchantBizId of that name is taken for absent too. */
function presentText(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text === 'null' ? undefined : text;
}

function toLong(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

function firstPresent<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}
