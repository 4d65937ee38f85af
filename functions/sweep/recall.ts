import {
  PENDING_LOGSTORE,
  type PendingTransaction,
  readPendingRow,
  saysSomething,
} from '../../shared/logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../../shared/logstores/records.ts';
import { givenInRecord } from '../../shared/logstores/registration.ts';
import type { Windows } from '../../shared/logstores/retention.ts';
import { HOUR_MS, SECOND_MS } from '../../shared/time.ts';
import type { Recalled, Recorded } from './inquiry.ts';
import { read, type SweepServices } from './services.ts';

/** What was found about some transactions, and those about which there may be more. */
export interface Recollection {
  readonly found: ReadonlyMap<string, Recalled>;
  readonly unread: ReadonlySet<string>;
}

/**
 * Reads what the logstores hold of some transactions beside the rows at hand. A row may say too little: it may come
 * from a lookup that could not read what is known, from a second writer who knows other things than the first, or from
 * before a newer registration. Recorded as it is, it would hide a better record.
 *
 * Of a batch that fits one search, the queue is read, and the records of lookups: that is exact. Of a larger one, only
 * the records are read, since nothing else can be hidden by a row. Rows that say nothing, and rows that were queued
 * again, are always looked up in full. It searches and never uses SQL, of which a project may run only a few
 * statements at once. Never throws.
 */
export async function recall(
  services: SweepServices,
  { windows, rows }: { windows: Windows; rows: readonly PendingTransaction[] },
  signal: AbortSignal,
): Promise<Recollection> {
  const found = new Map<string, { rows: PendingTransaction[]; recorded: Recorded[] }>();
  const foundOf = (id: string) => {
    const one = found.get(id) ?? { rows: [], recorded: [] };
    found.set(id, one);
    return one;
  };
  const search = new Search(services, signal);
  const isSmall = rows.length <= MAX_IDS_PER_SEARCH;
  const inFull = rows.filter((row) => isSmall || row.kind !== 'register' || !saysSomething(row));
  const ids = new Set(inFull.map(({ transactionId }) => transactionId));
  const others = new Set(rows.map(({ transactionId }) => transactionId).filter((id) => !ids.has(id)));

  const queue = { logstore: PENDING_LOGSTORE, keptMs: windows.pendingEventMs, pageRows: 100 };
  for (const row of await search.all(queue, [...ids])) {
    const seconds = Number(row['__tag__:__receive_time__'] ?? row.__time__);
    const reading = readPendingRow(row, seconds * SECOND_MS, windows.saneBeforeMs);
    if (reading.ok) foundOf(reading.transaction.transactionId).rows.push(reading.transaction);
  }
  // The sweep's own records repeat what the queue says; only those of lookups may hold more.
  const isKnown = (id: string) => found.get(id)?.rows.some(saysSomething) === true;
  const known = [...ids].filter(isKnown);
  const unknown = [...ids].filter((id) => !isKnown(id));
  const records = { logstore: RECORDS_LOGSTORE, keptMs: windows.recordsMs, pageRows: 30 };
  const recorded = await Promise.all([
    search.all({ ...records, and: 'source: lookup' }, known),
    search.all(records, [...unknown, ...others]),
  ]);
  for (const row of recorded.flat()) {
    const given = givenInRecord(row, windows.saneBeforeMs);
    foundOf(row.transaction_id ?? '').recorded.push({
      given,
      givenAtMs: Number(row.given_at_ms) || undefined,
    });
  }
  return { found, unread: search.unread };
}

/** SLS accepts 30 conditions per search, one of which is left for a further condition, and returns at most 100 rows:
 * https://help.aliyun.com/en/sls/query-and-analysis1 (read 2026-11-24). */
const MAX_IDS_PER_SEARCH = 29;
const MAX_PAGES = 3;
const ATTEMPTS = 3;
/** A group of thousands of rows that were handed back must not wait for its searches one by one. */
const SEARCHES_AT_ONCE = 4;

type Row = Readonly<Record<string, string>>;

interface Where {
  readonly logstore: string;
  readonly keptMs: number;
  readonly pageRows: number;
  /** A further condition. */
  readonly and?: string;
}

/** Searches for transactions, with as many ids per search as it takes, and some searches at once. */
class Search {
  readonly #services: SweepServices;
  readonly #signal: AbortSignal;
  readonly unread = new Set<string>();
  #warned = false;

  constructor(services: SweepServices, signal: AbortSignal) {
    this.#services = services;
    this.#signal = signal;
  }

  async all(where: Where, ids: readonly string[]): Promise<Row[]> {
    const searches: string[][] = [];
    for (let from = 0; from < ids.length; from += MAX_IDS_PER_SEARCH) {
      searches.push(ids.slice(from, from + MAX_IDS_PER_SEARCH));
    }
    const rows: Row[] = [];
    const searchInTurn = async () => {
      for (let some = searches.shift(); some !== undefined; some = searches.shift()) {
        const isWhole = await this.#one(where, some, rows);
        if (!isWhole) for (const id of some) this.unread.add(id);
      }
    };
    await Promise.all(Array.from({ length: SEARCHES_AT_ONCE }, searchInTurn));
    return rows;
  }

  /** Returns false when there may be more than was read. */
  async #one(
    { logstore, keptMs, pageRows, and }: Where,
    ids: readonly string[],
    rows: Row[],
  ): Promise<boolean> {
    const nowMs = this.#services.clock.now();
    const any = ids.map((id) => `transaction_id: "${id}"`).join(' or ');
    const search = {
      query: and === undefined ? any : `(${any}) and ${and}`,
      fromSeconds: Math.floor((nowMs - keptMs) / SECOND_MS),
      toSeconds: Math.floor((nowMs + HOUR_MS) / SECOND_MS),
      line: pageRows,
      reverse: true,
    };
    try {
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const request = { ...search, offset: page * pageRows };
        const result = await read(
          this.#services,
          this.#signal,
          (sls, options) => sls.query(logstore, request, options),
          ATTEMPTS,
        );
        // Search is by word and ignores case: only the row itself says whose it is.
        rows.push(...result.rows.filter(({ transaction_id: id = '' }) => ids.includes(id)));
        if (!result.complete) return false;
        if (result.rows.length < pageRows) return true;
      }
      return false;
    } catch (error) {
      if (!this.#warned)
        this.#services.log.warn('earlier registrations not read', { logstore, error: String(error) });
      this.#warned = true;
      return false;
    }
  }
}
