import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openApiDocument } from '../../../functions/lookup/openapi.ts';
import { OFFICIAL_RESULT } from '../../../local/cloudauth/official-example.ts';
import { type CallOptions, type LookupWorld, openLookupWorld } from '../../support/lookup-world.ts';
import { openApiProblems } from '../../support/openapi-check.ts';

/** Every endpoint against everything that may be wrong with a request: what is answered, and that nothing is done. */
let world: LookupWorld;
const DAY_MS = 86_400_000;
const GOOD = { transactionId: 'good-1' };
const tooOld = Date.now() - 31 * DAY_MS - 60_000;
const tooNew = Date.now() + 6 * 60_000;
const daysAgo = (days: number) => Date.now() - days * DAY_MS;
const dayOf = (days: number) => new Date(daysAgo(days)).toISOString().slice(0, 10);
const many = (count: number, item: object = GOOD) => Array.from({ length: count }, () => item);
const NDJSON = { 'content-type': 'application/x-ndjson' };
const JSON_TYPE = { 'content-type': 'application/json' };

beforeAll(async () => {
  world = await openLookupWorld();
  await world.putSession('good-1', Date.now() - 40 * 60_000, OFFICIAL_RESULT);
});
afterAll(async () => {
  const document = openApiDocument();
  const problems = world.answers.flatMap((answer) => openApiProblems(document, answer));
  const statuses = new Set(world.answers.map((answer) => answer.statusCode));
  await world.close();
  expect(problems).toEqual([]);
  // The check above must have had something to look at.
  for (const status of [200, 202, 204, 400, 404, 405, 413, 415, 501]) expect(statuses).toContain(status);
});

/** How often SLS and CheckVerifyLog were asked for anything. */
async function calls(): Promise<number[]> {
  const reports = await Promise.all(
    [world.sls, world.cloudauth].map(async ({ url }) => (await fetch(`${url}/_control`)).json()),
  );
  return reports.map((report) => (report as { calls: number }).calls);
}

/** [what, method, path, options, path of the issue] */
type Bad = readonly [string, string, string, CallOptions, string];
const INJECTIONS = ['a" or *', "a' OR '1'='1", 'a | SELECT *', 'a"b', 'a b', 'a\nb', 'a;drop', '*', 'ä'];

function badTransaction(path: string): Bad[] {
  const at = (value: unknown) => ({ body: path === '/v1/lookups' ? { transactions: [value] } : value });
  const issue = (name: string) => {
    if (path !== '/v1/lookups') return name;
    return name === '' ? 'transactions[0]' : `transactions[0].${name}`;
  };
  const labels = (value: unknown) => ({ ...GOOD, labels: value });
  return [
    ['no id', 'POST', path, at({ merchantBizId: 'm' }), issue('transactionId')],
    ['an id that is a number', 'POST', path, at({ transactionId: 5 }), issue('transactionId')],
    ['an id that is null', 'POST', path, at({ transactionId: null }), issue('transactionId')],
    ['an id that is too long', 'POST', path, at({ transactionId: 'x'.repeat(65) }), issue('transactionId')],
    ['an empty id', 'POST', path, at({ transactionId: '' }), issue('transactionId')],
    ...INJECTIONS.map(
      (text): Bad => [
        `the id ${JSON.stringify(text)}`,
        'POST',
        path,
        at({ transactionId: text }),
        issue('transactionId'),
      ],
    ),
    [
      'a MerchantBizId with a dash',
      'POST',
      path,
      at({ ...GOOD, merchantBizId: 'a-b' }),
      issue('merchantBizId'),
    ],
    [
      'a long MerchantBizId',
      'POST',
      path,
      at({ ...GOOD, merchantBizId: 'x'.repeat(33) }),
      issue('merchantBizId'),
    ],
    [
      'a time without a zone',
      'POST',
      path,
      at({ ...GOOD, initializedAt: '2026-11-23T08:00:00' }),
      issue('initializedAt'),
    ],
    [
      'a time that is a word',
      'POST',
      path,
      at({ ...GOOD, initializedAt: 'yesterday' }),
      issue('initializedAt'),
    ],
    [
      'a 30th of February',
      'POST',
      path,
      at({ ...GOOD, initializedAt: '2026-02-30T00:00:00Z' }),
      issue('initializedAt'),
    ],
    [
      'unix seconds',
      'POST',
      path,
      at({ ...GOOD, initializedAt: Math.floor(Date.now() / 1_000) }),
      issue('initializedAt'),
    ],
    ['a time of 31 days ago', 'POST', path, at({ ...GOOD, initializedAt: tooOld }), issue('initializedAt')],
    ['a time to come', 'POST', path, at({ ...GOOD, initializedAt: tooNew }), issue('initializedAt')],
    [
      'half a millisecond',
      'POST',
      path,
      at({ ...GOOD, initializedAt: Date.now() + 0.5 }),
      issue('initializedAt'),
    ],
    ['labels that are a list', 'POST', path, at(labels(['a'])), issue('labels')],
    ['a label in capitals', 'POST', path, at(labels({ Foo: 'x' })), issue('labels.Foo')],
    [
      'a label key too long',
      'POST',
      path,
      at(labels({ [`k${'x'.repeat(32)}`]: 'x' })),
      issue(`labels.k${'x'.repeat(32)}`),
    ],
    ['a label that is a number', 'POST', path, at(labels({ a: 1 })), issue('labels.a')],
    ['a label too long', 'POST', path, at(labels({ a: 'x'.repeat(129) })), issue('labels.a')],
    ['a label with a line break', 'POST', path, at(labels({ a: 'x\ny' })), issue('labels.a')],
    [
      '21 labels',
      'POST',
      path,
      at(labels(Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, 'x'])))),
      issue('labels'),
    ],
    ['a misspelt field', 'POST', path, at({ ...GOOD, initalizedAt: 1 }), issue('initalizedAt')],
    ['an item that is a list', 'POST', path, at([]), issue('')],
    ['an item that is a number', 'POST', path, at(7), issue('')],
  ];
}

