import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTarget, type Target } from '../support/target.ts';

/**
 * Every method of `@alicloud/log`, with the expectations of its own integration test
 * (aliyun-log-nodejs-sdk test/integration.test.js, read 2026-11-23).
 */
interface NodeClient {
  createProject(project: string, data: object, options: object): Promise<unknown>;
  getProject(project: string, options: object): Promise<Record<string, unknown>>;
  deleteProject(project: string, options: object): Promise<unknown>;
  getProjectLogs(project: string, data: object, options: object): Promise<unknown[]>;
  listLogStore(project: string, data: object, options: object): Promise<Record<string, unknown>>;
  createLogStore(project: string, name: string, data: object, options: object): Promise<unknown>;
  updateLogStore(project: string, name: string, data: object, options: object): Promise<unknown>;
  deleteLogStore(project: string, name: string, options: object): Promise<unknown>;
  getLogStore(project: string, name: string, options: object): Promise<Record<string, unknown>>;
  getIndexConfig(project: string, name: string, options: object): Promise<Record<string, unknown>>;
  createIndex(project: string, name: string, index: object, options: object): Promise<unknown>;
  updateIndex(project: string, name: string, index: object, options: object): Promise<unknown>;
  deleteIndex(project: string, name: string, options: object): Promise<unknown>;
  postLogStoreLogs(project: string, name: string, group: object, options: object): Promise<unknown>;
}

/** getLogs and getHistograms take two dates before the rest. */
type Query = (
  project: string,
  name: string,
  from: Date,
  to: Date,
  data: object,
  options: object,
) => Promise<Array<Record<string, unknown>>>;

const LogClient = createRequire(import.meta.url)('@alicloud/log') as new (
  config: object,
) => Omit<NodeClient, 'getLogs'> & { getLogs: Query; getHistograms: Query };

