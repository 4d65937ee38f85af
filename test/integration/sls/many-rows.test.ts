import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeGroup } from './support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from './support/raw-client.ts';
import { openTarget, type Target } from './support/target.ts';

/** More rows than the query engine keeps uncompressed, asked for while other logstores are asked too. */
const ROWS = 110_000;
const GROUP_ROWS = 4_000;
const LIMIT_MS = 120_000;
const PROJECT = 'many-rows';
const BASE = Math.floor(Date.now() / 1000) - 1_000;

describe('a logstore of over 100,000 rows', () => {
  let target: Target;
  let send: (call: RawCall) => Promise<RawAnswer>;

  beforeAll(async () => {
    target = await openTarget();
    send = createRawClient(target);
    const made = { projectName: PROJECT, description: '' };
    await send({ method: 'POST', path: '/', body: JSON.stringify(made) });
  }, LIMIT_MS);
  afterAll(() => target.close());

  async function logstoreOf(name: string, rows: number): Promise<void> {
    const settings = { logstoreName: name, ttl: 1, shardCount: 1 };
    await send({ method: 'POST', project: PROJECT, path: '/logstores', body: JSON.stringify(settings) });
    const index = { keys: { n: { type: 'long', doc_value: true } } };
    const path = `/logstores/${name}`;
    await send({ method: 'POST', project: PROJECT, path: `${path}/index`, body: JSON.stringify(index) });
    for (let from = 0; from < rows; from += GROUP_ROWS) {
      const logs = Array.from({ length: Math.min(GROUP_ROWS, rows - from) }, (_, i) => ({
        time: BASE,
        contents: { n: String(from + i) },
      }));
      const body = encodeGroup(logs);
      const headers = { 'content-type': 'application/x-protobuf' };
      const written = await send({
        method: 'POST',
        project: PROJECT,
        path: `${path}/shards/lb`,
        headers,
        body,
      });
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
  /** 0 + 1 + … + (rows - 1). */
  const sumsOf = (rows: number) => [
    200,
    expect.objectContaining({ c: String(rows), s: String((rows * (rows - 1)) / 2) }),
  ];

  it('is read after another one was, by four at once, and again', async () => {
    await logstoreOf('records', 10);
    await logstoreOf('events', ROWS);
    const four = [1, 2, 3, 4];
    expect(await Promise.all(four.map(() => sums('records')))).toEqual(four.map(() => sumsOf(10)));
    expect(await sums('events')).toEqual(sumsOf(ROWS));
    expect(await sums('events')).toEqual(sumsOf(ROWS));
  });

  it('is read while others are, some for the first time and one for long', async () => {
    await logstoreOf('small-1', 700);
    await logstoreOf('small-2', 100);
    await logstoreOf('more-events', ROWS);
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
      sums('more-events'),
      sums('more-events'),
      sums('small-1'),
      sums('small-2'),
      ask('more-events', 'n = 17'),
    ]);
    expect([one, two, again, other]).toEqual([sumsOf(ROWS), sumsOf(ROWS), sumsOf(700), sumsOf(100)]);
    expect(searched.json<unknown[]>()).toHaveLength(1);
    expect(isLongOver).toBe(false);
  });
});
