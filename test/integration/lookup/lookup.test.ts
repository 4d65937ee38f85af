import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OFFICIAL_RESULT } from '../../../local/cloudauth/official-example.ts';
import { toPendingLog } from '../../../shared/logstores/pending.ts';
import { LookupWorld } from '../../support/lookup-world.ts';

const MINUTE_MS = 60_000;
let world: LookupWorld;
let serial = 0;
const newId = () => `tx-${process.pid}-${serial++}`;
const ago = (minutes: number) => Date.now() - minutes * MINUTE_MS;

beforeAll(async () => {
  world = await LookupWorld.open();
});
afterAll(() => world.close());
beforeEach(() => world.calm());

describe('GET /v1/transactions/{transactionId}', () => {
  it('answers a session whose wait is over, and stores its record and events', async () => {
    const id = newId();
    await world.putSession(id, ago(40), OFFICIAL_RESULT);
    const answer = await world.call('GET', `/v1/transactions/${id}`, {
      query: { initializedAt: String(ago(40)) },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json).toMatchObject({
      transactionId: id,
      final: true,
      stored: true,
      history: [],
      historyComplete: true,
    });
    expect(answer.json.record).toMatchObject({
      transaction_id: id,
      source: 'lookup',
      final: 'true',
      disposition: 'answered',
      attempt: 1,
    });
    expect(JSON.parse(answer.json.record.raw)).toEqual(OFFICIAL_RESULT);
    const [stored] = await world.rowsOf('idv-records', id);
    for (const [column, value] of Object.entries(answer.json.record))
      expect(stored?.[column]).toBe(String(value));
    expect(await world.rowsOf('idv-events', id)).toHaveLength(answer.json.events.length);

    const again = await world.call('GET', `/v1/transactions/${id}`);
    expect(again.json).toMatchObject({
      final: true,
      stored: 'already',
      history: [{ revision: answer.json.record.revision, final: 'true', copies: 1 }],
    });
    expect(again.json.record.revision).toBe(answer.json.record.revision);
    expect(await world.rowsOf('idv-records', id)).toHaveLength(1);
  });

  it('of a young or unknown session is provisional, and registers it once', async () => {
    const id = newId();
    await world.putSession(id, ago(5), OFFICIAL_RESULT);
    const first = await world.call('GET', `/v1/transactions/${id}`);
    expect(first.json).toMatchObject({ final: false, stored: true, registered: true });
    const second = await world.call('GET', `/v1/transactions/${id}`);
    expect(second.json).toMatchObject({ final: false, registered: true, history: [{ final: 'false' }] });
    const pending = await world.rowsOf('idv-pending', id);
    expect(pending).toHaveLength(1);
    expect(pending[0]).toMatchObject({ kind: 'register', attempt: '0' });
  });

  it('takes from the registration what the caller does not say', async () => {
    const id = newId();
    const initializedAt = ago(45);
    await world.putSession(id, initializedAt, OFFICIAL_RESULT);
    const registered = await world.call('POST', '/v1/transactions', {
      body: {
        transactionId: id,
        merchantBizId: 'order1',
        initializedAt,
        labels: { channel: 'x"y\' OR 1=1 --' },
      },
    });
    expect(registered.statusCode).toBe(202);
    const answer = await world.call('GET', `/v1/transactions/${id}`);
    expect(answer.json).toMatchObject({ final: true, stored: true });
    expect(answer.json.record).toMatchObject({
      merchant_biz_id: 'order1',
      initialized_at_ms: initializedAt,
      registered_at_ms: expect.any(Number),
      labels: JSON.stringify({ channel: 'x"y\' OR 1=1 --' }),
    });
  });
});

describe('when a session was opened', () => {
  it('counts by the later of what the caller says and what is known', async () => {
    const id = newId();
    await world.putSession(id, ago(1), OFFICIAL_RESULT);
    await world.call('POST', '/v1/transactions', { body: { transactionId: id, initializedAt: ago(1) } });
    const early = await world.call('GET', `/v1/transactions/${id}`, {
      query: { initializedAt: String(ago(40)) },
    });
    expect(early.json).toMatchObject({ final: false, stored: true, registered: true });
    // The control: what is known is over, and so is what the caller says.
    const other = newId();
    await world.putSession(other, ago(45), OFFICIAL_RESULT);
    await world.call('POST', '/v1/transactions', { body: { transactionId: other, initializedAt: ago(45) } });
    const late = await world.call('GET', `/v1/transactions/${other}`, {
      query: { initializedAt: String(ago(40)) },
    });
    expect(late.json).toMatchObject({ final: true, stored: true });
    const young = await world.call('GET', `/v1/transactions/${other}`, {
      query: { initializedAt: String(ago(5)) },
    });
    expect(young.json).toMatchObject({ final: false });
  });

  it('is the word of the caller alone for what is unknown, which is then asked about again', async () => {
    const id = newId();
    await world.putSession(id, ago(1), OFFICIAL_RESULT);
    const query = { initializedAt: String(ago(40)) };
    const answer = await world.call('GET', `/v1/transactions/${id}`, { query });
    expect(answer.json).toMatchObject({ final: true, stored: true, registered: true });
    expect(await world.rowsOf('idv-pending', id)).toMatchObject([{ transaction_id: id, kind: 'register' }]);
    await world.call('GET', `/v1/transactions/${id}`, { query });
    expect(await world.rowsOf('idv-pending', id)).toHaveLength(1);
  });

  it('needs nobody half an hour after the registration', async () => {
    const id = newId();
    await world.putSession(id, ago(50), OFFICIAL_RESULT);
    const row = { transactionId: id, registeredAtMs: ago(40), givenAtMs: ago(40), attempt: 0 } as const;
    await world.client.putLogs('idv-pending', [toPendingLog({ ...row, kind: 'register' }, Date.now())]);
    for (const stored of [true, 'already']) {
      const answer = await world.call('GET', `/v1/transactions/${id}`);
      expect(answer.json).toMatchObject({ final: true, stored });
      expect(answer.json).not.toHaveProperty('registered');
    }
    expect(await world.rowsOf('idv-pending', id)).toHaveLength(1);
  });

  it('is not settled by the record of a wrong word whose row was never queued', async () => {
    const id = newId();
    await world.putSession(id, ago(1), OFFICIAL_RESULT);
    await world.control(world.sls, {
      fail: [{ action: 'PutLogs', logstore: 'idv-pending', times: 3, answer: 'WriteQuotaExceed' }],
    });
    const wrong = await world.call('GET', `/v1/transactions/${id}`, {
      query: { initializedAt: String(ago(40)) },
    });
    expect(wrong.json).toMatchObject({ final: true, stored: true, registered: false });
    const next = await world.call('GET', `/v1/transactions/${id}`);
    expect(next.json).toMatchObject({ registered: true });
    expect(await world.rowsOf('idv-pending', id)).toHaveLength(1);
  });
});

describe('registered again', () => {
  const view = async (id: string) => {
    const rows = await world.rowsOf('idv-records', id);
    const [best] = rows.sort((a, b) => ((a.view_key ?? '') < (b.view_key ?? '') ? 1 : -1));
    return best;
  };

  it('after it was final: what was said since is stored with the same answer, once', async () => {
    const id = newId();
    const initializedAt = ago(45);
    await world.putSession(id, initializedAt, OFFICIAL_RESULT);
    await world.call('POST', '/v1/transactions', {
      body: { transactionId: id, initializedAt, labels: { channel: 'web', country: 'SG' } },
    });
    const first = await world.call('GET', `/v1/transactions/${id}`);
    expect(first.json).toMatchObject({ final: true, stored: true });
    await world.call('POST', '/v1/transactions', {
      body: { transactionId: id, labels: { channel: 'app' } },
    });
    const second = await world.call('GET', `/v1/transactions/${id}`);
    const labels = JSON.stringify({ channel: 'app', country: 'SG' });
    expect(second.json).toMatchObject({ final: true, stored: true, record: { labels } });
    expect(second.json.record.revision).toBe(first.json.record.revision);
    expect(await view(id)).toMatchObject({ labels, initialized_at_ms: String(initializedAt) });
    expect((await world.call('GET', `/v1/transactions/${id}`)).json).toMatchObject({ stored: 'already' });
    expect(await world.rowsOf('idv-records', id)).toHaveLength(2);
  });

  it('by a caller who says more than the row that waits: the sweep will know it too', async () => {
    const id = newId();
    await world.putSession(id, ago(5), OFFICIAL_RESULT);
    await world.call('GET', `/v1/transactions/${id}`);
    const query = { merchantBizId: 'order7', initializedAt: String(ago(5)) };
    expect((await world.call('GET', `/v1/transactions/${id}`, { query })).json).toMatchObject({
      final: false,
      registered: true,
    });
    await world.call('GET', `/v1/transactions/${id}`, { query });
    const rows = await world.rowsOf('idv-pending', id);
    expect(rows).toHaveLength(2);
    const [bare, full] = rows.sort((a, b) => Number('given_at_ms' in a) - Number('given_at_ms' in b));
    expect(bare).not.toHaveProperty('merchant_biz_id');
    expect(full).toMatchObject({
      merchant_biz_id: 'order7',
      initialized_at_ms: query.initializedAt,
      registered_at_ms: bare?.registered_at_ms,
    });
  });

  it('while the records cannot be read: the answer does not replace one that knows more', async () => {
    const id = newId();
    const initializedAt = ago(45);
    await world.putSession(id, initializedAt, OFFICIAL_RESULT);
    await world.call('POST', '/v1/transactions', {
      body: { transactionId: id, initializedAt, labels: { channel: 'web' } },
    });
    await world.call('GET', `/v1/transactions/${id}`);
    await world.control(world.sls, {
      fail: [{ action: 'GetLogsV2', logstore: '*', rate: 1, answer: 'InternalServerError' }],
    });
    const blind = await world.call('GET', `/v1/transactions/${id}`, {
      query: { initializedAt: String(initializedAt) },
    });
    expect(blind.json).toMatchObject({ final: true, stored: true, historyComplete: false });
    await world.control(world.sls, { fail: [] });
    expect(await world.rowsOf('idv-records', id)).toHaveLength(2);
    expect(await view(id)).toMatchObject({ labels: '{"channel":"web"}' });
  });
});

describe('what ID Verification answers instead', () => {
  const planned = (answer: unknown) =>
    world.control(world.cloudauth, { plan: [{ match: '*', times: 100, answer }] });

  it.each([
    ['TransactionIdInvalid', 404, 'TRANSACTION_INVALID', 'TransactionIdInvalid', undefined],
    ['InvalidParameter', 404, 'TRANSACTION_INVALID', 'InvalidParameter', undefined],
    ['MissingParameter', 404, 'TRANSACTION_INVALID', 'MissingParameter', undefined],
    ['Throttling.Api', 429, 'THROTTLED', 'quota', /^\d+$/],
    ['Forbidden.RAMUserAccessDenied', 502, 'UPSTREAM_FORBIDDEN', 'AliyunAntCloudAuthFullAccess', undefined],
    ['Forbidden.AccountAccessDenied', 502, 'UPSTREAM_FORBIDDEN', 'Activate', undefined],
    ['InternalError', 502, 'UPSTREAM_HTTP', 'error', /^\d+$/],
    ['reset', 502, 'UPSTREAM_NETWORK', 'reached', /^\d+$/],
    ['hang', 504, 'UPSTREAM_TIMEOUT', 'in time', /^\d+$/],
    ['garbage', 502, 'UPSTREAM_CONTRACT', 'contract', /^\d+$/],
    ['empty', 502, 'UPSTREAM_CONTRACT', 'contract', /^\d+$/],
  ])('%s', async (answer, status, code, detail, retryAfter) => {
    await planned(answer);
    const id = newId();
    const got = await world.call('GET', `/v1/transactions/${id}`, {
      query: { initializedAt: String(ago(40)) },
    });
    expect(got.json).toMatchObject({ status, code, detail: expect.stringContaining(detail) });
    if (retryAfter === undefined) expect(got.headers).not.toHaveProperty('retry-after');
    else expect(got.headers['retry-after']).toMatch(retryAfter);
    for (const logstore of ['idv-records', 'idv-events', 'idv-pending'])
      expect(await world.rowsOf(logstore, id)).toEqual([]);
  });

  it.each([
    ['at once', undefined, 1_800],
    ['for a session of 10 minutes', 10, 1_200],
    ['for one that should be over', 40, 60],
  ])('ProcessNotCompleted: come back, %s; the transaction is registered', async (_what, minutes, seconds) => {
    await planned('ProcessNotCompleted');
    const id = newId();
    const query: Record<string, string> =
      minutes === undefined ? {} : { initializedAt: String(ago(minutes)) };
    const got = await world.call('GET', `/v1/transactions/${id}`, { query });
    expect(got.json).toMatchObject({
      status: 409,
      code: 'NOT_COMPLETED',
      detail: expect.stringContaining('is registered'),
    });
    expect(Math.abs(Number(got.headers['retry-after']) - seconds)).toBeLessThanOrEqual(5);
    expect(await world.rowsOf('idv-pending', id)).toMatchObject([{ transaction_id: id, kind: 'register' }]);
    await world.call('GET', `/v1/transactions/${id}`, { query });
    expect(await world.rowsOf('idv-pending', id)).toHaveLength(1);
  });

  it('ProcessNotCompleted says so when it could not be registered', async () => {
    await planned('ProcessNotCompleted');
    await world.control(world.sls, {
      fail: [{ action: 'PutLogs', logstore: '*', rate: 1, answer: 'WriteQuotaExceed' }],
    });
    const id = newId();
    const got = await world.call('GET', `/v1/transactions/${id}`);
    expect(got.json).toMatchObject({ status: 409, detail: expect.stringContaining('did not take') });
    await world.control(world.sls, { fail: [] });
    expect(await world.rowsOf('idv-pending', id)).toEqual([]);
  });

  it('a code in a 200 counts as the code', async () => {
    await planned({
      status: 200,
      body: { Code: 'Throttling.User', Message: 'x', RequestId: '00000000-AAAA' },
    });
    expect((await world.call('GET', `/v1/transactions/${newId()}`)).statusCode).toBe(429);
  });
});

it('a session that ID Verification has forgotten: the refusal says where its answer is', async () => {
  const id = newId();
  await world.putSession(id, ago(40), OFFICIAL_RESULT);
  await world.call('GET', `/v1/transactions/${id}`, { query: { initializedAt: String(ago(40)) } });
  await world.putSession(id, ago(60 * 24 * 30 + 1), OFFICIAL_RESULT);
  const got = await world.call('GET', `/v1/transactions/${id}`);
  expect(got.json).toMatchObject({
    status: 404,
    detail: expect.stringMatching(/has its answer of \d{4}-.*idv-records/),
  });
});

describe('with a log store in trouble', () => {
  const trouble = (answer: string) =>
    world.control(world.sls, { fail: [{ action: '*', logstore: '*', rate: 1, answer }] });

  it.each([
    ['WriteQuotaExceed', 'quota'],
    ['InternalServerError', 'failed'],
    ['ProjectNotExist', 'refused'],
    ['Unauthorized', 'refused'],
    ['reset', 'unreachable'],
    ['hang', 'timeout'],
    ['dropAck', 'unreachable'],
    ['garbage', 'failed'],
  ])('%s: a lookup still answers, with stored false and the reason %s', async (answer, reason) => {
    const id = newId();
    await world.putSession(id, ago(40), OFFICIAL_RESULT);
    await trouble(answer);
    const got = await world.call('GET', `/v1/transactions/${id}`, {
      query: { initializedAt: String(ago(40)) },
    });
    expect(got.statusCode).toBe(200);
    expect(got.json).toMatchObject({
      final: true,
      stored: false,
      reason,
      history: [],
      historyComplete: false,
    });
    expect(got.json.record.transaction_id).toBe(id);
  });

  it('a provisional lookup says that nothing waits', async () => {
    const id = newId();
    await world.putSession(id, ago(5), OFFICIAL_RESULT);
    await trouble('WriteQuotaExceed');
    const got = await world.call('GET', `/v1/transactions/${id}`);
    expect(got.json).toMatchObject({ final: false, stored: false, registered: false });
  });

  it.each(['WriteQuotaExceed', 'InternalServerError', 'ProjectNotExist', 'reset', 'hang', 'garbage'])(
    '%s: a registration claims nothing',
    async (answer) => {
      const id = newId();
      await trouble(answer);
      const got = await world.call('POST', '/v1/transactions', { body: { transactionId: id } });
      expect(got.json).toMatchObject({ status: 503, code: 'NOT_STORED' });
      expect(Number(got.headers['retry-after'])).toBeGreaterThan(0);
      await world.control(world.sls, { fail: [] });
      expect(await world.rowsOf('idv-pending', id)).toEqual([]);
      expect((await world.call('POST', '/v1/transactions', { body: { transactionId: id } })).statusCode).toBe(
        202,
      );
      expect(await world.rowsOf('idv-pending', id)).toHaveLength(1);
    },
  );

  it('a quota that passes is waited for', async () => {
    const id = newId();
    await world.control(world.sls, {
      fail: [{ action: 'PutLogs', logstore: '*', times: 2, answer: 'ShardWriteQuotaExceed' }],
    });
    expect((await world.call('POST', '/v1/transactions', { body: { transactionId: id } })).statusCode).toBe(
      202,
    );
    expect(await world.rowsOf('idv-pending', id)).toHaveLength(1);
  });

  it('of a batch the groups that were stored are accepted, and no others', async () => {
    const ids = Array.from({ length: 450 }, newId);
    await world.control(world.sls, {
      fail: [{ action: 'PutLogs', logstore: 'idv-pending', times: 1, answer: 'ProjectNotExist' }],
    });
    const got = await world.call('POST', '/v1/transactions', {
      body: { transactions: ids.map((id) => ({ transactionId: id })) },
    });
    expect(got.statusCode).toBe(202);
    const lost = got.json.rejected.map((one: { index: number }) => one.index);
    expect([50, 200]).toContain(lost.length);
    expect(got.json.accepted).toBe(450 - lost.length);
    expect(new Set(got.json.rejected.map((one: { reason: string }) => one.reason))).toEqual(
      new Set(['not_stored']),
    );
    const [refused, kept] = [lost[0], lost[0] === 0 ? 449 : 0];
    expect(await world.rowsOf('idv-pending', ids[refused] ?? '')).toEqual([]);
    expect(await world.rowsOf('idv-pending', ids[kept] ?? '')).toHaveLength(1);
  });

  it('slow but alive, it is waited for', async () => {
    const id = newId();
    await world.putSession(id, ago(40), OFFICIAL_RESULT);
    await world.control(world.sls, { latencyMs: 400 });
    const got = await world.call('GET', `/v1/transactions/${id}`, {
      query: { initializedAt: String(ago(40)) },
    });
    expect(got.json).toMatchObject({ stored: true });
  });
});

describe('the time of the function', () => {
  it('ends a lookup before the platform does', async () => {
    const id = newId();
    await world.control(world.cloudauth, { latencyMs: 60_000 });
    const startMs = Date.now();
    const got = await world.call('GET', `/v1/transactions/${id}`, { timeout: 3 });
    expect(got.json).toMatchObject({ status: 504, code: 'DEADLINE_NEAR' });
    expect(Date.now() - startMs).toBeLessThan(3_000);
  });
});
