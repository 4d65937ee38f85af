import net from 'node:net';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRandom } from '../../src/control/fault.ts';
import { ERROR_STATUS, isSlsErrorCode } from '../../src/envelope/error.ts';
import { cases } from '../support/depth.ts';
import { encodeGroup } from '../support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from '../support/raw-client.ts';
import { openTarget, type Target } from '../support/target.ts';

const PROJECT = 'idv-fuzz';
const LOGSTORE = 'fuzzed';
const LIMIT_MS = 600_000;
const REQUESTS = cases({ quick: 2_000, deep: 100_000 });
const BROKEN_HEADERS = cases({ quick: 1_000, deep: 20_000 });
const BROKEN_WRITES = cases({ quick: 1_500, deep: 30_000 });
const CONTROL_REQUESTS = cases({ quick: 300, deep: 5_000 });

/** Bad input: always a documented error, never a crash, a hang or a 500. */
describe('local SLS under bad input', () => {
  let target: Target;
  let send: (call: RawCall) => Promise<RawAnswer>;
  const inside: unknown[] = [];

  beforeAll(async () => {
    target = await openTarget({ onError: (error) => inside.push(error) });
    send = createRawClient(target);
    await send({ method: 'POST', path: '/', body: JSON.stringify({ projectName: PROJECT }) });
    const settings = { logstoreName: LOGSTORE, ttl: 1, shardCount: 2 };
    await send({ method: 'POST', project: PROJECT, path: '/logstores', body: JSON.stringify(settings) });
    const group = { consumerGroup: 'g', timeout: 60, order: false };
    const path = `/logstores/${LOGSTORE}/consumergroups`;
    await send({ method: 'POST', project: PROJECT, path, body: JSON.stringify(group) });
  });

  afterAll(async () => {
    await target.close();
  });

  const expectDocumented = (answer: RawAnswer) => {
    expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
    expect(answer.headers.date).toMatch(/GMT$/);
    if (answer.status === 200) return;
    const { errorCode, errorMessage } = answer.json<{ errorCode: string; errorMessage: string }>();
    expect(isSlsErrorCode(errorCode)).toBe(true);
    expect(errorMessage).toMatch(/\S/);
    expect(errorCode).not.toBe('InternalServerError');
    if (isSlsErrorCode(errorCode)) {
      expect([ERROR_STATUS[errorCode], 400, 404]).toContain(answer.status);
    }
  };

  const stillWorks = async () => {
    const answer = await send({
      method: 'POST',
      project: PROJECT,
      path: `/logstores/${LOGSTORE}/shards/lb`,
      headers: { 'content-type': 'application/x-protobuf' },
      body: encodeGroup([{ contents: { still: 'works' } }]),
    });
    expect(answer.status).toBe(200);
    expect(inside).toEqual([]);
  };

  const word = fc.oneof(
    fc.constantFrom(
      'logstores',
      LOGSTORE,
      'shards',
      'lb',
      'route',
      '0',
      '1',
      '99',
      'index',
      'consumergroups',
      'g',
    ),
    fc.constantFrom(
      'logs',
      'dashboards',
      'savedsearches',
      'alerts',
      'jobs',
      'scheduledsqls',
      'meteringmode',
      '_x',
    ),
    fc.string({ maxLength: 8 }).map(encodeURIComponent),
  );
  const value = fc.oneof(
    fc.constantFrom(
      'log',
      'logs',
      'cursor',
      'cursor_time',
      'heartbeat',
      'checkpoint',
      'histogram',
      'split',
      'merge',
    ),
    fc.constantFrom('begin', 'end', '0', '-1', '1e9', '99999999999999999999', 'true', 'null', 'MTAw', ''),
    fc.string({ maxLength: 20 }),
  );
  const names = ['type', 'cursor', 'end_cursor', 'count', 'from', 'to', 'query', 'key', 'action', 'shard'];
  const moreNames = [
    'consumer',
    'forceSuccess',
    'offset',
    'size',
    'line',
    'reverse',
    'interval',
    'logstoreName',
    'x',
  ];
  const query = fc.dictionary(fc.constantFrom(...names, ...moreNames), value, { maxKeys: 5 });
  const jsonLike = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc
      .dictionary(
        fc.constantFrom(
          ...[
            'projectName',
            'logstoreName',
            'ttl',
            'shardCount',
            'keys',
            'line',
            'consumerGroup',
            'timeout',
            'shard',
          ],
          ...[
            'checkpoint',
            'charts',
            'dashboardName',
            'configuration',
            'schedule',
            'name',
            'type',
            'query',
            'from',
            'to',
          ],
        ),
        fc.jsonValue({ maxDepth: 2 }),
      )
      .map((map) => JSON.stringify(map)),
  );
  const body = fc.oneof(
    fc.constant(Buffer.alloc(0)),
    jsonLike.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  const call: fc.Arbitrary<RawCall> = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
    project: fc.constantFrom(PROJECT, PROJECT, PROJECT, 'not-there'),
    path: fc.array(word, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`),
    query,
    body,
    signature: fc.constantFrom('hmac-sha1', 'hmac-sha256', 'v4'),
    addressing: fc.constantFrom('header', 'host', 'proxy'),
  });

  it(
    `answers ${REQUESTS} signed requests of any content`,
    async () => {
      // However the path is written: with empty parts it still names the same logstore.
      const target = ({ path }: RawCall) =>
        path
          .split('/')
          .filter((part) => part !== '')
          .map(decodeURIComponent);
      const isDestructive = (given: RawCall) =>
        given.project === PROJECT &&
        given.method === 'DELETE' &&
        ['', `logstores/${LOGSTORE}`].includes(target(given).join('/'));
      await fc.assert(
        fc.asyncProperty(call, async (given) => {
          if (isDestructive(given)) return;
          expectDocumented(await send(given));
        }),
        { numRuns: REQUESTS },
      );
      await stillWorks();
    },
    LIMIT_MS,
  );

  it(
    `answers ${BROKEN_HEADERS} requests with broken headers`,
    async () => {
      const headerName = fc.constantFrom(
        ...[
          'authorization',
          'date',
          'x-log-date',
          'x-log-apiversion',
          'x-log-signaturemethod',
          'x-log-bodyrawsize',
        ],
        ...[
          'x-log-compresstype',
          'x-log-content-sha256',
          'content-md5',
          'content-type',
          'accept-encoding',
          'host',
        ],
        ...['x-acs-security-token', 'x-log-project'],
      );
      const headerValue = fc.oneof(
        fc.constantFrom(
          '',
          'LOG',
          'LOG :',
          'LOG local:',
          'SLS4-HMAC-SHA256',
          'lz4',
          '-1',
          '1e99',
          '0.6.0',
          'null',
        ),
        fc.constantFrom(
          'SLS4-HMAC-SHA256 Credential=local/1/r/sls/aliyun_v4_request,Signature=0',
          '20261123T000000Z',
        ),
        fc.string({ maxLength: 30 }).map((text) => text.replace(/[^\x20-\x7e]/g, '?').trim()),
      );
      await fc.assert(
        fc.asyncProperty(
          call,
          fc.dictionary(headerName, headerValue, { minKeys: 1, maxKeys: 3 }),
          async (given, change) => {
            const isHostChanged = 'host' in change;
            const addressing =
              isHostChanged || given.addressing === 'proxy' ? 'header' : (given.addressing ?? 'host');
            const tamper = (headers: Record<string, string>) => Object.assign(headers, change);
            expectDocumented(await send({ ...given, method: 'POST', addressing, tamper }));
          },
        ),
        { numRuns: BROKEN_HEADERS },
      );
      await stillWorks();
    },
    LIMIT_MS,
  );

  it(
    `answers ${BROKEN_WRITES} writes of broken protobuf and broken compression`,
    async () => {
      const random = createRandom(3);
      const pick = (below: number) => Math.floor(random() * below);
      const whole = encodeGroup([{ contents: { a: '1', b: 'x'.repeat(40) } }, { contents: { c: '2' } }], {
        topic: 't',
        source: 's',
        tags: { k: 'v' },
      });
      const compress = {
        none: (bytes: Buffer) => bytes,
        deflate: (bytes: Buffer) => zlib.deflateSync(bytes),
        lz4: (bytes: Buffer) => bytes,
      };
      let refused = 0;
      for (let i = 0; i < BROKEN_WRITES; i += 1) {
        const type = (['none', 'deflate', 'lz4'] as const)[i % 3] ?? 'none';
        const bytes = Buffer.from(compress[type](Buffer.from(whole)));
        for (let n = pick(4); n >= 0; n -= 1) bytes[pick(bytes.length)] = pick(256);
        const cut = bytes.subarray(0, bytes.length - (pick(3) === 0 ? pick(bytes.length) : 0));
        const rawSize = pick(4) === 0 ? pick(20_000_000) : whole.length;
        const answer = await send({
          method: 'POST',
          project: PROJECT,
          path: `/logstores/${LOGSTORE}/shards/lb`,
          headers: {
            'content-type': 'application/x-protobuf',
            'x-log-bodyrawsize': String(rawSize),
            ...(type === 'none' ? {} : { 'x-log-compresstype': type }),
          },
          body: cut,
        });
        expectDocumented(answer);
        if (answer.status !== 200) refused += 1;
      }
      // A control: most of these are refused, and some changes leave a body that is still valid.
      expect(refused).toBeGreaterThan(BROKEN_WRITES / 2);
      expect(refused).toBeLessThan(BROKEN_WRITES);
      await stillWorks();
    },
    LIMIT_MS,
  );

  it('refuses bombs without spending memory or time on them', async () => {
    const lz4Bomb = Buffer.concat([
      Buffer.from([0x1f, 0, 1, 0]),
      Buffer.alloc(40_000, 255),
      Buffer.from([0]),
    ]);
    const before = process.memoryUsage().rss;
    const cpuBefore = process.cpuUsage();
    for (const size of [4_000_000_000, 10 * 1024 * 1024 + 1, 10 * 1024 * 1024, 1000]) {
      for (const [type, bytes] of [
        ['lz4', lz4Bomb],
        ['deflate', zlib.deflateSync(Buffer.alloc(64 * 1024 * 1024))],
      ] as const) {
        const answer = await send({
          method: 'POST',
          project: PROJECT,
          path: `/logstores/${LOGSTORE}/shards/lb`,
          headers: {
            'content-type': 'application/x-protobuf',
            'x-log-bodyrawsize': String(size),
            'x-log-compresstype': type,
          },
          body: bytes,
        });
        expectDocumented(answer);
        expect(answer.status).toBe(size > 10 * 1024 * 1024 ? 413 : 400);
      }
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    expect((user + system) / 1_000).toBeLessThan(10_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
    await stillWorks();
  });

  it(
    'answers what is no HTTP, and drops it',
    async () => {
      const { hostname, port } = new URL(target.url);
      const say = (bytes: Buffer) =>
        new Promise<string>((resolve) => {
          const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
          let answer = '';
          socket.on('data', (chunk) => {
            answer += String(chunk);
            if (answer.includes('errorCode')) socket.end();
          });
          socket.on('error', () => resolve(answer));
          socket.on('close', () => resolve(answer));
          socket.setTimeout(3000, () => socket.destroy());
        });
      for (const text of [
        'HELLO\r\n\r\n',
        'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
        'GET / HTTP/1.1\r\nBad Header\r\n\r\n',
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
        'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n',
        `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
        'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        '\0\0\0\0\r\n\r\n',
      ]) {
        const answer = await say(Buffer.from(text));
        expect(answer).toMatch(/^HTTP\/1\.1 [45]\d\d .*errorCode/s);
        expect(answer).toMatch(/x-log-requestid: [0-9A-F]{24}/i);
      }
      await stillWorks();
    },
    LIMIT_MS,
  );

  it(
    'refuses a body that is too long while it is still coming',
    async () => {
      const { hostname, port } = new URL(target.url);
      const answer = await new Promise<string>((resolve) => {
        let text = '';
        const socket = net.connect(Number(port), hostname, () => {
          socket.write('POST /logstores/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
          const chunk = `100000\r\n${'x'.repeat(1024 * 1024)}\r\n`;
          const more = () => {
            if (text === '' && !socket.destroyed) socket.write(chunk, more);
          };
          more();
        });
        socket.on('data', (chunk) => {
          text += String(chunk);
          socket.destroy();
        });
        socket.on('error', () => resolve(text));
        socket.on('close', () => resolve(text));
      });
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      await stillWorks();
    },
    LIMIT_MS,
  );

  it('survives control requests of any content', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
        const answer = await fetch(`${target.url}/_control`, { method: 'POST', body: text });
        expect([200, 400]).toContain(answer.status);
        await answer.arrayBuffer();
      }),
      { numRuns: CONTROL_REQUESTS },
    );
    await stillWorks();
  });
});
