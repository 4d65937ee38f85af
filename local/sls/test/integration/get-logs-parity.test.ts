import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeGroup, fromLz4 } from '../support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from '../support/raw-client.ts';
import { openTarget, type Target } from '../support/target.ts';

const LIMIT_MS = 240_000;

/**
 * GetLogs and GetLogsV2 give the same answer, with the calls of aliyun-log-python-sdk
 * tests/e2e/logclient/test_get_logs.py and what its responses are compared by (read 2026-11-23).
 */
describe('GetLogs and GetLogsV2 as the Python SDK calls them', () => {
  let target: Target;
  let send: (call: RawCall) => Promise<RawAnswer>;
  let project = '';
  const logstore = 'parity';

  beforeAll(async () => {
    target = await openTarget();
    send = createRawClient(target);
    project = target.newName('idv-parity');
    await send({
      method: 'POST',
      path: '/',
      body: JSON.stringify({ projectName: project, description: '' }),
    });
    await target.settle();
    const settings = { logstoreName: logstore, ttl: 1, shardCount: 1 };
    await send({ method: 'POST', project, path: '/logstores', body: JSON.stringify(settings) });
    const keys = {
      method: { type: 'text', token: [' '], doc_value: true },
      n: { type: 'long', doc_value: true },
    };
    const index = { line: { token: [' '] }, keys };
    await send({
      method: 'POST',
      project,
      path: `/logstores/${logstore}/index`,
      body: JSON.stringify(index),
    });
    await target.settle();
    const now = Math.floor(Date.now() / 1000);
    const logs = Array.from({ length: 150 }, (_, n) => ({
      time: now - 150 + n,
      contents: { method: n % 2 === 0 ? 'GET' : 'POST 核身', n: String(n) },
    }));
    await send({
      method: 'POST',
      project,
      path: `/logstores/${logstore}/shards/lb`,
      headers: { 'content-type': 'application/x-protobuf' },
      body: encodeGroup(logs, { topic: '', source: '10.0.0.1' }),
    });
    await target.settle();
  }, LIMIT_MS);

  afterAll(async () => {
    try {
      await send({ method: 'DELETE', project, path: '/' });
    } finally {
      await target.close();
    }
  });

  interface Parameters {
    query: string;
    line?: number;
    offset?: number;
    reverse?: boolean;
    powerSql?: boolean;
    scan?: boolean;
  }

  /** Python writes booleans as True and False where it does not think of it. */
  const pythonBool = (value: boolean) => (value ? 'True' : 'False');
  const times = () => {
    const to = Math.floor(Date.now() / 1000) + 1;
    return { from: to - 3600, to };
  };

  const v1 = async (given: Parameters) => {
    const { from, to } = times();
    const answer = await send({
      project,
      path: `/logstores/${logstore}`,
      query: {
        from: String(from),
        to: String(to),
        line: String(given.line ?? 100),
        offset: String(given.offset ?? 0),
        powerSql: pythonBool(given.powerSql ?? false),
        accurate: 'True',
        fromNs: '0',
        toNs: '0',
        query: given.query,
        type: 'log',
        reverse: String(given.reverse ?? false),
        ...(given.scan ? { session: 'mode=scan', forward: 'true' } : {}),
      },
    });
    expect(answer.status).toBe(200);
    const { headers } = answer;
    const info = JSON.parse(String(headers['x-log-query-info'] ?? '{}')) as { mode?: number };
    return {
      rows: answer.json<Array<Record<string, string>>>(),
      progress: headers['x-log-progress'],
      count: Number(headers['x-log-count']),
      processedRows: Number(headers['x-log-processed-rows']),
      hasSql: headers['x-log-has-sql'] !== 'false',
      where: Buffer.from(String(headers['x-log-where-query']), 'latin1').toString().trim(),
      agg: Buffer.from(String(headers['x-log-agg-query']), 'latin1').toString().trim(),
      mode: info.mode ?? 0,
    };
  };

  interface MetaAndData {
    meta: {
      progress: string;
      count: number;
      processedRows: number;
      hasSQL: boolean;
      whereQuery: string;
      aggQuery: string;
      mode: number;
    };
    data: Array<Record<string, string>>;
  }

  const v2 = async (given: Parameters) => {
    const answer = await send({
      method: 'POST',
      project,
      path: `/logstores/${logstore}/logs`,
      headers: { 'accept-encoding': 'lz4' },
      body: JSON.stringify({
        ...times(),
        line: given.line ?? 100,
        offset: given.offset ?? 0,
        powerSql: given.powerSql ?? false,
        accurate: true,
        fromNs: 0,
        toNs: 0,
        query: given.query,
        reverse: given.reverse ?? false,
        forward: true,
        ...(given.scan ? { session: 'mode=scan' } : {}),
      }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-log-compresstype']).toBe('lz4');
    const text = fromLz4(answer.body, Number(answer.headers['x-log-bodyrawsize'])).toString('utf8');
    const { meta, data } = JSON.parse(text) as MetaAndData;
    return {
      rows: data,
      progress: meta.progress,
      count: meta.count,
      processedRows: meta.processedRows,
      hasSql: meta.hasSQL,
      where: meta.whereQuery.trim(),
      agg: meta.aggQuery.trim(),
      mode: meta.mode,
    };
  };

  it.each<[string, Parameters, number]>([
    ['search, newest first', { query: '*', reverse: true, line: 100, powerSql: true }, 100],
    ['SQL with an offset in LIMIT', { query: '* | select * limit 10,10', powerSql: true }, 10],
    [
      'SQL in scan mode',
      { query: '* | select method limit 10', reverse: true, powerSql: true, scan: true },
      10,
    ],
    ['search of ten', { query: '*', line: 10, reverse: true, powerSql: true }, 10],
    ['the second page', { query: '*', line: 100, offset: 100 }, 50],
    ['a phrase that is not ASCII', { query: '核身', line: 100 }, 75],
    [
      'SQL with words that are not ASCII',
      { query: "* | select count(1) as n from log where method = 'POST 核身'" },
      1,
    ],
  ])('%s', async (_, given, count) => {
    const [one, two] = [await v1(given), await v2(given)];
    expect(two).toEqual(one);
    expect(one).toMatchObject({ progress: 'Complete', count, hasSql: given.query.includes('|'), mode: 0 });
    expect(one.rows).toHaveLength(count);
  });

  it.each([
    ['from = to', { from: '1700000000', to: '1700000000' }, 'InvalidTimeRange'],
    ['from after to', { from: '1700000001', to: '1700000000' }, 'InvalidTimeRange'],
    ['a time that is none', { from: 'yesterday' }, 'InvalidTimeRange'],
    ['a line over 100', { line: '101' }, 'InvalidLine'],
    ['a line below 0', { line: '-1' }, 'InvalidLine'],
    ['an offset below 0', { offset: '-1' }, 'InvalidOffset'],
    ['a reverse that is neither', { reverse: 'maybe' }, 'InvalidReverse'],
    ['a broken search', { query: '(a and' }, 'ParameterInvalid'],
  ])('refuses %s', async (_, change, code) => {
    const { from, to } = times();
    const query = { type: 'log', from: String(from), to: String(to), query: '*', ...change };
    const answer = await send({ project, path: `/logstores/${logstore}`, query });
    expect(answer.status).toBe(400);
    const { errorCode } = answer.json();
    expect(code === 'ParameterInvalid' ? ['ParameterInvalid', 'InvalidQueryString'] : [code]).toContain(
      errorCode,
    );
  });
});
