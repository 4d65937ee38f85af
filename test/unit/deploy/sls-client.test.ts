import { CreateLogStoreRequest } from '@alicloud/sls20201230';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlsControl } from '../../../deploy/sls-client.ts';
import { SlsError, UpstreamNetworkError } from '../../../shared/errors.ts';
import { RecordingServer } from '../../support/recording-server.ts';

const JSON_TYPE = { 'content-type': 'application/json', 'x-log-requestid': 'R1' };
const refusal = (code: string, message = 'no') => JSON.stringify({ errorCode: code, errorMessage: message });

let server: RecordingServer;
let waitsMs: number[];
let control: SlsControl;

beforeEach(async () => {
  server = await new RecordingServer().listen();
  waitsMs = [];
  control = new SlsControl({
    endpoint: server.url,
    region: 'ap-southeast-1',
    credentials: { accessKeyId: 'key-id', accessKeySecret: 'key-secret', securityToken: 'sts' },
    sleep: async (ms) => void waitsMs.push(ms),
  });
});
afterEach(() => server.close());

/** Answers the first requests as listed, every later one with an empty object. */
function answers(...list: ReadonlyArray<readonly [status: number, body: string] | 'reset'>): void {
  let next = 0;
  server.answer = (_request, response, socket) => {
    const answer = list[next];
    next += 1;
    if (answer === 'reset') socket.destroy();
    else response.writeHead(answer?.[0] ?? 200, JSON_TYPE).end(answer?.[1] ?? '{}');
  };
}

describe('the control-plane client', () => {
  it('names the project in a header where the endpoint is an address, and signs it with the token', async () => {
    answers();
    await control.getProject('idv-test');
    const [request] = server.requests;
    expect(request?.headers).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      'x-log-project': 'idv-test',
      'x-acs-security-token': 'sts',
      authorization: expect.stringMatching(/^LOG key-id:/),
    });
  });

  it.each([
    ['a server error', [500, refusal('InternalServerError')]],
    ['a busy server', [503, refusal('ServerBusy')]],
    ['an exhausted quota', [403, refusal('MetaOperationQpsLimitExceeded')]],
    ['a broken connection', 'reset'],
    ['an answer that is no JSON', [502, '<html>']],
  ] as const)('asks again after %s', async (_what, first) => {
    answers(first);
    await control.getProject('idv-test');
    expect(server.requests).toHaveLength(2);
  });

  it('gives up after five tries, waiting longer each time', async () => {
    server.always(500, refusal('InternalServerError'), JSON_TYPE);
    await expect(control.getProject('idv-test')).rejects.toMatchObject({ serverCode: 'InternalServerError' });
    expect(server.requests).toHaveLength(5);
    expect(waitsMs).toEqual([300, 600, 1_200, 2_400]);
  });

  it.each([
    [401, 'Unauthorized'],
    [403, 'ProjectForbidden'],
    [404, 'ProjectNotExist'],
    [400, 'ParameterInvalid'],
  ])('does not ask again after %s %s', async (status, code) => {
    server.always(status, refusal(code, 'why'), JSON_TYPE);
    const error = await control.getProject('idv-test').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SlsError);
    expect(error).toMatchObject({ status, serverCode: code, requestId: 'R1' });
    expect((error as Error).message).toContain('why');
    expect(server.requests).toHaveLength(1);
  });

  it('waits for a project it was told to expect', async () => {
    answers([404, refusal('ProjectNotExist')], [404, refusal('ProjectNotExist')]);
    control.expect('idv-test');
    await control.createLogStore('idv-test', new CreateLogStoreRequest({ logstoreName: 'x' }));
    expect(server.requests).toHaveLength(3);
  });

  it('waits for a logstore it was told to expect, and for no other', async () => {
    answers([404, refusal('LogStoreNotExist')], [200, '{}'], [404, refusal('LogStoreNotExist')]);
    control.expect('idv-test', 'mine');
    await control.getIndex('idv-test', 'mine');
    await expect(control.getIndex('idv-test', 'other')).rejects.toMatchObject({
      serverCode: 'LogStoreNotExist',
    });
    expect(server.requests).toHaveLength(3);
  });

  it('waits for 90 seconds and no longer', async () => {
    server.always(404, refusal('ProjectNotExist'), JSON_TYPE);
    control.expect('idv-test');
    await expect(control.getProject('idv-test')).rejects.toMatchObject({ serverCode: 'ProjectNotExist' });
    const waitedMs = waitsMs.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(90_000);
    expect(waitedMs).toBeLessThan(95_001);
  });

  it('says when nobody answers, without the keys', async () => {
    await server.close();
    const error = await control.getProject('idv-test').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UpstreamNetworkError);
    expect(JSON.stringify(error)).not.toMatch(/key-id|key-secret/);
    server = await new RecordingServer().listen();
  });
});
