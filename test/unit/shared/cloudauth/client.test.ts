import OpenApi from '@alicloud/openapi-core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCloudauthClient } from '../../../../shared/cloudauth/client.ts';
import type { Credentials } from '../../../../shared/credentials.ts';
import { RecordingServer } from '../../../support/recording-server.ts';
import { acs3Problem } from '../../../support/signature-check.ts';
import { until } from '../../../support/until.ts';

const KEYS: Credentials = { accessKeyId: 'key-id', accessKeySecret: 'key-secret' };
const REQUEST = { merchantBizId: 'biz1', transactionId: 'hksb7ba1b28130d24e015d694361bee4' };
const RESULT = {
  Passed: 'true',
  SubCode: '200',
  VerifyStatus: '1',
  LogInfo: ['2025-03-21 10:31:25 Loading阶段结束'],
};
const SUCCESS = JSON.stringify({
  RequestId: 'A180B706',
  Code: 'Success',
  Message: 'success',
  Result: RESULT,
});

let server: RecordingServer;
beforeEach(async () => {
  server = await new RecordingServer().listen();
});
afterEach(async () => {
  await server.close();
});

function client(
  more: { credentials?: () => Credentials; readTimeoutMs?: number; maxBodyBytes?: number } = {},
) {
  return createCloudauthClient({
    endpoint: server.url,
    credentials: () => KEYS,
    connectTimeoutMs: 1_000,
    readTimeoutMs: 2_000,
    ...more,
  });
}

const ask = (more = {}) => client(more).checkVerifyLog(REQUEST);

describe('the request', () => {
  it('is signed, names the operation and carries both ids as a form', async () => {
    server.always(200, SUCCESS);
    expect(await ask()).toEqual({ kind: 'answered', code: 'Success', requestId: 'A180B706', result: RESULT });
    const [request] = server.requests;
    if (request === undefined) throw new Error('nothing came');
    expect(acs3Problem(request, 'key-secret')).toBeUndefined();
    expect(acs3Problem(request, 'another-secret')).toBe('the signature is wrong');
    expect(request).toMatchObject({ method: 'POST', target: '/' });
    expect(request.headers).toMatchObject({
      'x-acs-action': 'CheckVerifyLog',
      'x-acs-version': '2022-08-09',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(request.body.length),
    });
    expect(Object.fromEntries(new URLSearchParams(request.body.toString()))).toEqual({
      MerchantBizId: REQUEST.merchantBizId,
      TransactionId: REQUEST.transactionId,
    });
  });

  it.each([[{}], [{ securityToken: 'sts-token' }]])(
    'is the one the official client sends (%j)',
    async (more) => {
      server.always(200, SUCCESS);
      const keys = { ...KEYS, ...more };
      await client({ credentials: () => keys }).checkVerifyLog(REQUEST);
      const Client = (OpenApi as unknown as { default: typeof OpenApi }).default;
      const { $OpenApiUtil } = OpenApi as unknown as typeof import('@alicloud/openapi-core');
      const { Config, Params, OpenApiRequest } = $OpenApiUtil;
      const official = new Client(
        new Config({
          ...keys,
          endpoint: `127.0.0.1:${server.port}`,
          protocol: 'http',
          userAgent: 'idv-dropoff',
        }),
      );
      await official.callApi(
        new Params({
          action: 'CheckVerifyLog',
          version: '2022-08-09',
          protocol: 'HTTPS',
          pathname: '/',
          method: 'POST',
          authType: 'AK',
          style: 'RPC',
          reqBodyType: 'formData',
          bodyType: 'json',
        }),
        new OpenApiRequest({
          body: { MerchantBizId: REQUEST.merchantBizId, TransactionId: REQUEST.transactionId },
        }),
        { toMap: () => ({}) } as never,
      );
      const [ours, theirs] = server.requests;
      if (ours === undefined || theirs === undefined) throw new Error('a request is missing');
      expect(acs3Problem(theirs, 'key-secret')).toBeUndefined();
      expect(ours.body.toString()).toBe(theirs.body.toString());
      // The provider's name is told by the official credential classes only.
      const left = ['x-acs-date', 'x-acs-signature-nonce', 'x-acs-credentials-provider', 'authorization'];
      const compare = ({ headers }: typeof ours) =>
        Object.entries(headers).filter(
          ([name]) => ![...left, 'content-length', 'transfer-encoding'].includes(name),
        );
      expect(compare(ours)).toEqual(compare(theirs));
    },
  );

  it('asks for the credentials each time and sends a temporary token signed', async () => {
    server.always(200, SUCCESS);
    const keys: Credentials[] = [
      { accessKeyId: 'first', accessKeySecret: 's1' },
      { accessKeyId: 'second', accessKeySecret: 's2', securityToken: 'token' },
    ];
    const shared = client({ credentials: () => keys.shift() ?? KEYS });
    await shared.checkVerifyLog(REQUEST);
    await shared.checkVerifyLog(REQUEST);
    const [first, second] = server.requests;
    if (first === undefined || second === undefined) throw new Error('a request is missing');
    expect([acs3Problem(first, 's1'), acs3Problem(second, 's2')]).toEqual([undefined, undefined]);
    expect(second.headers).toMatchObject({ 'x-acs-security-token': 'token', 'x-acs-accesskey-id': 'second' });
    expect(server.connections).toBe(1);
  });
});

