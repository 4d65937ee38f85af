import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../local/cloudauth/random.ts';
import { openApiProblems, type Recorded } from '../support/openapi-check.ts';

/**
 * `npm start` under 1,000 mixed requests, 64 in flight: each caller gets its own answer, nothing fails that was not
 * made to fail, and the instances' memory comes to rest. FC turns away what has no free instance (429); a caller
 * then tries again, as one would.
 */
const root = resolve(import.meta.dirname, '../..');
const REQUESTS = 1_000;
const IN_FLIGHT = 64;
const SESSIONS = 200;
/** What an instance may hold on to: connections, compiled code, a heap that was not collected yet. */
const MEMORY_SLACK_MB = 60;
let child: ChildProcess;
let urls: { api: string; cloudauth: string };
const sessionId = (index: number) => `mix-${index}`;

beforeAll(async () => {
  child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      'local/main.ts',
      '--port',
      '0',
      '--transactions',
      '0',
      '--no-console',
      '--max-instances',
      '4',
    ],
    {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', QPS_LIMIT: '2000' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => (text += part));
  for (let tries = 0; ; tries += 1) {
    const api = /HTTP API\s+(\S+)\/v1\//.exec(text)?.[1];
    const cloudauth = /CheckVerifyLog\s+(\S+)/.exec(text)?.[1];
    if (api !== undefined && cloudauth !== undefined) {
      urls = { api, cloudauth };
      break;
    }
    if (tries > 300 || child.exitCode !== null) throw new Error(`it did not start: ${text}`);
    await sleep(100);
  }
  await fetch(`${urls.cloudauth}/_control`, { method: 'POST', body: JSON.stringify({ qps: 5_000 }) });
  for (let index = 0; index < SESSIONS; index += 1) {
    await fetch(`${urls.cloudauth}/_transactions/${sessionId(index)}`, {
      method: 'PUT',
      body: JSON.stringify({
        initializedAt: Date.now() - 3_600_000,
        result: { VerifyStatus: '1', ExtInfo: `of ${sessionId(index)}` },
      }),
    });
  }
});
afterAll(async () => {
  if (child.exitCode === null) {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
});

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly body?: string;
  readonly type?: string;
  readonly check: (status: number, body: string) => void;
}

function lookup(index: number): Request {
  const id = sessionId(index);
  return {
    method: 'GET',
    path: `/v1/transactions/${id}`,
    query: `?initializedAt=${Date.now() - 3_600_000}`,
    check: (status, body) => {
      expect(status).toBe(200);
      const answer = JSON.parse(body);
      expect(answer.record.transaction_id).toBe(id);
      expect(JSON.parse(answer.record.raw)).toEqual({ VerifyStatus: '1', ExtInfo: `of ${id}` });
    },
  };
}

function unknown(serial: number): Request {
  return {
    method: 'GET',
    path: `/v1/transactions/nobody-${serial}`,
    check: (status, body) => {
      expect(status).toBe(404);
      expect(JSON.parse(body).code).toBe('TRANSACTION_INVALID');
    },
  };
}

function batch(serial: number, size: number): Request {
  const bad = serial % (size + 1);
  const transactions = Array.from({ length: size }, (_, index) => ({
    transactionId: index === bad ? 'not valid' : `reg-${serial}-${index}`,
  }));
  return {
    method: 'POST',
    path: '/v1/transactions',
    type: 'application/json',
    body: JSON.stringify({ transactions }),
    check: (status, body) => {
      const valid = bad < size ? size - 1 : size;
      expect(status).toBe(valid === 0 ? 400 : 202);
      if (valid === 0) return;
      const answer = JSON.parse(body);
      expect(answer.accepted).toBe(valid);
      expect(answer.rejected.map((one: { index: number }) => one.index)).toEqual(bad < size ? [bad] : []);
    },
  };
}

function bulk(index: number): Request {
  const ids = [0, 1, 2].map((step) => sessionId((index + step) % SESSIONS));
  return {
    method: 'POST',
    path: '/v1/lookups',
    type: 'application/json',
    body: JSON.stringify({ transactions: ids.map((transactionId) => ({ transactionId })) }),
    check: (status, body) => {
      expect(status).toBe(200);
      expect(JSON.parse(body).results.map((one: { transactionId: string }) => one.transactionId)).toEqual(
        ids,
      );
    },
  };
}

