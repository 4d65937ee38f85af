import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHandler } from '../../../functions/lookup/app.ts';
import type { LookupServices } from '../../../functions/lookup/request.ts';
import { createCloudauthClient } from '../../../shared/cloudauth/client.ts';
import { createRoleCredentials } from '../../../shared/fc/invocation.ts';
import { createLogger } from '../../../shared/logger.ts';
import { Pacer } from '../../../shared/pace.ts';
import { createSlsClient } from '../../../shared/sls/client.ts';
import { systemClock } from '../../../shared/time.ts';
import { type CallOptions, callHandler } from '../../support/lookup-world.ts';
import { RecordingServer } from '../../support/recording-server.ts';
import { DEFAULT_WINDOWS } from '../../support/windows.ts';

/**
 * A word that stands in everything that comes in, from callers and from services, must not come out again: not in
 * a log line, not in an error, not in a URL. Successful answers and the rows in the log store carry content; that
 * is what they are for.
 */
const CANARY = 'canary7f3e';
const TOKEN = `${CANARY}-token-with-enough-characters`;
let cloudauth: RecordingServer;
let sls: RecordingServer;
let output: string[];
let handler: ReturnType<typeof createHandler>;

beforeAll(async () => {
  cloudauth = await new RecordingServer().listen();
  sls = await new RecordingServer().listen();
});
afterAll(async () => {
  await cloudauth.close();
  await sls.close();
});
beforeEach(() => {
  output = [];
  const keep = (chunk: unknown) => {
    output.push(String(chunk));
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(keep);
  jest.spyOn(process.stderr, 'write').mockImplementation(keep);
  handler = createHandler(options());
});
afterEach(() => {
  jest.restoreAllMocks();
});

function options(overrides: Partial<LookupServices> = {}): LookupServices {
  const role = createRoleCredentials({
    accessKeyId: `${CANARY}-id`,
    accessKeySecret: `${CANARY}-secret`,
    securityToken: `${CANARY}-sts`,
  });
  const timeouts = { connectTimeoutMs: 300, readTimeoutMs: 300 };
  return {
    auth: { mode: 'bearer', tokenSha256: [createHash('sha256').update(TOKEN).digest('hex')] },
    settings: {
      region: 'ap-southeast-1',
      verifyDelayMs: 1_800_000,
      callTimeoutMs: 300,
      windows: DEFAULT_WINDOWS,
    },
    logger: createLogger({ level: 'debug' }),
    clock: systemClock,
    random: Math.random,
    role,
    sls: createSlsClient({ endpoint: sls.url, project: 'p', credentials: role.provide, ...timeouts }),
    cloudauth: createCloudauthClient({ endpoint: cloudauth.url, credentials: role.provide, ...timeouts }),
    pacer: new Pacer({ ratePerSecond: 10_000, clock: systemClock }),
    ...overrides,
  };
}

const json = (status: number, body: unknown) => (_request: unknown, response: ServerResponse) =>
  void response
    .writeHead(status, {
      'content-type': 'application/json',
      'x-log-requestid': CANARY,
      'x-acs-request-id': CANARY,
    })
    .end(JSON.stringify(body));
const CLOUDAUTH: ReadonlyArray<readonly [string, RecordingServer['answer']]> = [
  [
    'a result',
    json(200, {
      Code: 'Success',
      Message: CANARY,
      RequestId: CANARY,
      Result: {
        VerifyStatus: CANARY,
        InterruptPage: CANARY,
        LogInfo: [CANARY],
        LogStatisticsInfo: CANARY,
        ExtInfo: CANARY,
      },
    }),
  ],
  ['an unknown code', json(400, { Code: CANARY, Message: CANARY, RequestId: CANARY })],
  ['an unknown code in a 200', json(200, { Code: CANARY, Message: CANARY, RequestId: CANARY })],
  [
    'a known code with a message',
    json(404, { Code: 'TransactionIdInvalid', Message: CANARY, RequestId: CANARY }),
  ],
  ['a longer forbidden code', json(403, { Code: `Forbidden.${CANARY}`, Message: CANARY, RequestId: CANARY })],
  ['not completed', json(404, { Code: 'ProcessNotCompleted', Message: CANARY, RequestId: CANARY })],
  ['throttling', json(429, { Code: `Throttling.${CANARY}`, Message: CANARY, RequestId: CANARY })],
  ['a server error', json(500, { Code: CANARY, Message: CANARY, RequestId: CANARY })],
  ['no JSON', (_request, response) => void response.end(CANARY)],
  ['nothing', (_request, response) => void response.destroy()],
];
const SLS: ReadonlyArray<readonly [string, RecordingServer['answer']]> = [
  ['an unknown code', json(400, { errorCode: CANARY, errorMessage: CANARY })],
  ['a known code with a message', json(403, { errorCode: 'WriteQuotaExceed', errorMessage: CANARY })],
  ['a server error', json(500, { errorCode: CANARY, errorMessage: CANARY })],
  ['no JSON', (_request, response) => void response.end(CANARY)],
  ['nothing', (_request, response) => void response.destroy()],
];

const AUTHORIZED = { authorization: `Bearer ${TOKEN}`, 'user-agent': CANARY, 'x-custom': CANARY };
const TRANSACTION = { transactionId: CANARY, merchantBizId: CANARY, labels: { a: CANARY } };
const requests: ReadonlyArray<readonly [string, string, CallOptions]> = [
  ['GET', `/v1/transactions/${CANARY}`, { query: { merchantBizId: CANARY } }],
  ['POST', '/v1/transactions', { body: TRANSACTION }],
  ['POST', '/v1/transactions', { body: { transactions: [TRANSACTION] } }],
  ['POST', '/v1/lookups', { body: { transactions: [TRANSACTION] } }],
  ['GET', '/v1/ledger', {}],
  // Refused before anything is asked; the value is wrong, never echoed.
  ['GET', `/v1/transactions/${CANARY}%20x`, {}],
  ['GET', '/v1/transactions/x', { query: { initializedAt: CANARY, merchantBizId: `${CANARY}-` } }],
  ['GET', '/v1/ledger', { query: { from: CANARY } }],
  [
    'POST',
    '/v1/transactions',
    { body: { transactionId: `${CANARY} `, initializedAt: CANARY, labels: { a: [CANARY] } } },
  ],
  ['POST', '/v1/transactions', { body: CANARY }],
  ['POST', '/v1/transactions', { rawBody: `{"${CANARY}`, headers: { 'content-type': 'application/json' } }],
  ['POST', '/v1/transactions', { rawBody: CANARY, headers: { 'content-type': `text/${CANARY}` } }],
  ['POST', '/v1/transactions', { rawBody: CANARY, headers: { 'content-type': 'application/x-ndjson' } }],
  ['GET', `/v1/${CANARY}`, {}],
  [CANARY.replace(/\d/g, ''), '/v1/health', {}],
  ['POST', '/v1/sweeps', { body: [CANARY] }],
];

function check(answers: readonly { statusCode: number; body: string; headers: object }[]): void {
  expect(output.length).toBeGreaterThan(0);
  for (const line of output) expect(line).not.toContain(CANARY);
  for (const answer of answers) {
    expect(JSON.stringify(answer.headers)).not.toContain(CANARY);
    if (answer.statusCode >= 400) expect(answer.body).not.toContain(CANARY);
  }
  for (const { requests: sent } of [cloudauth, sls]) {
    for (const request of sent) expect(request.target).not.toContain(CANARY);
  }
}

describe('nothing that comes in comes out in a log, an error or a URL', () => {
  it.each(CLOUDAUTH)('when ID Verification answers %s', async (_what, answer) => {
    cloudauth.answer = answer;
    sls.answer = json(400, { errorCode: CANARY, errorMessage: CANARY });
    const answers = [];
    for (const [method, path, one] of requests) {
      answers.push(
        await callHandler(handler, method, path, { ...one, headers: { ...AUTHORIZED, ...one.headers } }),
      );
    }
    check(answers);
  });

  it.each(SLS)('when the log store answers %s', async (_what, answer) => {
    cloudauth.answer = json(200, { Code: 'Success', RequestId: CANARY, Result: { VerifyStatus: CANARY } });
    sls.answer = answer;
    const answers = [];
    for (const [method, path, one] of requests) {
      answers.push(
        await callHandler(handler, method, path, { ...one, headers: { ...AUTHORIZED, ...one.headers } }),
      );
    }
    check(answers);
  });

  it('when the token is wrong', async () => {
    const answers = [];
    for (const authorization of [`Bearer ${CANARY}`, `Basic ${CANARY}`, CANARY]) {
      answers.push(
        await callHandler(handler, 'GET', `/v1/transactions/${CANARY}`, { headers: { authorization } }),
      );
    }
    for (const answer of answers) expect(answer.statusCode).toBe(401);
    check(answers);
  });

  it('when something breaks inside', async () => {
    handler = createHandler(
      options({
        sls: new Proxy({} as LookupServices['sls'], {
          get: () => () => {
            throw new TypeError(CANARY);
          },
        }),
      }),
    );
    const answers = [];
    for (const [method, path, one] of requests) {
      answers.push(
        await callHandler(handler, method, path, { ...one, headers: { ...AUTHORIZED, ...one.headers } }),
      );
    }
    check(answers);
    expect(answers.some((answer) => answer.statusCode === 500)).toBe(true);
    expect(output.some((line) => line.includes('"origin":"at '))).toBe(true);
  });

  it('while the right places do hold it: the control', async () => {
    cloudauth.answer = CLOUDAUTH[0]?.[1] ?? cloudauth.answer;
    sls.answer = (_request, response) => void response.end();
    const answer = await callHandler(handler, 'GET', `/v1/transactions/${CANARY}`, { headers: AUTHORIZED });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain(CANARY);
    expect(cloudauth.requests.some((request) => request.body.toString().includes(CANARY))).toBe(true);
    const line = JSON.parse(output.find((one) => one.includes('"request"')) ?? '');
    expect(line).toMatchObject({
      route: '/v1/transactions/{transactionId}',
      status: 200,
      outcome: 'ok',
      upstreamCalls: 1,
    });
  });
});
