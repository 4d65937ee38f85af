import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOCAL_PROJECT } from '../../local/credentials.ts';
import { LOCAL_ACCESS_KEY_ID, LOCAL_ACCESS_KEY_SECRET } from '../../local/sls/src/host.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import { type RunningCloud, startLocalCloud } from '../support/local-cloud.ts';
import { FAULTS, faultyId, mixture, SESSIONS, sendAll, sessionId } from '../support/mixed-load.ts';
import { openApiProblems, type Recorded } from '../support/openapi-check.ts';

/**
 * `npm start` under 1,000 mixed requests, 64 in flight: each caller gets its own answer, nothing fails that was not
 * made to fail, and the instances' memory comes to rest.
 */
const REQUESTS = 1_000;
const IN_FLIGHT = 64;
/** What an instance may hold on to: connections, compiled code, a heap that was not collected yet. */
const MEMORY_SLACK_MB = 60;
let cloud: RunningCloud;
const url = (offset: number) => `http://127.0.0.1:${cloud.port + offset}`;

async function send(address: string, method: string, body: object): Promise<void> {
  const answer = await fetch(address, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${address}: ${await answer.text()}`);
}

beforeAll(async () => {
  cloud = await startLocalCloud({
    transactions: 0,
    flags: ['--no-console', '--max-instances', '4'],
    env: { QPS_LIMIT: '2000' },
    until: /Ctrl-C/,
  });
  await send(`${url(2)}/_control`, 'POST', { qps: 5_000 });
  for (let index = 0; index < SESSIONS; index += 1) {
    const id = sessionId(index);
    await send(`${url(2)}/_transactions/${id}`, 'PUT', {
      initializedAt: Date.now() - 3_600_000,
      result: { VerifyStatus: '1', ExtInfo: `of ${id}` },
    });
  }
});
afterAll(() => cloud.stop());

async function problemsWith(recorded: readonly Recorded[]): Promise<string[]> {
  const document = (await (await fetch(`${url(0)}/v1/openapi.json`)).json()) as object;
  return recorded.flatMap((one) => openApiProblems(document, one));
}

/** Resident memory of the lookup instances, MB. */
async function memory(): Promise<Map<number, number>> {
  const report = (await (await fetch(`${url(0)}/_control`)).json()) as {
    instances: Array<{ function: string; pid: number }>;
  };
  const lookups = report.instances.filter((instance) => instance.function.includes('lookup'));
  return new Map(lookups.map(({ pid }) => [pid, residentKb(pid) / 1_024]));
}

function residentKb(pid: number): number {
  const status = `/proc/${pid}/status`;
  return existsSync(status)
    ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1])
    : Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
}

describe('the HTTP function under load', () => {
  let before: Map<number, number>;

  it(`answers 300 mixed requests, ${IN_FLIGHT} in flight, and none fails`, async () => {
    const requests = mixture({ count: 300, name: 'calm', faults: false });
    const recorded = await sendAll(url(0), requests, IN_FLIGHT);
    before = await memory();
    expect(recorded).toHaveLength(300);
    expect(recorded.filter(({ statusCode }) => statusCode >= 500)).toEqual([]);
    expect(await problemsWith(recorded)).toEqual([]);
  });

  it(`fails ${REQUESTS} only where it was made to, and claims nothing that is not stored`, async () => {
    await send(`${url(2)}/_control`, 'POST', {
      plan: FAULTS.map(([answer], index) => ({ match: faultyId(index), rate: 1, answer })),
    });
    await send(`${url(1)}/_control`, 'POST', {
      fail: [
        { action: 'PutLogs', logstore: 'idv-pending', rate: 0.5, answer: 'WriteQuotaExceed' },
        { action: 'PutLogs', logstore: 'idv-records', rate: 0.3, answer: 'garbage' },
        { action: 'PutLogs', logstore: 'idv-events', rate: 0.3, answer: 'dropAck' },
        { action: 'GetLogsV2', logstore: '*', rate: 0.2, answer: 'InternalServerError' },
      ],
    });
    const claimed = new Set<string>();
    const requests = mixture({ count: REQUESTS, name: 'amid-faults', faults: true, claimed });
    const recorded = await sendAll(url(0), requests, IN_FLIGHT);
    await send(`${url(1)}/_control`, 'POST', { fail: [] });
    await send(`${url(2)}/_control`, 'POST', { plan: [] });
    const after = await memory();

    expect(recorded).toHaveLength(REQUESTS);
    expect(await problemsWith(recorded)).toEqual([]);
    // Each request has checked its own answer; this is that the faults were there.
    const codes = new Set(recorded.flatMap(({ body }) => /"code":"([A-Z_]+)"/.exec(body)?.[1] ?? []));
    for (const [, , code] of FAULTS) expect(codes).toContain(code);
    expect(codes).toContain('NOT_STORED');
    expect(recorded.some(({ body }) => body.includes('"stored":false'))).toBe(true);
    expect(claimed.size).toBeGreaterThan(100);
    const queued = await registeredIds();
    expect([...claimed].filter((id) => !queued.has(id))).toEqual([]);

    expect(before.size).toBeGreaterThan(0);
    for (const [pid, mb] of before) expect((after.get(pid) ?? 0) - mb).toBeLessThan(MEMORY_SLACK_MB);
  });

  it('starts a run of the sweep by hand', async () => {
    const response = await fetch(`${url(0)}/v1/sweeps`, { method: 'POST' });
    const { requestId } = (await response.json()) as { requestId: string };
    expect(response.status).toBe(202);
    for (let tries = 0; ; tries += 1) {
      const report = await (await fetch(`${url(0)}/_control`)).text();
      if (report.includes(requestId) && report.includes('sweep')) break;
      if (tries > 50) throw new Error(`no run ${requestId}: ${report.slice(0, 2_000)}`);
      await sleep(100);
    }
  });
});

async function registeredIds(): Promise<Set<string | undefined>> {
  const sls = createSlsClient({
    endpoint: url(1),
    project: LOCAL_PROJECT,
    credentials: () => ({ accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET }),
    connectTimeoutMs: 30_000,
    readTimeoutMs: 30_000,
  });
  const seconds = Math.floor(Date.now() / 1_000);
  const { rows } = await sls.query('idv-pending', {
    query: '* | select transaction_id from log group by transaction_id limit 100000',
    fromSeconds: seconds - 3_600,
    toSeconds: seconds + 60,
  });
  return new Set(rows.map((row) => row.transaction_id));
}
