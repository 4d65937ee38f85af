import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createTransport,
  parseEndpoint,
  safeMessage,
  safeToken,
} from '../../../../shared/openapi/transport.ts';
import { RecordingServer } from '../../../support/recording-server.ts';

let server: RecordingServer;
beforeEach(async () => {
  server = await new RecordingServer().listen();
});
afterEach(async () => {
  await server.close();
});

const CALL = { name: 'Test', method: 'POST', path: '/', headers: {}, body: 'x', maxBytes: 1_000 };
const transport = (more = {}) =>
  createTransport(parseEndpoint(server.url), { connectTimeoutMs: 500, readTimeoutMs: 500, ...more });

describe('parseEndpoint', () => {
  it.each([
    ['a.aliyuncs.com', { protocol: 'https', host: 'a.aliyuncs.com', port: 443, isAddress: false }],
    ['a.aliyuncs.com:8443', { protocol: 'https', host: 'a.aliyuncs.com:8443', port: 8443 }],
    ['http://127.0.0.1:9001', { protocol: 'http', host: '127.0.0.1:9001', port: 9001, isAddress: true }],
    ['https://localhost', { protocol: 'https', host: 'localhost', port: 443, isAddress: true }],
    ['http://a.test', { protocol: 'http', port: 80, isAddress: false }],
  ])('%s', (endpoint, expected) => {
    expect(parseEndpoint(endpoint)).toMatchObject(expected);
  });

  it.each(['', 'http://', 'a/b', 'a?b', 'http://user@a'])('refuses %j', (endpoint) => {
    expect(() => parseEndpoint(endpoint)).toThrow(/Invalid URL|an endpoint is a host/);
  });
});

describe('connections', () => {
  it('are used again, and no more than allowed are opened', async () => {
    const shared = transport({ maxSockets: 3 });
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 9 }, () => shared.send(CALL)));
    }
    expect(server.requests).toHaveLength(27);
    expect(server.connections).toBe(3);
    shared.close();
  });

  it('one that the server closed in the meantime is not used again', async () => {
    const shared = transport();
    await shared.send(CALL);
    server.dropConnections();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await shared.send(CALL)).status).toBe(200);
    expect(server.connections).toBe(2);
  });

  it('a connection that cannot be made in time is a timeout', async () => {
    // 192.0.2.0/24 is reserved for documents: nothing answers there, or the network refuses it at once.
    const nowhere = createTransport(parseEndpoint('http://192.0.2.1'), {
      connectTimeoutMs: 80,
      readTimeoutMs: 600_000,
    });
    await expect(nowhere.send(CALL)).rejects.toMatchObject({
      code: expect.stringMatching(/^UPSTREAM_(TIMEOUT|NETWORK)$/),
    });
  });

  it('one signal serves many calls at once, without a warning and without leaving listeners', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning.name);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    const shared = transport();
    await Promise.all(Array.from({ length: 60 }, () => shared.send({ ...CALL, signal })));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    shared.close();
  });
});

describe('text of a server', () => {
  it.each([
    [undefined, ''],
    [{}, ''],
    ['  a\n\t b ', 'a b'],
    ['bad. server string to sign is:GET\nsecret', 'bad.'],
    ['x'.repeat(5_000), `${'x'.repeat(299)}…`],
  ])('%j is told as %j', (raw, expected) => {
    expect(safeMessage(raw)).toBe(expected);
  });

  it.each([
    ['A.b-1', 'A.b-1'],
    ['', undefined],
    ['a b', undefined],
    ['x'.repeat(129), undefined],
    [5, undefined],
  ])('the code %j is taken for %j', (raw, expected) => {
    expect(safeToken(raw)).toBe(expected);
  });
});
