import { PENDING_LOGSTORE } from '../shared/logstores/pending.ts';
import type { Cloud } from './cloud.ts';
import { callApi } from './own-call.ts';

/** `GET /v1/ledger`, as the API answers it. */
export interface Ledger {
  readonly registered: number;
  readonly finished: number;
  readonly interrupted: number;
  readonly notStarted: number;
  readonly unknown: number;
  readonly notCompleted: number;
  readonly invalid: number;
  readonly expired: number;
  readonly gaveUp: number;
  readonly waiting: number;
  readonly residual: number;
  readonly complete: boolean;
}

/** @throws Error when the API does not answer 200 */
export async function askLedger(cloud: Cloud): Promise<Ledger> {
  try {
    return JSON.parse(await callApi(cloud, '/v1/ledger', { wanted: 200 })) as Ledger;
  } catch (error) {
    throw new Error(`the ledger could not be read: ${(error as Error).message}`, { cause: error });
  }
}

export function finalOf(ledger: Ledger): number {
  const { finished, interrupted, notStarted, unknown, notCompleted, invalid, expired, gaveUp } = ledger;
  return finished + interrupted + notStarted + unknown + notCompleted + invalid + expired + gaveUp;
}

/** How many transactions wait in the queue since before `nowMs` minus the delay: counted by reading the queue. */
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
