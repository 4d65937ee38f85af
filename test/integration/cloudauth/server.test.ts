import { createHash, createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CloudauthServer,
  type CloudauthServerOptions,
  createCloudauthServer,
} from '../../../local/cloudauth/server.ts';
import type { Session } from '../../../local/cloudauth/session-types.ts';
import { drawSessions } from '../../../local/cloudauth/sessions.ts';
import { type CallHooks, MemoryCredentialStore, type ServiceCall } from '../../../local/sls/src/host.ts';

/** A client of its own, so that a mistake in the product's signer cannot hide one in the server's check. */
interface CallOptions {
  transactionId?: string;
  merchantBizId?: string;
  key?: { id: string; secret: string; token?: string };
  dateMs?: number;
  nonce?: string;
  action?: string;
  /** Changes the request after it was signed. */
  tamper?: (headers: Record<string, string>) => void;
  sentBody?: string;
}

let nonces = 0;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function call(server: CloudauthServer, options: CallOptions = {}): Promise<Response> {
  const {
    key = { id: 'local', secret: 'local-secret' },
    transactionId = 'tx',
    merchantBizId = 'biz',
  } = options;
  const body = new URLSearchParams({ MerchantBizId: merchantBizId, TransactionId: transactionId }).toString();
  nonces += 1;
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    host: `127.0.0.1:${server.port}`,
    'x-acs-action': options.action ?? 'CheckVerifyLog',
    'x-acs-content-sha256': sha256(body),
    'x-acs-date': new Date(options.dateMs ?? Date.now()).toISOString().replace(/\.\d+Z/, 'Z'),
    'x-acs-signature-nonce': options.nonce ?? `nonce-${nonces}`,
    'x-acs-version': '2022-08-09',
    ...(key.token === undefined ? {} : { 'x-acs-security-token': key.token }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST\n/\n',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const signature = createHmac('sha256', key.secret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex');
  headers.authorization = `ACS3-HMAC-SHA256 Credential=${key.id},SignedHeaders=${names.join(';')},Signature=${signature}`;
  options.tamper?.(headers);
  return fetch(`${server.url}/`, { method: 'POST', headers, body: options.sentBody ?? body });
}

interface Body {
  RequestId: string;
  Code: string;
  Message: string;
  Result?: unknown;
}

async function codeOf(server: CloudauthServer, options?: CallOptions): Promise<[number, string]> {
  const response = await call(server, options);
  return [response.status, ((await response.json()) as Body).Code];
}

const post = (server: CloudauthServer, body: unknown) =>
  fetch(`${server.url}/_control`, { method: 'POST', body: JSON.stringify(body) });
const report = async (server: CloudauthServer) => (await fetch(`${server.url}/_control`)).json();
const put = (server: CloudauthServer, id: string, body: unknown) =>
  fetch(`${server.url}/_transactions/${id}`, { method: 'PUT', body: JSON.stringify(body) });

const servers: CloudauthServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start({
  sessions = [],
  ...options
}: Partial<CloudauthServerOptions> & { sessions?: readonly Session[] } = {}): Promise<CloudauthServer> {
  const server = await createCloudauthServer({
    port: 0,
    credentials: new MemoryCredentialStore(),
    qps: 1_000,
    ...options,
  });
  servers.push(server);
  server.addSessions(sessions);
  await put(server, 'tx', { initializedAt: Date.now(), result: { VerifyStatus: '0' } });
  return server;
}

