import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeGroup } from '../support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from '../support/raw-client.ts';
import { openTarget, type Target } from '../support/target.ts';

/** More rows than the query engine keeps uncompressed, asked for while other logstores are asked too. */
const GROUP_ROWS = 4_000;
const GROUPS = 27;
const LIMIT_MS = 120_000;
const PROJECT = 'many-rows';
const BASE = Math.floor(Date.now() / 1000) - 1_000;

describe('a logstore of over 100,000 rows', () => {
  let target: Target;
  let send: (call: RawCall) => Promise<RawAnswer>;

  beforeAll(async () => {
    target = await openTarget();
    send = createRawClient(target);
    const project = { projectName: PROJECT, description: '' };
    await send({ method: 'POST', path: '/', body: JSON.stringify(project) });
  }, LIMIT_MS);
  afterAll(() => target.close());

  const made = (path: string, settings: object, method = 'POST') =>
    send({ method, project: PROJECT, path, body: JSON.stringify(settings) });
  const indexOf = (...names: string[]) => ({
    keys: Object.fromEntries(names.map((name) => [name, { type: 'long', doc_value: true }])),
  });

  /** Rows with n from 0 to below `rows`, `times` over. */
  async function logstoreOf(name: string, rows: number, times = 1): Promise<void> {
    await made('/logstores', { logstoreName: name, ttl: 1, shardCount: 1 });
    await made(`/logstores/${name}/index`, indexOf('n'));
    const logs = Array.from({ length: rows }, (_, n) => ({ time: BASE, contents: { n: String(n) } }));
    const body = encodeGroup(logs);
    const headers = { 'content-type': 'application/x-protobuf' };
    for (let time = 0; time < times; time += 1) {
      const path = `/logstores/${name}/shards/lb`;
      const written = await send({ method: 'POST', project: PROJECT, path, headers, body });
      expect(written.status).toBe(200);
    }
  }

  const ask = (name: string, query: string) =>
    send({
      project: PROJECT,
      path: `/logstores/${name}`,
      query: { type: 'log', from: String(BASE - 10), to: String(BASE + 10), line: '100', query },
    });
  const sums = async (name: string) => {
    const answer = await ask(name, '* | SELECT count(*) AS c, sum(n) AS s');
    return [answer.status, answer.json<Array<{ c: string; s: string }>>()[0]];
  };
  /** 0 + 1 + … + (rows - 1), so many times. */
  const sumsOf = (rows: number, times = 1) => [
    200,
    expect.objectContaining({ c: String(rows * times), s: String(((rows * (rows - 1)) / 2) * times) }),
  ];
  const ALL = sumsOf(GROUP_ROWS, GROUPS);

  it('is read after another one was, by four at once, and again', async () => {
    await logstoreOf('records', 10);
    await logstoreOf('events', GROUP_ROWS, GROUPS);
    const four = [1, 2, 3, 4];
    expect(await Promise.all(four.map(() => sums('records')))).toEqual(four.map(() => sumsOf(10)));
    expect(await sums('events')).toEqual(ALL);
    expect(await sums('events')).toEqual(ALL);
  });

  it('is read while others are, some for the first time and one for long', async () => {
    await logstoreOf('small-1', 700);
    await logstoreOf('small-2', 100);
    // Another index: what was loaded is loaded anew.
    await made('/logstores/events/index', indexOf('n', 'm'), 'PUT');
    expect(await sums('small-1')).toEqual(sumsOf(700));
    // Each row with each other one, four times over: it ends when the server is closed.
    let isLongOver = false;
    const over = () => {
      isLongOver = true;
    };
    const four = 'log a CROSS JOIN log b CROSS JOIN log c CROSS JOIN log d';
    const where = 'a.n * b.n % 7 = c.n * d.n % 11';
    void ask('small-1', `* | SELECT count(*) AS c FROM ${four} WHERE ${where}`).then(over, over);
    // Answered after the long one was begun.
    expect(await sums('small-1')).toEqual(sumsOf(700));
    const [one, two, again, other, searched] = await Promise.all([
      sums('events'),
      sums('events'),
      sums('small-1'),
      sums('small-2'),
      ask('events', 'n = 17'),
    ]);
    expect([one, two, again, other]).toEqual([ALL, ALL, sumsOf(700), sumsOf(100)]);
    expect(searched.json<unknown[]>()).toHaveLength(GROUPS);
    expect(isLongOver).toBe(false);
  });
});
