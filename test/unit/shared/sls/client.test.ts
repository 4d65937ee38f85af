import { deflateSync, gzipSync, inflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Credentials } from '../../../../shared/credentials.ts';
import { SlsError } from '../../../../shared/errors.ts';
import { createSlsClient, type SlsClientOptions } from '../../../../shared/sls/client.ts';
import { decodeLogGroupList, encodeLogGroup } from '../../../../shared/sls/codec.ts';
import { type RecordedRequest, RecordingServer } from '../../../support/recording-server.ts';
import { logProblem } from '../../../support/signature-check.ts';

const KEYS: Credentials = { accessKeyId: 'key-id', accessKeySecret: 'key-secret' };
const cursor = (number: number | bigint) => Buffer.from(String(number)).toString('base64');

let server: RecordingServer;
beforeEach(async () => {
  server = await new RecordingServer().listen();
});
afterEach(async () => {
  await server.close();
});

function client(more: Partial<SlsClientOptions> = {}) {
  return createSlsClient({
    endpoint: server.url,
    project: 'idv-local',
    credentials: () => KEYS,
    connectTimeoutMs: 1_000,
    readTimeoutMs: 2_000,
    ...more,
  });
}

function only(): RecordedRequest {
  const [request, ...more] = server.requests;
  if (request === undefined || more.length > 0) throw new Error(`${server.requests.length} requests`);
  expect(logProblem(request, 'key-id', 'key-secret')).toBeUndefined();
  expect(request.headers).toMatchObject({ 'x-log-apiversion': '0.6.0', 'x-log-project': 'idv-local' });
  return request;
}

const LOGS = [
  { timeSeconds: 1_700_000_000, contents: [['text', 'Loading阶段结束 🙂'] as const, ['empty', ''] as const] },
];

/** A list of one group is the group as its field 1. */
function list(...groups: Uint8Array[]): Buffer {
  return Buffer.concat(
    groups.flatMap((group) => {
      const length: number[] = [];
      for (let rest = group.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) break;
      }
      return [Buffer.from([10, ...length]), group];
    }),
  );
}

describe('putLogs', () => {
  it('sends one deflated group, signed, with its sizes', async () => {
    server.always(200, '');
    await client().putLogs('idv-records', LOGS);
    const { method, target, headers, body } = only();
    expect([method, target]).toEqual(['POST', '/logstores/idv-records/shards/lb']);
    const raw = inflateSync(body);
    expect(headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'x-log-compresstype': 'deflate',
      'x-log-bodyrawsize': String(raw.length),
      'content-length': String(body.length),
    });
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(decodeLogGroupList(list(raw))).toEqual([
      {
        logs: [{ timeSeconds: 1_700_000_000, contents: { text: 'Loading阶段结束 🙂', empty: '' } }],
        tags: {},
      },
    ]);
  });

  it('refuses what SLS would refuse for its size, without sending it', async () => {
    const big = 'x'.repeat(10_485_760);
    await expect(client().putLogs('a', [{ timeSeconds: 1, contents: [['k', big]] }])).rejects.toMatchObject({
      code: 'SLS',
      status: 413,
      serverCode: 'PostBodyTooLarge',
    });
    expect(server.requests).toHaveLength(0);
  });

  it('carries a temporary token, signed', async () => {
    server.always(200, '');
    const credentials = async () => ({ ...KEYS, securityToken: 'sts' });
    await client({ credentials }).putLogs('a', LOGS);
    expect(only().headers['x-acs-security-token']).toBe('sts');
  });
});

