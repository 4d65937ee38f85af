import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QueryEngine } from '../../../src/query/contract.ts';
import { createQueryEngine } from '../../../src/query/engine.ts';
import { ask, BASE, DELIMITERS, double, long, MemoryLogstore, refusalOf, text } from '../../support/query.ts';

/**
 * The search language. The first table is made of the statements on the page "Search syntax" of the service's
 * documentation (read 2026-11), over logs of our own that its words tell apart.
 */
let engine: QueryEngine;
const access = new MemoryLogstore('access', {
  line: { token: DELIMITERS },
  keys: {
    request_method: text(),
    status: long(),
    request_time: double(),
    host: text(),
    http_user_agent: text(),
    region: text(),
    remote_user: text(),
    request_uri: text(),
    'file info': text(),
    '__tag__:__client_ip__': text({ token: [] }),
    detail: {
      type: 'json',
      doc_value: true,
      token: DELIMITERS,
      index_all: true,
      json_keys: { code: { type: 'long' }, 'who.name': { type: 'text' } },
    },
    exact: text({ token: [], caseSensitive: true }),
    cased: text({ caseSensitive: true }),
    chinese: text({ chn: true }),
  },
});

beforeAll(async () => {
  engine = await createQueryEngine();
  access
    .add({
      id: 'a',
      request_method: 'GET',
      status: 200,
      request_time: 60,
      region: 'cn-shanghai',
      host: 'www.yl.mock.com',
      remote_user: 'anna',
      request_uri: '/request/path-2',
      __topic__: 'https',
      '__tag__:__client_ip__': '192.0.2.1',
    })
    .add({
      id: 'b',
      request_method: 'POST',
      status: 201,
      request_time: 12.5,
      region: 'cn-hangzhou',
      host: 'www.yl.mork.com',
      remote_user: '',
      http_user_agent: 'Mozilla/5.0 (X11; Linux) Chrome/70',
      __topic__: 'http',
    })
    .add({
      id: 'c',
      request_method: 'DELETE',
      status: 404,
      request_time: 200,
      region: 'us-west-1',
      http_user_agent: 'Mozilla/5.0 Firefox/65',
      'file info': 'apsara stack',
      __topic__: 'other',
      __source__: '192.0.2.9',
    })
    .add({
      id: 'd',
      request_method: 'GET',
      status: 500,
      request_time: 100,
      region: 'cn*',
      http_user_agent: 'Chrome on Linux',
      note: 'PUT and take',
      detail: '{"code":7,"who":{"name":"Zoe Li"},"kind":"slow start"}',
    })
    .add({
      id: 'e',
      request_method: 'PUT',
      status: 'broken',
      exact: 'Some Whole Text',
      cased: 'internalError seen',
      chinese: '用户离开了 page',
      note: 'a "quoted" word',
      detail: 'no json',
    });
});
afterAll(() => engine.close());

async function idsOf(query: string): Promise<string> {
  const answer = await ask({ engine, logstore: access }, query);
  return answer.rows.map((row) => row.id).join('');
}

describe('statements of the documentation', () => {
  it.each([
    ['request_method:GET and status in [200 299]', 'a'],
    ['request_method:GET not region:cn-shanghai', 'd'],
    ['request_method:GET or request_method:POST', 'abd'],
    ['not request_method:GET', 'bce'],
    ['(request_method:GET or request_method:POST) and status in [200 299]', 'ab'],
    ['(request_method:GET or request_method:POST) not status in [200 299]', 'd'],
    ['request_method:GET and status in [200 299] not request_time>=60', ''],
    ['request_time:60', 'a'],
    ['request_time=60', 'a'],
    ['request_time>=60 and request_time<200', 'ad'],
    ['request_time in [60 200)', 'ad'],
    ['http_user_agent:Firefox', 'c'],
    ['http_user_agent:"Linux Chrome"', 'bd'],
    ['http_user_agent:Linux and http_user_agent:Chrome', 'bd'],
    ['"and"', 'd'],
    ['http_user_agent:Firefox or http_user_agent:Chrome', 'bcd'],
    ['"file info":apsara', 'c'],
    ['cn*', 'abd'],
    ['region:cn*', 'abd'],
    ['region:"cn*"', 'd'],
    ['host:www.yl.mo*k.com', 'ab'],
    ['host:www.yl.mo?k.com', 'ab'],
    ['Moz* and Fire*', 'c'],
    ['__topic__:https or __topic__:http', 'ab'],
    ['__tag__:__client_ip__:192.0.2.1', 'a'],
    ['not remote_user:""', 'acde'],
    ['remote_user:""', 'b'],
    ['not remote_user:*', 'cde'],
    ['remote_user:*', 'ab'],
    ['request_uri:/request/path-2', 'a'],
    ['PUT and cn-shanghai', ''],
    ['PUT', 'de'],
    ['request_time>60 and request_method:Ge*', 'd'],
    ['GET 200 cn-shanghai', 'a'],
    ['request_time>100', 'c'],
    ['request_time<100', 'ab'],
    ['request_time in (60 200]', 'cd'],
    ['__source__:192.0.2.*', 'c'],
    ['not status > -1000000', 'e'],
    ['#"Linux Chrome"', ''],
    ['http_user_agent:#"Chrome on Linux"', 'd'],
  ])('%s', async (query, expected) => {
    expect(await idsOf(query)).toBe(expected);
  });
});

