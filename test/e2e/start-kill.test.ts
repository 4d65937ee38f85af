import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import type { Flags } from '../../local/flags.ts';
import { countDue } from '../../local/ledger.ts';
import { seed } from '../../local/seed.ts';
import { control } from '../../local/sweep-run.ts';
import { cases } from '../support/depth.ts';

/** The whole local cloud in this process, with the built functions: kills at the edge of a service call. */
const FLAGS: Flags = {
  port: 0,
  transactions: 12,
  seed: 3,
  data: undefined,
  maxInstances: 2,
  console: false,
  once: true,
};
/** Of the calls of a run, every so manieth is one to be killed at. */
const STRIDE = cases({ quick: 5, deep: 1 });
const ENV = { QPS_LIMIT: '500', LEASE_SECONDS: '1', HEARTBEAT_SECONDS: '0.3' };

let cloud: Cloud | undefined;
afterEach(async () => {
  await cloud?.close();
  cloud = undefined;
});

async function start(): Promise<Cloud> {
  cloud = await startCloud({ flags: FLAGS, env: ENV, print: () => {} });
  await seed(cloud, { flags: FLAGS, nowMs: Date.now(), alreadyRegistered: 0 });
  return cloud;
}

async function order({ fc }: Cloud, body: object): Promise<void> {
  const response = await fetch(`${fc.url}/_control`, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

const rowsOf = async ({ sls }: Cloud) => (await control<{ rows: Record<string, number> }>(sls.url)).rows;

async function recordedIds({ slsClient }: Cloud): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { shardId } of await slsClient.listShards('idv-records')) {
    const { cursor } = await slsClient.getCursor('idv-records', shardId, 'begin');
    const { groups } = await slsClient.pullLogs('idv-records', shardId, { cursor, count: 1000 });
    for (const { logs } of groups) {
      for (const { contents } of logs) ids.add(contents.transaction_id ?? '');
    }
  }
  return ids;
}

const callsOf = async ({ cloudauth }: Cloud) =>
  (await control<{ byAnswer: Record<string, number> }>(cloudauth.url)).byAnswer;

async function sweepUntil(here: Cloud, ended: string): Promise<void> {
  for (let runs = 0; runs < 20; runs += 1) {
    const { report } = await here.fc.ended(here.fc.tick('sweep'));
    if ((report as { ended?: string } | undefined)?.ended === ended) return;
    await sleep(300);
  }
  throw new Error(`no run ended as ${ended}`);
}

/** Calls of one undisturbed run, to know where its writes are. */
async function slsCallsOfARun(): Promise<number> {
  const here = await start();
  const count = async () => (await control<{ calls: number }>(here.sls.url)).calls;
  const before = await count();
  await sweepUntil(here, 'done');
  const calls = (await count()) - before;
  await here.close();
  return calls;
}

describe('killAt against the local services', () => {
  it('before a question: it was never asked', async () => {
    const here = await start();
    const due = await countDue(here, Date.now());
    await order(here, { killAt: { function: 'sweep', service: 'cloudauth', call: 1, when: 'before' } });
    expect(await here.fc.ended(here.fc.tick('sweep'))).toMatchObject({ outcome: 'exited' });
    expect((await callsOf(here)).Success ?? 0).toBeLessThan(due);
    await sweepUntil(here, 'done');
    expect((await rowsOf(here))['idv-records']).toBe(due);
  });

  it(`at ${STRIDE === 1 ? 'every' : `each ${STRIDE}th`} SLS call of a run: nothing due is missing in the end`, async () => {
    const calls = await slsCallsOfARun();
    expect(calls).toBeGreaterThan(5);
    for (let call = 1; call <= calls; call += STRIDE) {
      const when = call % 2 === 0 ? 'before' : 'after';
      const here = await start();
      const due = await countDue(here, Date.now());
      await order(here, { killAt: { function: 'sweep', service: 'sls', call, when } });
      const first = await here.fc.ended(here.fc.tick('sweep'));
      expect([call, when, first.outcome]).toEqual([call, when, 'exited']);
      await sweepUntil(here, 'done');
      // At least once: a record may be there twice, never not at all.
      expect([call, when, (await recordedIds(here)).size]).toEqual([call, when, due]);
      await here.close();
    }
  });
});
