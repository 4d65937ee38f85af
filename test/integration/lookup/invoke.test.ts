import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UpstreamHttpError, UpstreamNetworkError, UpstreamTimeoutError } from '../../../shared/errors.ts';
import { createInvoker, type InvokeOptions } from '../../../shared/fc/invoke.ts';
import { RecordingServer } from '../../support/recording-server.ts';
import { acs3Problem } from '../../support/signature-check.ts';

const SECRET = 'secret-of-the-role';
const PATH = '/2023-03-30/functions/idv-sweep/invocations';
let server: RecordingServer;

beforeEach(async () => {
  server = await new RecordingServer().listen();
});
afterEach(() => server.close());

function invoker(options: Partial<InvokeOptions> = {}) {
  return createInvoker({
    accountId: '1234567890123456',
    region: 'ap-southeast-1',
    endpoint: server.url,
    timeoutMs: 500,
    credentials: () => ({
      accessKeyId: 'STS.key',
      accessKeySecret: SECRET,
      securityToken: 'token-of-the-role',
    }),
    ...options,
  });
}
const absent = () => {
  throw new Error('Cannot find module');
};
const accepted = (id: string) => server.always(202, '', { 'x-fc-request-id': id });

describe('starting a function', () => {
  it('goes through the preinstalled fc2, at the version of FC 3.0', async () => {
    accepted('1-aaaa');
    expect(await invoker()('idv-sweep', '{"payload":""}')).toEqual({ requestId: '1-aaaa' });
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', target: PATH });
    expect(request?.body.toString()).toBe('{"payload":""}');
    expect(request?.headers).toMatchObject({
      'x-fc-invocation-type': 'Async',
      'x-fc-security-token': 'token-of-the-role',
      authorization: expect.stringMatching(/^FC STS\.key:/),
    });
  });

  it.each([
    ['is absent', { loadFc2: absent }],
    [
      'would drop the security token',
      {
        credentials: () => ({
          accessKeyId: 'TMP.key',
          accessKeySecret: SECRET,
          securityToken: 'token-of-the-role',
        }),
      },
    ],
  ])('is signed as the FC 3.0 SDK signs it where fc2 %s', async (_why, options) => {
    accepted('1-bbbb');
    expect(await invoker(options)('idv-sweep', '{}')).toEqual({ requestId: '1-bbbb' });
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    if (request === undefined) throw new Error('nothing was sent');
    expect(request).toMatchObject({ method: 'POST', target: PATH });
    expect(request.headers).toMatchObject({
      'x-fc-invocation-type': 'Async',
      'x-acs-action': 'InvokeFunction',
      'x-acs-version': '2023-03-30',
      'x-acs-security-token': 'token-of-the-role',
    });
    expect(acs3Problem(request, SECRET)).toBeUndefined();
    expect(acs3Problem(request, 'another secret')).toBeDefined();
  });

  it('tries the second way when the first is refused', async () => {
    server.answer = (request, response) => {
      if (request.headers.authorization?.startsWith('FC ')) {
        response
          .writeHead(403, { 'content-type': 'application/json' })
          .end('{"ErrorCode":"SignatureNotMatch"}');
      } else {
        response.writeHead(202, { 'x-fc-request-id': '1-cccc' }).end();
      }
    };
    expect(await invoker()('idv-sweep', '{}')).toEqual({ requestId: '1-cccc' });
    expect(server.requests).toHaveLength(2);
  });

  it('tells what FC answered when both ways are refused', async () => {
    server.always(404, '{"Code":"FunctionNotFound","Message":"canary"}', { 'x-fc-request-id': '1-dddd' });
    const error = await invoker({ loadFc2: absent })('idv-sweep', '{}').catch((one: unknown) => one);
    expect(error).toBeInstanceOf(UpstreamHttpError);
    expect(error).toMatchObject({ status: 404, serverCode: 'FunctionNotFound', requestId: '1-dddd' });
    expect(String(error)).not.toContain('canary');
  });

  it('tells that nobody answers', async () => {
    const gone = await new RecordingServer().listen();
    const endpoint = gone.url;
    await gone.close();
    const error = await invoker({ endpoint })('idv-sweep', '{}').catch((one: unknown) => one);
    expect(error).toBeInstanceOf(UpstreamNetworkError);
  });

  it('does not wait longer than its time', async () => {
    server.answer = () => undefined;
    const error = await invoker({ loadFc2: absent })('idv-sweep', '{}').catch((one: unknown) => one);
    expect(error).toBeInstanceOf(UpstreamTimeoutError);
  });

  it('stops when the request is over', async () => {
    server.answer = () => undefined;
    const reason = new Error('over');
    const error = await invoker({ loadFc2: absent, timeoutMs: 5_000 })(
      'f',
      '{}',
      AbortSignal.abort(reason),
    ).catch((one: unknown) => one);
    expect(error).toBe(reason);
    expect(server.requests).toHaveLength(0);
  });

  it('keeps a name with odd characters one segment of the path', async () => {
    accepted('1-eeee');
    await invoker({ loadFc2: absent })('a/../b', '{}');
    expect(server.requests[0]?.target).toBe('/2023-03-30/functions/a%2F..%2Fb/invocations');
  });
});
