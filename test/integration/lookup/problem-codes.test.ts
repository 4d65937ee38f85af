import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openApiDocument } from '../../../functions/lookup/endpoints.ts';
import type { LookupServices } from '../../../functions/lookup/request.ts';
import { createRoleCredentials } from '../../../shared/fc/invocation.ts';
import { createInvoker } from '../../../shared/fc/invoke.ts';
import { type CallOptions, type LookupResponse, LookupWorld } from '../../support/lookup-world.ts';
import { schemaProblems } from '../../support/openapi-check.ts';
import { RecordingServer } from '../../support/recording-server.ts';
import { credentials } from '../../support/world.ts';

/**
 * Every problem that each operation can answer, brought about, against those that the document lists for it: no code
 * without its line in the document, and no line that nothing leads to.
 */
const [TOO_LARGE, XML] = [
  { rawBody: ' '.repeat(1_048_577), headers: { 'content-type': 'application/json' } },
  { rawBody: '<a/>', headers: { 'content-type': 'text/xml' } },
];
const ID = 'codes-1';
const ONE = { transactionId: ID };
const GOOD: Readonly<Record<Operation, readonly [method: string, path: string, options: CallOptions]>> = {
  registerTransactions: ['POST', '/v1/transactions', { body: ONE }],
  lookUpTransaction: ['GET', `/v1/transactions/${ID}`, {}],
  lookUpTransactions: ['POST', '/v1/lookups', { body: { transactions: [ONE] } }],
  startSweep: ['POST', '/v1/sweeps', {}],
  readLedger: ['GET', '/v1/ledger', {}],
  health: ['GET', '/v1/health', {}],
  readOpenApi: ['GET', '/v1/openapi.json', {}],
};
type Operation =
  | 'registerTransactions'
  | 'lookUpTransaction'
  | 'lookUpTransactions'
  | 'startSweep'
  | 'readLedger'
  | 'health'
  | 'readOpenApi';
const OPERATIONS = Object.keys(GOOD) as Operation[];

/** What is done to the world or to the request before the operation is called. */
type Trouble =
  | { readonly request: CallOptions | string }
  | { readonly sls: readonly [action: string, answer: string] }
  | { readonly cloudauth: string }
  | { readonly invoke: 'refused' | 'dropped' | 'silent' | 'too large' }
  | { readonly world: 'bearer' | 'keyless' | 'broken' | 'sweepless' }
  | { readonly hanging: 'sls' | 'cloudauth' | 'invoke' };

