import * as sdk from '@alicloud/sls20201230';
import { provision } from '../../deploy/provision.ts';
import { SlsControl } from '../../deploy/sls-client.ts';
import {
  LOCAL_ACCESS_KEY_ID,
  LOCAL_ACCESS_KEY_SECRET,
  LOCAL_REGION,
  type LocalServer,
  MemoryCredentialStore,
} from '../../local/sls/src/host.ts';
import { createSlsServer } from '../../local/sls/src/server.ts';
import {
  PENDING_GROUP_ROWS,
  PENDING_LOGSTORE,
  SWEEP_CONSUMER_GROUP,
  toPendingLog,
} from '../../shared/logstores/pending.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import { type Bench, sampleOf } from './harness.ts';
import { runBundle, TIMER_EVENT } from './support/run-bundle.ts';
import { StubCloud } from './support/stub-cloud.ts';

const ROUNDS = 9;
const DUE = 100;
const WAITING = 1_000_000;
const PUTS_AT_ONCE = 4;
const AGE_MS = 40 * 60_000;
const KEYS = { accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET };
const NO_DOCUMENTS = { dashboards: [], savedSearches: [], alerts: [] };

/** A project whose queue holds rows that are due and, behind them, rows that are not. */
async function prepare(sls: LocalServer, project: string, waiting: number): Promise<void> {
  await provision({
    endpoint: sls.url,
    region: LOCAL_REGION,
    credentials: KEYS,
    project,
    documents: NO_DOCUMENTS,
  });
  const client = createSlsClient({
    endpoint: sls.url,
    project,
    credentials: () => KEYS,
    connectTimeoutMs: 5_000,
    readTimeoutMs: 60_000,
  });
  const nowMs = Date.now();
  const put = (from: number, count: number) =>
    client.putLogs(
      PENDING_LOGSTORE,
      Array.from({ length: count }, (_, index) =>
        toPendingLog(
          {
            transactionId: `${project}${String(from + index).padStart(24, '0')}`,
            registeredAtMs: nowMs,
            givenAtMs: nowMs,
            attempt: 0,
            kind: 'register',
          },
          nowMs,
        ),
      ),
    );
  await put(0, DUE);
  const body = JSON.stringify({ age: { logstore: PENDING_LOGSTORE, project, ms: AGE_MS } });
  const aged = await fetch(`${sls.url}/_control`, { method: 'POST', body });
  if (!aged.ok) throw new Error(await aged.text());
  let next = DUE;
  const work = async () => {
    while (next < DUE + waiting) {
      const from = next;
      next += PENDING_GROUP_ROWS;
      await put(from, Math.min(PENDING_GROUP_ROWS, DUE + waiting - from));
    }
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, work));
}

/** Puts the checkpoint back to where it was before the first run, so that the same rows are due again. */
async function rewind(sls: LocalServer, project: string): Promise<void> {
  const control = new SlsControl({ endpoint: sls.url, region: LOCAL_REGION, credentials: KEYS });
  await control.consumerGroupUpdateCheckPoint(
    project,
    PENDING_LOGSTORE,
    SWEEP_CONSUMER_GROUP,
    new sdk.ConsumerGroupUpdateCheckPointRequest({
      shard: 0,
      checkpoint: '',
      consumer: '',
      forceSuccess: true,
    }),
  );
}

interface Ticks {
  readonly wallMs: number[];
  readonly cpuMs: number[];
}

async function tick(sls: LocalServer, project: string, ticks: Ticks): Promise<void> {
  const cloud = await new StubCloud().listen();
  const { wallMs = 0, handlerCpuMs = 0 } = await runBundle({
    mode: 'whole',
    bundle: 'sweep',
    event: TIMER_EVENT,
    endpoint: cloud.url,
    env: { SLS_ENDPOINT: sls.url, SLS_PROJECT: project },
  });
  await cloud.close();
  if (cloud.calls !== DUE) throw new Error(`${cloud.calls} were asked about, ${DUE} are due`);
  await rewind(sls, project);
  ticks.wallMs.push(wallMs);
  ticks.cpuMs.push(handlerCpuMs);
}

export const waiting: Bench = {
  name: 'waiting',
  async run() {
    const sls = await createSlsServer({ port: 0, credentials: new MemoryCredentialStore() });
    await prepare(sls, 'few', 0);
    await prepare(sls, 'many', WAITING);
    const few: Ticks = { wallMs: [], cpuMs: [] };
    const many: Ticks = { wallMs: [], cpuMs: [] };
    await tick(sls, 'few', { wallMs: [], cpuMs: [] });
    await tick(sls, 'many', { wallMs: [], cpuMs: [] });
    for (let round = 0; round < ROUNDS; round += 1) {
      await tick(sls, 'few', few);
      await tick(sls, 'many', many);
    }
    await sls.close();
    return [
      {
        name: 'waiting',
        what: `a run with ${WAITING} rows waiting and ${DUE} due`,
        unit: 'ms CPU',
        measured: sampleOf(many.cpuMs),
        floor: { ...sampleOf(few.cpuMs), what: `a run with ${DUE} rows in all` },
        compare: 'ratio',
        target: 1.2,
        note: `from event to report, against the local SLS: ${sampleOf(many.wallMs).median.toFixed(0)} and ${sampleOf(few.wallMs).median.toFixed(0)} ms by the clock`,
        whatItTakes: 'the work of a run must not depend on what is not due',
      },
    ];
  },
};