function badBody(path: string): Bad[] {
  return [
    ['no body', 'POST', path, {}, ''],
    ['half a document', 'POST', path, { rawBody: '{"transactions":[', headers: JSON_TYPE }, ''],
    ['a prototype', 'POST', path, { rawBody: '{"__proto__":{"transactionId":"a"}}', headers: JSON_TYPE }, ''],
    ['a million brackets', 'POST', path, { rawBody: '['.repeat(1_000_000), headers: JSON_TYPE }, ''],
    ['null', 'POST', path, { body: null }, ''],
    ['text', 'POST', path, { body: 'good-1' }, ''],
    ['no items', 'POST', path, { body: { transactions: [] } }, 'transactions'],
    ['items that are an object', 'POST', path, { body: { transactions: {} } }, 'transactions'],
    ['a field beside the items', 'POST', path, { body: { transactions: [GOOD], dryRun: true } }, 'dryRun'],
    [
      'too many items',
      'POST',
      path,
      { body: { transactions: many(path === '/v1/lookups' ? 51 : 1_001) } },
      'transactions',
    ],
    ['a query parameter', 'POST', path, { body: GOOD, query: { force: '1' } }, 'force'],
  ];
}

const ONE = '/v1/transactions/good-1';
const BAD: readonly Bad[] = [
  ...badTransaction('/v1/transactions'),
  ...badTransaction('/v1/lookups'),
  ...badBody('/v1/transactions'),
  ...badBody('/v1/lookups'),
  [
    'NDJSON without a line',
    'POST',
    '/v1/transactions',
    { rawBody: '\n \n', headers: NDJSON },
    'transactions',
  ],
  [
    'NDJSON of bad lines only',
    'POST',
    '/v1/transactions',
    { rawBody: '{}\nx', headers: NDJSON },
    'transactions[0].transactionId',
  ],
  [
    '1,001 lines',
    'POST',
    '/v1/transactions',
    { rawBody: '{}\n'.repeat(1_001), headers: NDJSON },
    'transactions',
  ],
  ...INJECTIONS.map(
    (text): Bad => [
      `the id ${JSON.stringify(text)}`,
      'GET',
      `/v1/transactions/${encodeURIComponent(text)}`,
      {},
      'transactionId',
    ],
  ),
  ['an empty id', 'GET', '/v1/transactions/', {}, 'transactionId'],
  ['an id too long', 'GET', `/v1/transactions/${'x'.repeat(65)}`, {}, 'transactionId'],
  ['broken encoding', 'GET', '/v1/transactions/%E0%A4%A', {}, 'transactionId'],
  ['a bad MerchantBizId', 'GET', ONE, { query: { merchantBizId: "x'" } }, 'merchantBizId'],
  ['a MerchantBizId twice', 'GET', ONE, { query: { merchantBizId: 'a,b' } }, 'merchantBizId'],
  ['a bad time', 'GET', ONE, { query: { initializedAt: 'x' } }, 'initializedAt'],
  ['an old time', 'GET', ONE, { query: { initializedAt: String(tooOld) } }, 'initializedAt'],
  [
    'a time to come',
    'GET',
    ONE,
    { query: { initializedAt: new Date(tooNew).toISOString() } },
    'initializedAt',
  ],
  ['an unknown parameter', 'GET', ONE, { query: { region: 'x' } }, 'region'],
  ['a prototype as parameter', 'GET', ONE, { query: JSON.parse('{"__proto__":"x"}') }, '__proto__'],
  ['a body for a sweep', 'POST', '/v1/sweeps', { body: { force: true } }, 'force'],
  ['a list for a sweep', 'POST', '/v1/sweeps', { body: [] }, ''],
  ['a query for a sweep', 'POST', '/v1/sweeps', { query: { n: '1' } }, 'n'],
  ['a ledger from a word', 'GET', '/v1/ledger', { query: { from: 'x' } }, 'from'],
  ['a ledger to no date', 'GET', '/v1/ledger', { query: { to: '2026-13-01' } }, 'to'],
  ['a ledger backwards', 'GET', '/v1/ledger', { query: { from: dayOf(1), to: dayOf(2) } }, 'from'],
  ['a ledger of a year', 'GET', '/v1/ledger', { query: { from: String(daysAgo(365)) } }, 'from'],
  [
    'a ledger of days that are no longer kept',
    'GET',
    '/v1/ledger',
    { query: { from: String(daysAgo(47)), to: String(daysAgo(46)) } },
    'from',
  ],
  ['a ledger up to such a day', 'GET', '/v1/ledger', { query: { to: String(daysAgo(46)) } }, 'to'],
  ['an injected ledger', 'GET', '/v1/ledger', { query: { from: "1' OR 1=1" } }, 'from'],
  ['an unknown ledger parameter', 'GET', '/v1/ledger', { query: { since: '1' } }, 'since'],
  ['a parameter for the document', 'GET', '/v1/openapi.json', { query: { x: '1' } }, 'x'],
];

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
    ['the oldest time', Date.now() - 31 * DAY_MS + 5_000],
    ['the newest time', Date.now() + 5 * 60_000 - 5_000],
  ])('as time: %s', async (_what, initializedAt) => {
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
    ['of all that is kept', { from: String(daysAgo(45) + 60_000) }],
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
    const dueInMs = Date.parse(answer.json.dueAt) - Date.now();
    expect(Math.abs(dueInMs - 1_800_000)).toBeLessThan(5_000);
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
