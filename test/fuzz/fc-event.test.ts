import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHandler } from '../../functions/lookup/app.ts';
import type { LookupServices } from '../../functions/lookup/request.ts';
import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';
import { SlsError, UpstreamTimeoutError } from '../../shared/errors.ts';
import { createRoleCredentials } from '../../shared/fc/invocation.ts';
import { createLogger } from '../../shared/logger.ts';
import { Pacer } from '../../shared/pace.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { systemClock } from '../../shared/time.ts';
import { cases } from '../support/depth.ts';
import { DEFAULT_WINDOWS } from '../support/windows.ts';

/**
 * Any event at all, straight into the handler: what comes back is always a whole response object with a status
 * that HTTP knows and, where it is an error, a problem document; nothing is ever thrown. Half of the events are
 * near misses of real ones, so that the fuzz gets past the envelope.
 */
const EVENTS = cases({ quick: 20_000, deep: 100_000 });
const PATHS = [
  '/v1/transactions',
  '/v1/transactions/abc',
  '/v1/transactions/',
  '/v1/lookups',
  '/v1/sweeps',
  '/v1/ledger',
  '/v1/health',
  '/v1/openapi.json',
  '/',
];
const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'get', '', '__proto__'];
const TYPES = [
  'application/json',
  'application/x-ndjson',
  'text/plain',
  'application/json; charset=latin1',
  '',
];

const scalar = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.constantFrom('abc', 'x-1', '2026-11-01', ''),
  fc.constant(null),
);
const transaction = fc.record(
  {
    transactionId: fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), scalar),
    merchantBizId: scalar,
    initializedAt: fc.oneof(fc.date().map(Number), scalar),
    labels: fc.oneof(fc.dictionary(fc.string(), scalar, { maxKeys: 4 }), scalar),
    [`__proto__`]: scalar,
    extra: scalar,
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  transaction.map((one) => JSON.stringify(one)),
  fc.array(transaction, { maxLength: 4 }).map((transactions) => JSON.stringify({ transactions })),
  fc
    .array(transaction, { maxLength: 4 })
    .map((lines) => lines.map((line) => JSON.stringify(line)).join('\n')),
  fc.json({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
  fc.constant(''),
);
const nearMiss = fc.record(
  {
    version: fc.constant('v1'),
    rawPath: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...PATHS) },
      { weight: 1, arbitrary: fc.webPath() },
      { weight: 1, arbitrary: fc.anything() },
    ),
    body: fc.oneof({ weight: 9, arbitrary: body }, { weight: 1, arbitrary: fc.anything() }),
    isBase64Encoded: fc.oneof(fc.constant(false), fc.boolean(), fc.anything()),
    headers: fc.oneof(fc.record({ 'Content-Type': fc.constantFrom(...TYPES) }), fc.anything()),
    queryParameters: fc.oneof(
      fc.constant({}),
      fc.record({ from: scalar, initializedAt: scalar }, { requiredKeys: [] }),
      fc.anything(),
    ),
    requestContext: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.record({
          http: fc.record({ method: fc.constantFrom(...METHODS), path: fc.constantFrom(...PATHS) }),
          requestId: fc.string(),
        }),
      },
      { weight: 1, arbitrary: fc.anything() },
    ),
  },
  { requiredKeys: ['requestContext', 'rawPath'] },
);
const event = fc.oneof(
  { weight: 5, arbitrary: nearMiss.map((one) => Buffer.from(safeJson(one))) },
  { weight: 2, arbitrary: nearMiss },
  { weight: 1, arbitrary: fc.anything() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);
const context = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constant({ requestId: 'r', credentials: { accessKeyId: 'a', accessKeySecret: 'b' } }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ requestId: fc.anything(), credentials: fc.anything(), function: fc.anything() }),
  },
  { weight: 1, arbitrary: fc.anything() },
);

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

const OUTCOMES: readonly CheckVerifyLogOutcome[] = [
  { kind: 'answered', code: 'Success', result: { VerifyStatus: '1' } },
  { kind: 'answered', code: 'Success', result: {} },
  { kind: 'not_completed', code: 'ProcessNotCompleted' },
  { kind: 'invalid', code: 'TransactionIdInvalid', message: 'x' },
  { kind: 'forbidden', code: 'Forbidden', message: 'x' },
  { kind: 'failed', code: 'HTTP_500', reason: 'server' },
];

/** Services that answer at once, in turn well and badly. */
function options(): LookupServices {
  let turn = 0;
  const sometimes = async <T>(value: T): Promise<T> => {
    turn += 1;
    if (turn % 7 === 0) throw new SlsError(400, 'ParameterInvalid', 'x');
    if (turn % 11 === 0) throw new UpstreamTimeoutError('x');
    return value;
  };
  const rows = [
    { transaction_id: 'abc', __time__: '1', labels: '{', revision: 'r', final: 'true', asked_at_ms: 'x' },
  ];
  const sls = {
    putLogs: () => sometimes(undefined),
    query: () => sometimes({ rows: turn % 2 === 0 ? rows : [], complete: turn % 3 > 0 }),
  } as unknown as SlsDataPlane;
  return {
    auth: { mode: 'trigger', tokenSha256: [] },
    settings: { region: 'r', verifyDelayMs: 1_800_000, callTimeoutMs: 1_000, windows: DEFAULT_WINDOWS },
    logger: createLogger({ level: 'error', write: () => undefined }),
    clock: systemClock,
    random: Math.random,
    role: createRoleCredentials({ accessKeyId: 'a', accessKeySecret: 'b', securityToken: undefined }),
    sls,
    cloudauth: { checkVerifyLog: async () => OUTCOMES[turn % OUTCOMES.length] as CheckVerifyLogOutcome },
    pacer: new Pacer({ ratePerSecond: 1_000_000, clock: systemClock }),
    startSweep: () => sometimes({ requestId: 'x' }),
  };
}

describe('the handler', () => {
  it(`answers ${EVENTS} events of any kind with a whole response`, async () => {
    const handler = createHandler(options());
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(event, context, async (anyEvent, anyContext) => {
        const response = await handler(anyEvent, anyContext);
        if (Object.keys(response).sort().join() !== 'body,headers,isBase64Encoded,statusCode') {
          throw new Error('not a whole response');
        }
        const { statusCode, headers, isBase64Encoded, body } = response;
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
        if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599)
          throw new Error(`status ${statusCode}`);
        if (isBase64Encoded !== false || typeof body !== 'string')
          throw new Error('the body is not plain text');
        if (Object.values(headers).some((value) => typeof value !== 'string' || /[\r\n]/.test(value)))
          throw new Error('a header is not one line of text');
        if (statusCode === 500) throw new Error('a fault of ours');
        if (body !== '') {
          const problem = JSON.parse(body);
          if (statusCode >= 400 && problem.status !== statusCode) throw new Error('not a problem document');
        }
      }),
      { numRuns: EVENTS, endOnFailure: true },
    );
    // It must have got past the envelope.
    for (const status of [200, 202, 204, 400, 404, 405, 415])
      expect(statuses.get(status) ?? 0).toBeGreaterThan(EVENTS / 4_000);
  }, 300_000);
});