function wrong(serial: number): Request {
  const field = `field${serial}`;
  return {
    method: 'POST',
    path: '/v1/transactions',
    type: 'application/json',
    body: JSON.stringify({ transactionId: 'a', [field]: 1 }),
    check: (status, body) => {
      expect(status).toBe(400);
      expect(JSON.parse(body).issues).toEqual([{ path: field, message: 'is not known here' }]);
    },
  };
}

const health: Request = {
  method: 'GET',
  path: '/v1/health',
  check: (status, body) => expect([status, body]).toEqual([200, '{"status":"ok"}']),
};
const ledger: Request = {
  method: 'GET',
  path: '/v1/ledger',
  check: (status, body) => expect([status, JSON.parse(body).residual]).toEqual([200, 0]),
};
const form: Request = {
  method: 'POST',
  path: '/v1/lookups',
  type: 'text/plain',
  body: 'x',
  check: (status) => expect(status).toBe(415),
};
const nowhere: Request = { method: 'GET', path: '/v1/nowhere', check: (status) => expect(status).toBe(404) };

function mixture(count: number): Request[] {
  const random = seededRandom(11);
  const whole = (most: number) => Math.floor(random() * most);
  return Array.from({ length: count }, (_, serial) => {
    const draw = random();
    if (draw < 0.35) return lookup(whole(SESSIONS));
    if (draw < 0.6) return batch(serial, 1 + whole(8));
    if (draw < 0.68) return bulk(whole(SESSIONS));
    if (draw < 0.76) return unknown(serial);
    if (draw < 0.86) return wrong(serial);
    if (draw < 0.95) return health;
    return [ledger, form, nowhere][whole(3)] ?? health;
  });
}

async function run(requests: readonly Request[], record: (recorded: Recorded) => void): Promise<number> {
  let next = 0;
  let turnedAway = 0;
  const worker = async () => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      for (;;) {
        const { method, path, query = '', body, type } = request;
        const response = await fetch(`${urls.api}${path}${query}`, {
          method,
          ...(body === undefined ? {} : { body }),
          ...(type === undefined ? {} : { headers: { 'content-type': type } }),
        });
        const text = await response.text();
        if (response.status === 429 && !text.includes('THROTTLED')) {
          turnedAway += 1;
          await sleep(5 + Math.random() * 40);
          continue;
        }
        record({
          method,
          path,
          statusCode: response.status,
          headers: Object.fromEntries(response.headers),
          body: text,
        });
        request.check(response.status, text);
        break;
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return turnedAway;
}

/** Resident memory of the lookup instances, MB. */
async function memory(): Promise<Map<number, number>> {
  const report = (await (await fetch(`${urls.api}/_control`)).json()) as {
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
  it(`answers ${REQUESTS} mixed requests, ${IN_FLIGHT} in flight, each to its own caller`, async () => {
    const recorded: Recorded[] = [];
    await run(mixture(300), () => undefined);
    const before = await memory();
    await run(mixture(REQUESTS), (one) => recorded.push(one));
    await sleep(500);
    const after = await memory();

    expect(recorded).toHaveLength(REQUESTS);
    expect(recorded.filter(({ statusCode }) => statusCode >= 500)).toEqual([]);
    const document = await (await fetch(`${urls.api}/v1/openapi.json`)).json();
    expect(recorded.flatMap((one) => openApiProblems(document as object, one))).toEqual([]);
    expect(before.size).toBeGreaterThan(0);
    for (const [pid, mb] of before) expect((after.get(pid) ?? 0) - mb).toBeLessThan(MEMORY_SLACK_MB);
  }, 120_000);

  it('starts a run of the sweep by hand', async () => {
    const response = await fetch(`${urls.api}/v1/sweeps`, { method: 'POST' });
    const { requestId } = (await response.json()) as { requestId: string };
    expect(response.status).toBe(202);
    for (let tries = 0; ; tries += 1) {
      const report = await (await fetch(`${urls.api}/_control`)).text();
      if (report.includes(requestId) && report.includes('sweep')) break;
      if (tries > 50) throw new Error(`no run ${requestId}: ${report.slice(0, 2_000)}`);
      await sleep(100);
    }
  });
});