describe('pullLogs', () => {
  const groups = [1, 2, 3].map((n) =>
    encodeLogGroup({
      logs: [{ timeSeconds: n, contents: [['n', String(n)]] }],
      tags: [['__receive_time__', `${n}`]],
    }),
  );
  const raw = list(...groups);
  const pulled = {
    'x-log-cursor': cursor(103n),
    'x-log-read-last-cursor': '102',
    'x-log-count': '3',
    'x-log-bodyrawsize': String(raw.length),
    'x-log-compresstype': 'gzip',
    'content-type': 'application/x-protobuf',
  };

  it('asks from a cursor to an end and says where each group stands', async () => {
    server.always(200, deflateSync(raw), pulled);
    const result = await client().pullLogs('q', 0, { cursor: cursor(100), endCursor: cursor(200), count: 7 });
    const { method, target, headers } = only();
    const url = new URL(target, 'http://x');
    expect([method, url.pathname]).toEqual(['GET', '/logstores/q/shards/0']);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      type: 'logs',
      cursor: cursor(100),
      end_cursor: cursor(200),
      count: '7',
    });
    expect(headers).toMatchObject({ accept: 'application/x-protobuf', 'accept-encoding': 'gzip' });
    expect(result).toMatchObject({ nextCursor: cursor(103), rawBytes: raw.length });
    expect(result.groups.map((group) => [group.cursor, group.logs[0]?.contents['n']])).toEqual([
      [cursor(100), '1'],
      [cursor(101), '2'],
      [cursor(102), '3'],
    ]);
    expect(result.groups[0]?.tags).toEqual({ __receive_time__: '1' });
  });

  it.each([
    ['a true gzip stream', gzipSync(raw), pulled],
    ['a deflate stream', deflateSync(raw), { ...pulled, 'x-log-compresstype': 'deflate' }],
    ['no compression', raw, { ...pulled, 'x-log-compresstype': '' }],
    ['no position of the last group', deflateSync(raw), { ...pulled, 'x-log-read-last-cursor': '' }],
  ])('understands %s', async (_name, body, headers) => {
    server.always(200, body, headers);
    const { groups: got } = await client().pullLogs('q', 0, { cursor: cursor(100) });
    expect(got.map((group) => group.cursor)).toEqual([cursor(100), cursor(101), cursor(102)]);
  });

  it('keeps positions exact beyond 2^53', async () => {
    const last = 1_447_329_401_102_131_090n;
    server.always(200, deflateSync(raw), {
      ...pulled,
      'x-log-read-last-cursor': String(last),
      'x-log-cursor': cursor(last + 1n),
    });
    const { groups: got } = await client().pullLogs('q', 0, { cursor: cursor(last - 2n) });
    expect(got.map((group) => group.cursor)).toEqual([cursor(last - 2n), cursor(last - 1n), cursor(last)]);
  });

  it('an empty answer at the end', async () => {
    server.always(200, '', {
      'x-log-cursor': cursor(100),
      'x-log-bodyrawsize': '0',
      'x-log-end-of-cursor': '1',
    });
    expect(await client().pullLogs('q', 0, { cursor: cursor(100) })).toEqual({
      groups: [],
      nextCursor: cursor(100),
      rawBytes: 0,
    });
  });

  it('drops groups at or past the end, even if the server sends them', async () => {
    server.always(200, deflateSync(raw), pulled);
    const result = await client().pullLogs('q', 0, { cursor: cursor(100), endCursor: cursor(102) });
    expect(result.groups.map((group) => group.cursor)).toEqual([cursor(100), cursor(101)]);
    expect(result.nextCursor).toBe(cursor(102));
  });

  it.each([
    ['bytes that are not groups', deflateSync(Buffer.from('garbage')), { 'x-log-bodyrawsize': '7' }],
    ['a broken stream', Buffer.from('not zlib'), {}],
    ['another size than announced', deflateSync(raw), { 'x-log-bodyrawsize': '5' }],
    ['lz4', deflateSync(raw), { 'x-log-compresstype': 'lz4' }],
    ['no next cursor', deflateSync(raw), { 'x-log-cursor': '' }],
    ['groups that stand nowhere', deflateSync(raw), { 'x-log-cursor': 'QUJD', 'x-log-read-last-cursor': '' }],
    ['a bomb', deflateSync(Buffer.alloc(5_000_000)), { 'x-log-bodyrawsize': '' }],
    ['a bomb that says so', deflateSync(Buffer.alloc(5_000_000)), { 'x-log-bodyrawsize': '5000000' }],
  ])('%s is not the contract', async (_name, body, headers) => {
    server.always(200, body, { ...pulled, ...headers });
    const pull = client({ maxResponseBytes: 1_000_000 }).pullLogs('q', 0, { cursor: cursor(100) });
    await expect(pull).rejects.toMatchObject({ code: 'UPSTREAM_CONTRACT' });
  });
});

