import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OFFICIAL_RESULT } from '../../../local/cloudauth/official-example.ts';
import {
  BAD,
  DAY_MS,
  dayOf,
  daysAgo,
  GOOD,
  JSON_TYPE,
  many,
  NDJSON,
  ONE,
  tooNew,
} from '../../support/bad-requests.ts';
import { LookupWorld } from '../../support/lookup-world.ts';

/** Every endpoint against everything that may be wrong with a request: what is answered, and that nothing is done. */
let world: LookupWorld;

beforeAll(async () => {
  world = await LookupWorld.open();
  await world.putSession('good-1', Date.now() - 40 * 60_000, OFFICIAL_RESULT);
});
afterAll(async () => {
  const statuses = new Set(world.responses.map(({ statusCode }) => statusCode));
  await world.close();
  // What closing checks must have had something to look at.
  for (const status of [200, 202, 204, 400, 404, 405, 413, 415, 501]) expect(statuses).toContain(status);
});

/** How often SLS and CheckVerifyLog were asked for anything. */
async function calls(): Promise<number[]> {
  const slsCalls = Object.values(await world.slsCalls()).reduce((sum, count) => sum + count, 0);
  return [slsCalls, await world.calls()];
}

describe('a bad request is refused by name, and nothing is done', () => {
  it.each(BAD)('%s: %s %.40s', async (_what, method, path, options, issuePath) => {
    const before = await calls();
    const answer = await world.call(method, path, options);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json).toMatchObject({ status: 400, code: 'INPUT_INVALID', requestId: '1-5f0000-context' });
    expect(answer.json.issues.map((issue: { path: string }) => issue.path)).toContain(issuePath);
    expect(await calls()).toEqual(before);
  });

  it('and a good one is not: the control', async () => {
    const before = await calls();
    expect((await world.call('POST', '/v1/transactions', { body: GOOD })).statusCode).toBe(202);
    expect((await world.call('GET', ONE)).statusCode).toBe(200);
    expect((await world.call('POST', '/v1/lookups', { body: { transactions: [GOOD] } })).statusCode).toBe(
      200,
    );
    expect(await calls()).not.toEqual(before);
  });
});

const ENDPOINTS: ReadonlyArray<readonly [string, string, string]> = [
  ['/v1/transactions', 'POST', 'POST, OPTIONS'],
  ['/v1/transactions/good-1', 'GET', 'GET, HEAD, OPTIONS'],
  ['/v1/lookups', 'POST', 'POST, OPTIONS'],
  ['/v1/sweeps', 'POST', 'POST, OPTIONS'],
  ['/v1/ledger', 'GET', 'GET, HEAD, OPTIONS'],
  ['/v1/health', 'GET', 'GET, HEAD, OPTIONS'],
  ['/v1/openapi.json', 'GET', 'GET, HEAD, OPTIONS'],
];

describe.each(ENDPOINTS)('%s', (path, method, allow) => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'].filter((one) => !allow.includes(one)))(
    'does not take %s, and says what it takes',
    async (wrong) => {
      const answer = await world.call(wrong, path);
      expect(answer.statusCode).toBe(405);
      expect(answer.headers.allow).toBe(allow);
    },
  );

  it('answers OPTIONS', async () => {
    expect(await world.call('OPTIONS', path)).toMatchObject({
      statusCode: 204,
      headers: { allow },
      body: '',
    });
  });

  if (method === 'POST') {
    it.each([
      ['a form', 'application/x-www-form-urlencoded', 'a=b'],
      ['no type', '', '{}'],
      ['XML', 'text/xml', '<a/>'],
      ['JSON in UTF-16', 'application/json; charset=utf-16', '{}'],
    ])('does not take %s', async (_what, type, rawBody) => {
      const answer = await world.call('POST', path, { rawBody, headers: { 'CONTENT-TYPE': type } });
      expect(answer.json).toMatchObject({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' });
    });

    it.each([false, true])('does not take more than 1 MB (base64 %s)', async (base64) => {
      const rawBody = `{"transactions":[${' '.repeat(1_048_576)}]}`;
      const answer = await world.call('POST', path, { rawBody, base64, headers: JSON_TYPE });
      expect(answer.json).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    });
  } else {
    it('answers HEAD as GET, without the body', async () => {
      const got = await world.call('GET', path);
      const head = await world.call('HEAD', path);
      expect(head).toMatchObject({ statusCode: got.statusCode, body: '' });
      expect(head.headers['content-type']).toBe(got.headers['content-type']);
    });
  }
});

describe('paths', () => {
  it.each([
    '/',
    '/v1',
    '/v1/nothing',
    '/v2/health',
    '/v1/health/',
    '/v1/transactions/a/b',
    '/v1%2Fhealth',
    '//v1/health',
  ])('%s leads nowhere', async (path) => {
    expect((await world.call('GET', path)).json).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
  });

  it('a sweep cannot be started where none is set up', async () => {
    expect((await world.call('POST', '/v1/sweeps')).json).toMatchObject({
      status: 501,
      code: 'SWEEP_NOT_CONFIGURED',
    });
  });
});