describe('words and operators', () => {
  it.each([
    ['', 'abcde', 'nothing means everything'],
    ['*', 'abcde', 'so does a star'],
    ['get', 'ad', 'case does not count unless the index says so'],
    ['remote_user', 'ab', 'names of fields are words too'],
    ['GET AND 500', 'd', 'operators in any case'],
    ['GET or DELETE and 404', 'acd', 'and before or'],
    ['not GET and status:404', 'c', 'not binds the next condition only'],
    ['GET not cn-shanghai or DELETE', 'cd', 'and, not before or'],
    ['not (GET or DELETE)', 'be', 'brackets'],
    ['not not GET', 'ad', 'twice not'],
    ['status = 404', 'c', 'spaces around an operator'],
    ['status : 404', 'c', 'spaces around a colon'],
    ['status:*', 'abcd', 'a value that is no number is none'],
    ['status:abc', '', 'a word never equals a number'],
    ['status >= 201 and status <= 404', 'bc', 'both bounds'],
    ['request_time in (12.5 100]', 'ad', 'an open lower bound'],
    ['apsara', 'c', 'a word in the middle of a field'],
    ['apsar', '', 'but not a part of one'],
    ['ap?ara', 'c', 'one character'],
    ['stack apsara', 'c', 'in any order'],
    ['#"apsara stack"', 'c', 'a phrase in order'],
    ['#"stack apsara"', '', 'and only in order'],
    ['anna www.yl.mock.com', 'a', 'over several fields'],
    ['request_uri:"path-2 request"', 'a', 'a value is split like the text'],
    ['request_uri:request/*', 'a', 'a prefix after a delimiter'],
    ['exact:"Some Whole Text"', 'e', 'without delimiters the whole value counts'],
    ['exact:Some', '', 'and a part does not'],
    ['exact:"some whole text"', '', 'in its own case'],
    ['exact:Some*', 'e', 'or its beginning'],
    ['cased:internalError', 'e', 'with case'],
    ['cased:internalerror', '', 'and not without'],
    ['internalerror', 'e', 'while the full text has none'],
    ['chinese:离开', 'e', 'Chinese within a run'],
    ['chinese:page', 'e', 'and words beside it'],
    ['离开', '', 'full text without Chinese takes the run as one word'],
    ['note:take', 'PARAMETER', 'a field without an index'],
    ['\\"quoted\\"', 'e', 'quotes are delimiters here, so the word is found'],
    ['detail.code:7', 'd', 'a path inside JSON'],
    ['detail.code > 6', 'd', 'as a number'],
    ['detail.who.name:zoe', 'd', 'two levels down'],
    ['detail.kind:slow', 'd', 'any leaf where all are indexed'],
    ['detail.kind:fast', '', 'whose value differs'],
    ['detail:slow', 'd', 'the text of the whole field'],
    ['region > 3', '', 'a comparison of a text is a search for its words'],
    ['topic:http', 'b', 'short for __topic__'],
    ['source:192.0.2.9', 'c', 'short for __source__'],
    ['__topic__:htt*', 'ab', 'a topic by its beginning'],
    ['__topic__:HTTP', '', 'a topic as it is written'],
  ])('%s finds "%s": %s', async (query, expected) => {
    if (expected === 'PARAMETER') {
      const refusal = await refusalOf({ engine, logstore: access }, query);
      expect(refusal.errorCode).toBe('ParameterInvalid');
      expect(refusal.message).toContain('key (note) is not config as key value config');
    } else {
      expect(await idsOf(query)).toBe(expected);
    }
  });

  it.each([
    ['(GET', 'InvalidQueryString'],
    ['GET)', 'InvalidQueryString'],
    ['*GET', 'InvalidQueryString'],
    ['?GET', 'InvalidQueryString'],
    ['status:', 'InvalidQueryString'],
    ['"GET', 'InvalidQueryString'],
    ['GET or', 'InvalidQueryString'],
    ['status in [1 2', 'InvalidQueryString'],
    ['status in [a b]', 'InvalidQueryString'],
    ['request_uri:a:b', 'InvalidQueryString'],
    [Array.from({ length: 31 }, (_, at) => `w${at}`).join(' '), 'InvalidQueryString'],
    [`${'('.repeat(5000)}a${')'.repeat(5000)}`, 'InvalidQueryString'],
    [`${'a'.repeat(70)}*`, 'InvalidQueryString'],
    ['region in [1 2]', 'ParameterInvalid'],
    ['unknown > 1 | select 1', ''],
  ])('%.60s is refused with %s', async (query, errorCode) => {
    if (errorCode === '') await expect(ask({ engine, logstore: access }, query)).resolves.toBeDefined();
    else expect((await refusalOf({ engine, logstore: access }, query)).errorCode).toBe(errorCode);
  });

  it('takes 30 conditions', async () => {
    expect(await idsOf(Array.from({ length: 30 }, (_, at) => `w${at}`).join(' or '))).toBe('');
  });
});

