import type { CallOptions } from './lookup-world.ts';

/** What may be wrong with a request to each endpoint, and what is right. */
export const DAY_MS = 86_400_000;
export const GOOD = { transactionId: 'good-1' };
/** By an hour, since the tests that send them may come late; the limits themselves are tested by the millisecond. */
const tooOld = Date.now() - 31 * DAY_MS - 3_600_000;
export const tooNew = Date.now() + 3_600_000;
export const daysAgo = (days: number) => Date.now() - days * DAY_MS;
export const dayOf = (days: number) => new Date(daysAgo(days)).toISOString().slice(0, 10);
export const many = (count: number, item: object = GOOD) => Array.from({ length: count }, () => item);
export const NDJSON = { 'content-type': 'application/x-ndjson' };
export const JSON_TYPE = { 'content-type': 'application/json' };

/** [what, method, path, options, path of the issue] */
export type Bad = readonly [string, string, string, CallOptions, string];
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

export const ONE = '/v1/transactions/good-1';
/** Each of them must be answered with 400 and an issue of that path. */
export const BAD: readonly Bad[] = [
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