describe('what is taken', () => {
  it.each([
    ['unix ms', Date.now() - 60_000],
    ['unix ms as text', String(Date.now() - 60_000)],
    ['ISO 8601 in UTC', new Date(Date.now() - 60_000).toISOString()],
    ['ISO 8601 without seconds', `${new Date(Date.now() - 120_000).toISOString().slice(0, 16)}Z`],
    [
      'ISO 8601 with an offset',
      new Date(Date.now() - 60_000 + 8 * 3_600_000).toISOString().replace('Z', '+08:00'),
    ],
    [
      'ISO 8601 with a comma, and an offset without a colon',
      new Date(Date.now() - 60_000 + 8 * 3_600_000).toISOString().replace('Z', '+0800').replace('.', ','),
    ],
    ['a date', new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)],
    // By the clock of the call: a busy machine comes to it long after the table was made.
    ['the oldest time', () => Date.now() - 31 * DAY_MS + 5_000],
    ['the newest time', () => Date.now() + 5 * 60_000 - 5_000],
  ])('as time: %s', async (_what, given) => {
    const initializedAt = typeof given === 'function' ? given() : given;
    const answer = await world.call('POST', '/v1/transactions', { body: { ...GOOD, initializedAt } });
    expect(answer.statusCode).toBe(202);
  });

  it.each([
    `${dayOf(9)}T08:00:00+08:00`,
    `${dayOf(9)}T08:00:00 08:00`,
    `${dayOf(9)}T08%3A00%3A00%2B08%3A00`,
    dayOf(9),
  ])('as time in a query: %s', async (from) => {
    expect((await world.call('GET', '/v1/ledger', { query: { from, to: dayOf(8) } })).statusCode).toBe(200);
  });

  it.each([
    ['that ends in the future', { to: String(tooNew + DAY_MS) }],
    ['of a day to come', { from: dayOf(-1), to: dayOf(-2) }],
    ['of all that is kept', { from: String(daysAgo(45) + 3_600_000) }],
    ['that ends 40 days ago', { to: dayOf(40) }],
  ])('a ledger %s', async (_what, query) => {
    expect((await world.call('GET', '/v1/ledger', { query })).json).toMatchObject({ complete: true });
  });

  it.each([
    ['the longest id', { transactionId: `${'x'.repeat(62)}_-` }],
    ['the longest MerchantBizId', { ...GOOD, merchantBizId: 'x'.repeat(32) }],
    [
      '20 labels of 128 characters',
      {
        ...GOOD,
        labels: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, '界'.repeat(128)])),
      },
    ],
    ['no labels', { ...GOOD, labels: {} }],
    ['labels named as members of every object', { ...GOOD, labels: { constructor: 'x', prototype: 'y' } }],
    [
      'labels that look like queries',
      { ...GOOD, labels: { a: '" or * | SELECT 1', b: "' OR '1'='1", c: '{"$ne":1}' } },
    ],
  ])('%s', async (_what, body) => {
    expect((await world.call('POST', '/v1/transactions', { body, base64: true })).statusCode).toBe(202);
  });

  it('1,000 at once', async () => {
    const answer = await world.call('POST', '/v1/transactions', { body: { transactions: many(1_000) } });
    expect(answer.json).toMatchObject({ accepted: 1_000, rejected: [] });
  });

  it('good items among bad ones, as JSON', async () => {
    const beforeMs = Date.now();
    const answer = await world.call('POST', '/v1/transactions', {
      body: { transactions: [GOOD, { transactionId: '' }, GOOD, 7, { ...GOOD, labels: { Foo: 'x' } }] },
    });
    expect(answer.statusCode).toBe(202);
    expect(answer.json.accepted).toBe(2);
    expect(answer.json.rejected).toMatchObject([
      { index: 1, reason: 'invalid', issues: [{ path: 'transactions[1].transactionId' }] },
      { index: 3, reason: 'invalid', issues: [{ path: 'transactions[3]' }] },
      { index: 4, reason: 'invalid', issues: [{ path: 'transactions[4].labels.Foo' }] },
    ]);
    const registeredAtMs = Date.parse(answer.json.dueAt) - 1_800_000;
    expect(registeredAtMs).toBeGreaterThanOrEqual(beforeMs);
    expect(registeredAtMs).toBeLessThanOrEqual(Date.now());
  });

  it('good lines among bad ones, as NDJSON', async () => {
    const rawBody = `${JSON.stringify(GOOD)}\r\n\nnot json\n{"transactionId":5}\n${JSON.stringify(GOOD)}`;
    const answer = await world.call('POST', '/v1/transactions', { rawBody, headers: NDJSON });
    expect(answer.json).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 1, reason: 'invalid', issues: [{ path: 'transactions[1]', message: 'is not valid JSON' }] },
        { index: 2, reason: 'invalid', issues: [{ path: 'transactions[2].transactionId' }] },
      ],
    });
  });
});
