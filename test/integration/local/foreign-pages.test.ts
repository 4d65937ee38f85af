import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConsoleServer } from '../../../client/console/server.ts';
import { createCloudauthServer } from '../../../local/cloudauth/server.ts';
import { type LocalServer, MemoryCredentialStore } from '../../../local/sls/src/host.ts';
import { createSlsServer } from '../../../local/sls/src/server.ts';
import { createRawClient } from '../../../local/sls/test/support/raw-client.ts';
import { openTarget } from '../../../local/sls/test/support/target.ts';
import { startWorld, type World } from '../fc/support.ts';

/** What a page of somebody else can send to the local cloud through the browser of who runs it, on each port. */
type Port = 'fc' | 'sls' | 'cloudauth' | 'console';

interface Call {
  readonly port: Port;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

const CALLS: readonly Call[] = [
  { port: 'fc', method: 'GET', path: '/_control' },
  { port: 'fc', method: 'POST', path: '/_control', body: '{"tick":"job"}' },
  { port: 'fc', method: 'POST', path: '/v1/sweeps', body: '{}' },
  { port: 'fc', method: 'GET', path: '/v1/transactions/x' },
  { port: 'fc', method: 'POST', path: '/', body: '{}' },
  { port: 'sls', method: 'GET', path: '/_control' },
  { port: 'sls', method: 'POST', path: '/_control', body: '{"latencyMs":0}' },
  { port: 'sls', method: 'POST', path: '/%5Fcontrol/', body: '{"latencyMs":0}' },
  { port: 'cloudauth', method: 'GET', path: '/_control' },
  { port: 'cloudauth', method: 'POST', path: '/_control', body: '{"qps":10}' },
  {
    port: 'cloudauth',
    method: 'PUT',
    path: '/_transactions/x',
    body: '{"initializedAt":0,"result":{}}',
  },
  { port: 'console', method: 'GET', path: '/' },
  { port: 'console', method: 'GET', path: '/api/dashboards' },
  { port: 'console', method: 'POST', path: '/api/lookup', body: '{"transactionId":"x"}' },
];

type Headers = Record<string, string>;
type HeadersOf = (port: number) => Headers;

const FOREIGN: Readonly<Record<string, HeadersOf>> = {
  'another Origin, as text': (port) => ({
    host: `127.0.0.1:${port}`,
    origin: 'https://evil.example',
    'content-type': 'text/plain',
  }),
  'an Origin of null': (port) => ({ host: `127.0.0.1:${port}`, origin: 'null' }),
  'an Origin on another port': (port) => ({ host: `127.0.0.1:${port}`, origin: 'http://127.0.0.1:1' }),
  'an Origin of another scheme': (port) => ({
    host: `127.0.0.1:${port}`,
    origin: `https://127.0.0.1:${port}`,
  }),
  'a name that was rebound': (port) => ({
    host: `evil.example:${port}`,
    origin: `http://evil.example:${port}`,
  }),
  'a rebound name, without an Origin': (port) => ({ host: `evil.example:${port}` }),
  'a name that begins like ours': (port) => ({ host: `127.0.0.1.evil.example:${port}` }),
  'a name that ends like ours': (port) => ({ host: `evil.localhost:${port}` }),
  'a picture on another page': (port) => ({
    host: `127.0.0.1:${port}`,
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'no-cors',
    'sec-fetch-dest': 'image',
  }),
  'a frame on a page of another port': (port) => ({
    host: `127.0.0.1:${port}`,
    'sec-fetch-site': 'same-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'iframe',
  }),
};

const OWN: Readonly<Record<string, HeadersOf>> = {
  'a program': (port) => ({ host: `127.0.0.1:${port}` }),
  'a program, by name': (port) => ({ host: `localhost:${port}` }),
  'a program, by the IPv6 loopback': (port) => ({ host: `[::1]:${port}` }),
  'a program that sends text': (port) => ({ host: `127.0.0.1:${port}`, 'content-type': 'text/plain' }),
  'its own page': (port) => ({
    host: `127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    'sec-fetch-site': 'same-origin',
  }),
  'its own page, by the IPv6 loopback': (port) => ({ host: `[::1]:${port}`, origin: `http://[::1]:${port}` }),
  'an address that was typed': (port) => ({
    host: `localhost:${port}`,
    'sec-fetch-site': 'none',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  }),
};

async function send(port: number, call: Pick<Call, 'method' | 'path' | 'body'>, headers: Headers) {
  const { method, path, body = '' } = call;
  const request = http.request({ host: '127.0.0.1', port, method, path, headers });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

function allowsOthers(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => name.startsWith('access-control-'));
}

describe('pages of somebody else', () => {
  const servers = new Map<Port, LocalServer>();
  const ends: Array<() => Promise<unknown>> = [];
  let fc: World;

  beforeAll(async () => {
    const credentials = new MemoryCredentialStore();
    const pageDir = await mkdtemp(join(tmpdir(), 'console-page-'));
    ends.push(() => rm(pageDir, { recursive: true }));
    await writeFile(join(pageDir, 'index.html'), '<!doctype html>');
    fc = await startWorld();
    ends.push(() => fc.close());
    servers.set('fc', fc.fc);
    for (const [name, server] of [
      ['sls', await createSlsServer({ port: 0, credentials })],
      ['cloudauth', await createCloudauthServer({ port: 0, credentials })],
      [
        'console',
        await createConsoleServer({
          port: 0,
          // None of the calls above asks SLS.
          sls: {} as never,
          slsUrl: 'http://127.0.0.1:1',
          lookupUrl: fc.fc.url,
          lookupHeaders: {},
          pageDir,
          now: Date.now,
        }),
      ],
    ] as const) {
      servers.set(name, server);
      ends.push(() => server.close());
    }
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  const portOf = (name: Port) => servers.get(name)?.port ?? 0;
  const invocations = async () => (await fc.state()).invocations.length;

  describe.each(CALLS)('$port $method $path', (call) => {
    it.each(Object.entries(FOREIGN))('is not taken from %s', async (_, headersOf) => {
      const before = await invocations();
      const answer = await send(portOf(call.port), call, headersOf(portOf(call.port)));
      expect([answer.status, allowsOthers(answer.headers)]).toEqual([403, false]);
      expect(await invocations()).toBe(before);
    });

    it.each(Object.entries(OWN))('is taken from %s', async (_, headersOf) => {
      const answer = await send(portOf(call.port), call, headersOf(portOf(call.port)));
      expect([answer.status, allowsOthers(answer.headers)]).toEqual([200, false]);
    });
  });

  it('a refused order is not carried out, and the same order is when it may come', async () => {
    const port = portOf('cloudauth');
    const call = { method: 'POST', path: '/_control', body: '{"unknown":1}' };
    const headers = { host: `127.0.0.1:${port}` };
    expect((await send(port, call, { ...headers, origin: 'null' })).status).toBe(403);
    expect((await send(port, call, headers)).status).toBe(400);
  });

  it.each(['fc', 'sls', 'cloudauth'] as const)('%s does not allow it when asked before', async (name) => {
    const port = portOf(name);
    const headers = {
      host: `127.0.0.1:${port}`,
      origin: 'https://evil.example',
      'access-control-request-method': 'PUT',
    };
    const answer = await send(port, { method: 'OPTIONS', path: '/_control' }, headers);
    expect([answer.status, allowsOthers(answer.headers)]).toEqual([403, false]);
  });

  it('the console may be opened by a link, but not asked by one', async () => {
    const port = portOf('console');
    const headers = {
      host: `127.0.0.1:${port}`,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await send(port, { method: 'GET', path: '/' }, headers)).status).toBe(200);
    expect((await send(port, { method: 'POST', path: '/api/lookup', body: '{}' }, headers)).status).toBe(403);
    expect((await send(portOf('fc'), { method: 'GET', path: '/v1/x' }, headers)).status).toBe(403);
  });
});

describe('what is signed', () => {
  it('is not done for a page, which has no key', async () => {
    const fc = await startWorld();
    const cloudauth = await createCloudauthServer({ port: 0, credentials: fc.credentials });
    try {
      const headers = { host: `127.0.0.1:${fc.fc.port}`, origin: 'https://evil.example' };
      const invocation = { method: 'POST', path: '/2023-03-30/functions/job/invocations', body: '{}' };
      expect((await send(fc.fc.port, invocation, headers)).status).toBe(400);
      expect((await fc.state()).invocations).toEqual([]);
      const check = { method: 'POST', path: '/', body: 'TransactionId=x&MerchantBizId=y' };
      expect((await send(cloudauth.port, check, headers)).status).toBe(400);
    } finally {
      await cloudauth.close();
      await fc.close();
    }
  });

  it('is taken under any name, and refused without its signature', async () => {
    const target = await openTarget();
    const call = createRawClient(target);
    const headers = { origin: 'https://merchant.example' };
    try {
      const made = { projectName: 'signed-project', description: '' };
      expect((await call({ method: 'POST', path: '/', body: JSON.stringify(made), headers })).status).toBe(
        200,
      );
      // The host is signed-project.sls.test.
      const list = { project: 'signed-project', path: '/logstores', headers };
      expect((await call(list)).status).toBe(200);
      expect((await call({ ...list, tamper: (sent) => delete sent.authorization })).status).not.toBe(200);
    } finally {
      await target.close();
    }
  });
});
