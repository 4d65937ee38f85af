import zlib from 'node:zlib';
import { CreateLogStoreRequest, CreateProjectRequest, DeleteProjectRequest } from '@alicloud/sls20201230';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeGroupList, encodeGroup, toLz4Literals } from '../support/log-group.ts';
import { createGatewayClient, createSdkClient, type GatewayAnswer } from '../support/official-clients.ts';
import { openTarget, type Target } from '../support/target.ts';

/** `@alicloud/openapi-core` with `@alicloud/gateway-sls`: put and pull, each compression, both signatures. */
describe('openapi-core with gateway-sls', () => {
  let target: Target;
  let project = '';

  beforeAll(async () => {
    target = await openTarget();
    project = target.newName('idv-gateway');
    await createSdkClient(target).createProject(
      new CreateProjectRequest({ projectName: project, description: '' }),
    );
    await target.settle();
  }, 120_000);

  afterAll(async () => {
    try {
      await createSdkClient(target).deleteProject(project, new DeleteProjectRequest({}));
    } finally {
      await target.close();
    }
  });

  const put = {
    none: (raw: Buffer) => ({ body: raw, headers: {} }),
    deflate: (raw: Buffer) => ({ body: zlib.deflateSync(raw), headers: { 'x-log-compresstype': 'deflate' } }),
    gzip: (raw: Buffer) => ({ body: zlib.deflateSync(raw), headers: { 'x-log-compresstype': 'gzip' } }),
    lz4: (raw: Buffer) => ({ body: toLz4Literals(raw), headers: { 'x-log-compresstype': 'lz4' } }),
  };

  describe.each(['v1', 'v4'] as const)('signature %s', (version) => {
    const logstore = `compression-${version}`;
    let call: ReturnType<typeof createGatewayClient>;

    beforeAll(async () => {
      await createSdkClient(target, version).createLogStore(
        project,
        new CreateLogStoreRequest({ logstoreName: logstore, ttl: 1, shardCount: 1 }),
      );
      await target.settle();
      call = createGatewayClient(target, version);
    }, 120_000);

    const cursor = async (from: string): Promise<string> => {
      const answer = await call({
        action: 'GetCursor',
        method: 'GET',
        project,
        pathname: `/logstores/${logstore}/shards/0`,
        query: { type: 'cursor', from },
        bodyType: 'json',
      });
      return (answer.body as { cursor: string }).cursor;
    };
    const pull = (from: string, acceptEncoding: string): Promise<GatewayAnswer> =>
      call({
        action: 'PullLogs',
        method: 'GET',
        project,
        pathname: `/logstores/${logstore}/shards/0`,
        query: { type: 'logs', cursor: from, count: '10' },
        headers: { Accept: 'application/x-protobuf', 'Accept-Encoding': acceptEncoding },
        bodyType: 'byte',
      });

    it.each(Object.keys(put) as Array<keyof typeof put>)(
      'puts a body compressed by us with %s',
      async (type) => {
        const start = await cursor('end');
        const contents = { text: `${type} ${'repetition '.repeat(200)}`, chinese: '核身' };
        const raw = encodeGroup([{ contents }, { contents: { text: 'second' } }], {
          topic: type,
          tags: { t: 'v' },
        });
        const { body, headers } = put[type](raw);
        await call({
          action: 'PutLogs',
          method: 'POST',
          project,
          pathname: `/logstores/${logstore}/shards/lb`,
          headers: {
            'content-type': 'application/x-protobuf',
            'content-length': String(body.length),
            'x-log-bodyrawsize': String(raw.length),
            ...(type === 'none' ? { 'x-log-compresstype': '' } : {}),
            ...headers,
          },
          reqBodyType: 'binary',
          body,
          bodyType: 'none',
        });
        const answer = await pull(start, 'deflate');
        const [group] = decodeGroupList(answer.body as Buffer);
        expect(group).toMatchObject({
          topic: type,
          tags: { t: 'v' },
          logs: [{ contents }, { contents: { text: 'second' } }],
        });
        expect(answer.headers).toMatchObject({ 'x-log-count': '1', 'x-log-cursor': await cursor('end') });
      },
    );

    it('puts a body that the gateway compresses itself', async () => {
      const start = await cursor('end');
      const raw = encodeGroup([{ contents: { text: 'compressed by the gateway '.repeat(50) } }]);
      await call({
        action: 'PutLogs',
        method: 'POST',
        project,
        pathname: `/logstores/${logstore}/shards/lb`,
        headers: { 'content-type': 'application/x-protobuf' },
        reqBodyType: 'binary',
        body: raw,
        bodyType: 'none',
      });
      const [group] = decodeGroupList((await pull(start, 'gzip')).body as Buffer);
      expect(group?.logs[0]?.contents.text).toBe('compressed by the gateway '.repeat(50));
    });

    it.each(['lz4', 'gzip', 'deflate', ''])('pulls with Accept-Encoding %j', async (acceptEncoding) => {
      const answer = await pull(await cursor('begin'), acceptEncoding);
      const raw = answer.body as Buffer;
      expect(raw).toHaveLength(Number(answer.headers['x-log-bodyrawsize']));
      expect(answer.headers['x-log-compresstype']).toBe(acceptEncoding === '' ? undefined : acceptEncoding);
      expect(decodeGroupList(raw)).toHaveLength(Number(answer.headers['x-log-count']));
      expect(decodeGroupList(raw)[0]?.topic).toBe('none');
    });

    it('pulls nothing at the end, with the same cursor', async () => {
      const end = await cursor('end');
      const answer = await pull(end, 'lz4');
      expect(answer.headers).toMatchObject({
        'x-log-count': '0',
        'x-log-bodyrawsize': '0',
        'x-log-cursor': end,
      });
    });

    it('heartbeats with a bare array and gets one', async () => {
      const group = `group-${version}`;
      await call({
        action: 'CreateConsumerGroup',
        method: 'POST',
        project,
        pathname: `/logstores/${logstore}/consumergroups`,
        body: { consumerGroup: group, timeout: 60, order: false },
        bodyType: 'none',
      });
      const beat = (shards: number[]) =>
        call({
          action: 'ConsumerGroupHeartBeat',
          method: 'POST',
          project,
          pathname: `/logstores/${logstore}/consumergroups/${group}`,
          query: { type: 'heartbeat', consumer: 'c1' },
          body: shards,
          bodyType: 'array',
        });
      await target.settle();
      await beat([]);
      expect((await beat([])).body).toEqual([0]);
      expect((await beat([0])).body).toEqual([0]);
    }, 120_000);

    it('gets a refusal with code, message and request id', async () => {
      await expect(
        call({
          action: 'GetCursor',
          method: 'GET',
          project,
          pathname: '/logstores/not-there/shards/0',
          query: { type: 'cursor', from: 'end' },
          bodyType: 'json',
        }),
      ).rejects.toMatchObject({
        code: 'LogStoreNotExist',
        message: expect.stringContaining('not-there'),
        data: { statusCode: 404, requestId: expect.stringMatching(/^[0-9A-F]{24}$/) },
      });
    });
  });
});
