import {
  PENDING_LOGSTORE,
  type PendingTransaction,
  readPendingRow,
  saysSomething,
} from '../../shared/pending.ts';
import { RECORDS_LOGSTORE } from '../../shared/record/record-fields.ts';
import { givenInRecord } from '../../shared/registration.ts';
import type { Windows } from '../../shared/retention.ts';
import { HOUR_MS, SECOND_MS } from '../../shared/time.ts';
import type { Recalled, Recorded } from './inquiry.ts';
import type { Services } from './services.ts';
import { read } from './shard-queue.ts';

/**
 * Tells the rows that may say too little. A row may come from a lookup that could not read what is known, from a
 * second writer who knows other things than the first, or from before a newer registration: recorded as it is, it
 * would hide the better record. All rows of a page that one search can look up may be such; of a larger page those
 * that were queued again, and those that lack something that other rows of the run have.
 */
export class PoorRows {
  /** What rows of this run have said so far. */
  readonly #inUse = new Set<string>();

  of(rows: readonly PendingTransaction[]): readonly PendingTransaction[] {
    const said = rows.map(fieldsOf);
    for (const field of said.flat()) if (this.#inUse.size < MAX_FIELDS) this.#inUse.add(field);
    if (rows.length <= MAX_IDS_PER_SEARCH) return rows;
    return rows.filter((row, index) => {
      const fields = new Set(said[index]);
      return (
        row.kind !== 'register' || fields.size === 0 || [...this.#inUse].some((field) => !fields.has(field))
      );
    });
  }
}

const MAX_FIELDS = 100;

function fieldsOf({ merchantBizId, initializedAtMs, labels }: PendingTransaction): string[] {
  return [
    ...(merchantBizId === undefined ? [] : ['merchantBizId']),
    ...(initializedAtMs === undefined ? [] : ['initializedAt']),
    ...(labels === undefined ? [] : Object.keys(JSON.parse(labels)).map((key) => `label ${key}`)),
  ];
}

/**
 * What the logstores hold of some transactions beside the rows at hand. By search, never by SQL, of which a project
 * may run only a few at once.
 *
 * @returns only the transactions of which something was found
 * @throws SlsError, UpstreamNetworkError, UpstreamTimeoutError, UpstreamContractError
 */
export async function recall(
  services: Services,
  { windows, transactionIds }: { windows: Windows; transactionIds: readonly string[] },
  signal: AbortSignal,
): Promise<Map<string, Recalled>> {
  const found = new Map<string, { rows: PendingTransaction[]; recorded: Recorded[] }>();
  const of = (id: string) => {
    const one = found.get(id) ?? { rows: [], recorded: [] };
    found.set(id, one);
    return one;
  };
  const queue = { logstore: PENDING_LOGSTORE, keptMs: windows.pendingEventMs, pageRows: 100 };
  for (const row of await searchAll(services, queue, transactionIds, signal)) {
    const seconds = Number(row['__tag__:__receive_time__'] ?? row.__time__);
    const reading = readPendingRow(row, seconds * SECOND_MS, windows.saneBeforeMs);
    if (reading.ok) of(reading.transaction.transactionId).rows.push(reading.transaction);
  }
  // The sweep's own records repeat what the queue says; only what a lookup was told may be nowhere else.
  const isSilent = (id: string) => !found.get(id)?.rows.some(saysSomething);
  const records = { logstore: RECORDS_LOGSTORE, keptMs: windows.recordsMs, pageRows: 30 };
  const [toldToLookups, ofSilent] = await Promise.all([
    searchAll(
      services,
      { ...records, and: 'source: lookup' },
      transactionIds.filter((id) => !isSilent(id)),
      signal,
    ),
    searchAll(services, records, transactionIds.filter(isSilent), signal),
  ]);
  for (const row of [...toldToLookups, ...ofSilent]) {
    const given = givenInRecord(row, windows.saneBeforeMs);
    of(row.transaction_id ?? '').recorded.push({ given, givenAtMs: Number(row.given_at_ms) || undefined });
  }
  return found;
}

/** SLS takes 30 conditions a search, of which one may be another than an id, and gives 100 rows a page at most:
 * https://help.aliyun.com/en/sls/query-and-analysis1 (read 2026-11-24). */
const MAX_IDS_PER_SEARCH = 29;
const MOST_PAGES = 3;
/** A group of thousands of rows that were handed back must not wait for its searches one by one. */
const SEARCHES_AT_ONCE = 4;

type Row = Readonly<Record<string, string>>;

interface Where {
  readonly logstore: string;
  readonly pageRows: number;
  /** A further condition. */
  readonly and?: string;
}

async function searchAll(
  services: Services,
  { keptMs, ...where }: Where & { readonly keptMs: number },
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Row[]> {
  const nowMs = services.clock.now();
  const window = {
    fromSeconds: Math.floor((nowMs - keptMs) / SECOND_MS),
    toSeconds: Math.floor((nowMs + HOUR_MS) / SECOND_MS),
  };
  const searches: string[][] = [];
  for (let from = 0; from < ids.length; from += MAX_IDS_PER_SEARCH) {
    searches.push(ids.slice(from, from + MAX_IDS_PER_SEARCH));
  }
  const rows: Row[] = [];
  const searchInTurn = async () => {
    for (let some = searches.shift(); some !== undefined; some = searches.shift()) {
      rows.push(...(await searchFor(services, { ...where, ...window, ids: some }, signal)));
    }
  };
  await Promise.all(Array.from({ length: SEARCHES_AT_ONCE }, searchInTurn));
  return rows;
}

async function searchFor(
  services: Services,
  {
    logstore,
    pageRows,
    and,
    ids,
    ...window
  }: Where & { readonly ids: string[]; readonly fromSeconds: number; readonly toSeconds: number },
  signal: AbortSignal,
): Promise<Row[]> {
  const any = ids.map((id) => `transaction_id: "${id}"`).join(' or ');
  const query = and === undefined ? any : `(${any}) and ${and}`;
  const rows: Row[] = [];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const request = { query, ...window, line: pageRows, offset: page * pageRows, reverse: true };
    const call = () => services.sls.query(logstore, request, { signal });
    const answer = await read(services, call, { signal, attempts: 3 });
    // Search is by word and ignores case: only the row itself says whose it is.
    rows.push(...answer.rows.filter(({ transaction_id: id = '' }) => ids.includes(id)));
    if (answer.rows.length < pageRows) break;
  }
  return rows;
}
