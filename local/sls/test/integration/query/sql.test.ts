import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QueryEngine } from '../../../src/query/contract.ts';
import { createQueryEngine } from '../../../src/query/engine.ts';
import { type Asking, ask, BASE, double, long, MemoryLogstore, rowsOf, text } from '../../support/query.ts';

/** The SQL dialect: what Presto gives, over a handful of sessions that can be counted by hand. */
let engine: QueryEngine;
const records = new MemoryLogstore('records', {
  line: { token: [' ', ','] },
  keys: {
    id: text(),
    stage: text(),
    final: text(),
    view_key: text(),
    score: long(),
    took: double(),
    story: text(),
    hidden: text({ doc_value: false }),
    nick: text({ alias: 'nickname' }),
    labels: {
      type: 'json',
      doc_value: true,
      token: [' '],
      json_keys: { platform: { type: 'text' }, build: { type: 'long' } },
    },
    '__tag__:zone': text(),
  },
  max_text_len: 64,
});
const pending = new MemoryLogstore('idv-pending', { keys: { id: text(), attempt: long() } });
const asking: () => Asking = () => ({ engine, logstore: records, others: [pending] });

beforeAll(async () => {
  engine = await createQueryEngine();
  records
    .add({
      id: 'a',
      stage: 'FACE',
      final: 'false',
      view_key: '1',
      score: 10,
      took: 0.5,
      labels: '{"platform":"ios","build":7}',
      nick: 'n1',
      hidden: 'h',
      '__tag__:zone': 'z1',
      secret: 's',
    })
    .add({
      __time__: BASE + 60,
      id: 'a',
      stage: 'OCR',
      final: 'true',
      view_key: '3',
      score: 20,
      took: 1.5,
      labels: '{"platform":"ios"}',
      story: 'x'.repeat(100),
    })
    .add({
      __time__: BASE + 120,
      id: 'b',
      stage: 'FACE',
      final: 'true',
      view_key: '3',
      score: -5,
      labels: '{"platform":"android","build":"x"}',
    })
    .add({
      __time__: BASE + 180,
      id: 'c',
      final: 'true',
      view_key: '2',
      score: 'many',
      took: 1e10,
      labels: 'none',
      __topic__: 'late',
    });
  pending.add({ id: 'a', attempt: 1 }).add({ id: 'b', attempt: 2 }).add({ id: 'd', attempt: 3 });
  pending.add({ __time__: BASE - 90_000, id: 'old', attempt: 9 });
});
afterAll(() => engine.close());

