import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeLogGroup } from '../../shared/sls/codec.ts';
import { type RecordedRequest, RecordingServer } from '../support/recording-server.ts';
import { acs3Problem, logProblem } from '../support/signature-check.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
/** What a deployment package may weigh here; FC itself would take 500 MB. */
const MAX_BYTES = 1_000_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'idv-bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts Node in an empty folder, outside the project, with nothing of this process's environment. */
const node = (args: string[], cwd: string, env: Record<string, string> = {}) =>
  run(process.execPath, args, { cwd, env });

describe.each(['lookup', 'sweep'])('the bundle of %s', (name) => {
  const built = join(root, 'dist', name, 'index.js');

  it('is small', () => {
    expect(statSync(built).size).toBeLessThanOrEqual(MAX_BYTES);
  });

  it('starts in an empty folder without node_modules', async () => {
    const alone = join(folder, name);
    mkdirSync(alone);
    copyFileSync(built, join(alone, 'index.js'));
    const env = { SLS_PROJECT: 'idv-local', FC_REGION: 'ap-southeast-1' };
    const script = 'process.stdout.write(typeof require("./index.js").handler)';
    expect((await node(['-e', script], alone, env)).stdout).toBe('function');
    // The control: what is not in the bundle cannot be found from there.
    await expect(node(['-e', 'require("@middy/core")'], alone)).rejects.toThrow('MODULE_NOT_FOUND');
  });

  it('says at start what its settings lack', async () => {
    const start = node(['-e', 'require("./index.js")'], join(folder, name), { QPS_LIMIT: 'many' });
    await expect(start).rejects.toThrow(/SLS_PROJECT: is required; QPS_LIMIT: must be a number/);
  });
});

describe('the clients in a bundle', () => {
  const json = { 'content-type': 'application/json', date: 'Mon, 23 Nov 2026 07:00:00 GMT' };
  const group = encodeLogGroup({ logs: [{ timeSeconds: 1, contents: [['k', '值']] }] });
  const list = Buffer.concat([Buffer.from([10, group.length]), group]);
  const pulled = {
    'x-log-cursor': 'MTE=',
    'x-log-bodyrawsize': String(list.length),
    'x-log-compresstype': 'gzip',
  };

  function answerTo({ method, target }: RecordedRequest): [string | Buffer, Record<string, string>] {
    if (target === '/') return ['{"Code":"Success","Result":{"VerifyStatus":"0"}}', json];
    if (target.endsWith('/lb') || target.includes('type=checkpoint')) return ['', {}];
    if (target.endsWith('/shards')) return ['[{"shardID":0,"status":"readwrite","createTime":1}]', json];
    if (target.includes('type=cursor&')) return ['{"cursor":"MTA="}', json];
    if (target.includes('type=cursor_time')) return ['{"cursor_time":5}', json];
    if (target.includes('type=logs')) return [deflateSync(list), pulled];
    if (method === 'POST' && target.includes('heartbeat')) return ['[0]', json];
    if (target.endsWith('/logs')) return ['{"meta":{"progress":"Complete"},"data":[]}', json];
    return ['[{"shard":0,"checkpoint":"MTA=","updateTime":7000,"consumer":"c"}]', json];
  }

  it('make all their calls, signed, without what the bundle leaves out', async () => {
    const server = await new RecordingServer().listen();
    server.answer = (request, response) => {
      const [body, headers] = answerTo(request);
      response.writeHead(200, headers).end(body);
    };
    const probe = join(folder, 'probe.cjs');
    const support = join(root, 'test/support/bundle');
    await run(process.execPath, [join(support, 'build.mjs'), join(support, 'probe.ts'), probe]);
    const { stdout } = await node([probe, server.url], folder);
    await server.close();
    expect(JSON.parse(stdout)).toEqual([
      { kind: 'answered', code: 'Success', result: { VerifyStatus: '0' } },
      null,
      [{ shardId: 0, status: 'readwrite' }],
      { cursor: 'MTA=', serverTimeMs: Date.UTC(2026, 10, 23, 7) },
      5_000,
      {
        groups: [
          {
            logs: [{ timeSeconds: 1, contents: { k: '值' } }],
            tags: {},
            cursor: 'MTA=',
          },
        ],
        nextCursor: 'MTE=',
        rawBytes: list.length,
      },
      [0],
      [{ shard: 0, checkpoint: 'MTA=', updateTimeMs: 7 }],
      null,
      { rows: [], complete: true },
    ]);
    const problems = server.requests.map((request) =>
      request.target === '/'
        ? acs3Problem(request, 'key-secret')
        : logProblem(request, 'key-id', 'key-secret'),
    );
    expect(problems).toEqual(Array(10).fill(undefined));
  });
});
