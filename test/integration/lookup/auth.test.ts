import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LookupWorld } from '../../support/lookup-world.ts';

const hash = (token: string) => createHash('sha256').update(token).digest('hex');
const [OLD, NEW] = ['old-token-0123456789-0123456789-01', 'new-token-0123456789-0123456789-01'];
const EVERYTHING: ReadonlyArray<readonly [string, string]> = [
  ['POST', '/v1/transactions'],
  ['GET', '/v1/transactions/a'],
  ['HEAD', '/v1/transactions/a'],
  ['OPTIONS', '/v1/transactions/a'],
  ['POST', '/v1/lookups'],
  ['POST', '/v1/sweeps'],
  ['GET', '/v1/ledger'],
  ['GET', '/v1/nothing'],
  ['DELETE', '/v1/ledger'],
  ['GET', '/v1/%68ealth'],
  ['GET', '/v1/health/'],
  ['GET', '/v1/openapi.json/'],
  ['GET', '/v1/openapi%2Ejson'],
];

describe.each([
  ['two tokens', [hash(OLD), hash(NEW)]],
  ['no token', []],
])('AUTH=bearer with %s', (_what, tokenSha256) => {
  let world: LookupWorld;
  beforeAll(async () => {
    world = await LookupWorld.open({ app: { auth: { mode: 'bearer', tokenSha256 } } });
  });
  afterAll(() => world.close());

  it.each(EVERYTHING)('%s %s is refused without an accepted one', async (method, path) => {
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: `Basic ${OLD}` }]) {
      const answer = await world.call(method, path, { headers });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      if (method !== 'HEAD') expect(answer.json).toMatchObject({ code: 'UNAUTHORIZED' });
    }
  });

  it.each(
    ['/v1/health', '/v1/openapi.json'].flatMap((path) =>
      ['GET', 'HEAD', 'OPTIONS'].map((method) => [method, path] as const),
    ),
  )('%s %s is open', async (method, path) => {
    expect((await world.call(method, path)).statusCode).toBeLessThan(300);
  });

  it.each([OLD, NEW])(
    'a token opens the rest if it is set up, whatever the case of the header',
    async (token) => {
      for (const name of ['Authorization', 'authorization', 'AUTHORIZATION']) {
        const answer = await world.call('GET', '/v1/ledger', {
          headers: { [name]: `Bearer ${token}` },
        });
        expect(answer.statusCode).toBe(tokenSha256.length === 0 ? 401 : 200);
      }
    },
  );
});
