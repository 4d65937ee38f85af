import * as sdk from '@alicloud/sls20201230';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeGroup } from '../support/log-group.ts';
import { createSdkClient } from '../support/official-clients.ts';
import { createRawClient } from '../support/raw-client.ts';
import { openTarget, type Target } from '../support/target.ts';

/** `@alicloud/sls20201230`: the control plane, cursors, consumer groups and GetLogsV2. */
describe('@alicloud/sls20201230', () => {
  let target: Target;
  let client: ReturnType<typeof createSdkClient>;
  let project = '';
  const logstore = 'control-plane';
  const LIMIT_MS = 240_000;

  const createLogstore = (logstoreName: string, shardCount = 1) =>
    client.createLogStore(
      project,
      new sdk.CreateLogStoreRequest({ logstoreName, ttl: 3, shardCount, appendMeta: true, autoSplit: false }),
    );

  beforeAll(async () => {
    target = await openTarget();
    client = createSdkClient(target);
    project = target.newName('idv-sdk');
    await client.createProject(new sdk.CreateProjectRequest({ projectName: project, description: 'first' }));
    await target.settle();
    await createLogstore(logstore);
    await target.settle();
  }, LIMIT_MS);

  afterAll(async () => {
    try {
      await client.deleteProject(project, new sdk.DeleteProjectRequest({}));
    } finally {
      await target.close();
    }
  });

  const indexCreate = (map: object) => new sdk.CreateIndexRequest({ body: new sdk.Index(map) });
  const indexUpdate = (map: object) => new sdk.UpdateIndexRequest({ body: new sdk.Index(map) });

  const refused = (code: string, statusCode: number) =>
    expect.objectContaining({ code, data: expect.objectContaining({ statusCode }) });

  it(
    'shows, updates and lists projects',
    async () => {
      expect((await client.getProject(project)).body).toMatchObject({
        projectName: project,
        description: 'first',
      });
      await client.updateProject(project, new sdk.UpdateProjectRequest({ description: 'second' }));
      await target.settle();
      const list = await client.listProject(
        new sdk.ListProjectRequest({ projectName: project, offset: 0, size: 10 }),
      );
      expect(list.body).toMatchObject({
        count: 1,
        total: 1,
        projects: [expect.objectContaining({ projectName: project, description: 'second' })],
      });
      await expect(
        client.createProject(new sdk.CreateProjectRequest({ projectName: project, description: '' })),
      ).rejects.toEqual(refused('ProjectAlreadyExist', 400));
    },
    LIMIT_MS,
  );

  it(
    'shows, updates, lists and refuses logstores',
    async () => {
      expect((await client.getLogStore(project, logstore)).body).toMatchObject({
        logstoreName: logstore,
        ttl: 3,
        shardCount: 1,
        appendMeta: true,
        autoSplit: false,
        mode: 'standard',
      });
      await client.updateLogStore(
        project,
        logstore,
        new sdk.UpdateLogStoreRequest({ logstoreName: logstore, ttl: 5 }),
      );
      await target.settle();
      expect((await client.getLogStore(project, logstore)).body).toMatchObject({ ttl: 5, appendMeta: true });
      expect(
        (await client.listLogStores(project, new sdk.ListLogStoresRequest({}))).body?.logstores,
      ).toContain(logstore);
      await expect(createLogstore(logstore)).rejects.toMatchObject({ code: 'LogStoreAlreadyExist' });
      await expect(createLogstore('Not_A_Name!')).rejects.toMatchObject({ code: 'LogStoreInfoInvalid' });
      await expect(client.getLogStore(project, 'not-there')).rejects.toEqual(
        refused('LogStoreNotExist', 404),
      );
    },
    LIMIT_MS,
  );

  it('keeps the metering mode', async () => {
    await client.updateLogStoreMeteringMode(
      project,
      logstore,
      new sdk.UpdateLogStoreMeteringModeRequest({ meteringMode: 'ChargeByDataIngest' }),
    );
    expect((await client.getLogStoreMeteringMode(project, logstore)).body).toMatchObject({
      meteringMode: 'ChargeByDataIngest',
    });
  });

  it(
    'creates, shows, updates and deletes an index',
    async () => {
      const name = 'index-crud';
      await createLogstore(name);
      await target.settle();
      await expect(client.getIndex(project, name)).rejects.toMatchObject({ code: 'IndexConfigNotExist' });
      const keys = (field: string) => ({ [field]: new sdk.IndexKey({ type: 'long', docValue: true }) });
      await client.createIndex(project, name, indexCreate({ keys: keys('first'), maxTextLen: 4096 }));
      await target.settle();
      expect((await client.getIndex(project, name)).body).toMatchObject({
        keys: { first: { type: 'long', docValue: true } },
        maxTextLen: 4096,
        ttl: 3,
      });
      await expect(
        client.createIndex(project, name, indexCreate({ keys: keys('first') })),
      ).rejects.toMatchObject({ code: 'IndexAlreadyExist' });
      await client.updateIndex(project, name, indexUpdate({ keys: keys('second') }));
      await target.settle();
      expect(Object.keys((await client.getIndex(project, name)).body?.keys ?? {})).toEqual(['second']);
      await client.deleteIndex(project, name);
      await target.settle();
      await expect(client.getIndex(project, name)).rejects.toMatchObject({ code: 'IndexConfigNotExist' });
      await client.deleteLogStore(project, name);
    },
    LIMIT_MS,
  );

  it(
    'lists, splits and merges shards',
    async () => {
      const name = 'shards';
      await createLogstore(name, 2);
      await target.settle();
      const list = async () => (await client.listShards(project, name)).body ?? [];
      expect(await list()).toMatchObject([
        {
          shardID: 0,
          status: 'readwrite',
          inclusiveBeginKey: '0'.repeat(32),
          exclusiveEndKey: `8${'0'.repeat(31)}`,
        },
        {
          shardID: 1,
          status: 'readwrite',
          inclusiveBeginKey: `8${'0'.repeat(31)}`,
          exclusiveEndKey: 'f'.repeat(32),
        },
      ]);
      const key = `c${'0'.repeat(31)}`;
      const split = await client.splitShard(project, name, '1', new sdk.SplitShardRequest({ key }));
      expect(split.body).toMatchObject([
        { shardID: 1, status: 'readonly' },
        { shardID: 2, status: 'readwrite', exclusiveEndKey: key },
        { shardID: 3, status: 'readwrite', inclusiveBeginKey: key, exclusiveEndKey: 'f'.repeat(32) },
      ]);
      await target.settle();
      const merged = await client.mergeShard(project, name, '2');
      expect((merged.body as Array<{ shardID?: number }>).map((shard) => shard.shardID)).toEqual([4, 2, 3]);
      await expect(
        client.splitShard(project, name, '1', new sdk.SplitShardRequest({ key })),
      ).rejects.toMatchObject({ code: 'ParameterInvalid' });
      await expect(client.mergeShard(project, name, '4')).rejects.toMatchObject({ code: 'ParameterInvalid' });
      await target.settle();
      expect(
        (await list()).filter((shard) => shard.status === 'readwrite').map((shard) => shard.shardID),
      ).toEqual([0, 4]);
    },
    LIMIT_MS,
  );

  it(
    'gives cursors by receive time',
    async () => {
      const put = createRawClient(target);
      const cursorOf = async (from: string) =>
        (await client.getCursor(project, logstore, '0', new sdk.GetCursorRequest({ from }))).body?.cursor ??
        '';
      const before = Math.floor(Date.now() / 1000) - 3600;
      const answer = await put({
        method: 'POST',
        project,
        path: `/logstores/${logstore}/shards/lb`,
        headers: { 'content-type': 'application/x-protobuf' },
        body: encodeGroup([{ contents: { a: '1' } }]),
      });
      expect([answer.status, answer.body.length]).toEqual([200, 0]);
      const [begin, end] = [await cursorOf('begin'), await cursorOf('end')];
      const toNumber = (cursor: string) => BigInt(Buffer.from(cursor, 'base64').toString());
      expect(toNumber(end) - toNumber(begin)).toBe(1n);
      expect(await cursorOf(String(before))).toBe(begin);
      expect(await cursorOf(String(before + 7200))).toBe(end);
      const time = await client.getCursorTime(
        project,
        logstore,
        '0',
        new sdk.GetCursorTimeRequest({ cursor: begin }),
      );
      expect(Math.abs(Number(time.body?.cursorTime) - Date.now() / 1000)).toBeLessThan(120);
      await expect(cursorOf('yesterday')).rejects.toMatchObject({ code: 'ParameterInvalid' });
      await expect(
        client.getCursor(project, logstore, '9', new sdk.GetCursorRequest({ from: 'end' })),
      ).rejects.toEqual(refused('ShardNotExist', 400));
    },
    LIMIT_MS,
  );

  it(
    'runs the consumer-group protocol',
    async () => {
      const group = 'idv-group';
      await client.createConsumerGroup(
        project,
        logstore,
        new sdk.CreateConsumerGroupRequest({ consumerGroup: group, timeout: 30, order: false }),
      );
      await expect(
        client.createConsumerGroup(
          project,
          logstore,
          new sdk.CreateConsumerGroupRequest({ consumerGroup: group, timeout: 30, order: false }),
        ),
      ).rejects.toEqual(refused('ConsumerGroupAlreadyExist', 400));
      await client.updateConsumerGroup(
        project,
        logstore,
        group,
        new sdk.UpdateConsumerGroupRequest({ timeout: 60, order: false }),
      );
      await target.settle();
      expect((await client.listConsumerGroup(project, logstore)).body).toMatchObject([
        { name: group, timeout: 60, order: false },
      ]);
      const beat = async (consumer: string, body: number[]) =>
        (
          await client.consumerGroupHeartBeat(
            project,
            logstore,
            group,
            new sdk.ConsumerGroupHeartBeatRequest({ consumer, body }),
          )
        ).body;
      await expect(beat('b', [0])).rejects.toEqual(refused('NotExistConsumerWithBody', 400));
      expect(await beat('a', [])).toEqual([0]);
      expect(await beat('b', [])).toEqual([]);

      const checkpoint = (
        await client.getCursor(project, logstore, '0', new sdk.GetCursorRequest({ from: 'end' }))
      ).body?.cursor;
      const update = (more: {
        consumer?: string;
        forceSuccess: boolean;
        shard?: number;
        checkpoint?: string;
      }) =>
        client.consumerGroupUpdateCheckPoint(
          project,
          logstore,
          group,
          new sdk.ConsumerGroupUpdateCheckPointRequest({ shard: 0, checkpoint, ...more }),
        );
      const shown = async (shard?: number) =>
        (await client.getCheckPoint(project, logstore, group, new sdk.GetCheckPointRequest({ shard }))).body;
      expect(await shown(0)).toMatchObject([{ shard: 0, checkpoint: '' }]);
      await expect(update({ consumer: 'b', forceSuccess: false })).rejects.toMatchObject({
        code: 'ConsumerNotMatch',
      });
      await expect(update({ consumer: 'nobody', forceSuccess: false })).rejects.toEqual(
        refused('ConsumerNotExist', 404),
      );
      expect(await shown(0)).toMatchObject([{ checkpoint: '' }]);
      await update({ consumer: 'a', forceSuccess: false });
      expect(await shown()).toMatchObject([{ shard: 0, checkpoint, consumer: 'a' }]);
      await update({ forceSuccess: true });
      await expect(update({ forceSuccess: true, shard: 7 })).rejects.toEqual(refused('ShardNotExist', 404));
      await expect(update({ forceSuccess: true, checkpoint: '!' })).rejects.toEqual(
        refused('InvalidShardCheckPoint', 400),
      );
      expect(await shown(7)).toEqual([]);

      await client.deleteConsumerGroup(project, logstore, group);
      await target.settle();
      await expect(shown()).rejects.toEqual(refused('ConsumerGroupNotExist', 404));
    },
    LIMIT_MS,
  );

  it(
    'answers GetLogsV2 with rows and what was done',
    async () => {
      const name = 'queried';
      await createLogstore(name);
      await client.createIndex(
        project,
        name,
        indexCreate({
          line: { token: [' '] },
          keys: { n: new sdk.IndexKey({ type: 'long', docValue: true }) },
        }),
      );
      await target.settle();
      await createRawClient(target)({
        method: 'POST',
        project,
        path: `/logstores/${name}/shards/lb`,
        headers: { 'content-type': 'application/x-protobuf' },
        body: encodeGroup([1, 2, 3].map((n) => ({ contents: { n: String(n), word: 'hello' } }))),
      });
      await target.settle();
      const now = Math.floor(Date.now() / 1000);
      const query = async (text: string, more: object = {}) =>
        (
          await client.getLogsV2(
            project,
            name,
            new sdk.GetLogsV2Request({ from: now - 3600, to: now + 60, query: text, ...more }),
          )
        ).body;
      const found = await query('n >= 2', { line: 10, offset: 0, reverse: false });
      expect(found?.meta).toMatchObject({ progress: 'Complete', count: 2, hasSQL: false });
      expect(found?.data).toHaveLength(2);
      const summed = await query('* | select sum(n) as total from log');
      expect(summed?.meta).toMatchObject({ progress: 'Complete', hasSQL: true });
      expect(summed?.data).toMatchObject([{ total: '6' }]);
      await expect(query('* | select 1', { offset: 5 })).rejects.toMatchObject({ code: 'ParameterInvalid' });
    },
    LIMIT_MS,
  );
});