describe('the signature', () => {
  it('lets a signed request in', async () => {
    expect(await codeOf(await start())).toEqual([200, 'Success']);
  });

  it.each<[string, CallOptions, number, string]>([
    ['no signature', { tamper: (h) => delete h.authorization }, 400, 'MissingAuthorization'],
    ['an unknown key', { key: { id: 'nobody', secret: 'x' } }, 404, 'InvalidAccessKeyId.NotFound'],
    ['a wrong secret', { key: { id: 'local', secret: 'wrong' } }, 400, 'SignatureDoesNotMatch'],
    ['another body', { sentBody: 'MerchantBizId=biz&TransactionId=other' }, 400, 'SignatureDoesNotMatch'],
    ['another action', { tamper: (h) => (h['x-acs-action'] = 'Initialize') }, 400, 'SignatureDoesNotMatch'],
    ['a header that is not signed', { tamper: (h) => (h['x-acs-extra'] = '1') }, 400, 'IncompleteSignature'],
    ['a date 16 minutes old', { dateMs: Date.now() - 16 * 60_000 }, 400, 'InvalidTimeStamp.Expired'],
    ['a date 16 minutes ahead', { dateMs: Date.now() + 16 * 60_000 }, 400, 'InvalidTimeStamp.Expired'],
    ['a signed action that is not there', { action: 'Initialize' }, 404, 'InvalidAction.NotFound'],
  ])('refuses %s', async (_, options, status, code) => {
    expect(await codeOf(await start(), options)).toEqual([status, code]);
  });

  it('takes a date 14 minutes off', async () => {
    expect(await codeOf(await start(), { dateMs: Date.now() - 14 * 60_000 })).toEqual([200, 'Success']);
  });

  it('takes a nonce once', async () => {
    const server = await start();
    expect(await codeOf(server, { nonce: 'once' })).toEqual([200, 'Success']);
    expect(await codeOf(server, { nonce: 'once' })).toEqual([400, 'SignatureNonceUsed']);
  });

  it('wants the token of a temporary key, until it expires', async () => {
    let nowMs = Date.now();
    const credentials = new MemoryCredentialStore();
    credentials.add({
      accessKeyId: 'STS.1',
      accessKeySecret: 's',
      securityToken: 't',
      expiresAtMs: nowMs + 60_000,
    });
    const server = await start({ credentials, clock: () => nowMs });
    const key = { id: 'STS.1', secret: 's' };
    expect(await codeOf(server, { key })).toEqual([400, 'InvalidSecurityToken.MismatchWithAccessKey']);
    expect(await codeOf(server, { key: { ...key, token: 't' } })).toEqual([200, 'Success']);
    nowMs += 60_000;
    expect(await codeOf(server, { key: { ...key, token: 't' } })).toEqual([
      400,
      'InvalidSecurityToken.Expired',
    ]);
  });
});

describe('an answer', () => {
  it('has the form of the page', async () => {
    const server = await start({ sessions: drawSessions({ seed: 1, count: 3, nowMs: Date.now() }) });
    const [{ transactionId, result } = { transactionId: '', result: {} }] = drawSessions({
      seed: 1,
      count: 3,
      nowMs: Date.now(),
    });
    const body = (await (await call(server, { transactionId })).json()) as Body;
    expect(body).toMatchObject({ Code: 'Success', Message: 'success' });
    expect(body.RequestId).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    expect(Object.keys(body.Result as object)).toEqual(Object.keys(result));
  });

  it.each<[string, CallOptions, number, string]>([
    ['an unknown transaction', { transactionId: 'nope' }, 400, 'TransactionIdInvalid'],
    ['no transaction', { transactionId: '' }, 400, 'MissingParameter'],
    ['no business id', { merchantBizId: '' }, 400, 'MissingParameter'],
    ['a business id with a dash', { merchantBizId: 'a-b' }, 400, 'InvalidParameter'],
    ['a business id of 33', { merchantBizId: 'a'.repeat(33) }, 400, 'InvalidParameter'],
  ])('to %s', async (_, options, status, code) => {
    expect(await codeOf(await start(), options)).toEqual([status, code]);
  });

  it('ends after 30 days', async () => {
    let nowMs = Date.now();
    const server = await start({ clock: () => nowMs });
    await put(server, 'old', { initializedAt: nowMs - 30 * 86_400_000, result: {} });
    expect(await codeOf(server, { transactionId: 'old', dateMs: nowMs })).toEqual([200, 'Success']);
    nowMs += 1;
    expect(await codeOf(server, { transactionId: 'old', dateMs: nowMs })).toEqual([
      400,
      'TransactionIdInvalid',
    ]);
  });

  it('changes when the session is 30 minutes old', async () => {
    let nowMs = Date.now();
    const sessions = drawSessions({ seed: 1, count: 40, nowMs });
    const server = await start({ sessions, clock: () => nowMs });
    const young = sessions.findLast(({ truth }) => truth.zhEvents > 3);
    const ask = async () =>
      (
        (await (
          await call(server, { transactionId: young?.transactionId ?? '', dateMs: nowMs })
        ).json()) as Body
      ).Result;
    const early = await ask();
    nowMs += 30 * 60_000;
    const late = await ask();
    expect(late).toEqual(young?.result);
    expect(JSON.stringify(early).length).toBeLessThan(JSON.stringify(late).length);
  });
});