/** One expression and what it gives. */
const VALUES: ReadonlyArray<readonly [expression: string, value: string]> = [
  ['7 / 2', '3'],
  ['-7 / 2', '-3'],
  ['7 % -3', '1'],
  ['7 / 2.0', '3.5'],
  ['1.0 / 0', 'Infinity'],
  ['0.0 / 0', 'NaN'],
  ['0.1', '0.1'],
  ['1.0', '1.0'],
  ['100.0 * 2 / 3', '66.66666666666667'],
  ['1e10', '1.0E10'],
  ['1e7', '1.0E7'],
  ['9999999.0', '9999999.0'],
  ['0.001', '0.001'],
  ['0.0001', '1.0E-4'],
  ['cast(1e10 as varchar)', '1.0E10'],
  ['cast(0.00012345 as varchar)', '1.2345E-4'],
  ['cast(123456789.125 as varchar)', '1.23456789125E8'],
  ['cast(-1e22 as varchar)', '-1.0E22'],
  ['cast(0.5 as varchar)', '0.5'],
  ['9223372036854775807', '9223372036854775807'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['2147483647 + 1', '2147483648'],
  ['null', 'null'],
  ['true and null', 'null'],
  ['1 = 1', 'true'],
  ['not (1 > 2)', 'true'],
  ["'it''s'", "it's"],
  ["'a' || 'b' || cast(1 as varchar)", 'ab1'],
  ["'a' || null", 'null'],
  ["concat('a', null)", 'null'],
  ["'abc' like 'a%' and 'abc' not like '_b'", 'true'],
  ["'10%' like '10!%' escape '!'", 'true'],
  ['2 between 1 and 3', 'true'],
  ['2 not in (1, 3)', 'true'],
  ['null is null', 'true'],
  ['1 is distinct from null', 'true'],
  ["case when 1 > 2 then 'x' else 'y' end", 'y'],
  ["case 2 when 1 then 'x' when 2 then 'two' end", 'two'],
  ['case when false then 1 end', 'null'],
  ['if(1 > 2, 1)', 'null'],
  ['coalesce(null, null, 3)', '3'],
  ['nullif(1, 1)', 'null'],
  ['greatest(1, 5, 3)', '5'],
  ['least(1, 2.5)', '1.0'],
  ['greatest(1, null)', 'null'],
  ['try(1 / 0)', 'null'],
  ["try_cast('x' as bigint)", 'null'],
  ["try_cast('12' as bigint)", '12'],
  ["try_cast('1.5' as double)", '1.5'],
  ["try_cast('x' as double)", 'null'],
  ["try_cast('2020-13-01' as date)", 'null'],
  ['cast(2.5 as bigint)', '3'],
  ['cast(-2.5 as bigint)', '-3'],
  ['cast(true as bigint)', '1'],
  ["cast('true' as boolean)", 'true'],
  ['cast(1 as double)', '1.0'],
  ["cast('2020-02-03' as date)", '2020-02-03'],
  ["cast('2020-02-03 04:05:06' as timestamp)", '2020-02-03 04:05:06.000'],
  ['cast(12.345 as decimal(10,2))', '12.35'],
  ['round(2.5)', '3.0'],
  ['round(-1.005, 1)', '-1.0'],
  ['round(7)', '7'],
  ['floor(-1.5)', '-2.0'],
  ['ln(0)', '-Infinity'],
  ['ln(-1)', 'NaN'],
  ['sqrt(-1)', 'NaN'],
  ['exp(1) = e()', 'true'],
  ['power(2, 0.5) = sqrt(2)', 'true'],
  ['abs(-3)', '3'],
  ['mod(-7, 3)', '-1'],
  ["substr('hello', 2, 3)", 'ell'],
  ["substr('hello', -2)", 'lo'],
  ["length('中文')", '2'],
  ["strpos('hello', 'z')", '0'],
  ["split_part('a|b|c', '|', 3)", 'c'],
  ["lpad('7', 3, '0')", '007'],
  ["regexp_extract('abc', 'x')", 'null'],
  ["regexp_replace('2026-11', '(\\d+)-(\\d+)', '$2/$1')", '11/2026'],
  ['json_extract_scalar(\'{"a":{"b":[1,"x"]}}\', \'$.a.b[1]\')', 'x'],
  ["json_extract_scalar('{\"a\":{}}', '$.a')", 'null'],
  ["json_extract_scalar('not json', '$.a')", 'null'],
  ['json_extract(\'{"a":{"b":1}}\', \'$.a\')', '{"b":1}'],
  ['json_extract_scalar(\'{"a b":1}\', \'$["a b"]\')', '1'],
  ["json_array_length('[1,2]')", '2'],
  ['array[1, 2, 3][1]', '1'],
  ["array['a', 'b']", '["a","b"]'],
  ['array[1.0, null]', '[1.0,null]'],
  ["map(array['k'], array[1])['k']", '1'],
  ["element_at(map(array['k'], array[1]), 'x')", 'null'],
  ['element_at(array[1, 2], -1)', '2'],
  ['cardinality(array[1, 2])', '2'],
  ['contains(array[1, 2], 2)', 'true'],
  ["array_join(array['a', null, 'b'], '-')", 'a-b'],
  ['array_sort(array[3, 1, 2])', '[1,2,3]'],
  ['transform(array[1, 2], x -> x * 10)', '[10,20]'],
  ['filter(array[1, 2, 3], x -> x > 1)', '[2,3]'],
  ['reduce(array[1, 2, 3], 0, (s, x) -> s + x, s -> s)', '6'],
  ['reduce(array[1, 2], 0.5, (s, x) -> s + x, s -> s * 2)', '7.0'],
  ["reduce(array['ab', 'c'], 0, (s, x) -> s + length(x), s -> s)", '3'],
  ['any_match(array[1, 2], x -> x > 1)', 'true'],
  ['all_match(array[1, 2], x -> x > 1)', 'false'],
  ['none_match(array[1, 2], x -> x > 2)', 'true'],
  ['transform(array[1, 2], x -> transform(array[10], y -> x + y))', '[[11],[12]]'],
  ['map_filter(map(array[1, 2], array[3, 4]), (k, v) -> v > 3)', '{"2":4}'],
  ['zip_with(array[1, 2], array[3, 4], (x, y) -> x + y)', '[4,6]'],
  ['sequence(1, 4)', '[1,2,3,4]'],
  ["row(1, 'x')", '[1,"x"]'],
  ["date_diff('minute', timestamp '2020-01-01 10:00:30', timestamp '2020-01-01 10:02:00')", '1'],
  ["date_add('month', 1, timestamp '2020-01-31 00:00:00')", '2020-02-29 00:00:00.000'],
  ["date '2020-01-01' + interval '1' day", '2020-01-02'],
  ["timestamp '2020-01-01 00:00:00' - interval '90' minute", '2019-12-31 22:30:00.000'],
  ["date_format(timestamp '2020-01-02 13:04:05', '%W %e %b %y %l:%i %p')", 'Thursday 2 Jan 20 1:04 PM'],
  ["format_datetime(timestamp '2020-01-02 13:04:05', 'yyyy/MM/dd HH:mm:ss')", '2020/01/02 13:04:05'],
  [`date_format(from_unixtime(${BASE}), '%H:%i')`, '00:00'],
  [`date_trunc('hour', ${BASE + 3700})`, '2026-11-23 01:00:00.000'],
  ["from_unixtime(0, 'UTC')", '1970-01-01 00:00:00.000 UTC'],
  ['to_unixtime(from_unixtime(1.5))', '1.5'],
  ["extract(year from date '2020-01-02')", '2020'],
  ["day_of_week(date '2026-11-23')", '1'],
  ["timestamp '2020-01-01 08:00:00' at time zone 'UTC'", '2020-01-01 00:00:00.000 UTC'],
  ["to_hex(md5(to_utf8('a')))", '0CC175B9C0F1B6A831C399E269772661'],
  ["url_extract_host('https://a.example:8443/p?q=1')", 'a.example'],
  ['(select max(x) from (values 1, 5) t(x))', '5'],
  ['1 in (select x from (values 1, 2) t(x))', 'true'],
  ['exists (select 1 from (values 1) t(x) where x > 1)', 'false'],
  ['3 > all (select x from (values 1, 2) t(x))', 'true'],
];

describe('values', () => {
  it.each(VALUES)('%s is %s', async (expression, value) => {
    expect(await rowsOf(asking(), `* | SELECT ${expression} FROM (VALUES 1)`)).toEqual([[value]]);
  });
});

const QUERIES: ReadonlyArray<readonly [query: string, rows: string[][]]> = [
  [
    '* | SELECT id, score FROM log ORDER BY score',
    [
      ['b', '-5'],
      ['a', '10'],
      ['a', '20'],
      ['c', 'null'],
    ],
  ],
  [
    '* | SELECT id, score FROM log ORDER BY score DESC',
    [
      ['a', '20'],
      ['a', '10'],
      ['b', '-5'],
      ['c', 'null'],
    ],
  ],
  ['* | SELECT id FROM log ORDER BY score DESC NULLS FIRST LIMIT 1', [['c']]],
  [
    '* | SELECT id, count(*) AS n GROUP BY id ORDER BY n DESC, id',
    [
      ['a', '2'],
      ['b', '1'],
      ['c', '1'],
    ],
  ],
  ['* | SELECT ID, COUNT(*) FROM LOG GROUP BY Id HAVING count(*) > 1', [['a', '2']]],
  ['final:true | SELECT count(*) AS n', [['3']]],
  ['final:true AND FACE | SELECT count(*)', [['1']]],
  [
    '* | SELECT count(score), count(*), sum(score), avg(score), min(score), max(took)',
    [['3', '4', '25', '8.333333333333334', '-5', '1.0E10']],
  ],
  ["* | SELECT count(DISTINCT id), count(*) FILTER (WHERE final = 'true')", [['3', '3']]],
  ["* | SELECT sum(score) FROM log WHERE id = 'nobody'", [['null']]],
  [
    '* | SELECT id, stage FROM (SELECT id, stage, row_number() OVER (PARTITION BY id ORDER BY view_key DESC) AS rn FROM log) WHERE rn = 1 ORDER BY id',
    [
      ['a', 'OCR'],
      ['b', 'FACE'],
      ['c', 'null'],
    ],
  ],
  [
    '* | SELECT id, max_by(stage, view_key) FROM log GROUP BY id ORDER BY id',
    [
      ['a', 'OCR'],
      ['b', 'FACE'],
      ['c', 'null'],
    ],
  ],
  [
    '* | SELECT "labels.platform" AS p, count(*) FROM log GROUP BY p ORDER BY p',
    [
      ['android', '1'],
      ['ios', '2'],
      ['null', '1'],
    ],
  ],
  ['* | SELECT sum("labels.build") FROM log', [['7']]],
  ["* | SELECT json_extract_scalar(labels, '$.platform') AS p FROM log WHERE id = 'b'", [['android']]],
  ['labels.platform:ios | SELECT count(*)', [['2']]],
  ['labels.build > 6 | SELECT id', [['a']]],
  [
    "* | SELECT k, v FROM log, unnest(cast(json_parse(labels) AS map(varchar, varchar))) AS t(k, v) WHERE id = 'a' AND final = 'false' ORDER BY k",
    [
      ['build', '7'],
      ['platform', 'ios'],
    ],
  ],
  [
    "* | SELECT e, n FROM log CROSS JOIN unnest(ARRAY['x', 'y']) WITH ORDINALITY AS t(e, n) WHERE id = 'b' ORDER BY n",
    [
      ['x', '1'],
      ['y', '2'],
    ],
  ],
  [
    "* | SELECT a, b FROM unnest(ARRAY[1, 2], ARRAY['p']) AS t(a, b) ORDER BY a",
    [
      ['1', 'p'],
      ['2', 'null'],
    ],
  ],
  [
    "* | SELECT x, y FROM unnest(ARRAY[row(1, 'p'), row(2, 'q')]) AS t(x, y) ORDER BY x",
    [
      ['1', 'p'],
      ['2', 'q'],
    ],
  ],
  [
    '* | SELECT l.id, p.attempt FROM log l JOIN "idv-pending" p ON l.id = p.id WHERE l.final = \'true\' ORDER BY l.id',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  [
    '* | SELECT p.id AS p, l.id AS l FROM "idv-pending" p LEFT JOIN (SELECT DISTINCT id FROM log) l ON p.id = l.id ORDER BY p.id',
    [
      ['a', 'a'],
      ['b', 'b'],
      ['d', 'null'],
    ],
  ],
  [
    '* | SELECT l.id AS l, p.id AS p FROM (SELECT DISTINCT id FROM log) l FULL JOIN "idv-pending" p ON l.id = p.id ORDER BY 1, 2',
    [
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'null'],
      ['null', 'd'],
    ],
  ],
  [
    '* | SELECT id, attempt FROM (SELECT DISTINCT id FROM log) JOIN "idv-pending" USING (id) ORDER BY id',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  ['final:false | SELECT count(*), (SELECT count(*) FROM "idv-pending") FROM log', [['1', '3']]],
  ['* | SELECT p.id FROM "idv-pending" p WHERE NOT EXISTS (SELECT 1 FROM log l WHERE l.id = p.id)', [['d']]],
  ['* | SELECT id FROM "idv-pending" WHERE id IN (SELECT id FROM log) ORDER BY id', [['a'], ['b']]],
  ['* | SELECT id FROM log UNION SELECT id FROM "idv-pending" ORDER BY id', [['a'], ['b'], ['c'], ['d']]],
  [
    '* | SELECT id FROM log UNION ALL SELECT id FROM "idv-pending" ORDER BY id',
    [['a'], ['a'], ['a'], ['b'], ['b'], ['c'], ['d']],
  ],
  ['* | SELECT id FROM log INTERSECT SELECT id FROM "idv-pending" ORDER BY id', [['a'], ['b']]],
  ['* | SELECT id FROM log EXCEPT SELECT id FROM "idv-pending"', [['c']]],
  [
    "* | SELECT id, 1 AS n FROM log WHERE id = 'c' UNION ALL SELECT id, 2.5 FROM log WHERE id = 'b' ORDER BY n",
    [
      ['c', '1.0'],
      ['b', '2.5'],
    ],
  ],
  [
    "* | WITH f AS (SELECT * FROM log WHERE final = 'true'), g(who, n) AS (SELECT id, count(*) FROM f GROUP BY id) SELECT x.who, y.n FROM g x JOIN g y ON x.who = y.who ORDER BY x.who",
    [
      ['a', '1'],
      ['b', '1'],
      ['c', '1'],
    ],
  ],
  [
    '* | SELECT final, stage, count(*) FROM log GROUP BY ROLLUP (final, stage) ORDER BY 1, 2, 3',
    [
      ['false', 'FACE', '1'],
      ['false', 'null', '1'],
      ['true', 'FACE', '1'],
      ['true', 'OCR', '1'],
      ['true', 'null', '1'],
      ['true', 'null', '3'],
      ['null', 'null', '4'],
    ],
  ],
  [
    '* | SELECT final, count(*), grouping(final) FROM log GROUP BY GROUPING SETS ((final), ()) ORDER BY 2',
    [
      ['false', '1', '0'],
      ['true', '3', '0'],
      ['null', '4', '1'],
    ],
  ],
  ['* | SELECT count(*) FROM (SELECT final, stage FROM log GROUP BY CUBE (final, stage))', [['10']]],
  [
    '* | SELECT __time__ - __time__ % 120 AS t, sum(count(*)) OVER (ORDER BY __time__ - __time__ % 120) AS so_far GROUP BY t ORDER BY t',
    [
      [String(BASE), '2'],
      [String(BASE + 120), '4'],
    ],
  ],
  [
    '* | SELECT view_key, sum(score) OVER (ORDER BY __time__ ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM log ORDER BY __time__',
    [
      ['1', '10'],
      ['3', '30'],
      ['3', '15'],
      ['2', '-5'],
    ],
  ],
  [
    "* | SELECT lag(view_key) OVER (ORDER BY __time__), lead(view_key, 2, '-') OVER (ORDER BY __time__) FROM log ORDER BY __time__ LIMIT 3",
    [
      ['null', '3'],
      ['1', '2'],
      ['3', '-'],
    ],
  ],
  [
    '* | SELECT rank() OVER (ORDER BY view_key), dense_rank() OVER (ORDER BY view_key), first_value(id) OVER (ORDER BY __time__) FROM log ORDER BY 1, 2',
    [
      ['1', '1', 'a'],
      ['2', '2', 'a'],
      ['3', '3', 'a'],
      ['3', '3', 'a'],
    ],
  ],
  [
    '* | SELECT approx_percentile(score, 0.5), approx_percentile(took, ARRAY[0.0, 1.0]) FROM log',
    [['10', '[0.5,1.0E10]']],
  ],
  [
    "* | SELECT array_agg(id ORDER BY __time__), histogram(stage), map_agg(id, score) FROM log WHERE id <> 'c'",
    [['["a","a","b"]', '{"FACE":2,"OCR":1}', '{"a":20,"b":-5}']],
  ],
  [
    '* | SELECT try(sum(score) / (count(*) - 4)), try(1 / (SELECT 0 FROM (VALUES 1))) FROM log',
    [['null', 'null']],
  ],
  ['* | SELECT DISTINCT stage FROM log ORDER BY stage', [['FACE'], ['OCR'], ['null']]],
  [
    "* | SELECT __topic__, __source__, __time__ FROM log WHERE __topic__ <> ''",
    [['late', '10.0.0.1', String(BASE + 180)]],
  ],
  ['__topic__:late | SELECT count(*)', [['1']]],
  [
    '* | SELECT "__tag__:zone", count(*) FROM log GROUP BY 1 ORDER BY 2',
    [
      ['z1', '1'],
      ['null', '3'],
    ],
  ],
  ['* | SELECT nickname, nick FROM log WHERE nick IS NOT NULL', [['n1', 'n1']]],
  ["* | SELECT length(story), story LIKE 'xx%' FROM log WHERE story IS NOT NULL", [['64', 'true']]],
  [`story:${'x'.repeat(100)} | SELECT count(*)`, [['1']]],
  ['* | SELECT id FROM log ORDER BY __time__ LIMIT 1, 2', [['a'], ['b']]],
  ['* | SELECT id FROM log ORDER BY __time__ LIMIT 0', []],
  ["* | SELECT window_funnel(60, __time__, stage, ARRAY['FACE', 'OCR']) FROM log", [['2']]],
  ["* | SELECT window_funnel(59, __time__, stage, ARRAY['FACE', 'OCR']) FROM log", [['1']]],
  ["* | SELECT window_funnel(600, __time__, ARRAY[stage = 'FACE', score > 15, score < 0]) FROM log", [['3']]],
  [
    "* | SELECT id, window_funnel(600, __time__, stage, ARRAY['OCR', 'FACE']) FROM log GROUP BY id ORDER BY id",
    [
      ['a', '1'],
      ['b', '0'],
      ['c', '0'],
    ],
  ],
  ['* | SELECT 1 AS x, 2 AS y', [['1', '2']]],
  ['* | SELECT id AS who -- a comment\n FROM /* the */ log LIMIT 1', [['a']]],
  ['* | SELECT id FROM log LIMIT 1;', [['a']]],
  ["* | (SELECT id FROM log WHERE final = 'false')", [['a']]],
  [
    "* | VALUES (1, 'a'), (2, null) ORDER BY 1 DESC",
    [
      ['2', 'null'],
      ['1', 'a'],
    ],
  ],
  [
    '* | SELECT upper(stage) AS s, count(*) FROM log GROUP BY upper(stage) ORDER BY 2 DESC, 1',
    [
      ['FACE', '2'],
      ['OCR', '1'],
      ['null', '1'],
    ],
  ],
  ['* | SELECT t.id FROM records t WHERE t.score = 20', [['a']]],
  ['* | SELECT count(*) FROM log a, log b', [['16']]],
  [
    "* | SELECT time_series(__time__, '1m', '%i:%s', 'null') AS t, max(score) AS s FROM log GROUP BY t ORDER BY t LIMIT 0",
    [],
  ],
];

describe('queries', () => {
  it.each(QUERIES)('%s', async (query, rows) => {
    expect(await rowsOf(asking(), query)).toEqual(rows);
  });

  it('select * gives what is analysed, and nothing else', async () => {
    const answer = await ask(asking(), '* | SELECT * FROM log ORDER BY __time__ LIMIT 1');
    expect(answer.rows).toEqual([
      {
        id: 'a',
        stage: 'FACE',
        final: 'false',
        view_key: '1',
        score: '10',
        took: '0.5',
        story: 'null',
        nick: 'n1',
        nickname: 'n1',
        labels: '{"platform":"ios","build":7}',
        'labels.platform': 'ios',
        'labels.build': '7',
        '__tag__:zone': 'z1',
        __time__: String(BASE),
        __topic__: '',
        __source__: '10.0.0.1',
      },
    ]);
  });

  it('says what it did', async () => {
    const answer = await ask(
      asking(),
      ' final:true | SELECT id, count(*) AS "n n", sum(took) FROM log GROUP BY id ',
    );
    expect(answer).toMatchObject({ hasSql: true, whereQuery: 'final:true', processedRows: 3 });
    expect(answer.aggQuery).toBe('SELECT id, count(*) AS "n n", sum(took) FROM log GROUP BY id');
    expect(answer.columns).toEqual([
      { name: 'id', type: 'varchar' },
      { name: 'n n', type: 'bigint' },
      { name: '_col2', type: 'double' },
    ]);
    expect(answer.terms).toEqual([{ key: 'final', term: 'true' }]);
  });

  it('gives 100 rows unless told otherwise', async () => {
    const many = 'FROM unnest(sequence(1, 250)) AS t(n)';
    expect(await rowsOf(asking(), `* | SELECT n ${many}`)).toHaveLength(100);
    expect(await rowsOf(asking(), `* | SELECT n ${many} LIMIT 200`)).toHaveLength(200);
    expect(await rowsOf(asking(), `* | SELECT n ${many} LIMIT ALL`)).toHaveLength(250);
    expect(await rowsOf(asking(), `* | SELECT n FROM (SELECT n ${many}) ORDER BY n DESC LIMIT 1`)).toEqual([
      ['250'],
    ]);
  });

  it('keeps to the time window in every logstore', async () => {
    const window = { fromSeconds: BASE - 100_000, toSeconds: BASE };
    expect(
      await rowsOf(asking(), '* | SELECT count(*), (SELECT count(*) FROM "idv-pending") FROM log', window),
    ).toEqual([['0', '1']]);
  });
});
