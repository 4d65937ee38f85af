import type { Ledger } from '../shared/ledger.ts';
import { PENDING_LOGSTORE } from '../shared/logstores/pending.ts';
import { retry } from '../shared/retry.ts';
import { systemClock } from '../shared/time.ts';
import type { Cloud } from './cloud.ts';

/** The HTTP API responded with another status than the one expected. */
class UnexpectedStatus extends Error {
  override readonly name = 'UnexpectedStatus';
  readonly retryable: boolean;

  constructor(status: number, text: string) {
    super(`${status} ${text.slice(0, 500)}`);
    this.retryable = BUSY_STATUSES.includes(status);
  }
}

/** Caused by other callers: they occupy all instances, had one killed, or made a service fail. */
const BUSY_STATUSES = [429, 502, 503, 504];
/** Two to three minutes in all. */
const RETRY = { attempts: 300, baseMs: 100, capMs: 1_000 };

/**
 * Calls the local cloud's HTTP API. Other callers may keep it busy, so the call is retried until it gets through: it
 * must be one that may be made twice.
 * @throws Error with the status and the beginning of the response
 */
export async function callApi(
  { fc, apiHeaders }: Cloud,
  path: string,
  { status, body }: { readonly status: number; readonly body?: unknown },
): Promise<string> {
  const call = async () => {
    const response = await fetch(new URL(path, fc.url), {
      headers: { ...apiHeaders, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== status) throw new UnexpectedStatus(response.status, text);
    return text;
  };
  return retry(call, RETRY, systemClock, Math.random);
}

/** `GET /v1/ledger`. @throws Error when the API does not respond with 200 */
export async function askLedger(cloud: Cloud): Promise<Ledger> {
  try {
    return JSON.parse(await callApi(cloud, '/v1/ledger', { status: 200 })) as Ledger;
  } catch (error) {
    throw new Error(`the ledger could not be read: ${(error as Error).message}`, { cause: error });
  }
}

/** The number of transactions with a final record. */
export function finalOf(ledger: Ledger): number {
  const { finished, interrupted, notStarted, unknown, notCompleted, invalid, expired, gaveUp } = ledger;
  return finished + interrupted + notStarted + unknown + notCompleted + invalid + expired + gaveUp;
}

/** Counts, by reading the queue, the transactions that have waited for at least the delay at `nowMs`. */
export async function countDue({ slsClient, config }: Cloud, nowMs: number): Promise<number> {
  const ids = new Set<string>();
  const atSeconds = Math.floor((nowMs - config.verifyDelayMs) / 1000);
  for (const { shardId } of await slsClient.listShards(PENDING_LOGSTORE)) {
    const { cursor: end } = await slsClient.getCursor(PENDING_LOGSTORE, shardId, atSeconds);
    let { cursor } = await slsClient.getCursor(PENDING_LOGSTORE, shardId, 'begin');
    while (cursor !== end) {
      const pulled = await slsClient.pullLogs(PENDING_LOGSTORE, shardId, { cursor, endCursor: end });
      const rows = pulled.groups.flatMap(({ logs }) => logs);
      for (const { contents } of rows) ids.add(contents.transaction_id ?? '');
      if (pulled.nextCursor === cursor) break;
      cursor = pulled.nextCursor;
    }
  }
  return ids.size;
}
