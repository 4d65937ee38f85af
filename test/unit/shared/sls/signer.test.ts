import { describe, expect, it } from '@jest/globals';
import { parseEndpoint } from '../../../../shared/openapi/transport.ts';
import { signSls } from '../../../../shared/sls/signer.ts';

const KEYS = { accessKeyId: 'id', accessKeySecret: 'secret' };
const CALL = {
  action: 'GetCursor',
  method: 'GET',
  path: '/logstores/a/shards/0',
  query: { from: 'end' },
} as const;

describe('the host', () => {
  it.each([
    ['ap-southeast-1.log.aliyuncs.com', 'p.ap-southeast-1.log.aliyuncs.com', undefined],
    ['http://sls.test:8080', 'p.sls.test:8080', undefined],
    ['http://127.0.0.1:9001', '127.0.0.1:9001', 'p'],
    ['http://localhost:9001', 'localhost:9001', 'p'],
    ['http://[::1]:9001', '[::1]:9001', 'p'],
  ])('%s: %s, project in a header: %s', async (endpoint, host, header) => {
    const { headers, path } = await signSls(CALL, { endpoint: parseEndpoint(endpoint), project: 'p' }, KEYS);
    expect(headers).toMatchObject({ host, authorization: expect.stringMatching(/^LOG id:/) });
    expect(headers['x-log-project']).toBe(header);
    expect(path).toBe('/logstores/a/shards/0?from=end');
  });

  it('a project in a header is signed', async () => {
    const endpoint = parseEndpoint('http://127.0.0.1:9001');
    const sign = async (project: string) =>
      (await signSls(CALL, { endpoint, project }, KEYS)).headers['authorization'];
    expect(await sign('p')).not.toBe(await sign('q'));
    expect(await sign('p')).toBe(await sign('p'));
  });
});
