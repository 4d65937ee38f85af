import { SlsError } from './errors.ts';
import { EVENT_FIELDS, EVENTS_LOGSTORE, type EventRow } from './logstores/events.ts';
import { toContents } from './logstores/field-table.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE, type RecordRow } from './logstores/records.ts';
import { reduceEvent, reduceRecord } from './record/storable.ts';
import type { RecordOutput } from './record/to-record.ts';
import { type RetryPolicy, retry } from './retry.ts';
import { decodeContents, type EncodedContents, encodeContents } from './sls/codec.ts';
import type { EncodedLog, Log, SlsDataPlane } from './sls/types.ts';
import { type Clock, SECOND_MS } from './time.ts';

/**
 * Writes records and their events. When it returns, SLS has acknowledged every row. A row that SLS refuses for its
 * content is found by halving the group and written reduced; a group that SLS cannot take at the moment is sent
 * again with growing pauses; any other error is thrown, and then any part may have been written. PutLogs is not
 * idempotent, so a repeated group may be stored twice, with the same revisions.
 */
interface WriteOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal?: AbortSignal;
  /** Calls for one group, the first included. */
  readonly attempts?: number;
}

interface WriteReport {
  readonly records: number;
  readonly events: number;
  /** Rows that SLS accepted only without their long texts. */
  readonly reduced: number;
}

/** SLS takes 10 MB and 4,096 logs at most and advises 1 MB: https://www.alibabacloud.com/help/doc-detail/29026.htm
 * (read 2026-11-23). */
const MAX_GROUP_BYTES = 1_000_000;
const MAX_GROUP_ROWS = 3_000;
/** For writes that no caller waits for. */
export const WRITE_RETRY: RetryPolicy = { attempts: 6, baseMs: 250, capMs: 5_000 };
/** Refused because of our clock, not because of a row: halving would not help. */
const CLOCK_CODES = new Set([
  'RequestTimeExpired',
  'RequestTimeTooSkewed',
  'InvalidRequestTime',
  'InvalidDateFormat',
]);

/** A logstore to write to: how a row becomes pairs, and how a refused row is reduced. */
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
 * An output encoded as it will be written. While it waits, rows would take three times the memory (a sixth more at the
 * peak of a whole run) and outlive the young generation of the heap.
 */
export interface EncodedOutput {
  readonly record: EncodedContents;
  readonly events: EncodedContents;
}

export const NO_ROWS: EncodedContents = { bytes: new Uint8Array(), ends: [] };

export function encodeOutput({ record, events }: RecordOutput): EncodedOutput {
  return {
    record: encodeContents([record], RECORD_SINK.toContents),
    events: encodeContents(events, EVENT_SINK.toContents),
  };
}

/** The same output with another record. */
export function amendOutput(
  { record, events }: EncodedOutput,
  amend: (row: RecordRow) => RecordRow,
): EncodedOutput {
  const [row] = rowsOf(record);
  if (row === undefined) return { record, events };
  // All values are text now, and are written as the same text.
  const amended = amend(decodeContents(row) as RecordRow);
  return { record: encodeContents([amended], RECORD_SINK.toContents), events };
}

/**
 * Events go first, so that a record that can be read has its events beside it.
 * @throws SlsError, UpstreamNetworkError, UpstreamTimeoutError, UpstreamContractError
 */
export async function writeRecords(
  sls: SlsDataPlane,
  outputs: readonly EncodedOutput[],
  options: WriteOptions,
): Promise<WriteReport> {
  const events = outputs.flatMap((output) => rowsOf(output.events));
  const records = outputs.flatMap((output) => rowsOf(output.record));
  const reduced =
    (await writeRows({ sls, sink: EVENT_SINK, options }, events)) +
    (await writeRows({ sls, sink: RECORD_SINK, options }, records));
  return { records: records.length, events: events.length, reduced };
}

interface Writing<Row> {
  readonly sls: SlsDataPlane;
  readonly sink: Sink<Row>;
  readonly options: WriteOptions;
}

/** The pairs of one row, within the bytes of several. */
type EncodedRow = Omit<EncodedLog, 'timeSeconds'>;

function rowsOf({ bytes, ends }: EncodedContents): EncodedRow[] {
  return ends.map((end, index) => ({ bytes, start: ends[index - 1] ?? 0, end }));
}

async function writeRows<Row>(writing: Writing<Row>, rows: readonly EncodedRow[]): Promise<number> {
  let reduced = 0;
  for (const group of groupsOf(rows)) reduced += await writeGroup(writing, group);
  return reduced;
}

/** Tag, length and time around the pairs of a log. */
const ROW_OVERHEAD_BYTES = 16;

function groupsOf(rows: readonly EncodedRow[]): EncodedRow[][] {
  const groups: EncodedRow[][] = [];
  let group: EncodedRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const rowBytes = row.end - row.start + ROW_OVERHEAD_BYTES;
    const full = bytes + rowBytes > MAX_GROUP_BYTES || group.length >= MAX_GROUP_ROWS;
    if (full && group.length > 0) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(row);
    bytes += rowBytes;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Returns how many rows had to be reduced. */
async function writeGroup<Row>(writing: Writing<Row>, group: readonly EncodedRow[]): Promise<number> {
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

/** @throws the second refusal, if even the reduced row is refused: then the row is not at fault */
async function writeReduced<Row>(
  writing: Writing<Row>,
  refused: EncodedRow,
  refusal: SlsError,
): Promise<void> {
  const { sink } = writing;
  // Only texts are cut, and a number is written as its text anyway.
  const row = decodeContents(refused) as Row;
  const reason = `${refusal.status} ${refusal.serverCode}`;
  await put(writing, rowsOf(encodeContents([sink.reduce(row, reason)], sink.toContents)));
}

function put<Row>({ sls, sink, options }: Writing<Row>, rows: readonly EncodedRow[]): Promise<void> {
  const { clock, random, signal, attempts = WRITE_RETRY.attempts } = options;
  const abortable = signal === undefined ? {} : { signal };
  const timeSeconds = Math.floor(clock.now() / SECOND_MS);
  const logs = rows.map(({ bytes, start, end }): EncodedLog => ({ timeSeconds, bytes, start, end }));
  return retry(
    () => sls.putLogs(sink.logstore, logs, abortable),
    { ...WRITE_RETRY, attempts, ...abortable },
    clock,
    random,
  );
}

function isRefusedForContent(error: unknown): error is SlsError {
  return (
    error instanceof SlsError &&
    (error.status === 400 || error.status === 413) &&
    !error.retryable &&
    !CLOCK_CODES.has(error.serverCode)
  );
}