describe('the other calls', () => {
  const json = { 'content-type': 'application/json' };

  it('listShards', async () => {
    server.always(
      200,
      '[{"shardID":0,"status":"readwrite","inclusiveBeginKey":"00","createTime":1700000000}]',
      json,
    );
    expect(await client().listShards('q')).toEqual([{ shardId: 0, status: 'readwrite' }]);
    expect(only().target).toBe('/logstores/q/shards');
  });

  it.each([['begin'], ['end'], [1_700_000_000]] as const)(
    'getCursor from %s, with the time of the server',
    async (from) => {
      server.always(200, '{"cursor":"MTAw"}', { ...json, date: 'Mon, 23 Nov 2026 07:00:00 GMT' });
      expect(await client().getCursor('q', 3, from)).toEqual({
        cursor: 'MTAw',
        serverTimeMs: Date.UTC(2026, 10, 23, 7),
      });
      expect(only().target).toBe(`/logstores/q/shards/3?type=cursor&from=${from}`);
    },
  );

  it('getCursorTimeMs', async () => {
    server.always(200, '{"cursor_time":1554260243}', json);
    expect(await client().getCursorTimeMs('q', 0, 'MTQ=')).toBe(1_554_260_243_000);
    expect(only().target).toBe('/logstores/q/shards/0?type=cursor_time&cursor=MTQ%3D');
  });

  it.each([
    ['[0,1]', [0, 1]],
    ['[]', []],
    ['', []],
  ])('heartbeat answered %j', async (body, expected) => {
    server.always(200, body, json);
    expect(await client().heartbeat('q', 'g', 'me', [0])).toEqual(expected);
    const request = only();
    expect([request.method, request.target]).toEqual([
      'POST',
      '/logstores/q/consumergroups/g?type=heartbeat&consumer=me',
    ]);
    expect(request.body.toString()).toBe('[0]');
    expect(request.headers['content-type']).toBe('application/json');
  });

  it('getCheckpoints, microseconds made milliseconds', async () => {
    server.always(
      200,
      '[{"shard":0,"checkpoint":"MTA=","updateTime":1700000000123456,"consumer":"c"},{"shard":1,"checkpoint":"","updateTime":0,"consumer":""}]',
    );
    expect(await client().getCheckpoints('q', 'g')).toEqual([
      { shard: 0, checkpoint: 'MTA=', updateTimeMs: 1_700_000_000_123 },
      { shard: 1, checkpoint: '', updateTimeMs: 0 },
    ]);
    expect(only().target).toBe('/logstores/q/consumergroups/g');
  });

  it('updateCheckpoint is fenced', async () => {
    server.always(200, '');
    await client().updateCheckpoint('q', 'g', { consumer: 'me', shard: 0, checkpoint: 'MTA=' });
    const request = only();
    expect(request.target).toBe(
      '/logstores/q/consumergroups/g?type=checkpoint&consumer=me&forceSuccess=false',
    );
    expect(JSON.parse(request.body.toString())).toEqual({ shard: 0, checkpoint: 'MTA=' });
  });

  it.each([
    ['listShards', '{}'],
    ['listShards', ''],
    ['listShards', '[{"shardID":0}]'],
    ['getCursor', '{"cursor":1}'],
    ['getCursor', '<html>'],
    ['getCursorTimeMs', '{"cursor_time":"soon"}'],
    ['heartbeat', '{"shards":[0]}'],
    ['getCheckpoints', ''],
    ['getCheckpoints', '[{"checkpoint":"MTA="}]'],
    ['query', '[]'],
    ['query', '{"meta":{},"data":[]}'],
    ['query', '{"meta":{"progress":"Complete"},"data":[1]}'],
  ])('%s answered %s is not the contract', async (name, body) => {
    server.always(200, body);
    const sls = client();
    const calls: Record<string, () => Promise<unknown>> = {
      listShards: () => sls.listShards('q'),
      getCursor: () => sls.getCursor('q', 0, 'end'),
      getCursorTimeMs: () => sls.getCursorTimeMs('q', 0, 'MTA='),
      heartbeat: () => sls.heartbeat('q', 'g', 'c', []),
      getCheckpoints: () => sls.getCheckpoints('q', 'g'),
      query: () => sls.query('q', { query: '*', fromSeconds: 1, toSeconds: 2 }),
    };
    await expect(calls[name]?.()).rejects.toMatchObject({ code: 'UPSTREAM_CONTRACT' });
  });
});

describe('query', () => {
  const request = { query: '* | SELECT count(*) AS n', fromSeconds: 10, toSeconds: 20 };
  const page = (progress: string, data: unknown[]) => JSON.stringify({ meta: { progress }, data });

  it('sends what is given and hands out text', async () => {
    server.always(200, page('Complete', [{ n: '3', __source__: '', nothing: null, number: 4 }]));
    const answer = await client().query('r', { ...request, line: 5, offset: 0, reverse: true });
    expect(answer).toEqual({ rows: [{ n: '3', __source__: '', number: '4' }], complete: true });
    const { target, body, headers } = only();
    expect(target).toBe('/logstores/r/logs');
    expect(JSON.parse(body.toString())).toEqual({
      from: 10,
      to: 20,
      query: request.query,
      line: 5,
      offset: 0,
      reverse: true,
    });
    expect(headers['accept-encoding']).toBe('gzip');
  });

  it('reads compressed answers', async () => {
    const raw = Buffer.from(page('Complete', [{ n: '阶段' }]));
    server.always(200, deflateSync(raw), {
      'x-log-compresstype': 'gzip',
      'x-log-bodyrawsize': String(raw.length),
    });
    expect((await client().query('r', request)).rows).toEqual([{ n: '阶段' }]);
  });

  it.each([
    [2, 3, true],
    [99, 8, false],
  ])('repeats while Incomplete (%i times): %i calls, complete %s', async (incomplete, calls, complete) => {
    server.answer = (_request, response) =>
      response.end(page(server.requests.length > incomplete ? 'Complete' : 'Incomplete', [{ n: '1' }]));
    const pauses: number[] = [];
    const clock = { sleep: async (ms: number) => void pauses.push(ms) };
    const answer = await client({ clock, random: () => 0.5 }).query('r', request);
    expect(answer).toEqual({ rows: [{ n: '1' }], complete });
    expect(server.requests).toHaveLength(calls);
    expect(pauses).toEqual([200, 400, 800, 1_000, 1_000, 1_000, 1_000].slice(0, calls - 1));
  });

  it('ends when it is aborted in between', async () => {
    server.always(200, page('Incomplete', []));
    const controller = new AbortController();
    const asked = client({ random: () => 1 }).query('r', request, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('stop')), 50);
    await expect(asked).rejects.toThrow('stop');
  });
});

