import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QueryEngine } from '../../../src/query/contract.ts';
import { createQueryEngine } from '../../../src/query/engine.ts';
import { type Asking, ask, long, MemoryLogstore, refusalOf, text } from '../../support/query.ts';

/** What is outside the dialect is refused by name, and says where. */
let engine: QueryEngine;
const log = new MemoryLogstore('log1', {
  keys: { id: text(), score: long(), hidden: text({ doc_value: false }) },
});
const asking: () => Asking = () => ({ engine, logstore: log });

beforeAll(async () => {
  engine = await createQueryEngine();
  log.add({ id: 'a', score: 1, secret: 'x' }).add({ id: 'b', score: 0 });
});
afterAll(() => engine.close());

it.each([
  ['SELECT nope FROM log', "Column 'nope' cannot be resolved"],
  ['SELECT secret FROM log', "Column 'secret' cannot be resolved"],
  ['SELECT hidden FROM log', "Column 'hidden' cannot be resolved"],
  ['SELECT log.hidden FROM log', "Column 'log.hidden' cannot be resolved"],
  ['SELECT "__tag__:x" FROM log', "Column '__tag__:x' cannot be resolved"],
  ['SELECT id FROM elsewhere', "'elsewhere' does not exist"],
  ['SELECT id, count(*) FROM log GROUP BY score', "Column 'id' not in GROUP BY clause"],
  ['SELECT id, count(*) FROM log', "Column 'id' not in GROUP BY clause"],
  ['SELECT a.id FROM log a, log b WHERE id = 1', "Column 'id' is ambiguous"],
  ['SELECT ip_to_province(id) FROM log', 'Function ip_to_province not registered'],
  ['SELECT read_text(id) FROM log', 'Function read_text not registered'],
  ['SELECT getenv(id) FROM log', 'Function getenv not registered'],
  ['SELECT sls_bigint(id) FROM log', 'Function sls_bigint not registered'],
  ['SELECT constructor(id) FROM log', 'Function constructor not registered'],
  ["SELECT * FROM read_csv('/etc/passwd')", "mismatched input '('"],
  ["SELECT * FROM '/etc/passwd'", 'expecting a name'],
  ['SELECT * FROM "/etc/passwd"', "'/etc/passwd' does not exist"],
  ['SELECT * FROM duckdb_tables', "'duckdb_tables' does not exist"],
  ['SELECT * FROM information_schema.tables', "mismatched input '.'"],
  ['INSERT INTO log SELECT 1', 'INSERT is not supported'],
  ['UPDATE log SET id = 1', 'UPDATE is not supported'],
  ['DELETE FROM log', 'DELETE is not supported'],
  ['DROP TABLE log', 'DROP is not supported'],
  ['CREATE TABLE x AS SELECT 1', 'CREATE is not supported'],
  ["COPY log TO 'x'", 'COPY is not supported'],
  ["ATTACH 'x'", 'ATTACH is not supported'],
  ['PRAGMA database_list', 'PRAGMA is not supported'],
  ['SET memory_limit = 1', 'SET is not supported'],
  ['SELECT 1; SELECT 2', 'expecting the end of the statement'],
  ['WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a', 'WITH RECURSIVE is not supported'],
  ['SELECT * FROM log NATURAL JOIN log', 'NATURAL JOIN is not supported'],
  ['SELECT id FROM log OFFSET 1', 'OFFSET is not supported'],
  ['SELECT id FROM log LIMIT 1000001', 'LIMIT must not exceed 1000000'],
  ['SELECT id FROM log LIMIT 0, 10001', 'must not ask for more than 10000'],
  ['SELECT id FROM log LIMIT 999999, 2', 'must not exceed 1000000'],
  ['SELECT id FROM (SELECT id FROM log LIMIT 1, 2)', 'not supported in a subquery'],
  ['SELECT 1x', 'identifiers must not start with a digit'],
  ["SELECT 'abc", 'does not end'],
  ['SELECT "abc', 'does not end'],
  ['SELECT id FROM', 'expecting a name'],
  ['SELECT id, FROM log', "mismatched input 'FROM'"],
  ['SELEC id', "expecting 'SELECT'"],
  ['', "expecting 'SELECT'"],
  ["SELECT score = '1' FROM log", "'=' cannot be applied to bigint, varchar"],
  ['SELECT id + 1 FROM log', "'+' cannot be applied to varchar, bigint"],
  ['SELECT id || 1 FROM log', "'||' cannot be applied to varchar, bigint"],
  ['SELECT -id FROM log', "'-' cannot be applied to varchar"],
  ['SELECT id FROM log WHERE score', 'must evaluate to a boolean'],
  ['SELECT sum(id) FROM log', 'Unexpected parameters (varchar) for function sum'],
  ['SELECT lower(1)', 'Unexpected parameters (bigint) for function lower'],
  ['SELECT lower()', 'Unexpected parameters () for function lower'],
  ['SELECT if(1, 2, 3)', 'Unexpected parameters (bigint, bigint, bigint) for function if'],
  ["SELECT coalesce(1, 'a')", 'for function coalesce'],
  ['SELECT row_number() FROM log', 'row_number requires OVER'],
  ['SELECT lower(id) OVER () FROM log', 'lower is not an aggregate or window function'],
  ['SELECT sum(*) FROM log', '* is not an argument of sum'],
  ['SELECT x -> 1', 'lambda'],
  ['SELECT transform(array[1], (a, b) -> a)', 'takes 1 parameters'],
  ['SELECT cast(1 AS uuid)', 'Unknown type: uuid'],
  ['SELECT cast(array[1] AS bigint)', 'Cannot cast array(bigint) to bigint'],
  ["SELECT cast('x' AS bigint)", "Cannot cast 'x' to BIGINT"],
  ["SELECT cast('1.5' AS bigint)", "Cannot cast '1.5' to BIGINT"],
  ['SELECT cast(id AS double) FROM log', "Cannot cast 'a' to DOUBLE"],
  ['SELECT 1 / 0', 'Division by zero'],
  ['SELECT 10 / score FROM log', 'Division by zero'],
  ['SELECT 10 % score FROM log', 'Division by zero'],
  ['SELECT 9223372036854775807 + 1', 'bigint addition overflow'],
  ['SELECT 9223372036854775808', 'Invalid numeric literal'],
  ['SELECT array[1][2]', 'Array subscript out of bounds'],
  ["SELECT map(array['a'], array[1])['b']", 'Key not present in map'],
  ['SELECT sequence(1, 100000)', 'more than 10000 entries'],
  ["SELECT lpad('a', 100000000, 'b')", 'too long'],
  ["SELECT date_trunc('fortnight', __time__)", 'not a valid unit'],
  ["SELECT date_format(now(), '%X')", 'not supported'],
  ["SELECT from_unixtime(0, 'x; DROP')", 'not a valid time zone'],
  ["SELECT json_extract(id, 'a.b') FROM log", 'Invalid JSON path'],
  ["SELECT time_series(__time__, '1m', '%i', '0')", 'must be a column of its own'],
  ["SELECT time_series(__time__, '1x', '%i', '0') t GROUP BY t", 'not a valid window'],
  ["SELECT time_series(__time__, '1s', '%i', '0') t, count(*) GROUP BY t", 'more than 100000 points'],
  ['SELECT compare(count(*)) FROM log', 'compare takes'],
  ['SELECT id FROM log UNION SELECT id, score FROM log', 'different number of fields'],
  ['SELECT id FROM log UNION SELECT score FROM log', 'incompatible types'],
  ['SELECT (SELECT id, score FROM log)', 'one column'],
  ['SELECT (SELECT id FROM log)', 'More than one row'],
  ['SELECT a FROM log t(a)', 'Column alias list has 1 entries'],
  ['SELECT id FROM log ORDER BY 3', 'ORDER BY position 3'],
  ['SELECT id FROM log GROUP BY 3', 'GROUP BY position 3'],
  ['SELECT a FROM unnest(1) AS t(a)', 'only arrays and maps'],
  [`SELECT ${'('.repeat(500)}1${')'.repeat(500)}`, 'nested deeper'],
  [`SELECT ${Array.from({ length: 30_000 }, () => '1').join('+')}`, 'too complex'],
  [`SELECT ${'substr('.repeat(12)}id${', 1)'.repeat(12)} FROM log`, 'too complex'],
])('%s', async (sql, message) => {
  const refusal = await refusalOf(asking(), `* | ${sql}`);
  expect(refusal.errorCode).toBe('ParameterInvalid');
  expect(refusal.message).toContain(message);
  // Nothing of the statement made for DuckDB shows.
  expect(refusal.message).not.toMatch(/\b[rcov]\d+\b|t_[0-9a-f]{8}|LINE 1|sls_\w+\(/);
});

describe('around the statement', () => {
  it('refuses SQL without a search before it', async () => {
    const refusal = await refusalOf(asking(), 'SELECT count(*) FROM log');
    expect(refusal.message).toContain('sql query must follow search query');
  });

  it('refuses an offset', async () => {
    const refusal = await refusalOf(asking(), '* | SELECT 1', { offset: 5 });
    expect(refusal).toMatchObject({
      errorCode: 'ParameterInvalid',
      message: 'offset is not available for pagination in sql query',
    });
    await expect(ask(asking(), '* | SELECT 1', { offset: 0, line: 100 })).resolves.toBeDefined();
  });

  it('names line and column', async () => {
    expect((await refusalOf(asking(), '* | SELECT id,\n  nope FROM log')).message).toMatch(/^line 2:3: /);
  });
});
