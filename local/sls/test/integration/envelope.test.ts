import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeGroup } from '../support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from '../support/raw-client.ts';
import { openTarget, type Target } from '../support/target.ts';

const LIMIT_MS = 180_000;

/** What every call has in common: signatures, dates, digests, compression, errors. */
describe('envelope', () => {
  let target: Target;
  let send: (call: RawCall) => Promise<RawAnswer>;
  let project = '';
  const logstore = 'envelope';
  const put = (more: Partial<RawCall> = {}): RawCall => ({
    method: 'POST',
    project,
    path: `/logstores/${logstore}/shards/lb`,
    body: encodeGroup([{ contents: { a: '1' } }]),
    ...more,
    headers: { 'content-type': 'application/x-protobuf', ...more.headers },
  });
  const refusal = (answer: RawAnswer) => [answer.status, answer.json().errorCode];

  beforeAll(async () => {
    target = await openTarget();
    send = createRawClient(target);
    project = target.newName('idv-envelope');
    await send({
      method: 'POST',
      path: '/',
      body: JSON.stringify({ projectName: project, description: '' }),
    });
    await target.settle();
    await send({
      method: 'POST',
      project,
      path: '/logstores',
      body: JSON.stringify({ logstoreName: logstore, ttl: 1, shardCount: 1 }),
    });
    await target.settle();
  }, LIMIT_MS);

  afterAll(async () => {
    try {
      await send({ method: 'DELETE', project, path: '/' });
    } finally {
      await target.close();
    }
  });

  it.each(['hmac-sha1', 'hmac-sha256', 'v4'] as const)('takes a %s signature', async (signature) => {
    const answer = await send(put({ signature }));
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
    expect(answer.headers['content-type']).toBeUndefined();
    expect(answer.headers['content-length']).toBe('0');
    const shown = await send({ project, path: `/logstores/${logstore}`, signature });
    expect(shown.json()).toMatchObject({ logstoreName: logstore });
    expect(shown.headers['content-type']).toMatch(/^application\/json/);
  });

  it.each(['hmac-sha1', 'hmac-sha256', 'v4'] as const)(
    'signs special characters in a query (%s)',
    async (signature) => {
      const query = { logstoreName: 'a b+c&d=é/~*', offset: '0', size: '1', mode: '' };
      expect((await send({ project, path: '/logstores', query, signature })).json()).toEqual({
        count: 0,
        total: 0,
        logstores: [],
      });
    },
  );

  it('takes x-log-date added after signing, as the Python SDK adds it', async () => {
    const answer = await send(
      put({
        tamper: (headers) => {
          headers['x-log-date'] = headers.date ?? '';
        },
      }),
    );
    expect(answer.status).toBe(200);
  });

  it.each<[string, Partial<RawCall>, number, string]>([
    ['no Authorization', { signature: 'none' }, 400, 'MissAccessKeyId'],
    [
      'another secret',
      { credentials: { accessKeyId: 'local', accessKeySecret: 'wrong' } },
      401,
      'SignatureNotMatch',
    ],
    [
      'another secret, version 4',
      { signature: 'v4', credentials: { accessKeyId: 'local', accessKeySecret: 'wrong' } },
      401,
      'SignatureNotMatch',
    ],
    ['an unknown key', { credentials: { accessKeyId: 'nobody', accessKeySecret: 'x' } }, 401, 'Unauthorized'],
    [
      'a header changed after signing',
      { tamper: (h) => Object.assign(h, { 'x-log-bodyrawsize': '999' }) },
      401,
      'SignatureNotMatch',
    ],
    [
      'a header changed after signing, version 4',
      { signature: 'v4', tamper: (h) => Object.assign(h, { 'x-log-bodyrawsize': '999' }) },
      401,
      'SignatureNotMatch',
    ],
    [
      'a date of 16 minutes ago',
      { headers: { date: new Date(Date.now() - 960_000).toUTCString() } },
      400,
      'RequestTimeExpired',
    ],
    [
      'a date in 16 minutes',
      { headers: { date: new Date(Date.now() + 960_000).toUTCString() } },
      400,
      'RequestTimeExpired',
    ],
    ['a date that is none', { headers: { date: 'tomorrow' } }, 400, 'InvalidDateFormat'],
    [
      'an old date, version 4',
      { signature: 'v4', headers: { 'x-log-date': '20200101T000000Z' } },
      400,
      'RequestTimeExpired',
    ],
    ['no API version', { tamper: (h) => void delete h['x-log-apiversion'] }, 400, 'MissingAPIVersion'],
    ['another API version', { headers: { 'x-log-apiversion': '9.9.9' } }, 400, 'InvalidAPIVersion'],
    [
      'no signature method',
      { tamper: (h) => void delete h['x-log-signaturemethod'] },
      400,
      'MissingSignatureMethod',
    ],
    ['no date', { tamper: (h) => void delete h.date }, 400, 'MissingDate'],
    ['the MD5 of something else', { headers: { 'content-md5': '0'.repeat(32) } }, 400, 'PostBodyInvalid'],
    ['an unknown compression', { headers: { 'x-log-compresstype': 'brotli' } }, 400, 'InvalidCompressType'],
    ['a size that is no number', { headers: { 'x-log-bodyrawsize': 'many' } }, 400, 'InvalidBodyRawSize'],
    ['a body that is no protobuf', { body: 'not protobuf' }, 400, 'PostBodyInvalid'],
    ['a body of another type', { headers: { 'content-type': 'text/plain' } }, 415, 'InvalidContentType'],
    [
      'a body that does not inflate',
      { headers: { 'x-log-compresstype': 'lz4', 'x-log-bodyrawsize': '5000' } },
      400,
      'PostBodyUncompressError',
    ],
    ['a logstore that is not there', { path: '/logstores/not-there/shards/lb' }, 404, 'LogStoreNotExist'],
    ['a project that is not there', { project: 'not-there-at-all' }, 404, 'ProjectNotExist'],
    ['an API that does not exist', { method: 'PUT', path: '/no/such/api' }, 400, 'NotSupported'],
  ])('refuses %s', async (_, more, status, code) => {
    const answer = await send(put(more));
    expect(refusal(answer)).toEqual([status, code]);
    expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
    expect(answer.json()).toEqual({ errorCode: code, errorMessage: expect.stringMatching(/\S/) });
    expect(Math.abs(Date.parse(answer.headers.date ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('refuses a compressed body without its size', async () => {
    const body = zlib.deflateSync(encodeGroup([{ contents: { a: '1' } }]));
    const headers = { 'x-log-compresstype': 'deflate', 'x-log-bodyrawsize': '' };
    expect(refusal(await send(put({ headers, body })))).toEqual([400, 'MissingBodyRawSize']);
  });

  it('refuses a declared size over 10 MB before inflating anything', async () => {
    const bomb = zlib.deflateSync(Buffer.alloc(200 * 1024 * 1024));
    const cpuMs = (since?: NodeJS.CpuUsage) => {
      const { user, system } = process.cpuUsage(since);
      return (user + system) / 1_000;
    };
    const before = process.cpuUsage();
    zlib.inflateSync(bomb);
    const inflatingMs = cpuMs(before);
    for (const [type, body] of [
      ['deflate', bomb],
      ['lz4', Buffer.from([0xf0, 255, 255, 255])],
    ] as const) {
      const start = process.cpuUsage();
      const answer = await send(
        put({
          body,
          headers: { 'x-log-compresstype': type, 'x-log-bodyrawsize': String(200 * 1024 * 1024) },
        }),
      );
      expect(refusal(answer)).toEqual([413, 'PostBodyTooLarge']);
      expect(cpuMs(start)).toBeLessThan(inflatingMs / 2);
    }
  });

  it('does not inflate further than was declared', async () => {
    const body = zlib.deflateSync(Buffer.alloc(50 * 1024 * 1024));
    const answer = await send(
      put({ body, headers: { 'x-log-compresstype': 'deflate', 'x-log-bodyrawsize': '100' } }),
    );
    expect(refusal(answer)).toEqual([400, 'PostBodyUncompressError']);
  });

  it(
    'takes a body of 10 MB and refuses one that is larger',
    async () => {
      const rows = (count: number) =>
        encodeGroup(
          Array.from({ length: count }, () => ({ contents: { v: 'x'.repeat(1024 * 1024 - 100) } })),
        );
      expect((await send(put({ body: rows(9) }))).status).toBe(200);
      const tooLarge = await send(put({ body: rows(11) }));
      expect(refusal(tooLarge)).toEqual([413, 'PostBodyTooLarge']);
    },
    LIMIT_MS,
  );

  it.each(['hmac-sha1', 'v4'] as const)('finds the project in x-log-project (%s)', async (signature) => {
    const answer = await send({ project, path: `/logstores/${logstore}`, addressing: 'header', signature });
    expect(answer.json()).toMatchObject({ logstoreName: logstore });
  });

  describe('of the local server', () => {
    it.each(['hmac-sha1', 'v4'] as const)('is an HTTP proxy too (%s)', async (signature) => {
      if (target.isRemote) return;
      const answer = await send({ project, path: `/logstores/${logstore}`, addressing: 'proxy', signature });
      expect(answer.json()).toMatchObject({ logstoreName: logstore });
    });
  });
});
