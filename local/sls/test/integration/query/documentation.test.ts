import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QueryEngine } from '../../../src/query/contract.ts';
import { createQueryEngine } from '../../../src/query/engine.ts';
import { type Asking, BASE, double, long, MemoryLogstore, rowsOf, text } from '../../support/query.ts';

/**
 * Statements of the service's documentation of its SQL (github.com/AlibabaCloudDocs/sls, "Analysis grammar", read
 * 2026-11), with what it says they give, or what follows from it for the rows below.
 */
let engine: QueryEngine;
const log = new MemoryLogstore('website_log', {
  line: { token: [' '] },
  keys: {
    request_method: text(),
    request_time: double(),
    status: long(),
    request_uri: text(),
    http_user_agent: text(),
    server_protocol: text(),
    region: text(),
    client_ip: text(),
    host: text(),
    request_length: long(),
    body_bytes_sent: long(),
    url: text(),
    content: {
      type: 'json',
      doc_value: true,
      token: [' '],
      json_keys: { 'time.request_time': { type: 'double' } },
    },
    array_column: text(),
    map_column: text(),
    PretaxAmount: double(),
    UsageEndTime: text(),
    time: text(),
    pairs: text(),
  },
});
const asking: () => Asking = () => ({ engine, logstore: log });

beforeAll(async () => {
  engine = await createQueryEngine({ now: () => (BASE + 3661) * 1000 });
  log
    .add({
      __time__: BASE,
      request_method: 'GET',
      request_time: 4,
      status: 200,
      request_uri: '/request/path-1/file-9',
      http_user_agent: 'Mozilla/5.0 (Macintosh) Safari/526',
      server_protocol: 'HTTP/2.0',
      region: 'cn-shanghai',
      client_ip: '192.0.2.1',
      host: 'a',
      request_length: 10,
      body_bytes_sent: 100,
      url: '/x.abc',
      content: '{"status":"200","time":{"request_time":1.5}}',
      array_column: '[1,2,3]',
      map_column: '{"a":1,"b":2}',
      PretaxAmount: 5,
      UsageEndTime: 'mon',
      time: '2017-05-17 09:45:00',
      pairs: 'upstream:1,host:2',
    })
    .add({
      __time__: BASE + 61,
      request_method: 'GET',
      request_time: 40,
      status: 404,
      request_uri: '/request/path-2',
      http_user_agent: 'Chrome/70',
      server_protocol: 'HTTP/1.1',
      region: 'cn-hangzhou',
      client_ip: '192.0.2.2',
      host: '192.0.2.2',
      request_length: 20,
      body_bytes_sent: 50,
      url: '/y',
      content: '{"status":"404","time":{"request_time":1.5}}',
      PretaxAmount: 9,
      UsageEndTime: 'tue',
      time: '2017-05-18 00:00:00',
    })
    .add({
      __time__: BASE + 3600,
      request_method: 'POST',
      request_time: 400,
      status: 200,
      request_uri: '/request/path-1/file-9',
      http_user_agent: 'Chrome/71',
      server_protocol: 'HTTP/2.0',
      region: 'us-west-1',
      client_ip: '192.0.2.3',
      host: 'c',
      request_length: 30,
      body_bytes_sent: 25,
      url: '/z.abc',
      content: '{"status":"500","time":{"request_time":2.5}}',
      PretaxAmount: 1,
      UsageEndTime: 'wed',
    })
    .add({ __time__: BASE - 86_400 + 30, request_method: 'GET', request_time: 1, status: 200 });
});
afterAll(() => engine.close());

/** The window of the table: the first three rows; the fourth is a day older. */
const WINDOW = { fromSeconds: BASE, toSeconds: BASE + 7200 };

type Example = readonly [page: string, query: string, rows: string[][]];