const BODY: Array<[string, Trouble]> = [
  ['BODY_TOO_LARGE', { request: TOO_LARGE }],
  ['MEDIA_TYPE_UNSUPPORTED', { request: XML }],
];
const UNKNOWN_QUERY: Trouble = { request: { query: { x: '1' } } };
const GUARDED: Array<[string, Trouble]> = [
  ['INPUT_INVALID', UNKNOWN_QUERY],
  ['UNAUTHORIZED', { world: 'bearer' }],
  ['METHOD_NOT_ALLOWED', { request: 'DELETE' }],
  ['CREDENTIALS_MISSING', { world: 'keyless' }],
  ['INTERNAL', { world: 'broken' }],
];
const TROUBLES: Readonly<Record<Operation, ReadonlyArray<readonly [code: string, Trouble]>>> = {
  registerTransactions: [...GUARDED, ...BODY, ['NOT_STORED', { sls: ['PutLogs', 'WriteQuotaExceed'] }]],
  lookUpTransaction: [
    ...GUARDED,
    ['TRANSACTION_INVALID', { cloudauth: 'TransactionIdInvalid' }],
    ['NOT_COMPLETED', { cloudauth: 'ProcessNotCompleted' }],
    ['THROTTLED', { cloudauth: 'Throttling.Api' }],
    ['UPSTREAM_FORBIDDEN', { cloudauth: 'Forbidden.RAMUserAccessDenied' }],
    ['UPSTREAM_HTTP', { cloudauth: 'InternalError' }],
    ['UPSTREAM_NETWORK', { cloudauth: 'reset' }],
    ['UPSTREAM_CONTRACT', { cloudauth: 'garbage' }],
    ['UPSTREAM_TIMEOUT', { cloudauth: 'hang' }],
    ['DEADLINE_NEAR', { hanging: 'cloudauth' }],
  ],
  lookUpTransactions: [...GUARDED, ...BODY],
  startSweep: [
    ...GUARDED,
    ...BODY,
    ['SWEEP_NOT_CONFIGURED', { world: 'sweepless' }],
    ['UPSTREAM_HTTP', { invoke: 'refused' }],
    ['UPSTREAM_NETWORK', { invoke: 'dropped' }],
    ['UPSTREAM_CONTRACT', { invoke: 'too large' }],
    ['UPSTREAM_TIMEOUT', { invoke: 'silent' }],
    ['DEADLINE_NEAR', { hanging: 'invoke' }],
  ],
  readLedger: [
    ...GUARDED,
    ['SLS', { sls: ['GetLogsV2', 'Unauthorized'] }],
    ['UPSTREAM_NETWORK', { sls: ['GetLogsV2', 'reset'] }],
    ['UPSTREAM_CONTRACT', { sls: ['GetLogsV2', 'garbage'] }],
    ['UPSTREAM_TIMEOUT', { sls: ['GetLogsV2', 'hang'] }],
    ['DEADLINE_NEAR', { hanging: 'sls' }],
  ],
  health: [['METHOD_NOT_ALLOWED', { request: 'DELETE' }]],
  readOpenApi: [
    ['INPUT_INVALID', UNKNOWN_QUERY],
    ['METHOD_NOT_ALLOWED', { request: 'DELETE' }],
  ],
};

const document = JSON.parse(JSON.stringify(openApiDocument()));
interface DocumentedOperation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>
  >;
}
const documented = new Map(
  Object.values(document.paths as Record<string, Record<string, DocumentedOperation>>)
    .flatMap((operations) => Object.values(operations))
    .map((operation) => [operation.operationId, operation]),
);
const listed: readonly string[] = document.components.schemas.Problem.properties.code.enum ?? [];

/** Codes that a response of an operation may bear, by its schema. */
function codesOf(operation: string, status: string): string[] {
  const schema = documented.get(operation)?.responses[status]?.content['application/problem+json']?.schema;
  if (schema === undefined) return [];
  return [...listed, 'SOMETHING_ELSE'].filter((code) => {
    const problem = { type: 't', title: 't', status: Number(status), detail: 'd', code, requestId: '' };
    return schemaProblems(document, schema, problem).length === 0;
  });
}

let world: LookupWorld;
let others: Record<'bearer' | 'keyless' | 'broken' | 'sweepless', LookupWorld>;
let functionCompute: RecordingServer;

const sweepAt = (timeoutMs: number, keys = () => credentials): Pick<LookupServices, 'startSweep'> => ({
  startSweep: (accountId, signal) =>
    createInvoker({
      accountId: accountId ?? '1',
      region: 'r',
      endpoint: functionCompute.url,
      timeoutMs,
      credentials: keys,
      loadFc2: () => {
        throw new Error('absent');
      },
    })('idv-sweep', '', signal),
});

beforeAll(async () => {
  functionCompute = await new RecordingServer().listen();
  const none = { accessKeyId: undefined, accessKeySecret: undefined, securityToken: undefined };
  const keyless = { ...createRoleCredentials(none), refresh: () => {} };
  const broken = {
    refresh: () => {},
    provide: () => {
      throw new TypeError('a bug');
    },
  };
  world = await LookupWorld.open({ app: sweepAt(2_500) });
  others = {
    bearer: await LookupWorld.open({ app: { auth: { mode: 'bearer', tokenSha256: [] } } }),
    keyless: await LookupWorld.open({ app: { role: keyless, ...sweepAt(2_500, keyless.provide) } }),
    broken: await LookupWorld.open({ app: { role: broken, ...sweepAt(2_500, broken.provide) } }),
    sweepless: await LookupWorld.open(),
  };
});
afterAll(async () => {
  for (const one of [world, ...Object.values(others)]) await one.close();
  await functionCompute.close();
});