describe('@alicloud/log', () => {
  let target: Target;
  let client: InstanceType<typeof LogClient>;
  let options: { agent: unknown };
  let project = '';
  let plain = '';
  let indexed = '';

  beforeAll(async () => {
    target = await openTarget();
    client = new LogClient({
      accessKeyId: target.accessKeyId,
      accessKeySecret: target.accessKeySecret,
      endpoint: `${target.protocol}://${target.endpoint}`,
    });
    options = { agent: target.agent };
    project = target.newName('idv-node');
    plain = target.newName('plain');
    indexed = target.newName('indexed');
    await client.createProject(project, { description: 'conformance' }, options);
    await target.settle();
    await client.createLogStore(project, plain, { ttl: 1, shardCount: 1 }, options);
    await client.createLogStore(project, indexed, { ttl: 1, shardCount: 1 }, options);
    await client.createIndex(
      project,
      indexed,
      { line: { token: [' ', ','] }, keys: { level: { type: 'text', token: [' '], doc_value: true } } },
      options,
    );
    await target.settle();
  }, 240_000);

  afterAll(async () => {
    try {
      await client.deleteProject(project, options);
    } finally {
      await target.close();
    }
  });

  it('creates, shows and deletes a project', async () => {
    const name = target.newName('idv-node-crud');
    expect(await client.createProject(name, { description: 'test' }, options)).toBe('');
    await target.settle();
    expect(await client.getProject(name, options)).toMatchObject({ projectName: name, description: 'test' });
    expect(await client.deleteProject(name, options)).toBe('');
    await target.settle();
    await expect(client.getProject(name, options)).rejects.toMatchObject({ code: 'ProjectNotExist' });
  }, 180_000);

  it('creates, shows, lists, updates and deletes a logstore', async () => {
    const name = target.newName('crud');
    expect(await client.createLogStore(project, name, { ttl: 10, shardCount: 2 }, options)).toBe('');
    await target.settle();
    expect(await client.getLogStore(project, name, options)).toMatchObject({ logstoreName: name, ttl: 10 });
    const list = await client.listLogStore(project, {}, options);
    expect(list).toMatchObject({ count: expect.any(Number), total: expect.any(Number) });
    expect(list.logstores).toContain(name);
    expect(await client.listLogStore(project, { logstoreName: name, offset: 0, size: 10 }, options)).toEqual({
      count: 1,
      total: 1,
      logstores: [name],
    });
    expect(await client.updateLogStore(project, name, { ttl: 20, shardCount: 2 }, options)).toBe('');
    await target.settle();
    expect(await client.getLogStore(project, name, options)).toMatchObject({ logstoreName: name, ttl: 20 });
    expect(await client.deleteLogStore(project, name, options)).toBe('');
    await target.settle();
    await expect(client.getLogStore(project, name, options)).rejects.toMatchObject({
      code: 'LogStoreNotExist',
    });
  }, 240_000);

  it('creates, shows, updates and deletes an index', async () => {
    const keys = (field: string) => ({
      [field]: { caseSensitive: false, token: ['\n', '\t', ';', ',', '=', ':'], type: 'text' },
    });
    await client.createIndex(project, plain, { ttl: 7, keys: keys('functionName') }, options);
    await target.settle();
    const created = await client.getIndexConfig(project, plain, options);
    expect(typeof created.ttl).toBe('number');
    expect(created.keys).toEqual(keys('functionName'));
    await client.updateIndex(project, plain, { ttl: 7, keys: keys('serviceName') }, options);
    await target.settle();
    expect((await client.getIndexConfig(project, plain, options)).keys).toEqual(keys('serviceName'));
    expect(await client.deleteIndex(project, plain, options)).toBe('');
    await target.settle();
    await expect(client.getIndexConfig(project, plain, options)).rejects.toMatchObject({
      code: 'IndexConfigNotExist',
    });
  }, 240_000);

  const now = () => Math.floor(Date.now() / 1000);
  const logs = (mark: string) => ({
    logs: [
      { content: { level: 'debug', message: `${mark} one 日本` }, timestamp: now() },
      { content: { level: 'info', message: `${mark} two` }, timestamp: now() },
    ],
    tags: [{ tag1: 'testTag' }],
  });

  it.each([
    ['as they are', {}],
    ['with topic and source', { topic: 'testTopic', source: 'testSource' }],
  ])('writes logs %s', async (_, more) => {
    expect(await client.postLogStoreLogs(project, indexed, { ...logs('plain'), ...more }, options)).toBe('');
  });

  it('writes logs with nanoseconds', async () => {
    const group = logs('ns');
    const timed = group.logs.map((log) => ({ ...log, timestampNsPart: 123_456_789 }));
    expect(
      await client.postLogStoreLogs(
        project,
        indexed,
        { ...group, logs: timed, topic: 'ns', source: 'ns' },
        options,
      ),
    ).toBe('');
  });

  it('refuses a query of a logstore without an index', async () => {
    const from = new Date(Date.now() - 60_000);
    await expect(client.getLogs(project, plain, from, new Date(), {}, options)).rejects.toMatchObject({
      code: 'IndexConfigNotExist',
    });
  });

  it('finds what was written, counts it over time, and answers SQL', async () => {
    const mark = `found${Date.now()}`;
    await client.postLogStoreLogs(
      project,
      indexed,
      { ...logs(mark), topic: 'testTopic', source: 'src' },
      options,
    );
    await target.settle();
    const from = new Date(Date.now() - 3600_000);
    const to = new Date(Date.now() + 60_000);
    const found = await client.getLogs(
      project,
      indexed,
      from,
      to,
      { query: mark, topic: 'testTopic' },
      options,
    );
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({
      level: expect.stringMatching(/debug|info/),
      __source__: 'src',
      __time__: expect.stringMatching(/^\d{10}$/),
    });
    expect(
      await client.getLogs(project, indexed, from, to, { query: mark, topic: 'other' }, options),
    ).toEqual([]);

    const buckets = await client.getHistograms(project, indexed, from, to, { query: mark }, options);
    expect(buckets.reduce((sum, bucket) => sum + Number(bucket.count), 0)).toBe(2);
    expect(buckets[0]).toMatchObject({
      from: expect.any(Number),
      to: expect.any(Number),
      progress: 'Complete',
    });

    const sql = `${mark} | select level, count(*) as n from log group by level order by level`;
    expect(await client.getLogs(project, indexed, from, to, { query: sql }, options)).toMatchObject([
      { level: 'debug', n: '1' },
      { level: 'info', n: '1' },
    ]);
  }, 120_000);

  it('answers SQL over a project', async () => {
    const from = Math.round(Date.now() / 1000) - 86_400;
    const to = Math.round(Date.now() / 1000) + 60;
    const answer = await client.getProjectLogs(
      project,
      {
        query: `select count(*) as count from ${indexed} where __time__ >'${from}' and __time__ < '${to}' limit 0,20`,
      },
      options,
    );
    expect(answer).toHaveLength(1);
    expect(Number((answer[0] as { count: string }).count)).toBeGreaterThan(0);
  });
});
