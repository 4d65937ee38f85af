import {
  bookQuery,
  LEDGER_ENTRIES,
  LEDGER_GRACE_MS,
  type LedgerPeriod,
  type LedgerQuery,
  passedQuery,
  unreadableQuery,
  unregisteredQuery,
} from './logstores/ledger.ts';
import { timeRange } from './logstores/retention.ts';
import type { SlsDataPlane } from './sls/types.ts';

/** What became of every transaction registered in a period; see `shared/logstores/ledger.ts`. */
export interface Ledger extends Readonly<Record<keyof typeof LEDGER_ENTRIES, number>> {
  /** The sum of the entries. */
  readonly registered: number;
  /** Rows of the queue without a transaction id. */
  readonly unreadable: number;
  /** Transactions with a record of the period that were never registered. */
  readonly unregistered: number;
  /** False: SLS saw only a part of the data, or no longer keeps all of the period, and no number here is exact. */
  readonly complete: boolean;
}

interface LedgerOptions extends LedgerPeriod {
  readonly signal?: AbortSignal | undefined;
}

/** @throws SlsError, UpstreamNetworkError, UpstreamTimeoutError, UpstreamContractError */
export async function readLedger(sls: SlsDataPlane, options: LedgerOptions): Promise<Ledger> {
  // First: what the sweep passes while the rest is read then counts as waiting, not as residual.
  const passed = await queryRow(sls, options, passedQuery(options));
  const passedAtMs = Number(passed.row.at_ms ?? Number.NaN);
  const passedUntilMs = Number.isFinite(passedAtMs) ? passedAtMs - LEDGER_GRACE_MS : 0;
  const [booked, unreadable, unregistered] = await Promise.all([
    queryRow(sls, options, bookQuery(options, passedUntilMs)),
    queryRow(sls, options, unreadableQuery(options)),
    queryRow(sls, options, unregisteredQuery(options)),
  ]);
  const entries = Object.entries(LEDGER_ENTRIES).map(([name, column]) => [name, toCount(booked.row[column])]);
  return {
    registered: toCount(booked.row.registered),
    ...(Object.fromEntries(entries) as Record<keyof typeof LEDGER_ENTRIES, number>),
    unreadable: toCount(unreadable.row.n),
    unregistered: toCount(unregistered.row.n),
    complete:
      options.fromMs >= options.nowMs - options.windows.pendingMs &&
      [passed, booked, unreadable, unregistered].every((read) => read.complete),
  };
}

async function queryRow(
  sls: SlsDataPlane,
  { nowMs, signal }: LedgerOptions,
  { logstore, sql, fromMs }: LedgerQuery,
): Promise<{ row: Record<string, string>; complete: boolean }> {
  const request = { query: `* | ${sql}`, ...timeRange(fromMs, nowMs) };
  const { rows, complete } = await sls.query(logstore, request, signal === undefined ? {} : { signal });
  return { row: rows[0] ?? {}, complete };
}

function toCount(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : 0;
}
