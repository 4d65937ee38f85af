import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HookResult, MemoryCredentialStore } from '../../src/host.ts';
import type { SlsServerOptions } from '../../src/server.ts';
import { decodeGroupList, encodeGroup } from '../support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from '../support/raw-client.ts';
import { openTarget, type Target } from '../support/target.ts';

const PROJECT = 'idv-local';
const LOGSTORE = 'idv-pending';

/** What only the local server has: faults, latency, age, quotas, hooks, temporary keys. Never run remotely. */
describe('local server', () => {
  let target: Target;
  let send: (call: RawCall) => Promise<RawAnswer>;
  let nowMs = 0;

  const start = async (options: Partial<SlsServerOptions> = {}) => {
    const remote = process.env.REMOTE;
    delete process.env.REMOTE;
    target = await openTarget({ clock: () => nowMs, ...options });
    if (remote !== undefined) process.env.REMOTE = remote;
    send = createRawClient(target);
    await send({ method: 'POST', path: '/', body: JSON.stringify({ projectName: PROJECT }) });
    await createLogstore(LOGSTORE);
  };
  const createLogstore = (logstoreName: string) =>
    send({
      method: 'POST',
      project: PROJECT,
      path: '/logstores',
      body: JSON.stringify({ logstoreName, ttl: 30, shardCount: 1, appendMeta: true }),
    });
  const control = async (body?: unknown) => {
    const answer = await fetch(`${target.url}/_control`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const put = (more: Partial<RawCall> = {}, logstore = LOGSTORE) =>
    send({
      method: 'POST',
      project: PROJECT,
      path: `/logstores/${logstore}/shards/lb`,
      headers: { 'content-type': 'application/x-protobuf', date: new Date(nowMs).toUTCString() },
      body: encodeGroup([{ time: Math.floor(nowMs / 1000), contents: { a: '1' } }]),
      ...more,
    });
  const get = (path: string, query: Record<string, string> = {}) => send({ project: PROJECT, path, query });
  const cursor = async (from: string) =>
    (await get(`/logstores/${LOGSTORE}/shards/0`, { type: 'cursor', from })).json<{ cursor: string }>()
      .cursor;
  const codeOf = (answer: RawAnswer) => [
    answer.status,
    answer.body.length === 0 ? '' : answer.json().errorCode,
  ];

  beforeEach(() => {
    nowMs = Date.now();
  });
  afterEach(async () => {
    await target.close();
  });

  describe('control', () => {
    beforeEach(() => start());

    it('counts calls by action, and rows', async () => {
      await put();
      await put();
      expect((await control()).json).toEqual({
        calls: 4,
        byAction: { CreateProject: 1, CreateLogStore: 1, PutLogs: 2 },
        rows: { [LOGSTORE]: 2 },
      });
    });

    it('does not count what is not authenticated', async () => {
      await put({ signature: 'none' });
      expect((await control()).json).toMatchObject({ calls: 2 });
    });

    it.each([
      ['an unknown name', { latency: 5 }],
      ['an unknown action', { fail: [{ action: 'PutLog', answer: 'reset' }] }],
      ['an unknown answer', { fail: [{ action: 'PutLogs', answer: 'explode' }] }],
      ['an unknown name in a rule', { fail: [{ action: 'PutLogs', answer: 'reset', time: 1 }] }],
      ['times and rate', { fail: [{ action: 'PutLogs', answer: 'reset', times: 1, rate: 0.5 }] }],
      ['a rate over 1', { fail: [{ action: 'PutLogs', answer: 'reset', rate: 2 }] }],
      ['a logstore to age that is not there', { age: { logstore: 'nowhere', ms: 1 } }],
      ['an unknown quota', { quota: { writes: 1 } }],
      ['a list', []],
    ])('refuses %s, and does nothing of the rest', async (_, body) => {
      const answer = await control(Array.isArray(body) ? body : { latencyMs: 600_000, ...body });
      expect(answer.status).toBe(400);
      expect(answer.json.errorMessage).toMatch(/\S/);
      expect((await put()).status).toBe(200);
    });

    it('fails calls so many times, the first rule with times left first', async () => {
      await control({
        fail: [
          { action: 'PutLogs', logstore: LOGSTORE, times: 1, answer: 'ServerBusy' },
          { action: 'PutLogs', logstore: '*', times: 2, answer: 'WriteQuotaExceed' },
        ],
      });
      expect(codeOf(await put())).toEqual([503, 'ServerBusy']);
      expect(codeOf(await put())).toEqual([403, 'WriteQuotaExceed']);
      expect((await get(`/logstores/${LOGSTORE}`)).status).toBe(200);
      expect(codeOf(await put())).toEqual([403, 'WriteQuotaExceed']);
      expect(codeOf(await put())).toEqual([200, '']);
      expect((await control()).json.rows).toEqual({ [LOGSTORE]: 1 });
    });

    it('replaces the list of rules by the next list', async () => {
      await control({ fail: [{ action: 'PutLogs', answer: 'ServerBusy' }] });
      expect((await put()).status).toBe(503);
      await control({ latencyMs: 0 });
      expect((await put()).status).toBe(503);
      await control({ fail: [] });
      expect((await put()).status).toBe(200);
    });

    it('fails one logstore and not another', async () => {
      await createLogstore('other');
      await control({ fail: [{ action: 'PutLogs', logstore: 'other', answer: 'InternalServerError' }] });
      expect((await put()).status).toBe(200);
      expect((await put({}, 'other')).status).toBe(500);
    });

    it('fails a share of the calls, the same ones for the same seed', async () => {
      const run = async () => {
        await control({ seed: 7, fail: [{ action: 'PutLogs', rate: 0.3, answer: 'ServerBusy' }] });
        const failed: boolean[] = [];
        for (let i = 0; i < 100; i += 1) failed.push((await put()).status === 503);
        return failed;
      };
      const first = await run();
      expect(await run()).toEqual(first);
      const count = first.filter(Boolean).length;
      expect(count).toBeGreaterThan(15);
      expect(count).toBeLessThan(45);
    });

    it('breaks connections: reset before the call, dropAck after it', async () => {
      await control({ fail: [{ action: 'PutLogs', times: 1, answer: 'reset' }] });
      await expect(put()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect((await control()).json.rows).toEqual({ [LOGSTORE]: 0 });
      await control({ fail: [{ action: 'PutLogs', times: 1, answer: 'dropAck' }] });
      await expect(put()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect((await control()).json.rows).toEqual({ [LOGSTORE]: 1 });
      expect((await put()).status).toBe(200);
    });

    it('answers garbage with a good face', async () => {
      await control({ fail: [{ action: 'GetLogStore', times: 1, answer: 'garbage' }] });
      const answer = await get(`/logstores/${LOGSTORE}`);
      expect(answer.status).toBe(200);
      expect(() => answer.json()).toThrow(SyntaxError);
    });

    it('hangs, and still closes', async () => {
      await control({ fail: [{ action: 'PutLogs', times: 1, answer: 'hang' }] });
      const hanging = put().then(
        () => 'answered',
        () => 'broken',
      );
      expect(await Promise.race([hanging, sleep(300, 'waiting')])).toBe('waiting');
      await target.close();
      expect(await hanging).toBe('broken');
    });

    it('lags', async () => {
      await control({ latencyMs: 150 });
      const startedAtMs = performance.now();
      await put();
      expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(145);
    });

    it('ages what is stored: time cursors move, cursors stay valid and in order', async () => {
      await put();
      await put();
      const begin = await cursor('begin');
      const end = await cursor('end');
      const halfAnHourAgo = () => cursor(String(Math.floor(nowMs / 1000) - 1800));
      expect(await halfAnHourAgo()).toBe(begin);
      await control({ age: { logstore: LOGSTORE, ms: 1_900_000 } });
      expect(await halfAnHourAgo()).toBe(end);
      await put();
      expect(await halfAnHourAgo()).toBe(end);
      expect([await cursor('begin'), (await cursor('end')) > end]).toEqual([begin, true]);

      const pulled = await get(`/logstores/${LOGSTORE}/shards/0`, {
        type: 'log',
        cursor: begin,
        end_cursor: end,
      });
      const groups = decodeGroupList(pulled.body);
      expect(groups).toHaveLength(2);
      const ageSeconds = nowMs / 1000 - Number(groups[0]?.tags.__receive_time__);
      expect(ageSeconds).toBeGreaterThanOrEqual(1900);
      expect(ageSeconds).toBeLessThan(1910);
      const shown = await get(`/logstores/${LOGSTORE}/shards/0`, { type: 'cursor_time', cursor: begin });
      expect(Math.abs(Number(shown.json().cursor_time) - (nowMs / 1000 - 1900))).toBeLessThan(3);
    });

    it('forgets what is older than the logstore keeps: its cursors are invalid, begin goes on', async () => {
      await put();
      const old = await cursor('begin');
      await control({ age: { logstore: LOGSTORE, ms: 31 * 86_400_000 } });
      await put();
      const answer = await get(`/logstores/${LOGSTORE}/shards/0`, { type: 'log', cursor: old });
      expect(codeOf(answer)).toEqual([400, 'InvalidCursor']);
      const begin = await cursor('begin');
      const rest = await get(`/logstores/${LOGSTORE}/shards/0`, { type: 'log', cursor: begin });
      expect(rest.headers['x-log-count']).toBe('1');
    });

    it.each([
      [{ writesPerMinute: 2 }, 'WriteQuotaExceed'],
      [{ shardWritesPerSecond: 2 }, 'ShardWriteQuotaExceed'],
      [{ writeBytesPerMinute: 50 }, 'WriteQuotaExceed'],
    ])('holds writes to %j', async (quota, code) => {
      await control({ quota });
      const answers = [await put(), await put(), await put(), await put()].map(codeOf);
      expect(answers[0]).toEqual([200, '']);
      expect(answers[3]).toEqual([403, code]);
      nowMs += 60_000;
      expect((await put()).status).toBe(200);
      await control({ quota: Object.fromEntries(Object.keys(quota).map((name) => [name, null])) });
      for (let i = 0; i < 5; i += 1) expect((await put()).status).toBe(200);
    });

    it('holds reads to a quota', async () => {
      await put();
      await control({ quota: { readsPerMinute: 1 } });
      const pull = async () =>
        get(`/logstores/${LOGSTORE}/shards/0`, { type: 'log', cursor: await cursor('begin') });
      expect((await pull()).status).toBe(200);
      expect(codeOf(await pull())).toEqual([403, 'ReadQuotaExceed']);
    });
  });

  it('dates its answers by its own clock', async () => {
    await start();
    nowMs += 5 * 60_000;
    const answer = await get(`/logstores/${LOGSTORE}`);
    expect(Date.parse(String(answer.headers.date))).toBe(Math.floor(nowMs / 1000) * 1000);
  });

  it('runs the hooks at the edges of a call', async () => {
    const seen: string[] = [];
    await start({
      hooks: {
        before: async ({ service, action, caller }): Promise<HookResult> => {
          if (action !== 'PutLogs') return 'go';
          await sleep(20);
          const { rows } = (await control()).json;
          seen.push(`before ${service} ${action} ${caller.accessKeyId} ${JSON.stringify(rows)}`);
          return 'go';
        },
        after: async ({ action }): Promise<HookResult> => {
          if (action === 'PutLogs') seen.push(`after ${JSON.stringify((await control()).json.rows)}`);
          return 'go';
        },
      },
    });
    await put().then(() => seen.push('answered'));
    expect(seen).toEqual([
      `before sls PutLogs local {"${LOGSTORE}":0}`,
      `after {"${LOGSTORE}":1}`,
      'answered',
    ]);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ])('drops the caller %s the call if a hook says so', async (when, rows) => {
    await start({
      hooks: { [when]: ({ action }: { action: string }) => (action === 'PutLogs' ? 'drop' : 'go') },
    });
    await expect(put()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await control()).json.rows).toEqual({ [LOGSTORE]: rows });
  });

  it('checks temporary keys: token and end', async () => {
    const credentials = new MemoryCredentialStore();
    credentials.add({
      accessKeyId: 'STS.x',
      accessKeySecret: 's',
      securityToken: 'token',
      expiresAtMs: nowMs + 60_000,
      functionName: 'sweep',
    });
    await start({ credentials });
    const key = { accessKeyId: 'STS.x', accessKeySecret: 's' };
    for (const signature of ['hmac-sha1', 'v4'] as const) {
      expect((await put({ signature, credentials: { ...key, securityToken: 'token' } })).status).toBe(200);
      const wrong = await put({ signature, credentials: { ...key, securityToken: 'other' } });
      expect(wrong.json()).toMatchObject({
        errorCode: 'Unauthorized',
        errorMessage: expect.stringMatching(/invalid/),
      });
      const missing = await put({ signature, credentials: key });
      expect(codeOf(missing)).toEqual([401, 'Unauthorized']);
    }
    nowMs += 60_000;
    const late = await put({ credentials: { ...key, securityToken: 'token' } });
    expect(late.json()).toMatchObject({
      errorCode: 'Unauthorized',
      errorMessage: expect.stringMatching(/expired/),
    });
  });

  it('says which port is taken', async () => {
    await start();
    const port = Number(new URL(target.url).port);
    await expect(openTarget({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });
});
