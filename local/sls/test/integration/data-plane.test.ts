import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeGroupList, encodeGroup, fromLz4, toLz4Literals } from '../support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from '../support/raw-client.ts';
import { openTarget, type Target } from '../support/target.ts';

const LIMIT_MS = 240_000;

/**
 * Writing and pulling as the Python and Go SDKs do it; what they send and read was taken from their sources
 * (aliyun-log-python-sdk logclient.py and tests/e2e/test_compress_e2e.py, aliyun-log-go-sdk log_store.go and
 * utils.go, read 2026-11-23).
 */
describe('PutLogs and PullLogs', () => {
  let target: Target;
  let send: (call: RawCall) => Promise<RawAnswer>;
  let project = '';

  beforeAll(async () => {
    target = await openTarget();
    send = createRawClient(target);
    project = target.newName('idv-data');
    await send({
      method: 'POST',
      path: '/',
      body: JSON.stringify({ projectName: project, description: '' }),
    });
    await target.settle();
    for (const [logstoreName, shardCount, appendMeta] of [
      ['one', 1, true],
      ['four', 4, false],
      ['order', 1, false],
    ]) {
      await send({
        method: 'POST',
        project,
        path: '/logstores',
        body: JSON.stringify({ logstoreName, ttl: 1, shardCount, appendMeta }),
      });
    }
    await target.settle();
  }, LIMIT_MS);

  afterAll(async () => {
    try {
      await send({ method: 'DELETE', project, path: '/' });
    } finally {
      await target.close();
    }
  });

  const put = (path: string, body: Buffer, more: Partial<RawCall> = {}) =>
    send({
      method: 'POST',
      project,
      path,
      body,
      ...more,
      headers: { 'content-type': 'application/x-protobuf', ...more.headers },
    });
  const cursor = async (logstore: string, shard: number, from: string) =>
    (
      await send({ project, path: `/logstores/${logstore}/shards/${shard}`, query: { type: 'cursor', from } })
    ).json<{
      cursor: string;
    }>().cursor;
  const pull = (
    logstore: string,
    shard: number,
    query: Record<string, string>,
    more: Partial<RawCall> = {},
  ) =>
    send({
      project,
      path: `/logstores/${logstore}/shards/${shard}`,
      query: { type: 'log', count: '1000', ...query },
      ...more,
      headers: { accept: 'application/x-protobuf', 'accept-encoding': '', ...more.headers },
    });
  const toNumber = (text: string): bigint => BigInt(Buffer.from(text, 'base64').toString());

  it.each([
    ['lz4', toLz4Literals, 'lz4'],
    ['deflate', (raw: Buffer) => zlib.deflateSync(raw), 'deflate'],
    ['nothing', (raw: Buffer) => raw, undefined],
  ])('keeps every byte with %s', async (_, compress, type) => {
    const start = await cursor('one', 0, 'end');
    const contents = { long: 'x'.repeat(5000), empty: '', emoji: '😓 核身', 'key with space': '\n\t"' };
    const raw = encodeGroup([{ contents }, { contents: { b: '2' } }], {
      topic: 't',
      source: 's',
      tags: { k: 'v' },
    });
    const headers = {
      'x-log-bodyrawsize': String(raw.length),
      ...(type ? { 'x-log-compresstype': type } : {}),
    };
    const written = await put('/logstores/one/shards/lb', compress(raw), { headers });
    expect([written.status, written.body.length]).toEqual([200, 0]);

    for (const accept of ['lz4', 'deflate', 'gzip', '']) {
      const answer = await pull('one', 0, { cursor: start }, { headers: { 'accept-encoding': accept } });
      expect(answer.headers['x-log-compresstype']).toBe(accept === '' ? undefined : accept);
      const size = Number(answer.headers['x-log-bodyrawsize']);
      const plain =
        accept === ''
          ? answer.body
          : accept === 'lz4'
            ? fromLz4(answer.body, size)
            : zlib.inflateSync(answer.body);
      expect(plain).toHaveLength(size);
      const [group] = decodeGroupList(plain);
      expect(group).toMatchObject({ topic: 't', source: 's', tags: { k: 'v' }, logs: [{ contents }, {}] });
      // appendMeta: receive time and client address come as tags.
      expect(Math.abs(Number(group?.tags.__receive_time__) - Date.now() / 1000)).toBeLessThan(120);
      expect(group?.tags.__client_ip__).toMatch(/^[\d.:a-f]+$/);
    }
  });

  it('says where it stands in headers', async () => {
    const start = await cursor('order', 0, 'end');
    for (let i = 0; i < 5; i += 1)
      await put('/logstores/order', encodeGroup([{ contents: { i: String(i) } }]));
    const first = await pull('order', 0, { cursor: start, count: '2' });
    expect(first.headers).toMatchObject({ 'x-log-count': '2' });
    expect(first.headers['x-log-end-of-cursor']).not.toBe('1');
    const next = String(first.headers['x-log-cursor']);
    expect(toNumber(next)).toBe(toNumber(start) + 2n);
    // Consecutive groups have consecutive numbers: the Go SDK reckons each one's cursor from the last.
    expect(BigInt(String(first.headers['x-log-read-last-cursor']))).toBe(toNumber(start) + 1n);

    const rest = await pull('order', 0, { cursor: next });
    expect(rest.headers).toMatchObject({ 'x-log-count': '3', 'x-log-end-of-cursor': '1' });
    const values = [first, rest].flatMap((answer) =>
      decodeGroupList(answer.body).flatMap((group) => group.logs.map((log) => log.contents.i)),
    );
    expect(values).toEqual(['0', '1', '2', '3', '4']);

    const end = String(rest.headers['x-log-cursor']);
    expect(end).toBe(await cursor('order', 0, 'end'));
    const nothing = await pull('order', 0, { cursor: end }, { headers: { 'accept-encoding': 'lz4' } });
    expect(nothing.headers).toMatchObject({
      'x-log-count': '0',
      'x-log-bodyrawsize': '0',
      'x-log-cursor': end,
    });
    expect(nothing.body).toHaveLength(0);
  });

  it('stops at end_cursor', async () => {
    const start = await cursor('order', 0, 'end');
    for (let i = 0; i < 3; i += 1)
      await put('/logstores/order', encodeGroup([{ contents: { i: String(i) } }]));
    const stop = Buffer.from((toNumber(start) + 2n).toString()).toString('base64');
    const answer = await pull('order', 0, { cursor: start, end_cursor: stop });
    expect(answer.headers).toMatchObject({ 'x-log-count': '2', 'x-log-cursor': stop });
    const again = await pull('order', 0, { cursor: stop, end_cursor: stop });
    expect(again.headers).toMatchObject({ 'x-log-count': '0', 'x-log-cursor': stop });
  });

  it('gives the next cursor and no data to HEAD', async () => {
    const begin = await cursor('order', 0, 'begin');
    const get = await pull('order', 0, { cursor: begin, count: '2' });
    const head = await pull('order', 0, { cursor: begin, count: '2' }, { method: 'HEAD' });
    expect(head.body).toHaveLength(0);
    expect(head.status).toBe(200);
    expect(head.headers['x-log-cursor']).toBe(get.headers['x-log-cursor']);
  });

  it('takes a cursor without padding', async () => {
    const begin = (await cursor('order', 0, 'begin')).replace(/=+$/, '');
    expect((await pull('order', 0, { cursor: begin, count: '1' })).headers['x-log-count']).toBe('1');
  });

  it.each([
    [
      'a cursor beyond the end',
      { cursor: Buffer.from('9000000000000000000').toString('base64') },
      400,
      'InvalidCursor',
    ],
    [
      'a cursor before the beginning',
      { cursor: Buffer.from('1000000000000000000').toString('base64') },
      400,
      'InvalidCursor',
    ],
    ['a cursor that is none', { cursor: 'begin' }, 400, 'InvalidCursor'],
    ['a count over 1000', { cursor: 'MTAw', count: '1001' }, 400, 'ParameterInvalid'],
  ])('refuses %s', async (_, query, status, code) => {
    const answer = await pull('order', 0, query);
    expect([answer.status, answer.json().errorCode]).toEqual([status, code]);
  });

  it(
    'routes by key: one key, one shard, split or not',
    async () => {
      const write = (key: string, value: string) =>
        put('/logstores/four/shards/route', encodeGroup([{ contents: { key, value } }]), { query: { key } });
      const read = async (shard: number) => {
        const answer = await pull('four', shard, { cursor: await cursor('four', shard, 'begin') });
        return decodeGroupList(answer.body).flatMap((group) => group.logs.map((log) => log.contents.key));
      };
      const keys = ['0', '3f', '40', '7f', '80', 'bf', 'c0', 'ff'].map((start) =>
        start.padEnd(32, start.at(-1)),
      );
      for (const key of keys) expect((await write(key, '1')).status).toBe(200);
      expect(await read(0)).toEqual(keys.slice(0, 2));
      expect(await read(1)).toEqual(keys.slice(2, 4));
      expect(await read(2)).toEqual(keys.slice(4, 6));
      expect(await read(3)).toEqual(keys.slice(6));

      const split = await send({
        method: 'POST',
        project,
        path: '/logstores/four/shards/0',
        query: { action: 'split', key: '20'.padEnd(32, '0') },
      });
      expect(split.json<Array<{ shardID: number }>>().map((shard) => shard.shardID)).toEqual([0, 4, 5]);
      await target.settle();
      await write(keys[0] ?? '', '2');
      await write(keys[1] ?? '', '2');
      expect([await read(0), await read(4), await read(5)]).toEqual([keys.slice(0, 2), [keys[0]], [keys[1]]]);
      expect((await write('short', '1')).json().errorCode).toBe('ParameterInvalid');
    },
    LIMIT_MS,
  );

  it('spreads what has no key over all open shards', async () => {
    for (let i = 0; i < 50; i += 1)
      await put('/logstores/four/shards/lb', encodeGroup([{ contents: { i: String(i) } }]));
    const shards = (await send({ project, path: '/logstores/four/shards' })).json<
      Array<{ shardID: number; status: string }>
    >();
    for (const shard of shards.filter((candidate) => candidate.status === 'readwrite')) {
      const begin = toNumber(await cursor('four', shard.shardID, 'begin'));
      expect(toNumber(await cursor('four', shard.shardID, 'end')) - begin > 1n).toBe(true);
    }
  });

  it('writes a group whole or not at all', async () => {
    const end = await cursor('order', 0, 'end');
    const now = Math.floor(Date.now() / 1000);
    const answer = await put(
      '/logstores/order/shards/lb',
      encodeGroup([{ contents: { good: '1' } }, { time: now - 8 * 86_400, contents: { old: '1' } }]),
    );
    expect([answer.status, answer.json().errorCode]).toEqual([400, 'PostBodyInvalid']);
    expect(await cursor('order', 0, 'end')).toBe(end);
  });

  it('takes an empty group and keeps nothing', async () => {
    const end = await cursor('order', 0, 'end');
    expect((await put('/logstores/order/shards/lb', Buffer.alloc(0))).status).toBe(200);
    expect(await cursor('order', 0, 'end')).toBe(end);
  });

  /** What aliyun-log-python-sdk tests/sample_consumer.py does with two workers, call by call. */
  it(
    'serves two consumers that share four shards',
    async () => {
      const logstore = 'consumed';
      await send({
        method: 'POST',
        project,
        path: '/logstores',
        body: JSON.stringify({ logstoreName: logstore, ttl: 2, shardCount: 4 }),
      });
      await target.settle();
      const users = Array.from({ length: 20 }, (_, i) => `magic_user_${i}`);
      for (const user of users) {
        await put(`/logstores/${logstore}/shards/lb`, toLz4Literals(encodeGroup([{ contents: { user } }])), {
          headers: {
            'x-log-compresstype': 'lz4',
            'x-log-bodyrawsize': String(encodeGroup([{ contents: { user } }]).length),
          },
        });
      }
      const path = `/logstores/${logstore}/consumergroups`;
      const group = 'consumer-group-1';
      // The Python SDK says 0 for the size of a body that is not empty.
      const json = (body: unknown): Partial<RawCall> => ({
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'x-log-bodyrawsize': '0' },
      });
      expect(
        (await send({ project, path, ...json({ consumerGroup: group, timeout: 20, order: false }) })).status,
      ).toBe(200);
      await target.settle();

      const held: Record<string, number[]> = { A: [], B: [] };
      const beat = async (consumer: 'A' | 'B') => {
        const query = { type: 'heartbeat', consumer };
        held[consumer] = (
          await send({ project, path: `${path}/${group}`, query, ...json(held[consumer]) })
        ).json<number[]>();
      };
      for (let round = 0; round < 4; round += 1) {
        await beat('A');
        await beat('B');
      }
      expect([held.A?.length, held.B?.length]).toEqual([2, 2]);
      expect([...(held.A ?? []), ...(held.B ?? [])].sort()).toEqual([0, 1, 2, 3]);

      const seen: string[] = [];
      for (const [consumer, shards] of Object.entries(held)) {
        for (const shard of shards) {
          const query = { shard: String(shard) };
          const [checkpoint] = (await send({ project, path: `${path}/${group}`, query })).json<
            Array<{ checkpoint: string }>
          >();
          expect(checkpoint?.checkpoint).toBe('');
          const answer = await pull(logstore, shard, { cursor: await cursor(logstore, shard, 'begin') });
          seen.push(
            ...decodeGroupList(answer.body).flatMap((one) => one.logs.map((log) => log.contents.user ?? '')),
          );
          const saved = await send({
            project,
            path: `${path}/${group}`,
            query: { type: 'checkpoint', consumer, forceSuccess: 'true' },
            ...json({ shard, checkpoint: String(answer.headers['x-log-cursor']) }),
          });
          expect(saved.status).toBe(200);
        }
      }
      expect(seen.sort()).toEqual([...users].sort());
      const list = (await send({ project, path })).json<unknown>();
      expect(list).toEqual([{ name: group, timeout: 20, order: false }]);
      const checkpoints = (await send({ project, path: `${path}/${group}` })).json<
        Array<{ updateTime: number }>
      >();
      expect(checkpoints).toHaveLength(4);
      for (const checkpoint of checkpoints) {
        expect(Math.abs(checkpoint.updateTime / 1e6 - Date.now() / 1000)).toBeLessThan(120);
      }
    },
    LIMIT_MS,
  );
});
