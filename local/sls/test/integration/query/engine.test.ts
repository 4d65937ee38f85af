import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { QueryableLogstore, QueryEngine, StoredRow } from '../../../src/query/contract.ts';
import { createQueryEngine } from '../../../src/query/engine.ts';
import { ask, BASE, double, long, MemoryLogstore, rowsOf, text } from '../../support/query.ts';

let engine: QueryEngine;
beforeAll(async () => {
  engine = await createQueryEngine();
});
afterAll(() => engine.close());

const INDEX = { line: { token: [' '] }, keys: { n: long() } };

async function countOf(logstore: MemoryLogstore, query = '* | SELECT count(*) AS c'): Promise<number> {
  return Number((await rowsOf({ engine, logstore }, query))[0]?.[0]);
}

describe('what is loaded', () => {
  it('takes up rows as they come, reading each once', async () => {
    const logstore = new MemoryLogstore('grows', INDEX);
    const reads: Array<[number, number]> = [];
    const read = logstore.read.bind(logstore);
    logstore.read = (from, to) => {
      reads.push([from, to]);
      return read(from, to);
    };
    expect(await countOf(logstore)).toBe(0);
    for (let round = 1; round <= 5; round += 1) {
      for (let n = 0; n < round; n += 1) logstore.add({ n });
      expect(await countOf(logstore)).toBe((round * (round + 1)) / 2);
    }
    expect(await countOf(logstore)).toBe(15);
    expect(reads).toEqual([
      [0, 1],
      [1, 3],
      [3, 6],
      [6, 10],
      [10, 15],
    ]);
  });

  it('loads anew when the epoch moves: another index, for all rows', async () => {
    const logstore = new MemoryLogstore('changes', INDEX).add({ n: 1, name: 'x y' });
    expect(await rowsOf({ engine, logstore }, '* | SELECT n')).toEqual([['1']]);
    await expect(ask({ engine, logstore }, '* | SELECT name')).rejects.toThrow(
      "Column 'name' cannot be resolved",
    );
    logstore.setIndex({ keys: { n: text(), name: text() } });
    expect(await rowsOf({ engine, logstore }, "* | SELECT n || '!', name")).toEqual([['1!', 'x y']]);
    expect((await ask({ engine, logstore }, 'name:y')).rows).toHaveLength(1);
  });

  it('starts over with a logstore that was made anew under its name', async () => {
    const before = new MemoryLogstore('again', INDEX).add({ n: 1 }).add({ n: 2 });
    expect(await countOf(before)).toBe(2);
    await engine.drop('proj', 'again');
    const after = new MemoryLogstore('again', INDEX).add({ n: 3 });
    expect(await rowsOf({ engine, logstore: after }, '* | SELECT n')).toEqual([['3']]);
    await engine.drop('proj', 'never-seen');
  });

  it('holds nothing of a load that failed', async () => {
    const logstore = new MemoryLogstore('fails', INDEX);
    for (let n = 0; n < 5000; n += 1) logstore.add({ n });
    const read = logstore.read.bind(logstore);
    logstore.read = async function* (from: number, to: number): AsyncIterable<readonly StoredRow[]> {
      yield* read(from, Math.min(to, 3000));
      throw new Error('the disk is gone');
    };
    await expect(countOf(logstore)).rejects.toThrow('the disk is gone');
    logstore.read = read;
    expect(await countOf(logstore)).toBe(5000);
  });

  it('answers many at once while rows come in, each count one that was true', async () => {
    const logstore = new MemoryLogstore('busy', INDEX);
    const counts = await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        for (let n = 0; n < 7; n += 1) logstore.add({ n });
        if (at % 20 === 10) logstore.epoch += 1;
        const least = logstore.rowCount;
        const count = await countOf(
          logstore,
          at % 2 === 0 ? '* | SELECT count(*)' : '* | SELECT sum(1) FROM log',
        );
        return count >= least && count <= logstore.rowCount && count % 7 === 0;
      }),
    );
    expect(counts.every(Boolean)).toBe(true);
    expect(await countOf(logstore)).toBe(420);
  });

  it('keeps the last of equal keys, and every byte of odd values', async () => {
    const odd = 'a\u0000b\u001d\u001e\u001f"\'|\\ 😀\n';
    const logstore = new MemoryLogstore('odd', {
      line: { token: [' '] },
      keys: { v: text({ token: [] }), 'k\u001e"\'': text() },
    });
    const plain = {
      sequence: 0,
      timeSeconds: BASE,
      receiveTimeMs: 0,
      topic: odd,
      source: odd,
      tags: [['t', odd]] as const,
    };
    logstore.rows.push({
      ...plain,
      timeNsPart: 5,
      contents: [
        ['v', 'first'],
        ['v', odd],
        ['k\u001e"\'', 'w'],
      ],
    });
    expect((await ask({ engine, logstore }, '*')).rows).toEqual([
      {
        __time__: String(BASE),
        __time_ns_part__: '5',
        __topic__: odd,
        __source__: odd,
        '__tag__:t': odd,
        v: odd,
        'k\u001e"\'': 'w',
      },
    ]);
    expect(await rowsOf({ engine, logstore }, '* | SELECT v, "k\u001e""\'" FROM log')).toEqual([[odd, 'w']]);
    expect((await ask({ engine, logstore }, 'w')).rows).toHaveLength(1);
  });

  it('tells fields apart that differ in case only', async () => {
    const logstore = new MemoryLogstore('cases', { keys: { Name: text(), name: text() } }).add({
      Name: 'big',
      name: 'small',
    });
    expect(await rowsOf({ engine, logstore }, '* | SELECT "Name", name')).toEqual([['big', 'small']]);
    expect((await ask({ engine, logstore }, 'Name:big')).rows).toHaveLength(1);
    expect((await ask({ engine, logstore }, 'name:big')).rows).toHaveLength(0);
  });

  it('takes numbers leniently: what is none is null', async () => {
    const logstore = new MemoryLogstore('numbers', { keys: { l: long(), d: double() } });
    for (const v of ['7', '-0', '1.5', '', 'x', '9223372036854775807', '9223372036854775808', '1e3', ' 1'])
      logstore.add({ l: v, d: v });
    expect(await rowsOf({ engine, logstore }, '* | SELECT l, d FROM log')).toEqual([
      ['7', '7.0'],
      ['0', '-0.0'],
      ['null', '1.5'],
      ['null', 'null'],
      ['null', 'null'],
      ['9223372036854775807', '9.223372036854776E18'],
      ['null', '9.223372036854776E18'],
      ['null', '1000.0'],
      ['null', 'null'],
    ]);
  });
});

