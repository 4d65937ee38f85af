import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryCredentialStore } from '../../src/host.ts';
import { createSlsServer } from '../../src/server.ts';
import { decodeGroupList, encodeGroup } from '../support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from '../support/raw-client.ts';
import type { Target } from '../support/target.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROJECT = 'idv-local';
const LOGSTORE = 'kept';
const LIMIT_MS = 60_000;

/** What was acknowledged outlives the process; what was torn is gone whole. */
describe('durability', () => {
  let dataDir = '';
  let agent: http.Agent;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    dataDir = fs.mkdtempSync(join(tmpdir(), 'sls-durability-'));
    agent = new http.Agent({ keepAlive: true });
  });
  afterEach(() => {
    agent.destroy();
    for (const child of children.splice(0)) child.kill('SIGKILL');
    fs.rmSync(dataDir, { recursive: true, force: true });
  });

  /** The stand-alone program, as its package starts it. */
  const startProgram = async (
    flags = ['--port', '0', '--data', dataDir],
  ): Promise<{ child: ChildProcess; url: string }> => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', ...flags], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: dataDir },
    });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += String(text)));
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)));
      child.stdout?.on('data', () => {
        const url = /listens at (\S+)/.exec(output)?.[1];
        if (url !== undefined) resolve({ child, url });
      });
    });
  };
  const killed = (child: ChildProcess) =>
    new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  const clientOf = (url: string): ((call: RawCall) => Promise<RawAnswer>) => {
    const target = {
      url,
      endpoint: new URL(url).host,
      protocol: 'http',
      region: 'r',
      agent,
    } as unknown as Target;
    const send = createRawClient({ ...target, accessKeyId: 'local', accessKeySecret: 'local-secret' });
    return (call) => send({ addressing: 'header', project: PROJECT, ...call });
  };
  const put = (send: (call: RawCall) => Promise<RawAnswer>, value: string) =>
    send({
      method: 'POST',
      path: `/logstores/${LOGSTORE}/shards/lb`,
      headers: { 'content-type': 'application/x-protobuf' },
      body: encodeGroup([{ contents: { value } }]),
    });
  const readAll = async (send: (call: RawCall) => Promise<RawAnswer>): Promise<string[]> => {
    const path = `/logstores/${LOGSTORE}/shards/0`;
    const begin = (await send({ path, query: { type: 'cursor', from: 'begin' } })).json<{ cursor: string }>();
    const values: string[] = [];
    let { cursor } = begin;
    for (;;) {
      const answer = await send({ path, query: { type: 'log', cursor, count: '1000' } });
      if (answer.headers['x-log-count'] === '0') return values;
      values.push(
        ...decodeGroupList(answer.body).flatMap((group) => group.logs.map((log) => log.contents.value ?? '')),
      );
      cursor = String(answer.headers['x-log-cursor']);
    }
  };
  const provision = async (send: (call: RawCall) => Promise<RawAnswer>) => {
    await send({ method: 'POST', path: '/', body: JSON.stringify({ projectName: PROJECT }) });
    const settings = { logstoreName: LOGSTORE, ttl: 30, shardCount: 1 };
    await send({ method: 'POST', path: '/logstores', body: JSON.stringify(settings) });
  };

  it(
    'has every acknowledged write after SIGKILL under load, none twice, in order',
    async () => {
      const first = await startProgram();
      const send = clientOf(first.url);
      await provision(send);
      const acknowledged: string[] = [];
      let sent = 0;
      const writer = (async () => {
        for (;;) {
          const value = String(sent);
          sent += 1;
          if ((await put(send, value)).status === 200) acknowledged.push(value);
          if (acknowledged.length === 200) void killed(first.child);
        }
      })();
      await expect(writer).rejects.toThrow();

      const second = await startProgram();
      const values = await readAll(clientOf(second.url));
      expect(values.slice(0, acknowledged.length)).toEqual(acknowledged);
      // At most the one write that was under way is there beyond what was acknowledged.
      expect(values.length - acknowledged.length).toBeLessThanOrEqual(1);
      await killed(second.child);
    },
    LIMIT_MS,
  );

  it(
    'has projects, indexes, documents, groups, leases and checkpoints after SIGKILL',
    async () => {
      const first = await startProgram();
      const send = clientOf(first.url);
      await provision(send);
      const group = `/logstores/${LOGSTORE}/consumergroups/g`;
      const json = (method: string, path: string, body: unknown, query: Record<string, string> = {}) =>
        send({ method, path, query, body: JSON.stringify(body) });
      await json('POST', `/logstores/${LOGSTORE}/index`, { keys: { value: { type: 'text' } } });
      await json('POST', `/logstores/${LOGSTORE}/consumergroups`, {
        consumerGroup: 'g',
        timeout: 60,
        order: false,
      });
      expect((await json('POST', group, [], { type: 'heartbeat', consumer: 'c' })).json()).toEqual([0]);
      const checkpoint = { shard: 0, checkpoint: 'MTIz' };
      await json('POST', group, checkpoint, { type: 'checkpoint', consumer: 'c', forceSuccess: 'false' });
      await json('POST', '/dashboards', { dashboardName: 'd1', displayName: 'D', charts: [] });
      await killed(first.child);

      const again = clientOf((await startProgram()).url);
      expect((await again({ path: '/' })).json()).toMatchObject({ projectName: PROJECT });
      expect((await again({ path: `/logstores/${LOGSTORE}/index` })).json()).toMatchObject({
        keys: { value: { type: 'text' } },
      });
      expect((await again({ path: group })).json()).toMatchObject([{ ...checkpoint, consumer: 'c' }]);
      expect((await again({ path: '/dashboards/d1' })).json()).toMatchObject({ displayName: 'D' });
      const beat = (consumer: string, shards: number[]) =>
        again({
          method: 'POST',
          path: group,
          query: { type: 'heartbeat', consumer },
          body: JSON.stringify(shards),
        });
      expect((await beat('other', [])).json()).toEqual([]);
      expect((await beat('c', [0])).json()).toEqual([0]);
    },
    LIMIT_MS,
  );

  it(
    'cuts off a torn write at any byte and goes on',
    async () => {
      const open = () => createSlsServer({ port: 0, credentials: new MemoryCredentialStore(), dataDir });
      let server = await open();
      await provision(clientOf(server.url));
      await put(clientOf(server.url), 'whole');
      await server.close();
      const [file = ''] = fs.readdirSync(join(dataDir, 'rows'));
      const path = join(dataDir, 'rows', file);
      const whole = fs.readFileSync(path);

      for (let size = 1; size < whole.length; size += 7) {
        fs.writeFileSync(path, Buffer.concat([whole, whole.subarray(0, size)]));
        server = await open();
        const send = clientOf(server.url);
        expect(await readAll(send)).toEqual(['whole']);
        await put(send, 'next');
        await server.close();
        server = await open();
        expect(await readAll(clientOf(server.url))).toEqual(['whole', 'next']);
        await server.close();
      }
    },
    LIMIT_MS,
  );

  it('keeps moved receive times', async () => {
    const open = () => createSlsServer({ port: 0, credentials: new MemoryCredentialStore(), dataDir });
    let server = await open();
    await provision(clientOf(server.url));
    await put(clientOf(server.url), 'old');
    const age = { age: { logstore: LOGSTORE, ms: 3_600_000 } };
    await fetch(`${server.url}/_control`, { method: 'POST', body: JSON.stringify(age) });
    await put(clientOf(server.url), 'new');
    const path = `/logstores/${LOGSTORE}/shards/0`;
    const query = { type: 'cursor', from: String(Math.floor(Date.now() / 1000) - 1800) };
    const before = (await clientOf(server.url)({ path, query })).json();
    await server.close();
    server = await open();
    expect((await clientOf(server.url)({ path, query })).json()).toEqual(before);
    await server.close();
  });

  it(
    'refuses a folder that is in use, and takes one whose owner was killed',
    async () => {
      const { child } = await startProgram();
      const open = () => createSlsServer({ port: 0, credentials: new MemoryCredentialStore(), dataDir });
      await expect(open()).rejects.toThrow(/in use by process/);
      await killed(child);
      const server = await open();
      await expect(open()).rejects.toThrow(/in use by process/);
      await server.close();
    },
    LIMIT_MS,
  );

  it(
    'removes its temporary folder when it is stopped',
    async () => {
      const { child } = await startProgram(['--port', '0']);
      expect(fs.readdirSync(dataDir).filter((name) => name.startsWith('local-sls-'))).toHaveLength(1);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(fs.readdirSync(dataDir).filter((name) => name.startsWith('local-sls-'))).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'says what is wrong with a port that is taken and with an unknown flag',
    async () => {
      const { url } = await startProgram();
      const { port } = new URL(url);
      await expect(startProgram(['--port', port])).rejects.toThrow(`port ${port} is taken`);
      await expect(startProgram(['--prot', port])).rejects.toThrow(
        /Unknown option '--prot'.*Usage: local-sls/s,
      );
      await expect(startProgram(['--port', 'many'])).rejects.toThrow(/--port must be a number/);
    },
    LIMIT_MS,
  );
});