const EXAMPLES: readonly Example[] = [
  [
    'Log analysis',
    '* | SELECT status, count(*) AS PV GROUP BY status ORDER BY status',
    [
      ['200', '2'],
      ['404', '1'],
    ],
  ],
  [
    'Conditional expressions',
    "* | SELECT CASE WHEN http_user_agent like '%Chrome%' then 'Chrome' WHEN http_user_agent like '%Safari%' then 'Safari' ELSE 'unknown' END AS http_user_agent, count(*) AS pv GROUP BY http_user_agent ORDER BY pv DESC",
    [
      ['Chrome', '2'],
      ['Safari', '1'],
    ],
  ],
  [
    'Conditional expressions',
    "* | SELECT CASE WHEN request_time < 10 then 't10' WHEN request_time < 100 then 't100' WHEN request_time < 1000 then 't1000' WHEN request_time < 10000 then 't10000' ELSE 'large' END AS request_time, count(*) AS pv GROUP BY request_time ORDER BY request_time",
    [
      ['t10', '1'],
      ['t100', '1'],
      ['t1000', '1'],
    ],
  ],
  [
    'Conditional expressions',
    '* | SELECT sum(if(status =200,1,0))*1.0 / count(*) AS status_200_percentage',
    [['0.6666666666666666']],
  ],
  [
    'Conditional expressions',
    '* | SELECT compare("expenses", 86400) AS diff FROM (SELECT coalesce(sum(PretaxAmount), 0) AS "expenses" FROM website_log)',
    [['[15.0,0.0,"Infinity"]']],
  ],
  [
    'Conditional expressions',
    '* | SELECT nullif(client_ip,host) ORDER BY client_ip',
    [['192.0.2.1'], ['null'], ['192.0.2.3']],
  ],
  [
    'Conditional expressions',
    "* | SELECT try(regexp_extract(request_uri, '.*\\/(file.*)', 1)) AS file, count(*) AS count GROUP BY file ORDER BY count DESC",
    [
      ['file-9', '2'],
      ['null', '1'],
    ],
  ],
  ['Type conversion functions', '* | SELECT cast(123 AS varchar) LIMIT 1', [['123']]],
  ['Approximate functions', '* | select approx_percentile(request_time,0.5)', [['40.0']]],
  [
    'Approximate functions',
    '* | select approx_percentile(request_time,array[0.1,0.2,0.7])',
    [['[4.0,4.0,400.0]']],
  ],
  ['Approximate functions', '* | SELECT approx_distinct(request_method)', [['2']]],
  [
    'General aggregate functions',
    '* | SELECT arbitrary(request_method) AS request_method WHERE status = 404',
    [['GET']],
  ],
  [
    'General aggregate functions',
    'GET | SELECT avg(request_time) AS avg_latency, request_method GROUP BY request_method HAVING avg_latency > 10',
    [['22.0', 'GET']],
  ],
  ['General aggregate functions', '* | SELECT count(*) AS PV', [['3']]],
  ['General aggregate functions', '* | SELECT count(pairs)', [['1']]],
  ['General aggregate functions', '* | SELECT count(1) AS PV', [['3']]],
  ['General aggregate functions', "* | SELECT count_if(url like '%abc')", [['2']]],
  ['General aggregate functions', '* | SELECT round(geometric_mean(request_time), 6)', [['40.0']]],
  ['General aggregate functions', '* | SELECT max_by(UsageEndTime, PretaxAmount) as time', [['tue']]],
  [
    'General aggregate functions',
    '* | SELECT max_by(request_method,request_time,3)',
    [['["POST","GET","GET"]']],
  ],
  ['General aggregate functions', '* | SELECT min_by(request_method,request_time)', [['GET']]],
  [
    'General aggregate functions',
    '* | SELECT min_by(request_method,request_time,3)',
    [['["GET","GET","POST"]']],
  ],
  ['General aggregate functions', '* | SELECT max(request_time)', [['400.0']]],
  [
    'General aggregate functions',
    "* | select date_trunc('day',__time__) AS time, sum(body_bytes_sent) AS body_bytes_sent GROUP BY time ORDER BY time",
    [['2026-11-23 00:00:00.000', '175']],
  ],
  [
    'General aggregate functions',
    '* | SELECT bitwise_and_agg(status), bitwise_or_agg(status)',
    [['128', '476']],
  ],
  [
    'Mathematical statistics functions',
    '* | SELECT corr(request_length, request_length), stddev(request_length), stddev_pop(body_bytes_sent - body_bytes_sent)',
    [['1.0', '10.0', '0.0']],
  ],
  [
    'Mathematical calculation functions',
    '* | SELECT diff [1] AS today, round((diff [3] -1.0) * 100, 2) AS growth FROM (SELECT compare(pv, 86400) as diff FROM (SELECT COUNT(*) as pv FROM website_log))',
    [['3.0', '200.0']],
  ],
  ['Mathematical calculation functions', '* | SELECT floor(2.5), ceiling(2.5) LIMIT 1', [['2.0', '3.0']]],
  [
    'Date and time functions',
    "* | select date_format(date_parse('2017-05-17 09:45:00','%Y-%m-%d %H:%i:%S'), '%Y-%m-%d') LIMIT 1",
    [['2017-05-17']],
  ],
  [
    'Date and time functions',
    "* | select date_format (date_parse(time,'%Y-%m-%d %H:%i:%S'), '%Y-%m-%d') AS day WHERE time IS NOT NULL ORDER BY 1",
    [['2017-05-17'], ['2017-05-18']],
  ],
  ['Date and time functions', '* | select from_unixtime(1494985275)', [['2017-05-17 09:41:15.000']]],
  [
    'Date and time functions',
    "* | select from_unixtime (1494985275,'Asia/Shanghai')",
    [['2017-05-17 09:41:15.000 Asia/Shanghai']],
  ],
  [
    'Date and time functions',
    "* | select to_unixtime('2017-05-17 09:45:00.848 Asia/Shanghai')",
    [['1.494985500848E9']],
  ],
  [
    'Date and time functions',
    "* | select from_iso8601_date('2020-05-03'), from_iso8601_timestamp('2020-05-03T17:30:08')",
    [['2020-05-03', '2020-05-03 17:30:08.000 Asia/Shanghai']],
  ],
  [
    'Date and time functions',
    '* | select current_date, current_timezone(), now()',
    [['2026-11-23', 'Asia/Shanghai', '2026-11-23 01:01:01.000 Asia/Shanghai']],
  ],
  ...[
    'second/2021-01-12 03:04:05',
    'minute/2021-01-12 03:04:00',
    'hour/2021-01-12 03:00:00',
    'day/2021-01-12 00:00:00',
    'week/2021-01-11 00:00:00',
    'month/2021-01-01 00:00:00',
    'quarter/2021-01-01 00:00:00',
    'year/2021-01-01 00:00:00',
  ].map((example): Example => {
    const [unit = '', result = ''] = example.split('/');
    return [
      'Date and time functions',
      `* | select date_trunc('${unit}', '2021-01-12 03:04:05.000')`,
      [[`${result}.000`]],
    ];
  }),
  [
    'Date and time functions',
    "* | select date_trunc('minute' , __time__) as time, truncate (avg(request_time) ) as avg_time, current_date as date group by time order by time desc limit 100",
    [
      ['2026-11-23 01:00:00.000', '400.0', '2026-11-23'],
      ['2026-11-23 00:01:00.000', '40.0', '2026-11-23'],
      ['2026-11-23 00:00:00.000', '4.0', '2026-11-23'],
    ],
  ],
  [
    'Date and time functions',
    '* | select count(1) as pv, __time__ - __time__ %300 as time group by time order by time limit 100',
    [
      ['2', String(BASE)],
      ['1', String(BASE + 3600)],
    ],
  ],
  [
    'Date and time functions',
    "*| select date_add('day', -7, '2018-08-09 00:00:00')",
    [['2018-08-02 00:00:00.000']],
  ],
  [
    'Date and time functions',
    "*| select date_diff('day', '2018-08-02 00:00:00', '2018-08-09 00:00:00')",
    [['7']],
  ],
  [
    'Date and time functions',
    "* | select time_series(__time__, '30m', '%Y-%m-%d %H:%i:%s', '0') as time, count(*) as num from log group by time order by time",
    [
      ['2026-11-23 00:00:00', '2'],
      ['2026-11-23 00:30:00', '0'],
      ['2026-11-23 01:00:00', '1'],
      ['2026-11-23 01:30:00', '0'],
    ],
  ],
  [
    'Interval-valued comparison',
    '* | SELECT compare(PV, 86400) FROM (SELECT count(*) AS PV FROM log)',
    [['[3.0,1.0,3.0]']],
  ],
  [
    'Interval-valued comparison',
    '* | SELECT diff[1] AS today, diff[2] AS yesterday, diff[3] AS ratio FROM (SELECT compare(PV,86400) AS diff FROM (SELECT count(*) AS PV FROM log))',
    [['3.0', '1.0', '3.0']],
  ],
  [
    'Interval-valued comparison',
    "* | SELECT time, compare(PV, 86400,172800) as diff from (SELECT count(*) as PV, date_format(from_unixtime(__time__), '%H:00') as time from log GROUP BY time) GROUP BY time ORDER BY time",
    [
      ['00:00', '[2.0,1.0,null,2.0,null]'],
      ['01:00', '[1.0,null,null,null,null]'],
    ],
  ],
  [
    'Interval-valued comparison',
    "* | SELECT time, diff[1] AS day1, diff[2] AS day2, diff[3] AS day3, diff[4] AS ratio1, diff[5] AS ratio2 FROM (SELECT time, compare(PV, 86400,172800) as diff from (SELECT count(*) as PV, date_format(from_unixtime(__time__), '%H:00') as time from log GROUP BY time) GROUP BY time ORDER BY time) ORDER BY time LIMIT 1",
    [['00:00', '2.0', '1.0', 'null', '2.0', 'null']],
  ],
  [
    'Interval-valued comparison',
    "* | SELECT time, ts_compare(PV, 3600) AS data FROM(SELECT date_trunc('hour',__time__ ) AS time, count(*) AS PV from log GROUP BY time ORDER BY time ) GROUP BY time ORDER BY time",
    [
      ['2026-11-23 00:00:00.000', '[2.0,null,null,1.7953596E9]'],
      ['2026-11-23 01:00:00.000', '[1.0,2.0,0.5,1.7953632E9]'],
    ],
  ],
  [
    'UNNEST function',
    '* | select array_column, a from log, unnest( cast( json_parse(array_column) as array(bigint) ) ) as t(a) order by a',
    [
      ['[1,2,3]', '1'],
      ['[1,2,3]', '2'],
      ['[1,2,3]', '3'],
    ],
  ],
  [
    'UNNEST function',
    '* | select sum(a) from log, unnest( cast( json_parse(array_column) as array(bigint) ) ) as t(a)',
    [['6']],
  ],
  [
    'UNNEST function',
    '* | select a, count(1) from log, unnest( cast( json_parse(array_column) as array(bigint) ) ) as t(a) group by a order by a',
    [
      ['1', '1'],
      ['2', '1'],
      ['3', '1'],
    ],
  ],
  [
    'UNNEST function',
    '* | select map_column , a,b from log, unnest( cast( json_parse(map_column) as map(varchar, bigint) ) ) as t(a,b) order by a',
    [
      ['{"a":1,"b":2}', 'a', '1'],
      ['{"a":1,"b":2}', 'b', '2'],
    ],
  ],
  [
    'UNNEST function',
    '* | select key, sum(value) from log, unnest( cast( json_parse(map_column) as map(varchar, bigint) ) ) as t(key,value) GROUP BY key order by key',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  ['UNNEST function', '* | select histogram(request_method)', [['{"GET":2,"POST":1}']]],
  [
    'UNNEST function',
    '* | select key , value from( select histogram(request_method) as his from log) , unnest(his ) as t(key,value) order by key',
    [
      ['GET', '2'],
      ['POST', '1'],
    ],
  ],
  [
    'JSON functions',
    "* | SELECT json_parse('[1, 2, 3]'), json_format(json_parse('[1, 2, 3]'))",
    [['[1,2,3]', '[1,2,3]']],
  ],
  [
    'JSON functions',
    "* | SELECT json_array_contains(json_parse('[1, 2, 3]'), 2), json_array_contains('[1, 2, 3]', 2)",
    [['true', 'true']],
  ],
  [
    'JSON functions',
    `* | SELECT json_array_get('["status", "request_time", "request_method"]', 0), json_array_length('["status", "request_time", "request_method"]')`,
    [['status', '3']],
  ],
  ['JSON functions', "* | SELECT json_extract(content, '$.status') ORDER BY __time__ LIMIT 1", [['"200"']]],
  [
    'JSON functions',
    "* | SELECT json_extract_scalar(content, '$.status') ORDER BY __time__ LIMIT 1",
    [['200']],
  ],
  [
    'JSON functions',
    "* | select sum( cast (json_extract_scalar(content, '$.status') as bigint) )",
    [['1104']],
  ],
  ['JSON functions', `* | SELECT json_size('{"status":[1, 2, 3]}','$.status')`, [['3']]],
  [
    'ORDER BY clause',
    '* | SELECT "content.time.request_time", COUNT(*) AS count GROUP BY "content.time.request_time" ORDER BY "content.time.request_time"',
    [
      ['1.5', '2'],
      ['2.5', '1'],
    ],
  ],
  [
    'ORDER BY clause',
    '* | SELECT count(*) as PV,status GROUP BY status ORDER BY PV DESC',
    [
      ['2', '200'],
      ['1', '404'],
    ],
  ],
  [
    'GROUP BY clause',
    '* | SELECT status, count(*) AS PV GROUP BY 1 ORDER BY 1',
    [
      ['200', '2'],
      ['404', '1'],
    ],
  ],
  [
    'GROUP BY clause',
    "* | SELECT count(*) AS PV , date_trunc('hour', __time__) AS time GROUP BY time ORDER BY time limit 1000",
    [
      ['2', '2026-11-23 00:00:00.000'],
      ['1', '2026-11-23 01:00:00.000'],
    ],
  ],
  [
    'GROUP BY clause',
    '* | SELECT status, arbitrary(request_time), count(*) AS PV GROUP BY status HAVING status = 404',
    [['404', '40.0', '1']],
  ],
  [
    'Regular expression functions',
    "*| SELECT regexp_extract_all(server_protocol, '\\d+') ORDER BY __time__ LIMIT 1",
    [['["2","0"]']],
  ],
  [
    'Regular expression functions',
    "*| SELECT regexp_extract_all(http_user_agent, '(Chrome)',1) AS Chrome, count(*) AS count GROUP BY Chrome ORDER BY count DESC",
    [
      ['["Chrome"]', '2'],
      ['[]', '1'],
    ],
  ],
  [
    'Regular expression functions',
    "*|SELECT regexp_extract(server_protocol, '\\d+') ORDER BY __time__ LIMIT 1",
    [['2']],
  ],
  ['Regular expression functions', "*| select regexp_like(server_protocol, '\\d+') LIMIT 1", [['true']]],
  [
    'Regular expression functions',
    "* | select regexp_replace(region, 'cn.*','China') AS region, count(*) AS count GROUP BY region ORDER BY count DESC",
    [
      ['China', '2'],
      ['us-west-1', '1'],
    ],
  ],
  [
    'Regular expression functions',
    "*| select regexp_replace(server_protocol, '.\\d+') AS server_protocol, count(*) AS count GROUP BY server_protocol",
    [['HTTP', '3']],
  ],
  [
    'Regular expression functions',
    "* | SELECT regexp_split(request_uri,'/') ORDER BY __time__ LIMIT 1",
    [['["","request","path-1","file-9"]']],
  ],
  [
    'String functions',
    "* | SELECT split_to_map(pairs,',',':') WHERE pairs IS NOT NULL",
    [['{"upstream":"1","host":"2"}']],
  ],
  [
    'String functions',
    '* | SELECT substr(http_user_agent, 1, 1)=chr(77) ORDER BY __time__ LIMIT 2',
    [['true'], ['false']],
  ],
  ['String functions', "* | SELECT strpos(server_protocol,'H') LIMIT 1", [['1']]],
  [
    'String functions',
    "* | SELECT split(server_protocol,'/',2) ORDER BY __time__ LIMIT 1",
    [['["HTTP","2.0"]']],
  ],
  [
    'String functions',
    "* | select replace(region,'cn','China') ORDER BY __time__ LIMIT 1",
    [['China-shanghai']],
  ],
  [
    'Bitwise functions',
    '* | SELECT bit_count(9, 64), bit_count(9, 8), bit_count(-7, 64), bit_count(-7, 8)',
    [['2', '2', '62', '6']],
  ],
];

describe('statements of the documentation', () => {
  it('are of these pages', () => {
    expect([...new Set(EXAMPLES.map(([page]) => page))].sort()).toEqual([
      'Approximate functions',
      'Bitwise functions',
      'Conditional expressions',
      'Date and time functions',
      'GROUP BY clause',
      'General aggregate functions',
      'Interval-valued comparison',
      'JSON functions',
      'Log analysis',
      'Mathematical calculation functions',
      'Mathematical statistics functions',
      'ORDER BY clause',
      'Regular expression functions',
      'String functions',
      'Type conversion functions',
      'UNNEST function',
    ]);
  });

  it.each(EXAMPLES)('%s: %s', async (_page, query, rows) => {
    expect(await rowsOf(asking(), query, WINDOW)).toEqual(rows);
  });
});
