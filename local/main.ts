import { ConfigError } from '../shared/errors.ts';
import type { Ledger } from '../shared/ledger.ts';
import { RECORDS_LOGSTORE } from '../shared/logstores/records.ts';
import { WIDEST_WINDOWS } from '../shared/logstores/retention.ts';
import { SECOND_MS } from '../shared/time.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { LOCAL_PROJECT } from './credentials.ts';
import { FlagError, type Flags, readFlags, USAGE } from './flags.ts';
import { askLedger, finalOf } from './ledger.ts';
import { seed } from './seed.ts';
import { LOCAL_ACCESS_KEY_ID, LOCAL_ACCESS_KEY_SECRET } from './sls/src/host.ts';
import { control, Progress, sweepUntilDone } from './sweep-run.ts';

/** `npm start`: the main job from end to end against a local cloud. The last line of `--once` is JSON. */
const startedAt = performance.now();
const print = (line: string) => void process.stdout.write(`${line}\n`);

/** Seeds, sweeps and sums up; returns the exit code of `--once`. */
async function runJob(cloud: Cloud, flags: Flags): Promise<number> {
  // Only a data folder can hold transactions of an earlier start.
  const earlier = flags.data === undefined ? 0 : (await askLedger(cloud)).registered;
  const seeded = await seed(cloud, { flags, nowMs: Date.now(), alreadyRegistered: earlier });
  print(`${seeded.registered} transactions registered${earlier > 0 ? `, ${earlier} were there before` : ''}`);
  const swept = await sweepUntilDone(cloud, new Progress(process.stdout));
  const ledger = await askLedger(cloud);
  for (const line of await summaryOf(cloud, ledger)) print(line);
  if (swept.ended !== 'done') print(`the sweep ended: ${swept.ended}`);
  if (!flags.once) {
    const left = seeded.sessions.find(({ truth }) => truth.journey === 'interrupted' && !truth.official);
    for (const line of addressesOf(cloud, left?.transactionId)) print(line);
    return 0;
  }
  const { calls, peakQps } = await control<{ calls: number; peakQps: number }>(cloud.cloudauth.url);
  const final = finalOf(ledger);
  await cloud.close();
  print(
    JSON.stringify({
      registered: ledger.registered,
      due: swept.due,
      final,
      waiting: ledger.waiting,
      residual: ledger.residual,
      calls,
      peakQps,
      durationMs: Math.round(performance.now() - startedAt),
    }),
  );
  const exact = ledger.complete && ledger.residual === 0 && final === swept.due;
  return exact && swept.ended === 'done' ? 0 : 1;
}

/** Resolves with the exit code. */
async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2));
  if (flags === 'help') {
    print(USAGE);
    return 0;
  }
  const stopped = new Promise<'stopped'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('stopped'));
  });
  const cloud = await startCloud({ flags, env: process.env, print });
  try {
    const code = await Promise.race([runJob(cloud, flags), stopped]);
    if (code === 'stopped') return 130;
    if (flags.once) return code;
    print('Ctrl-C stops it.');
    await stopped;
    return 0;
  } finally {
    await cloud.close();
  }
}

/** The result in words; counts are of transactions. */
async function summaryOf(cloud: Cloud, ledger: Ledger): Promise<string[]> {
  const final = finalOf(ledger);
  if (final === 0) return [`${ledger.registered} registered, ${ledger.waiting} waiting, none final yet`];
  const causes = await causesOf(cloud);
  return [
    `${ledger.registered} registered, ${final} final, ${ledger.waiting} waiting, ${ledger.residual} lost`,
    `finished ${ledger.finished}, interrupted ${ledger.interrupted}, not started ${ledger.notStarted}`,
    `why they did not finish: ${causes.map(({ cause, count }) => `${cause} ${count}`).join(', ')}`,
  ];
}

/** Causes of the sessions that did not finish, most frequent first. */
async function causesOf({ slsClient }: Cloud): Promise<Array<{ cause: string; count: string }>> {
  const nowSeconds = Math.ceil(Date.now() / 1000) + 1;
  const { rows } = await slsClient.query(RECORDS_LOGSTORE, {
    query: `final: true not journey: finished |
      SELECT cause, count(DISTINCT transaction_id) AS n
      GROUP BY cause
      ORDER BY n DESC, cause
      LIMIT 8`,
    fromSeconds: nowSeconds - WIDEST_WINDOWS.recordsMs / SECOND_MS,
    toSeconds: nowSeconds,
  });
  return rows.map(({ cause = '', n = '' }) => ({ cause, count: n }));
}

/** Where everything is, and commands to try. */
function addressesOf(cloud: Cloud, example: string | undefined): string[] {
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

function explain(error: unknown): string {
  if (error instanceof ConfigError) {
    return error.issues.map(({ path, message }) => `${path} ${message}`).join('\n');
  }
  if (error instanceof FlagError) return `${error.message}\n\n${USAGE}`;
  return error instanceof Error ? error.message : String(error);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(error instanceof FlagError || error instanceof ConfigError ? 2 : 1);
  },
);
