import { PENDING_LOGSTORE } from '../../shared/pending.ts';
import { RECORDS_LOGSTORE } from '../../shared/record/record-fields.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../shared/time.ts';

/**
 * What the logstores already say about one transaction: its rows in the queue, and the answers before this one.
 * Only the transaction id enters a query; it is of an alphabet that holds no quote, no operator and no space.
 */
export interface Known {
  /** What was said about the session before, by registrations first and else by earlier records. */
  readonly session: Session;
  /** When the newest row was queued, unix ms in whole seconds: it is asked about a delay after that. */
  readonly queuedAtMs?: number;
  /** Newest first; copies of the same answer are one entry. */
  readonly history: readonly HistoryEntry[];
  /** False when a logstore could not be read: then nothing may be concluded from what is missing. */
  readonly complete: boolean;
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

/** `idv-pending` keeps rows 45 days, `idv-records` 180: s.yaml and deploy/ set both. */
const PENDING_WINDOW_MS = 45 * DAY_MS;
const RECORDS_WINDOW_MS = 180 * DAY_MS;
/** SLS accepts logs up to 15 minutes ahead of its clock. */
const AHEAD_MS = HOUR_MS;
/** The queue's rows are at most 45 days old, and a session is registered within 31 days of its opening. */
const OLDEST_SANE_MS = 80 * DAY_MS;
const MAX_HISTORY_ROWS = 500;

interface ReadOptions {
  readonly nowMs: number;
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
  const queued = pending.status === 'fulfilled' ? pending.value : { rows: [], complete: false };
  const answered = records.status === 'fulfilled' ? records.value : { rows: [], complete: false };
  const queuedAtMs = queued.rows.map((row) => (toInteger(row.__time__) ?? 0) * SECOND_MS);
  return {
    session: toSession([...queued.rows, ...answered.rows], queuedAtMs, options.nowMs),
    ...(queuedAtMs.length === 0 ? {} : { queuedAtMs: Math.max(...queuedAtMs) }),
    history: foldCopies(answered.rows),
    complete: queued.complete && answered.complete,
  };
}

async function readPending(sls: SlsDataPlane, transactionId: string, { nowMs, signal }: ReadOptions) {
  const { rows, complete } = await sls.query(
    PENDING_LOGSTORE,
    {
      query: searchFor(transactionId),
      ...windowOf(nowMs, PENDING_WINDOW_MS),
      line: 100,
      offset: 0,
      reverse: true,
    },
    { signal },
  );
  // Search is by word and ignores case: only the row itself says whose it is.
  return { rows: rows.filter((row) => row.transaction_id === transactionId), complete };
}

async function readHistory(sls: SlsDataPlane, transactionId: string, { nowMs, signal }: ReadOptions) {
  return sls.query(
    RECORDS_LOGSTORE,
    {
      query:
        `${searchFor(transactionId)} | SELECT ${[...HISTORY_COLUMNS, ...SESSION_COLUMNS].join(', ')} FROM log ` +
        `WHERE transaction_id = '${checked(transactionId)}' ORDER BY view_key DESC LIMIT ${MAX_HISTORY_ROWS}`,
      ...windowOf(nowMs, RECORDS_WINDOW_MS),
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

/** The earliest registration counts; the rest is taken from the first row that says it, so newest first. */
function toSession(rows: readonly Row[], queuedAtMs: readonly number[], nowMs: number): Session {
  const sane = (text: string | undefined) => toSaneMs(text, nowMs);
  // A row of another writer may lack its time of registration; that it is in the queue is then the proof.
  const registered = [...rows.map((row) => sane(row.registered_at_ms)), ...queuedAtMs];
  const registeredAtMs = registered.filter((ms) => ms !== undefined).sort((one, other) => one - other)[0];
  const initializedAtMs = firstPresent(rows, (row) => sane(row.initialized_at_ms));
  const merchantBizId = firstPresent(rows, (row) => toBizId(row.merchant_biz_id));
  const labels = firstPresent(rows, (row) => toLabels(row.labels));
  return {
    ...(registeredAtMs === undefined ? {} : { registeredAtMs }),
    ...(initializedAtMs === undefined ? {} : { initializedAtMs }),
    ...(merchantBizId === undefined ? {} : { merchantBizId }),
    ...(labels === undefined ? {} : { labels }),
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
    const value = row[column];
    // SQL writes an absent value as the word null; no column here can hold that word otherwise.
    if (value === undefined || value === '' || value === 'null') continue;
    if (!LONG_COLUMNS.has(column)) entry[column] = value;
    else if (/^\d{1,15}$/.test(value)) entry[column] = Number(value);
  }
  const { revision } = entry;
  return typeof revision === 'string' ? { ...entry, revision, copies: 1 } : undefined;
}

function askedAt(entry: HistoryEntry): number {
  return typeof entry.asked_at_ms === 'number' ? entry.asked_at_ms : 0;
}

/** Rows in the queue may come from any writer: what is not sane is not there. */
function toSaneMs(text: string | undefined, nowMs: number): number | undefined {
  const ms = toInteger(text);
  return ms !== undefined && ms >= nowMs - OLDEST_SANE_MS && ms <= nowMs + AHEAD_MS ? ms : undefined;
}

function toInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function toBizId(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9]{1,32}$/.test(text) ? text : undefined;
}

function toLabels(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return undefined;
  }
}

function firstPresent<T>(rows: readonly Row[], read: (row: Row) => T | undefined): T | undefined {
  for (const row of rows) {
    const value = read(row);
    if (value !== undefined) return value;
  }
  return undefined;
}
