import { type PendingTransaction, readPendingRow } from './logstores/pending.ts';
import { RECORDS_LOGSTORE } from './logstores/records.ts';
import type { Windows } from './logstores/retention.ts';
import { recordView } from './logstores/view.ts';
import { appendToQueue } from './queue.ts';
import type { Disposition } from './record/record.ts';
import type { SlsDataPlane } from './sls/types.ts';
import { type Clock, HOUR_MS, SECOND_MS } from './time.ts';
import { WRITE_RETRY } from './write-records.ts';

/** What can be asked about again with some hope: the service, our rights or our settings may have changed. */
export const REPLAYABLE = ['gave_up', 'not_completed', 'expired', 'invalid'] as const satisfies Disposition[];

export interface ReplayOptions {
  /** By the time they were last asked about, unix ms, inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly dispositions?: readonly (typeof REPLAYABLE)[number][];
  /** What is kept. */
  readonly windows: Windows;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal?: AbortSignal;
}

export interface ReplayReport {
  /** Transactions put into the queue again; the sweep asks about them after its usual delay. */
  readonly queued: number;
  /** False: SLS saw only a part of the records. Replay the same period again later. */
  readonly complete: boolean;
}

/** The most rows one SQL answer may have here; SLS gives up to 1,000,000, and 100 unless told. */
const PAGE_ROWS = 10_000;
const COLUMNS = [
  'disposition',
  'asked_at_ms',
  'merchant_biz_id',
  'initialized_at_ms',
  'registered_at_ms',
  'given_at_ms',
  'labels',
] as const;

/**
 * Queues again what ended without an answer in a period. Judged is each transaction's record as everybody sees
 * it: one that was answered since is left alone. The new answer is another row; the view takes the better one.
 * @throws SlsError, UpstreamNetworkError, UpstreamTimeoutError, UpstreamContractError; what was queued by then
 * stays queued, and replaying again only asks twice
 */
export async function replay(sls: SlsDataPlane, options: ReplayOptions): Promise<ReplayReport> {
  let queued = 0;
  let complete = true;
  let after = '';
  for (;;) {
    const answer = await readPage(sls, options, after);
    complete &&= answer.complete;
    const transactions = answer.rows.flatMap((row) => toTransaction(row, options));
    const { stored, error } = await appendToQueue(sls, transactions, { ...options, retry: WRITE_RETRY });
    if (stored.includes(false)) throw error;
    queued += transactions.length;
    after = answer.rows.at(-1)?.transaction_id ?? '';
    if (answer.rows.length < PAGE_ROWS) return { queued, complete };
  }
}

/** By key, not by offset: what is written meanwhile cannot shift the pages. */
function readPage(sls: SlsDataPlane, options: ReplayOptions, after: string) {
  const { fromMs, toMs, windows, clock, dispositions = REPLAYABLE, signal } = options;
  const list = dispositions.map((disposition) => `'${disposition}'`).join(', ');
  // Every id that can be asked about again is of this alphabet; a row's place in the queue is not.
  const askable = "regexp_like(transaction_id, '^[A-Za-z0-9_-]{1,64}$')";
  return sls.query(
    RECORDS_LOGSTORE,
    {
      query:
        `* | select transaction_id, ${COLUMNS.join(', ')} from ${recordView(COLUMNS, { where: askable })} ` +
        `where disposition in (${list}) and asked_at_ms >= ${fromMs} and asked_at_ms < ${toMs} ` +
        `and transaction_id > '${after}' order by transaction_id limit ${PAGE_ROWS}`,
      // A record is written within minutes of its question; a better one may have come at any time since.
      fromSeconds: Math.floor(Math.max(fromMs - HOUR_MS, clock.now() - windows.recordsMs) / SECOND_MS),
      toSeconds: Math.floor((clock.now() + HOUR_MS) / SECOND_MS),
    },
    signal === undefined ? {} : { signal },
  );
}

function toTransaction(
  row: Readonly<Record<string, string>>,
  { clock, windows }: ReplayOptions,
): PendingTransaction[] {
  // SQL writes an absent value as the word null.
  const contents = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== 'null'));
  const reading = readPendingRow({ ...contents, kind: 'replay' }, clock.now(), windows.saneBeforeMs);
  return reading.ok ? [{ ...reading.transaction, attempt: 0, kind: 'replay' }] : [];
}