describe('refusals and failures', () => {
  it('bears code, status and request id', async () => {
    server.always(403, '{"errorCode":"WriteQuotaExceed","errorMessage":"too much"}', {
      'x-log-requestid': 'R7',
    });
    const refused = await client()
      .putLogs('a', LOGS)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SlsError);
    expect(refused).toMatchObject({
      status: 403,
      serverCode: 'WriteQuotaExceed',
      requestId: 'R7',
      retryable: true,
      message: 'SLS PutLogs on a returned 403 WriteQuotaExceed: too much',
    });
  });

  it.each([
    [500, '<html>', { code: 'SLS', status: 500, serverCode: 'HTTP_500', retryable: true }],
    [404, '', { code: 'SLS', status: 404, serverCode: 'HTTP_404', retryable: false }],
    [400, 'null', { code: 'SLS', status: 400, serverCode: 'HTTP_400' }],
    [302, '', { code: 'UPSTREAM_CONTRACT' }],
  ])('%i %s', async (status, body, expected) => {
    server.always(status, body);
    await expect(client().listShards('a')).rejects.toMatchObject(expected);
  });

  it.each<[string, (sls: ReturnType<typeof client>) => Promise<unknown>, string]>([
    [
      '{}',
      (sls) => sls.listShards('idv-pending'),
      'SLS ListShards on idv-pending: expected an array, got an object',
    ],
    [
      '{}',
      (sls) => sls.getCursor('idv-pending', 0, 'end'),
      'SLS GetCursor on idv-pending/0 returned no cursor',
    ],
    ['<p>', (sls) => sls.getCursor('idv-pending', 0, 'end'), 'SLS GetCursor on idv-pending/0: expected JSON'],
    [
      '{"cursor_time":"soon"}',
      (sls) => sls.getCursorTimeMs('idv-pending', 12, 'MTA='),
      'SLS GetCursorTime on idv-pending/12: expected cursor_time to be a whole number, got a string',
    ],
    [
      '[null]',
      (sls) => sls.heartbeat('idv-pending', 'g', 'me', []),
      'SLS ConsumerGroupHeartBeat on idv-pending: expected shard to be a whole number, got null',
    ],
  ])('says of %s which call returned it', async (body, call, message) => {
    server.always(200, body);
    await expect(call(client())).rejects.toMatchObject({ code: 'UPSTREAM_CONTRACT', message });
  });

  it('keeps keys out of messages', async () => {
    const errorMessage = 'signature of key-secret with key-id is wrong';
    server.always(401, JSON.stringify({ errorCode: 'Unauthorized', errorMessage }));
    await expect(client().listShards('a')).rejects.toMatchObject({
      message: 'SLS ListShards on a returned 401 Unauthorized: signature of *** with *** is wrong',
    });
  });

  it('times out', async () => {
    server.answer = () => undefined;
    await expect(client({ readTimeoutMs: 80 }).getCursor('q', 0, 'end')).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
    });
  });

  it('says when the connection was reset, and does not send again', async () => {
    server.answer = (_request, _response, socket) => socket.resetAndDestroy();
    await expect(client().putLogs('a', LOGS)).rejects.toMatchObject({ code: 'UPSTREAM_NETWORK' });
    expect(server.requests).toHaveLength(1);
  });

  it('an abort ends a call at once, with its reason', async () => {
    server.answer = () => undefined;
    const controller = new AbortController();
    const pull = client().pullLogs('q', 0, { cursor: cursor(1) }, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('lease lost')), 30);
    await expect(pull).rejects.toThrow('lease lost');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.aborted).toBe(1);
  });
});
