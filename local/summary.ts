import { RECORDS_LOGSTORE } from '../shared/logstores/records.ts';
import { WIDEST_WINDOWS } from '../shared/logstores/retention.ts';
import { SECOND_MS } from '../shared/time.ts';
import type { Cloud } from './cloud.ts';
import { LOCAL_PROJECT } from './credentials.ts';
import { finalOf, type Ledger } from './ledger.ts';
import { LOCAL_ACCESS_KEY_ID, LOCAL_ACCESS_KEY_SECRET } from './sls/src/host.ts';

/** What came out, in words; counts are of transactions. */
export async function summaryOf(cloud: Cloud, ledger: Ledger): Promise<string[]> {
  const final = finalOf(ledger);
  if (final === 0) return [`${ledger.registered} registered, ${ledger.waiting} waiting, none final yet`];
  const causes = await causesOf(cloud);
  return [
    `${ledger.registered} registered, ${final} final, ${ledger.waiting} waiting, ${ledger.residual} lost`,
    `finished ${ledger.finished}, interrupted ${ledger.interrupted}, not started ${ledger.notStarted}`,
    `why they did not finish: ${causes.map(({ cause, count }) => `${cause} ${count}`).join(', ')}`,
  ];
}

/** Of final records of sessions that did not finish, most frequent first. */
async function causesOf({ slsClient }: Cloud): Promise<Array<{ cause: string; count: string }>> {
  const nowSeconds = Math.ceil(Date.now() / 1000) + 1;
  const { rows } = await slsClient.query(RECORDS_LOGSTORE, {
    query:
      'final: true not journey: finished | SELECT cause, count(DISTINCT transaction_id) AS n GROUP BY cause ORDER BY n DESC, cause LIMIT 8',
    fromSeconds: nowSeconds - WIDEST_WINDOWS.recordsMs / SECOND_MS,
    toSeconds: nowSeconds,
  });
  return rows.map(({ cause = '', n = '' }) => ({ cause, count: n }));
}

/** Where everything is, and something to try. */
export function addressesOf(cloud: Cloud, example: string | undefined): string[] {
  const { fc, sls, cloudauth, console: page } = cloud;
  const token = 'authorization' in cloud.apiHeaders ? ' -H "authorization: Bearer $TOKEN"' : '';
  const tries = [
    ...(example === undefined ? [] : [`curl ${fc.url}/v1/transactions/${example}${token}`]),
    `curl -d '{"tick":"sweep"}' ${fc.url}/_control`,
  ];
  return [
    ...(page === undefined ? [] : [`console         ${page.url}`]),
    `HTTP API        ${fc.url}/v1/openapi.json`,
    `SLS             ${sls.url} (project ${LOCAL_PROJECT}, key ${LOCAL_ACCESS_KEY_ID}, secret ${LOCAL_ACCESS_KEY_SECRET})`,
    `CheckVerifyLog  ${cloudauth.url}`,
    `functions' log  ${cloud.dataDir}/functions.log`,
    ...tries.map((command, place) => `${(place === 0 ? 'try' : '').padEnd(16)}${command}`),
  ];
}
