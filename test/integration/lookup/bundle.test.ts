import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingServer } from '../../support/recording-server.ts';

/** What is deployed: the built bundle, alone in a folder, with nothing beside it. `npm test` has built it before. */
const dist = join(import.meta.dirname, '../../../dist');
const folder = mkdtempSync(join(tmpdir(), 'idv-bundle-'));
const invocations = new RecordingServer();
const run = promisify(execFile);

beforeAll(async () => {
  cpSync(join(dist, 'lookup'), folder, { recursive: true });
  copyFileSync(join(dist, 'cli.cjs'), join(folder, 'cli.cjs'));
  await invocations.listen();
  invocations.always(202, '', { 'x-fc-request-id': '1-by-hand' });
});
afterAll(async () => {
  await invocations.close();
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly answers: Array<{ statusCode: number; body: string; headers: Record<string, string> }>;
  readonly output: string;
}

async function start(
  env: Record<string, string>,
  requests: ReadonlyArray<readonly [string, string]>,
): Promise<Outcome> {
  const script = `
    const { handler } = require('./index.js');
    const context = { requestId: 'r', accountId: '1234567890123456', credentials: { accessKeyId: 'LTAI', accessKeySecret: 's' } };
    (async () => {
      const answers = [];
      for (const [method, path] of ${JSON.stringify(requests)}) {
        const event = { rawPath: path, body: '', requestContext: { http: { method, path } } };
        answers.push(await handler(Buffer.from(JSON.stringify(event)), context));
      }
      console.error(JSON.stringify(answers));
    })();`;
  const { stdout, stderr } = await run(process.execPath, ['-e', script], {
    cwd: folder,
    env: { ...env },
    maxBuffer: 10_000_000,
  });
  return { answers: JSON.parse(stderr), output: stdout };
}

describe('the bundle of the lookup function', () => {
  const SETTINGS = { SLS_PROJECT: 'p', SWEEP_FUNCTION: 'idv-sweep' };

  it('starts without node_modules and answers', async () => {
    const { answers, output } = await start(SETTINGS, [
      ['GET', '/v1/health'],
      ['GET', '/v1/openapi.json'],
    ]);
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200]);
    expect(JSON.parse(answers[1]?.body ?? '').openapi).toBe('3.1.1');
    for (const line of output.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ event: 'request', status: 200 });
  });

  it('starts a sweep without fc2', async () => {
    const { answers } = await start({ ...SETTINGS, INVOKE_ENDPOINT: invocations.url }, [
      ['POST', '/v1/sweeps'],
    ]);
    expect(answers[0]).toMatchObject({ statusCode: 202, body: '{"requestId":"1-by-hand"}' });
    expect(invocations.requests[0]).toMatchObject({
      method: 'POST',
      target: '/2023-03-30/functions/idv-sweep/invocations',
    });
    expect(invocations.requests[0]?.headers.authorization).toMatch(/^ACS3-HMAC-SHA256 /);
  });

  it('keeps logs to what ALIYUN_FC_LOG_LEVEL lets through', async () => {
    const { output } = await start({ ...SETTINGS, ALIYUN_FC_LOG_LEVEL: 'warn' }, [
      ['GET', '/v1/health'],
      ['POST', '/v1/transactions'],
    ]);
    expect(output).toBe('');
  });

  it('does not start with bad settings, and names each', async () => {
    const failed = await start(
      { QPS_LIMIT: 'many', AUTH: 'none', BEARER_TOKEN_SHA256: 'secret-token' },
      [],
    ).catch((error: { stderr: string }) => error.stderr);
    for (const name of ['SLS_PROJECT', 'QPS_LIMIT', 'AUTH', 'BEARER_TOKEN_SHA256'])
      expect(failed).toContain(name);
    expect(failed).not.toContain('secret-token');
  });
});

describe('the bundle of the command line', () => {
  const cli = (...args: string[]) =>
    run(join(folder, 'cli.cjs'), args, {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? '',
        ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI',
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's',
      },
    });

  it('starts by itself without node_modules', async () => {
    expect((await cli('--help')).stdout).toMatch(/^Usage: idv-dropoff /);
  });

  it('signs with the keys that the official chain finds', async () => {
    invocations.always(202, '{"requestId":"1-swept"}', { 'content-type': 'application/json' });
    const { stdout } = await cli('sweep', '--auth', 'sign', '--url', invocations.url);
    expect(stdout).toBe('a run was started: 1-swept\n');
    const sent = invocations.requests.at(-1);
    expect(sent).toMatchObject({ method: 'POST', target: '/v1/sweeps' });
    expect(sent?.headers.authorization).toMatch(/^ACS3-HMAC-SHA256 Credential=LTAI,/);
  });
});
