import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateIndexRequest,
  CreateProjectRequest,
  GetLogsRequest,
  Index,
  IndexKey,
} from '@alicloud/sls20201230';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeGroup } from '../support/log-group.ts';
import { createGatewayClient, createSdkClient } from '../support/official-clients.ts';
import { localTarget, type Target } from '../support/target.ts';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 120_000;

interface Manifest {
  readonly scripts: { readonly start: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

interface LogClient {
  createLogStore(project: string, name: string, data: object, options: object): Promise<unknown>;
  postLogStoreLogs(project: string, name: string, group: object, options: object): Promise<unknown>;
}
const LogClient = createRequire(import.meta.url)('@alicloud/log') as new (config: object) => LogClient;

/** Where a package is installed, seen from this one. */
function folderOf(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    if (fs.existsSync(join(folder, name, 'package.json'))) return join(folder, name);
  }
  throw new Error(`${name} is not installed`);
}

/**
 * Copies what is needed to start, with no other packages beside it than those it names itself: an import of
 * anything else fails.
 */
function copyPackage(target: string, isNamed: (name: string) => boolean = () => true): Manifest {
  for (const part of ['package.json', 'bin', 'src']) {
    fs.cpSync(join(PACKAGE, part), join(target, part), { recursive: true });
  }
  const manifest = JSON.parse(fs.readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies).filter(isNamed)) {
    const link = join(target, 'node_modules', name);
    fs.mkdirSync(dirname(link), { recursive: true });
    fs.symlinkSync(folderOf(name), link);
  }
  return manifest;
}

/** Runs the package's start script; resolves to the address it says it listens at. */
function start(folder: string, { scripts }: Manifest, children: ChildProcess[]): Promise<string> {
  const child = spawn('sh', ['-c', `${scripts.start} --port 0`], { cwd: folder, stdio: 'pipe' });
  children.push(child);
  let output = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output += String(text);
        const url = /listens at (\S+)/.exec(output)?.[1];
        if (url !== undefined) resolve(url);
      });
    }
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
}

describe('a copy of the package alone', () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'sls-alone-'));
  const children: ChildProcess[] = [];
  let target: Target;

  beforeAll(async () => {
    const copy = join(folder, 'copy');
    const url = await start(copy, copyPackage(copy), children);
    target = localTarget({ url, close: async () => {} });
  }, LIMIT_MS);

  afterAll(async () => {
    await target?.close();
    for (const child of children) child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it(
    'serves the official clients: three write, one queries',
    async () => {
      const [project, logstore] = ['alone', 'rows'];
      const sdk = createSdkClient(target);
      await sdk.createProject(new CreateProjectRequest({ projectName: project, description: '' }));
      const log = new LogClient({
        accessKeyId: target.accessKeyId,
        accessKeySecret: target.accessKeySecret,
        endpoint: `http://${target.endpoint}`,
      });
      const options = { agent: target.agent };
      await log.createLogStore(project, logstore, { ttl: 1, shardCount: 1 }, options);
      const keys = { writer: new IndexKey({ type: 'text', token: [' '], docValue: true }) };
      await sdk.createIndex(project, logstore, new CreateIndexRequest({ body: new Index({ keys }) }));

      const now = Math.floor(Date.now() / 1000);
      await log.postLogStoreLogs(
        project,
        logstore,
        { logs: [{ timestamp: now, content: { writer: 'log' } }] },
        options,
      );
      for (const version of ['v1', 'v4'] as const) {
        await createGatewayClient(
          target,
          version,
        )({
          action: 'PutLogs',
          method: 'POST',
          project,
          pathname: `/logstores/${logstore}/shards/lb`,
          headers: { 'content-type': 'application/x-protobuf' },
          reqBodyType: 'binary',
          body: encodeGroup([{ contents: { writer: version } }]),
          bodyType: 'none',
        });
      }
      const found = await sdk.getLogs(
        project,
        logstore,
        new GetLogsRequest({
          from: now - 60,
          to: now + 60,
          query: '* | SELECT writer, count(*) AS n GROUP BY writer ORDER BY writer',
        }),
      );
      expect(found.body?.map(({ writer, n }) => [writer, n])).toEqual([
        ['log', '1'],
        ['v1', '1'],
        ['v4', '1'],
      ]);
    },
    LIMIT_MS,
  );

  it(
    'the control: it does not start without a package that it names',
    async () => {
      const copy = join(folder, 'without');
      const manifest = copyPackage(copy, (name) => name !== 'protobufjs');
      await expect(start(copy, manifest, children)).rejects.toThrow("Cannot find package 'protobufjs'");
    },
    LIMIT_MS,
  );
});
