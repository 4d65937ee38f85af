import { SlsError } from './errors.ts';
import { toContents } from './record/contents.ts';
import { EVENT_FIELDS, EVENTS_LOGSTORE, type EventRow } from './record/event-fields.ts';
import type { RecordOutput } from './record/record.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE, type RecordRow } from './record/record-fields.ts';
import { reduceEvent, reduceRecord } from './record/reduce.ts';
import { type RetryPolicy, retry } from './retry.ts';
import type { Log, SlsDataPlane } from './sls/types.ts';
import { type Clock, SECOND_MS } from './time.ts';

/**
 * Writes records and their events. What it promises: when it returns, SLS has acknowledged every row. A row that
 * SLS refuses for its content is found by halving the group and written reduced; what SLS cannot take at the
 * moment is sent again with growing pauses; anything else is thrown, and then any part may have been written.
 * PutLogs is not idempotent, so a repeated group may be there twice, with the same revisions.
 */
export interface WriteOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal?: AbortSignal;
  /** Calls for one group, the first included. */
  readonly attempts?: number;
}

export interface WriteReport {
  readonly records: number;
  readonly events: number;
  /** Rows that were only taken without their long texts. */
  readonly reduced: number;
}

/** In characters, of which UTF-8 makes one to three bytes. SLS takes 10 MB and 4,096 logs at most and advises 1 MB:
 * https://www.alibabacloud.com/help/doc-detail/29026.htm (read 2026-11-23). */
const MAX_GROUP_SIZE = 1_000_000;
const MAX_GROUP_ROWS = 3_000;
const RETRY = { attempts: 6, baseMs: 250, capMs: 5_000 };
/** Refused for the state of our clock, not for a row: halving would not help. */
const CLOCK_CODES = new Set([
  'RequestTimeExpired',
  'RequestTimeTooSkewed',
  'InvalidRequestTime',
  'InvalidDateFormat',
]);

interface Sink<Row> {
  readonly logstore: string;
  readonly toContents: (row: Row) => Log['contents'];
  readonly reduce: (row: Row, reason: string) => Row;
}

const RECORD_SINK: Sink<RecordRow> = {
  logstore: RECORDS_LOGSTORE,
  toContents: (row) => toContents(RECORD_FIELDS, row),
  reduce: reduceRecord,
};
const EVENT_SINK: Sink<EventRow> = {
  logstore: EVENTS_LOGSTORE,
  toContents: (row) => toContents(EVENT_FIELDS, row),
  reduce: reduceEvent,
};

/**
 * Events go first, so that a record that can be read has its events beside it.
 * @throws SlsError, UpstreamNetworkError, UpstreamTimeoutError, UpstreamContractError
 */
export async function writeRecords(
  sls: SlsDataPlane,
  outputs: readonly RecordOutput[],
  options: WriteOptions,
): Promise<WriteReport> {
  const events = outputs.flatMap((output) => output.events);
  const records = outputs.map((output) => output.record);
  const reduced =
    (await writeRows({ sls, sink: EVENT_SINK, options }, events)) +
    (await writeRows({ sls, sink: RECORD_SINK, options }, records));
  return { records: records.length, events: events.length, reduced };
}

/**
 * One put with the pauses that SLS's state may ask for. Credentials are asked for anew each time.
 * @throws what the last try threw
 */
export function putWithRetry(
  sls: SlsDataPlane,
  { logstore, logs }: { logstore: string; logs: readonly Log[] },
  options: WriteOptions,
): Promise<void> {
  const { clock, random, signal, attempts = RETRY.attempts } = options;
  const policy: RetryPolicy = { ...RETRY, attempts, ...(signal === undefined ? {} : { signal }) };
  return retry(
    () => sls.putLogs(logstore, logs, signal === undefined ? {} : { signal }),
    policy,
    clock,
    random,
  );
}

interface Writing<Row> {
  readonly sls: SlsDataPlane;
  readonly sink: Sink<Row>;
  readonly options: WriteOptions;
}

async function writeRows<Row extends object>(writing: Writing<Row>, rows: readonly Row[]): Promise<number> {
  let reduced = 0;
  for (const group of groupsOf(rows)) reduced += await writeGroup(writing, group);
  return reduced;
}

function groupsOf<Row extends object>(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = [];
  let group: Row[] = [];
  let size = 0;
  for (const row of rows) {
    const rowSize = sizeOf(row);
    const full = size + rowSize > MAX_GROUP_SIZE || group.length >= MAX_GROUP_ROWS;
    if (full && group.length > 0) {
      groups.push(group);
      group = [];
      size = 0;
    }
    group.push(row);
    size += rowSize;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Per pair: two lengths and three tags of the protobuf encoding, with some room. */
const PAIR_OVERHEAD = 12;
const LONG_DIGITS = 16;

/** In characters, at least. */
function sizeOf(row: object): number {
  let size = PAIR_OVERHEAD;
  for (const key in row) {
    const value: unknown = row[key as keyof typeof row];
    size += key.length + (typeof value === 'string' ? value.length : LONG_DIGITS) + PAIR_OVERHEAD;
  }
  return size;
}

/** Answers how many rows had to be reduced. */
async function writeGroup<Row>(writing: Writing<Row>, group: readonly Row[]): Promise<number> {
  try {
    await put(writing, group);
    return 0;
  } catch (error) {
    if (!isRefusedForContent(error)) throw error;
    const [only] = group;
    if (group.length === 1 && only !== undefined) {
      await writeReduced(writing, only, error);
      return 1;
    }
    const middle = Math.ceil(group.length / 2);
    return (
      (await writeGroup(writing, group.slice(0, middle))) + (await writeGroup(writing, group.slice(middle)))
    );
  }
}

/** If even this is refused, the fault is not in the row, and the refusal is thrown. */
async function writeReduced<Row>(writing: Writing<Row>, row: Row, refusal: SlsError): Promise<void> {
  const reason = `${refusal.status} ${refusal.serverCode}`;
  await put(writing, [writing.sink.reduce(row, reason)]);
}

/** The pairs of a row live only while that row is encoded: made for all rows at once, they outlive the young
 * generation of the heap, and collecting them costs more than making them. */
function put<Row>({ sls, sink, options }: Writing<Row>, rows: readonly Row[]): Promise<void> {
  const timeSeconds = Math.floor(options.clock.now() / SECOND_MS);
  const logs = rows.map(
    (row): Log => ({
      timeSeconds,
      get contents() {
        return sink.toContents(row);
      },
    }),
  );
  return putWithRetry(sls, { logstore: sink.logstore, logs }, options);
}

function isRefusedForContent(error: unknown): error is SlsError {
  return (
    error instanceof SlsError &&
    (error.status === 400 || error.status === 413) &&
    !error.retryable &&
    !CLOCK_CODES.has(error.serverCode)
  );
}