describe('histograms', () => {
  const logstore = new MemoryLogstore('hist', INDEX);
  for (const at of [0, 5, 65, 130]) logstore.add({ __time__: BASE + at, n: at });
  const histogram = (more: object) =>
    engine.histogram(logstore, () => undefined, {
      query: '*',
      fromSeconds: BASE,
      toSeconds: BASE + 180,
      ...more,
    });

  it('counts matches between multiples of the interval, cut to the window', async () => {
    expect(await histogram({ intervalSeconds: 60 })).toEqual([
      { from: BASE, to: BASE + 60, count: 2 },
      { from: BASE + 60, to: BASE + 120, count: 1 },
      { from: BASE + 120, to: BASE + 180, count: 1 },
    ]);
    expect(await histogram({ query: 'n > 4', fromSeconds: BASE + 30, intervalSeconds: 100 })).toEqual([
      { from: BASE + 30, to: BASE + 100, count: 1 },
      { from: BASE + 100, to: BASE + 180, count: 1 },
    ]);
  });

  it('chooses an interval, ignores SQL, and refuses what makes no sense', async () => {
    const bars = await histogram({ query: '* | SELECT 1' });
    expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(4);
    expect(bars.length).toBeLessThanOrEqual(61);
    await expect(histogram({ intervalSeconds: 0 })).rejects.toMatchObject({ errorCode: 'ParameterInvalid' });
    await expect(histogram({ toSeconds: BASE })).rejects.toMatchObject({ errorCode: 'InvalidTimeRange' });
    await expect(histogram({ query: '(' })).rejects.toMatchObject({ errorCode: 'InvalidQueryString' });
  });
});

describe('bounds', () => {
  const open: QueryEngine[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  const big: QueryableLogstore = {
    project: 'proj',
    name: 'big',
    index: INDEX,
    epoch: 0,
    rowCount: 100_000,
    async *read(from, to) {
      for (let at = from; at < to; at += 5000) {
        yield Array.from({ length: Math.min(5000, to - at) }, (_, n) => ({
          sequence: at + n,
          timeSeconds: BASE,
          receiveTimeMs: 0,
          topic: '',
          source: '',
          tags: [],
          contents: [['n', String(at + n)] as const],
        }));
      }
    },
  };
  const request = { fromSeconds: BASE, toSeconds: BASE + 1, line: 0, offset: 0, reverse: false };

  it('ends a query that takes too long, and goes on serving', async () => {
    const impatient = await createQueryEngine({ timeoutMs: 700 });
    open.push(impatient);
    const endless = '* | SELECT count(*) FROM log a, log b, log c WHERE a.n + b.n + c.n % 7 = 3';
    await expect(impatient.query(big, () => undefined, { ...request, query: endless })).rejects.toMatchObject(
      {
        errorCode: 'ParameterInvalid',
        message: 'query exceeded max time of 0.7 seconds',
      },
    );
    const answer = await impatient.query(big, () => undefined, {
      ...request,
      query: '* | SELECT count(*) AS c FROM log',
    });
    expect(answer.rows).toEqual([{ c: '100000' }]);
  });

  it('refuses what needs more memory than it may have, and goes on serving', async () => {
    const small = await createQueryEngine({ memoryLimitMb: 64 });
    open.push(small);
    const hungry = '* | SELECT array_agg(a.n + b.n) FROM log a, log b';
    await expect(small.query(big, () => undefined, { ...request, query: hungry })).rejects.toMatchObject({
      errorCode: 'ParameterInvalid',
      message: 'Query exceeded max memory size',
    });
    const answer = await small.query(big, () => undefined, {
      ...request,
      query: '* | SELECT count(*) AS c FROM log',
    });
    expect(answer.rows).toEqual([{ c: '100000' }]);
  });

  it('leaves no folder behind, and can be closed twice and while it works', async () => {
    const own = mkdtempSync(join(tmpdir(), 'engine-test-'));
    const folders = () => readdirSync(own).length;
    const one = await createQueryEngine({ temporaryDirectory: own });
    expect(folders()).toBe(1);
    const busy = one.query(big, () => undefined, {
      ...request,
      query: '* | SELECT count(*) FROM log a, log b, log c',
    });
    const ended = expect(busy).rejects.toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await one.close();
    await one.close();
    await ended;
    expect(folders()).toBe(0);
    rmSync(own, { recursive: true });
    await expect(one.query(big, () => undefined, { ...request, query: '*' })).rejects.toThrow('closed');
  });
});