function answerOfFunctionCompute(how: Extract<Trouble, { invoke: string }>['invoke']): void {
  if (how === 'refused') functionCompute.always(403, '{"Code":"AccessDenied"}');
  else if (how === 'too large') functionCompute.always(202, 'x'.repeat(1_000_001));
  else functionCompute.answer = (_request, _response, socket) => void (how === 'dropped' && socket.destroy());
}

async function answered(operation: Operation, trouble: Trouble): Promise<LookupResponse> {
  const [method, path, options] = GOOD[operation];
  if ('request' in trouble) {
    return typeof trouble.request === 'string'
      ? world.call(trouble.request, path)
      : world.call(method, path, trouble.request);
  }
  if ('world' in trouble) return others[trouble.world].call(method, path, options);
  if ('invoke' in trouble) {
    answerOfFunctionCompute(trouble.invoke);
    return world.call(method, path, options);
  }
  if ('hanging' in trouble && trouble.hanging === 'invoke') {
    answerOfFunctionCompute('silent');
    return world.call(method, path, { ...options, timeout: 1 });
  }
  const [server, rules] = rulesOf(trouble);
  await world.control(server, rules);
  try {
    return await world.call(method, path, 'hanging' in trouble ? { ...options, timeout: 1 } : options);
  } finally {
    await world.control(world.sls, { fail: [] });
    await world.control(world.cloudauth, { plan: [] });
  }
}

function rulesOf(trouble: Trouble): readonly [LookupWorld['sls' | 'cloudauth'], object] {
  const hanging = 'hanging' in trouble ? trouble.hanging : undefined;
  if ('cloudauth' in trouble || hanging === 'cloudauth') {
    const answer = 'cloudauth' in trouble ? trouble.cloudauth : 'hang';
    return [world.cloudauth, { plan: [{ match: ID, rate: 1, answer }] }];
  }
  const [action, answer] = 'sls' in trouble ? trouble.sls : ['GetLogsV2', 'hang'];
  return [world.sls, { fail: [{ action, logstore: '*', rate: 1, answer }] }];
}

describe.each(OPERATIONS)('%s', (operation) => {
  it.each(TROUBLES[operation])('answers %s, as the document says', async (code, trouble) => {
    const { statusCode, json } = await answered(operation, trouble);
    expect(json).toMatchObject({ code, status: statusCode });
    expect(codesOf(operation, String(statusCode))).toContain(code);
  });

  it('lists no other', () => {
    const statuses = Object.keys(documented.get(operation)?.responses ?? {});
    const codes = statuses.flatMap((status) => codesOf(operation, status));
    expect(codes.sort()).toEqual(TROUBLES[operation].map(([code]) => code).sort());
  });

  it('asks for a token where one is needed, and only there', async () => {
    const [method, path, options] = GOOD[operation];
    const { statusCode } = await others.bearer.call(method, path, options);
    const open = documented.get(operation)?.security?.length === 0;
    expect(statusCode === 401).toBe(!open);
    expect(open).toBe(operation === 'health' || operation === 'readOpenApi');
  });
});

it('a code that is not listed is no problem of ours', () => {
  expect(listed).not.toContain('SOMETHING_ELSE');
  const all = new Set(Object.values(TROUBLES).flatMap((troubles) => troubles.map(([code]) => code)));
  for (const code of all) expect(listed).toContain(code);
});

it('where there is nothing, the problem is listed too', async () => {
  const { json } = await world.call('GET', '/v1/nothing');
  expect(json.code).toBe('ROUTE_NOT_FOUND');
  expect(schemaProblems(document, { $ref: '#/components/schemas/Problem' }, json)).toEqual([]);
});
