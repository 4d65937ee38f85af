import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isAlive, startWorld, type World, type WorldOptions } from './support.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

async function start(options?: WorldOptions): Promise<World> {
  const world = await startWorld(options);
  worlds.push(world);
  return world;
}

describe('the HTTP trigger', () => {
  it('hands over the event of FC as a Buffer', async () => {
    const { fc } = await start();
    const response = await fetch(`${fc.url}/a%20b/%E4%B8%AD?x=1&x=2&y=%26`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'x-two': 'a', 'x-fc-invocation-type': 'Sync' },
      body: '{}',
    });
    const { buffer, event } = (await response.json()) as { buffer: boolean; event: Record<string, unknown> };
    expect(buffer).toBe(true);
    expect(event).toMatchObject({
      version: 'v1',
      rawPath: '/a%20b/%E4%B8%AD',
      body: '{}',
      isBase64Encoded: false,
      queryParameters: { x: '1,2', y: '&' },
      requestContext: {
        accountId: '1234567890123456',
        http: { method: 'PUT', path: '/a b/中', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
        requestId: response.headers.get('x-fc-request-id'),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        timeEpoch: expect.stringMatching(/^\d{13}$/),
      },
    });
    expect(event.headers).toMatchObject({ 'Content-Type': 'application/json', 'X-Two': 'a' });
    expect(Object.keys(event.headers as object).filter((name) => /^(x-fc-|connection)/i.test(name))).toEqual(
      [],
    );
  });

  it('encodes what is not known to be text', async () => {
    const { fc } = await start();
    const response = await fetch(`${fc.url}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '{}',
    });
    const { event } = (await response.json()) as { event: object };
    expect(event).toMatchObject({ isBase64Encoded: true, body: Buffer.from('{}').toString('base64') });
  });

  it('gives the context and the environment of FC, with keys of its own for each invocation', async () => {
    const world = await start();
    const first = await world.report();
    const second = await world.report();
    expect(first.context).toMatchObject({
      requestId: first.event.requestContext.requestId,
      function: { name: 'web', handler: 'index.handler', memory: 128, timeout: 10 },
      service: { qualifier: 'LATEST' },
      region: 'ap-southeast-1',
      accountId: '1234567890123456',
      retryCount: 0,
    });
    expect(first.env).toMatchObject({
      FC_FUNCTION_NAME: 'web',
      FC_FUNCTION_HANDLER: 'index.handler',
      FC_FUNCTION_MEMORY_SIZE: '128',
      FC_REGION: 'ap-southeast-1',
      FC_ACCOUNT_ID: '1234567890123456',
      FC_QUALIFIER: 'LATEST',
      FC_FUNC_CODE_PATH: expect.stringMatching(/\/$/),
      FC_INSTANCE_ID: expect.stringMatching(/^c-/),
      ALIBABA_CLOUD_ACCESS_KEY_ID: expect.stringMatching(/^STS\./),
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: expect.any(String),
      ALIBABA_CLOUD_SECURITY_TOKEN: expect.any(String),
      MINE: 'yes',
    });
    expect(Object.keys(first.env).filter((name) => name.startsWith('npm_'))).toEqual([]);
    const keys = [first, second].map(({ context }) =>
      world.credentials.find(context.credentials.accessKeyId),
    );
    expect(keys[0]?.accessKeyId).not.toBe(keys[1]?.accessKeyId);
    for (const key of keys) {
      expect(key).toMatchObject({ functionName: 'web', instanceId: first.env.FC_INSTANCE_ID });
      expect((key?.expiresAtMs ?? 0) - Date.now()).toBeGreaterThan(35.9 * 3_600_000);
    }
  });

  it('reports errors, exits and timeouts, and goes on afterwards', async () => {
    const world = await start({ web: { timeoutSeconds: 1 } });
    const failed = await world.post({ throws: 'no' });
    expect([failed.status, failed.headers.get('x-fc-error-type')]).toEqual([502, 'UnhandledInvocationError']);
    expect(await failed.json()).toMatchObject({ errorMessage: 'no', errorType: 'TypeError' });
    const ended = (await (await world.post({ exit: 3 })).json()) as object;
    expect(ended).toEqual({
      errorMessage: expect.stringMatching(/^Process exited unexpectedly before completing request/),
    });
    const { pid } = await world.report();
    const late = (await (await world.post({ spin: true })).json()) as object;
    expect(late).toEqual({ errorMessage: expect.stringMatching(/^Function timed out after 1 seconds/) });
    expect(isAlive(pid)).toBe(false);
    expect((await world.report()).served).toBe(1);
    expect((await world.state()).counts.web).toEqual({ error: 1, exited: 1, timeout: 1, ok: 2 });
  });

  it('answers 429 over the concurrency limit, and 400 over the size limits', async () => {
    const world = await start({ maxInstances: 2 });
    const statuses = await Promise.all(
      [1, 2, 3].map(async () => (await world.post({ sleepMs: 600 })).status),
    );
    expect(statuses.sort()).toEqual([200, 200, 429]);
    expect((await fetch(`${world.fc.url}/?q=${'x'.repeat(4100)}`)).status).toBe(400);
    expect((await fetch(world.fc.url, { headers: { 'x-big': 'x'.repeat(8200) } })).status).toBe(400);
    const large = await world.post({ print: 'x'.repeat(140_000) }, { 'x-fc-invocation-type': 'Async' });
    expect(large.status).toBe(400);
    expect((await world.post({ plain: { statusCode: 204 } })).status).toBe(204);
  });

  it('runs asynchronously when asked to', async () => {
    const world = await start();
    const response = await world.post({}, { 'x-fc-invocation-type': 'Async' });
    expect([response.status, await response.text()]).toEqual([202, '']);
    const ended = await world.fc.ended(response.headers.get('x-fc-request-id') ?? '');
    expect(ended).toMatchObject({ function: 'web', type: 'Async', outcome: 'ok' });
  });
});

describe('an instance', () => {
  it('stays warm and serves one request at a time', async () => {
    const world = await start();
    const one = await world.report();
    const two = await world.report();
    expect([two.pid, two.served]).toEqual([one.pid, 2]);
    const many = await Promise.all([1, 2, 3].map(() => world.report({ sleepMs: 100 })));
    expect(new Set(many.map(({ pid }) => pid)).size).toBe(3);
    for (const { running } of many) expect(running).toBe(1);
    expect((await world.state()).instances.map(({ state }) => state)).toEqual(['idle', 'idle', 'idle']);
  });

  it('gives way to another function when the account is full', async () => {
    const world = await start({ maxInstances: 1, job: { reservedConcurrency: undefined as never } });
    await world.report();
    await world.fc.ended(world.fc.tick('job'));
    expect((await world.state()).instances.map((instance) => instance.function)).toEqual(['job']);
  });

  it('is gone when the server is', async () => {
    const world = await startWorld();
    const { pid } = await world.report();
    expect(isAlive(pid)).toBe(true);
    await world.close();
    expect(isAlive(pid)).toBe(false);
  });

  it('logs as FC does: console lines with a prefix, platform lines around', async () => {
    const world = await start();
    const { context } = await world.report({ print: 'hello' });
    await world.close();
    worlds.length = 0;
    const texts = world.logs.map(({ text }) => text);
    expect(texts[0]).toBe(`FC Invoke Start RequestId: ${context.requestId}`);
    expect(texts[1]).toMatch(
      new RegExp(
        `^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} ${context.requestId} \\[info\\] hello$`,
      ),
    );
    expect(texts[2]).toBe(`FC Invoke End RequestId: ${context.requestId}`);
  });

  it.each([
    ['a module that throws', 'throw new Error("broken");', /broken/],
    ['no handler', 'exports.other = 1;', /no function handler/],
    ['a syntax error', 'const const;', /./],
  ])('fails the invocation with %s, without a process left', async (_, code, says) => {
    const world = await start({ code });
    const response = await world.post({});
    expect(response.status).toBe(502);
    expect(((await response.json()) as { errorMessage: string }).errorMessage).toMatch(says);
    expect((await world.state()).instances).toEqual([]);
  });
});

describe('the invocation API', () => {
  interface Fc2 {
    version: string;
    post(
      path: string,
      body: string,
      headers?: object,
    ): Promise<{ headers: Record<string, string>; data: unknown }>;
  }
  const Fc2 = createRequire(import.meta.url)('@alicloud/fc2') as new (account: string, config: object) => Fc2;
  const client = ({ fc }: World, accessKeySecret = 'local-secret') => {
    const made = new Fc2('1234567890123456', {
      accessKeyID: 'local',
      accessKeySecret,
      region: 'ap-southeast-1',
      endpoint: fc.url,
    });
    made.version = '2023-03-30';
    return made;
  };
  const PATH = '/functions/job/invocations';

  it('runs a function for a caller that signs as @alicloud/fc2 does', async () => {
    const world = await start();
    const { headers, data } = await client(world).post(PATH, '{"print":"hi"}', { 'x-fc-log-type': 'Tail' });
    expect(data).toMatchObject({ served: 1, event: { print: 'hi' } });
    expect(headers['x-fc-request-id']).toMatch(/^1-/);
    expect(Buffer.from(headers['x-fc-log-result'] ?? '', 'base64').toString()).toContain('[info] hi');
  });

  it('runs a function for a caller that signs as the current SDKs do', async () => {
    const world = await start();
    const core = createRequire(import.meta.url)(
      '@alicloud/openapi-core',
    ) as typeof import('@alicloud/openapi-core');
    const current = new core.default(
      new core.$OpenApiUtil.Config({
        accessKeyId: 'local',
        accessKeySecret: 'local-secret',
        endpoint: `127.0.0.1:${world.fc.port}`,
        protocol: 'http',
      }),
    );
    const answer = await current.callApi(
      new core.$OpenApiUtil.Params({
        action: 'InvokeFunction',
        version: '2023-03-30',
        protocol: 'HTTP',
        pathname: `/2023-03-30${PATH}`,
        method: 'POST',
        authType: 'AK',
        style: 'ROA',
        reqBodyType: 'json',
        bodyType: 'json',
      }),
      new core.$OpenApiUtil.OpenApiRequest({ body: { print: 'x' }, query: { qualifier: 'LATEST' } }),
      {} as never,
    );
    expect(answer.body).toMatchObject({ served: 1, event: { print: 'x' } });
  });

  it('accepts an asynchronous run at once and keeps its report', async () => {
    const world = await start();
    const { headers } = await client(world).post(PATH, '{"sleepMs":50,"plain":{"ended":"done"}}', {
      'x-fc-invocation-type': 'Async',
    });
    const record = await world.fc.ended(headers['x-fc-request-id'] ?? '');
    expect(record).toMatchObject({ type: 'Async', trigger: 'api', outcome: 'ok', report: { ended: 'done' } });
    expect((await world.state()).lastReports).toEqual({ job: { ended: 'done' } });
  });

  it('says a function error with 200 and a header', async () => {
    const world = await start();
    const { headers, data } = await client(world).post(PATH, '{"throws":"no"}');
    expect(headers['x-fc-error-type']).toBe('UnhandledInvocationError');
    expect(data).toMatchObject({ errorMessage: 'no', errorType: 'TypeError' });
  });

  it.each<[string, (world: World) => Promise<unknown>, RegExp]>([
    ['a wrong secret', (world) => client(world, 'wrong').post(PATH, '{}'), /403/],
    [
      'a function that is not there',
      (world) => client(world).post('/functions/nope/invocations', '{}'),
      /404/,
    ],
    ['another path', (world) => client(world).post('/functions', '{}'), /400/],
  ])('refuses %s', async (_, act, says) => {
    await expect(act(await start())).rejects.toThrow(says);
  });

  it('refuses a call without a signature, and one whose body was changed', async () => {
    const world = await start();
    const url = `${world.fc.url}/2023-03-30${PATH}`;
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(400);
    const forged = { authorization: 'FC local:AAAA', date: new Date().toUTCString() };
    expect((await fetch(url, { method: 'POST', body: '{}', headers: forged })).status).toBe(403);
    expect((await world.state()).invocations).toEqual([]);
  });
});