const code = (Code: string, Message = 'no') => JSON.stringify({ Code, Message, RequestId: 'R1' });
const answer = { requestId: 'R1' };

describe('the outcome of each return code', () => {
  const invalid = { kind: 'invalid', message: 'no', ...answer };
  const forbidden = { kind: 'forbidden', message: 'no', ...answer };
  const throttled = { kind: 'throttled', ...answer };
  it.each([
    [404, 'ProcessNotCompleted', { kind: 'not_completed', ...answer }],
    [200, 'ProcessNotCompleted', { kind: 'not_completed', ...answer }],
    [400, 'TransactionIdInvalid', invalid],
    [200, 'TransactionIdInvalid', invalid],
    [400, 'InvalidParameter', invalid],
    [400, 'InvalidParameter.TransactionId', invalid],
    [400, 'MissingParameter', invalid],
    [400, 'MissingTransactionId', invalid],
    [403, 'Throttling.Api', throttled],
    [429, 'Throttling.User', throttled],
    [200, 'Throttling.Api', throttled],
    [403, 'Forbidden.RAMUserAccessDenied', forbidden],
    [200, 'Forbidden.AccountAccessDenied', forbidden],
    [404, 'InvalidAccessKeyId.NotFound', forbidden],
    [400, 'SignatureDoesNotMatch', forbidden],
    [400, 'InvalidSecurityToken.Expired', forbidden],
    [400, 'InvalidTimeStamp.Expired', forbidden],
    [403, 'SecurityTokenExpired', forbidden],
    [403, 'SomethingNew', forbidden],
    [500, 'InternalError', { kind: 'failed', reason: 'server', status: 500, ...answer }],
    [200, 'InternalError', { kind: 'failed', reason: 'server', status: 200, ...answer }],
    [503, 'SomethingNew', { kind: 'failed', reason: 'server', status: 503, ...answer }],
    [400, 'SignatureNonceUsed', { kind: 'failed', reason: 'server', status: 400, ...answer }],
    [400, 'SomethingNew', { kind: 'failed', reason: 'contract', status: 400, ...answer }],
    [200, 'SomethingNew', { kind: 'failed', reason: 'contract', status: 200, ...answer }],
  ])('%i %s', async (status, returned, expected) => {
    server.always(status, code(returned), { 'content-type': 'application/json;charset=utf-8' });
    expect(await ask()).toEqual({ code: returned, ...expected });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['2', 2_000],
    ['0', 0],
    ['500', 500],
    ['30', 10_000],
    ['99999999', 10_000],
    ['soon', undefined],
    ['-1', undefined],
  ])('a wait of %s asked for', async (header, retryAfterMs) => {
    server.always(429, code('Throttling.Api'), { 'x-acs-retry-after': header });
    expect(await ask()).toEqual({
      kind: 'throttled',
      code: 'Throttling.Api',
      requestId: 'R1',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  });

  it.each([
    ['not JSON', 200, '<html>', 'CONTRACT'],
    ['empty', 200, '', 'CONTRACT'],
    ['a list', 200, '[]', 'CONTRACT'],
    ['null', 200, 'null', 'CONTRACT'],
    ['no code', 200, '{"Result":{}}', 'CONTRACT'],
    ['Success without a Result', 200, '{"Code":"Success"}', 'CONTRACT'],
    ['Success with a list for a Result', 200, '{"Code":"Success","Result":[]}', 'CONTRACT'],
    ['Success that is an error', 400, SUCCESS, 'CONTRACT'],
    ['a redirection', 302, '', 'HTTP_302'],
    ['a page of some proxy', 403, '<html>', 'HTTP_403'],
  ])('%s is not the contract', async (_name, status, body, expected) => {
    server.always(status, body);
    expect(await ask()).toMatchObject({ kind: 'failed', reason: 'contract', code: expected, status });
  });

  it.each([
    [500, 'server'],
    [502, 'server'],
  ])('%i without a code is the server failing', async (status, reason) => {
    server.always(status, '<html>');
    expect(await ask()).toEqual({ kind: 'failed', reason, code: `HTTP_${status}`, status });
  });

  it('a bare 429 is throttling', async () => {
    server.always(429, '');
    expect(await ask()).toEqual({ kind: 'throttled', code: 'HTTP_429' });
  });

  it('keeps the Result as it came, whatever is in it', async () => {
    const strange = '{"VerifyStatus":0,"New":[1,{"a":null}],"LogInfo":"x","Big":12345678901234567890}';
    server.always(200, `{"Code":"Success","Result":${strange}}`);
    expect(await ask()).toEqual({ kind: 'answered', code: 'Success', result: JSON.parse(strange) });
  });

  it('bounds messages, and keeps keys and signed text out of them', async () => {
    const message = `key-id key-secret tok ${'x '.repeat(400)}`;
    server.always(403, code('Forbidden', message));
    const outcome = await ask({ credentials: () => ({ ...KEYS, securityToken: 'tok' }) });
    if (outcome.kind !== 'forbidden') throw new Error(outcome.kind);
    expect(outcome.message).toMatch(/^\*\*\* \*\*\* \*\*\* x x/);
    expect(outcome.message.length).toBeLessThanOrEqual(300);
    server.always(
      400,
      code('SignatureDoesNotMatch', 'no match. server string to sign is:x-acs-security-token:abc'),
    );
    expect(await ask()).toMatchObject({ kind: 'forbidden', message: 'no match.' });
  });
});

describe('no answer', () => {
  it('a hang ends at the timeout', async () => {
    server.answer = () => undefined;
    const slow = ask({ readTimeoutMs: 60_000 }).then(() => 'the other');
    const hasty = ask({ readTimeoutMs: 100 });
    expect(await Promise.race([slow, hasty])).toEqual({ kind: 'failed', reason: 'timeout', code: 'TIMEOUT' });
    server.dropConnections();
    expect(await slow).toBe('the other');
  });

  it('a body that drips ends at the timeout, too', async () => {
    server.answer = (_request, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    };
    expect(await ask({ readTimeoutMs: 150 })).toEqual({ kind: 'failed', reason: 'timeout', code: 'TIMEOUT' });
  });

  it.each(['before', 'within'])('a connection reset %s the answer', async (when) => {
    server.answer = (_request, response, socket) => {
      if (when === 'within') response.writeHead(200, { 'content-length': '100' }).write('{"Code":');
      setImmediate(() => socket.resetAndDestroy());
    };
    expect(await ask()).toEqual({ kind: 'failed', reason: 'network', code: 'NETWORK' });
    expect(server.requests).toHaveLength(1);
  });

  it('nobody listens', async () => {
    const asked = client();
    await server.close();
    expect(await asked.checkVerifyLog(REQUEST)).toMatchObject({ kind: 'failed', reason: 'network' });
    await server.listen();
  });

  it.each([true, false])('a body over the bound is read no further (announced: %s)', async (announced) => {
    let sent = 0;
    server.answer = (_request, response) => {
      if (announced) response.setHeader('content-length', '50000000');
      const more = () => {
        while (sent < 50_000_000 && !response.destroyed && response.write(Buffer.alloc(65_536, 0x20)))
          sent += 65_536;
      };
      response.on('drain', more);
      more();
    };
    expect(await ask({ maxBodyBytes: 100_000 })).toEqual({
      kind: 'failed',
      reason: 'contract',
      code: 'CONTRACT',
    });
    expect(sent).toBeLessThan(20_000_000);
  });

  it('an error body is bounded as well', async () => {
    server.always(400, Buffer.alloc(200_000, 0x20));
    expect(await ask({ maxBodyBytes: 100_000 })).toMatchObject({ kind: 'failed', reason: 'contract' });
  });

  it('an abort ends the call at once and closes the connection', async () => {
    server.answer = () => undefined;
    const controller = new AbortController();
    const asked = client().checkVerifyLog(REQUEST, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    expect(await asked).toEqual({ kind: 'failed', reason: 'timeout', code: 'ABORTED' });
    await until(() => server.aborted === 1);
    expect(await client().checkVerifyLog(REQUEST, { signal: controller.signal })).toMatchObject({
      code: 'ABORTED',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('credentials that cannot be had are a refusal, not a throw', async () => {
    const outcome = await ask({
      credentials: () => {
        throw new Error('no role');
      },
    });
    expect(outcome).toMatchObject({ kind: 'forbidden', code: 'CREDENTIALS' });
    expect(server.requests).toHaveLength(0);
  });
});