describe('the quota', () => {
  it('answers Throttling.Api over it and recovers within a second', async () => {
    let nowMs = Date.now();
    const server = await start({ qps: 3, clock: () => nowMs });
    const codes = [];
    for (let i = 0; i < 5; i += 1) codes.push((await codeOf(server, { dateMs: nowMs }))[1]);
    expect(codes).toEqual(['Success', 'Success', 'Success', 'Throttling.Api', 'Throttling.Api']);
    nowMs += 1_000;
    expect(await codeOf(server, { dateMs: nowMs })).toEqual([200, 'Success']);
    expect(await report(server)).toEqual({
      calls: 6,
      byAnswer: { Success: 4, 'Throttling.Api': 2 },
      perSecond: [5, 1],
      peakQps: 5,
    });
  });

  it('is 403, and 10 unless said otherwise', async () => {
    const nowMs = Date.now();
    const credentials = new MemoryCredentialStore();
    const server = await createCloudauthServer({ port: 0, credentials, clock: () => nowMs });
    servers.push(server);
    const statuses = [];
    for (let i = 0; i < 11; i += 1) statuses.push((await call(server, { dateMs: nowMs })).status);
    expect(statuses).toEqual([...Array(10).fill(400), 403]);
  });
});

describe('/_control', () => {
  it('plans answers, the same list at every transaction, and a new list replaces the old', async () => {
    const server = await start();
    expect(
      (await post(server, { plan: [{ match: 'tx', times: 1, answer: 'ProcessNotCompleted' }] })).status,
    ).toBe(200);
    expect(await codeOf(server)).toEqual([404, 'ProcessNotCompleted']);
    expect(await codeOf(server)).toEqual([200, 'Success']);
    await post(server, { plan: [{ match: '*', answer: 'InternalError' }] });
    await post(server, { latencyMs: 1 });
    expect(await codeOf(server)).toEqual([500, 'InternalError']);
    await post(server, { plan: [] });
    expect(await codeOf(server)).toEqual([200, 'Success']);
  });

  it.each([
    ['MissingParameter', 400],
    ['InvalidParameter', 400],
    ['TransactionIdInvalid', 400],
    ['Forbidden.RAMUserAccessDenied', 403],
    ['Forbidden.AccountAccessDenied', 403],
    ['Throttling.Api', 403],
    ['ProcessNotCompleted', 404],
    ['InternalError', 500],
    ['Success', 200],
  ])('answers %s with %i', async (answer, status) => {
    const server = await start();
    await post(server, { plan: [{ match: '*', answer }] });
    expect(await codeOf(server)).toEqual([status, answer]);
  });

  it('answers garbage, nothing, a body of its own, or not at all', async () => {
    const server = await start();
    const plan = [
      'garbage',
      'empty',
      { status: 429, headers: { 'x-acs-retry-after': '3' }, body: { Code: 'Throttling.User' } },
      'reset',
      'hang',
    ];
    await post(server, { plan: plan.map((answer) => ({ match: '*', times: 1, answer })) });
    const garbage = await call(server);
    expect(garbage.status).toBe(200);
    await expect(garbage.json()).rejects.toThrow();
    const empty = await call(server);
    expect([empty.status, await empty.text()]).toEqual([200, '']);
    const custom = await call(server);
    expect([custom.status, custom.headers.get('x-acs-retry-after')]).toEqual([429, '3']);
    await expect(call(server)).rejects.toThrow();
    const hung = await Promise.race([
      call(server).catch(() => 'closed'),
      new Promise((resolve) => setTimeout(resolve, 150, 'no answer')),
    ]);
    expect(hung).toBe('no answer');
    expect(await report(server)).toMatchObject({
      calls: 5,
      byAnswer: { garbage: 1, empty: 1, 'Throttling.User': 1, reset: 1, hang: 1 },
    });
  });

  it.each([
    [{ qsp: 3 }, /qsp/],
    [{ qps: -1 }, /qps/],
    [{ qps: '3' }, /qps/],
    [{ latencyMs: 'x' }, /latencyMs/],
    [{ plan: [{ match: '*', answer: 'Nope' }] }, /plan\[0\]/],
    [{ age: 1_000 }, /age/],
    [{ age: {} }, /age\.ms/],
    [{ age: { ms: -1 } }, /age\.ms/],
    [{ age: { ms: 1, logstore: 'idv-pending' } }, /logstore/],
    [[], /object/],
  ])('refuses %j and changes nothing', async (body, says) => {
    const server = await start();
    const merged = Array.isArray(body) ? body : { qps: 0, ...body };
    const response = await post(server, merged);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toMatch(says);
    expect(await codeOf(server)).toEqual([200, 'Success']);
  });
});

