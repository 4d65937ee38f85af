import * as sdk from '@alicloud/sls20201230';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SlsControl } from '../../../deploy/sls-client.ts';
import { LOCAL_PROJECT } from '../../../local/credentials.ts';
import {
  LOCAL_ACCESS_KEY_ID,
  LOCAL_ACCESS_KEY_SECRET,
  type LocalServer,
  MemoryCredentialStore,
} from '../../../local/sls/src/host.ts';
import { createSlsServer } from '../../../local/sls/src/server.ts';
import { createSlsClient, type SlsClientOptions } from '../../../shared/sls/client.ts';
import type { Log } from '../../../shared/sls/types.ts';

const KEYS = { accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET };
const STORE = 'queue';
const GROUP = 'group';
let server: LocalServer;

const client = (more: Partial<SlsClientOptions> = {}) =>
  createSlsClient({
    endpoint: server.url,
    project: LOCAL_PROJECT,
    credentials: () => KEYS,
    connectTimeoutMs: 2_000,
    readTimeoutMs: 5_000,
    ...more,
  });

const nowSeconds = () => Math.floor(Date.now() / 1_000);
const logs = (...ids: string[]): Log[] =>
  ids.map((id) => ({
    timeSeconds: nowSeconds(),
    contents: [
      ['id', id],
      ['text', '阶段 🙂'],
    ],
  }));

async function control(settings: object): Promise<void> {
  const response = await fetch(`${server.url}/_control`, { method: 'POST', body: JSON.stringify(settings) });
  if (!response.ok) throw new Error(await response.text());
}

beforeAll(async () => {
  server = await createSlsServer({ port: 0, credentials: new MemoryCredentialStore() });
  await provision(server.url);
});
afterAll(() => server.close());