describe('full text and its fields', () => {
  it('covers the fields the index includes, or all but those it excludes', async () => {
    const rows = [{ id: '1', one: 'red', two: 'blue' }];
    const included = new MemoryLogstore('included', { line: { token: [' '], include_keys: ['one'] } });
    const excluded = new MemoryLogstore('excluded', { line: { token: [' '], exclude_keys: ['one'] } });
    for (const row of rows) {
      included.add(row);
      excluded.add(row);
    }
    const count = async (logstore: MemoryLogstore, query: string) =>
      (await ask({ engine, logstore }, query)).rows.length;
    expect([await count(included, 'red'), await count(included, 'blue')]).toEqual([1, 0]);
    expect([await count(excluded, 'red'), await count(excluded, 'blue')]).toEqual([0, 1]);
  });

  it('without a full-text index looks into the text fields that have one', async () => {
    const logstore = new MemoryLogstore('keyed', { keys: { one: text() } });
    logstore.add({ one: 'red wine', two: 'blue' });
    expect((await ask({ engine, logstore }, 'wine')).rows).toHaveLength(1);
    expect((await ask({ engine, logstore }, 'blue')).rows).toHaveLength(0);
    expect((await refusalOf({ engine, logstore }, 'two:blue')).errorCode).toBe('ParameterInvalid');
  });
});

describe('what a search answers', () => {
  it('gives every field of the log, indexed or not, with tags and reserved fields', async () => {
    const answer = await ask({ engine, logstore: access }, 'anna');
    expect(answer.rows).toEqual([
      {
        __time__: String(BASE),
        __topic__: 'https',
        __source__: '10.0.0.1',
        '__tag__:__client_ip__': '192.0.2.1',
        id: 'a',
        request_method: 'GET',
        status: '200',
        request_time: '60',
        region: 'cn-shanghai',
        host: 'www.yl.mock.com',
        remote_user: 'anna',
        request_uri: '/request/path-2',
      },
    ]);
    expect(answer).toMatchObject({
      hasSql: false,
      columns: [],
      whereQuery: 'anna',
      aggQuery: '',
      processedRows: 1,
    });
    expect(answer.terms).toEqual([{ key: '', term: 'anna' }]);
  });

  it('pages through by time, oldest or newest first', async () => {
    const logstore = new MemoryLogstore('paged', { line: { token: [' '] } });
    for (const at of [30, 10, 20, 10]) logstore.add({ __time__: BASE + at, n: logstore.rowCount });
    const page = async (more: object) =>
      (await ask({ engine, logstore }, '*', more)).rows.map((row) => row.n).join('');
    expect(await page({})).toBe('1320');
    expect(await page({ reverse: true })).toBe('0231');
    expect(await page({ line: 2 })).toBe('13');
    expect(await page({ line: 2, offset: 2 })).toBe('20');
    expect(await page({ offset: 4 })).toBe('');
    expect(await page({ line: 0 })).toBe('');
    expect(await page({ fromSeconds: BASE + 10, toSeconds: BASE + 20 })).toBe('13');
  });

  it('narrows by topic', async () => {
    expect((await ask({ engine, logstore: access }, '*', { topic: 'http' })).rows).toHaveLength(1);
    expect(
      (await ask({ engine, logstore: access }, '* | select count(*) c', { topic: 'http' })).rows,
    ).toEqual([{ c: '1' }]);
  });

  it.each([
    [{ line: 101 }, 'InvalidLine'],
    [{ line: -1 }, 'InvalidLine'],
    [{ offset: -1 }, 'InvalidOffset'],
    [{ fromSeconds: BASE, toSeconds: BASE }, 'InvalidTimeRange'],
    [{ fromSeconds: Number.NaN }, 'InvalidTimeRange'],
  ])('refuses %j with %s', async (more, errorCode) => {
    expect((await refusalOf({ engine, logstore: access }, '*', more)).errorCode).toBe(errorCode);
  });

  it('refuses a logstore without an index', async () => {
    const logstore = new MemoryLogstore('bare', undefined);
    expect((await refusalOf({ engine, logstore }, '*')).errorCode).toBe('IndexConfigNotExist');
  });
});