describe('age', () => {
  const MINUTE_MS = 60_000;
  const resultOf = async (server: CloudauthServer, transactionId: string) =>
    ((await (await call(server, { transactionId })).json()) as Body).Result;

  it('lets time pass for the sessions that are there', async () => {
    const sessions = drawSessions({ seed: 5, count: 30, nowMs: Date.now(), youngShare: 1 });
    const server = await start({ sessions });
    const isOpened = ({ truth }: Session) => truth.journey !== 'not_started' && !truth.official;
    const going = sessions.filter(isOpened);
    expect(going.length).toBeGreaterThan(20);
    for (const { transactionId, result } of going) {
      expect(await resultOf(server, transactionId)).not.toEqual(result);
    }
    expect((await post(server, { age: { ms: 30 * MINUTE_MS } })).status).toBe(200);
    for (const { transactionId, result } of sessions) {
      expect(await resultOf(server, transactionId)).toEqual(result);
    }
  });

  it('adds up, for sessions that were put too, and not for what comes later', async () => {
    const server = await start();
    await put(server, 'before', { initializedAt: Date.now(), result: {} });
    const days = (count: number) => post(server, { age: { ms: count * 24 * 60 * MINUTE_MS } });
    await days(16);
    await put(server, 'between', { initializedAt: Date.now(), result: {} });
    expect(await codeOf(server, { transactionId: 'before' })).toEqual([200, 'Success']);
    await days(16);
    expect(await codeOf(server, { transactionId: 'before' })).toEqual([400, 'TransactionIdInvalid']);
    expect(await codeOf(server, { transactionId: 'between' })).toEqual([200, 'Success']);
  });
});

describe('PUT /_transactions', () => {
  it.each([
    [{ VerifyStatus: 2, extra: { deep: [1, null, '中'] } }],
    [null],
    ['text'],
    [[]],
    [{ ['__proto__']: 1, constructor: 'x' }],
  ])('answers exactly %j', async (result) => {
    const server = await start();
    await put(server, 'mine', { initializedAt: Date.now(), result });
    const body = (await (await call(server, { transactionId: 'mine' })).json()) as Body;
    expect(body.Result).toEqual(result);
  });

  it.each([
    [{}],
    [{ result: {} }],
    [{ initializedAt: 'now', result: {} }],
    [{ initializedAt: 1, result: {}, x: 1 }],
  ])('refuses %j', async (body) => {
    const server = await start();
    expect((await put(server, 'mine', body)).status).toBe(400);
    expect(await codeOf(server, { transactionId: 'mine' })).toEqual([400, 'TransactionIdInvalid']);
  });
});

describe('the hooks', () => {
  const recording = (verdicts: { before?: 'drop'; after?: 'drop' }) => {
    const seen: Array<[string, ServiceCall]> = [];
    const hooks: CallHooks = {
      before: (serviceCall) => {
        seen.push(['before', serviceCall]);
        return verdicts.before ?? 'go';
      },
      after: (serviceCall) => {
        seen.push(['after', serviceCall]);
        return verdicts.after ?? 'go';
      },
    };
    return { seen, hooks };
  };

  it('see an authenticated call before and after, and no other', async () => {
    const { seen, hooks } = recording({});
    const server = await start({ hooks });
    await call(server);
    await call(server, { key: { id: 'local', secret: 'wrong' } });
    expect(
      seen.map(([when, { service, action, caller }]) => [when, service, action, caller.accessKeyId]),
    ).toEqual([
      ['before', 'cloudauth', 'CheckVerifyLog', 'local'],
      ['after', 'cloudauth', 'CheckVerifyLog', 'local'],
    ]);
  });

  it.each([
    { name: 'before, and it has no effect', verdicts: { before: 'drop' }, next: [500, 'InternalError'] },
    { name: 'after, and only its answer is lost', verdicts: { after: 'drop' }, next: [200, 'Success'] },
  ] as const)('drop a call $name', async ({ verdicts, next }) => {
    const { hooks } = recording(verdicts);
    let dropping = true;
    const server = await start({
      hooks: {
        before: (serviceCall) => (dropping ? (hooks.before?.(serviceCall) ?? 'go') : 'go'),
        after: (serviceCall) => (dropping ? (hooks.after?.(serviceCall) ?? 'go') : 'go'),
      },
    });
    await post(server, { plan: [{ match: '*', times: 1, answer: 'InternalError' }] });
    await expect(call(server)).rejects.toThrow();
    dropping = false;
    expect(await codeOf(server)).toEqual(next);
  });
});

it('names a taken port', async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toThrow(`port ${port} is taken`);
});