describe('the data plane against the local SLS', () => {
  it('writes groups and pulls them back one by one, in order', async () => {
    const sls = client();
    await sls.putLogs(STORE, logs('a', 'b'));
    await sls.putLogs(STORE, logs('c'));
    const [shard] = await sls.listShards(STORE);
    expect(shard).toMatchObject({ shardId: 0, status: 'readwrite' });
    const begin = await sls.getCursor(STORE, 0, 'begin');
    expect(Math.abs(begin.serverTimeMs - Date.now())).toBeLessThan(5_000);

    const all = await sls.pullLogs(STORE, 0, { cursor: begin.cursor });
    expect(all.groups.map((group) => group.logs.map((log) => log.contents['id']))).toEqual([
      ['a', 'b'],
      ['c'],
    ]);
    expect(all.groups[0]).toMatchObject({ cursor: begin.cursor });
    expect(all.groups[0]?.logs[0]?.contents['text']).toBe('阶段 🙂');

    const first = await sls.pullLogs(STORE, 0, { cursor: begin.cursor, count: 1 });
    expect(first.groups).toHaveLength(1);
    expect(first.nextCursor).toBe(all.groups[1]?.cursor);
    const second = await sls.pullLogs(STORE, 0, { cursor: first.nextCursor });
    expect(second.groups.map((group) => group.cursor)).toEqual([all.groups[1]?.cursor]);

    const end = await sls.getCursor(STORE, 0, 'end');
    const nothing = await sls.pullLogs(STORE, 0, { cursor: end.cursor });
    expect(nothing).toMatchObject({ groups: [], nextCursor: end.cursor });
    expect(await sls.getCursorTimeMs(STORE, 0, begin.cursor)).toBeGreaterThan(Date.now() - 60_000);
    const limited = await sls.pullLogs(STORE, 0, { cursor: begin.cursor, endCursor: first.nextCursor });
    expect(limited.groups).toHaveLength(1);
  });

  it('takes a lease, checkpoints under it, and is refused without it', async () => {
    const sls = client();
    expect(await sls.heartbeat(STORE, GROUP, 'me', [])).toEqual([0]);
    expect(await sls.heartbeat(STORE, GROUP, 'me', [0])).toEqual([0]);
    const { cursor } = await sls.getCursor(STORE, 0, 'begin');
    await sls.updateCheckpoint(STORE, GROUP, { consumer: 'me', shard: 0, checkpoint: cursor });
    expect(await sls.getCheckpoints(STORE, GROUP)).toEqual([
      { shard: 0, checkpoint: cursor, updateTimeMs: expect.any(Number) },
    ]);
    await expect(
      sls.updateCheckpoint(STORE, GROUP, { consumer: 'other', shard: 0, checkpoint: cursor }),
    ).rejects.toMatchObject({ code: 'SLS' });
  });

  it('finds what it wrote, by search and by SQL', async () => {
    const sls = client();
    await sls.putLogs('records', logs('found', 'found', 'other'));
    const window = { fromSeconds: nowSeconds() - 60, toSeconds: nowSeconds() + 60 };
    const rows = await sls.query('records', { ...window, query: 'id: found' });
    expect(rows).toMatchObject({ complete: true, rows: [{ id: 'found', text: '阶段 🙂' }, { id: 'found' }] });
    const counted = await sls.query('records', {
      ...window,
      query: '* | SELECT id, count(*) AS n FROM log GROUP BY id ORDER BY n DESC',
    });
    expect(counted.rows).toEqual([
      { id: 'found', n: '2' },
      { id: 'other', n: '1' },
    ]);
  });

  it.each([
    [
      'a store that is not there',
      (sls: ReturnType<typeof client>) => sls.listShards('nowhere'),
      404,
      'LogStoreNotExist',
    ],
    [
      'a cursor that is none',
      (sls: ReturnType<typeof client>) => sls.pullLogs(STORE, 0, { cursor: '???' }),
      400,
      /./,
    ],
  ])('%s is refused with the code of SLS', async (_name, call, status, serverCode) => {
    await expect(call(client())).rejects.toMatchObject({
      code: 'SLS',
      status,
      serverCode: expect.stringMatching(serverCode),
      requestId: expect.any(String),
    });
  });

  it('a wrong secret is refused, the right one is not', async () => {
    const wrong = client({ credentials: () => ({ ...KEYS, accessKeySecret: 'wrong' }) });
    await expect(wrong.listShards(STORE)).rejects.toMatchObject({ code: 'SLS', status: 401 });
    await expect(client().listShards(STORE)).resolves.toHaveLength(1);
  });

  it.each([
    ['WriteQuotaExceed', { code: 'SLS', serverCode: 'WriteQuotaExceed', retryable: true }],
    ['reset', { code: 'UPSTREAM_NETWORK' }],
    ['hang', { code: 'UPSTREAM_TIMEOUT' }],
  ])('a fault planned as %s', async (answer, expected) => {
    await control({ fail: [{ action: 'PutLogs', logstore: '*', times: 1, answer }] });
    const sls = client({ readTimeoutMs: 300 });
    await expect(sls.putLogs('records', logs('x'))).rejects.toMatchObject(expected);
    await expect(sls.putLogs('records', logs('x'))).resolves.toBeUndefined();
  });
});

/** With the official SDK's control plane, so that the client under test does not prepare its own ground. */
async function provision(endpoint: string): Promise<void> {
  const control = new SlsControl({ endpoint, region: 'ap-southeast-1', credentials: KEYS });
  await control.createProject(
    new sdk.CreateProjectRequest({ projectName: LOCAL_PROJECT, description: 'test' }),
  );
  for (const logstoreName of [STORE, 'records']) {
    await control.createLogStore(
      LOCAL_PROJECT,
      new sdk.CreateLogStoreRequest({ logstoreName, ttl: 1, shardCount: 1, appendMeta: true }),
    );
  }
  const text = { type: 'text', token: [' '], caseSensitive: true, docValue: true };
  const index = new sdk.Index({ keys: { id: text, text } });
  await control.createIndex(LOCAL_PROJECT, 'records', new sdk.CreateIndexRequest({ body: index }));
  await control.createConsumerGroup(
    LOCAL_PROJECT,
    STORE,
    new sdk.CreateConsumerGroupRequest({ consumerGroup: GROUP, timeout: 60, order: false }),
  );
}
