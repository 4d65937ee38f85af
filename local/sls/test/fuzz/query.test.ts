import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type QueryEngine, QueryRefused } from '../../src/query/contract.ts';
import { createQueryEngine } from '../../src/query/engine.ts';
import { javaDouble } from '../../src/query/sql/format.ts';
import { cases } from '../support/depth.ts';
import { type Asking, ask, double, long, MemoryLogstore, rowsOf, text } from '../support/query.ts';

/** Whatever is asked, the answer is rows or a refusal; and some of what is asked is answered. */
let engine: QueryEngine;
const log = new MemoryLogstore('fuzzed', {
  line: { token: [' '] },
  keys: {
    id: text(),
    n: long(),
    d: double(),
    j: { type: 'json', token: [' '], doc_value: true, index_all: true },
  },
});
const asking: () => Asking = () => ({ engine, logstore: log });

beforeAll(async () => {
  engine = await createQueryEngine({ timeoutMs: 5000, memoryLimitMb: 256 });
  log.add({ id: 'a', n: 1, d: 0.5, j: '{"k":1}' }).add({ id: 'b c', n: -2 }).add({ d: 3 });
});
afterAll(() => engine.close());

async function outcomeOf(query: string): Promise<'rows' | 'refused'> {
  try {
    await ask(asking(), query);
    return 'rows';
  } catch (error) {
    if (error instanceof QueryRefused) return 'refused';
    throw error;
  }
}

const FACTOR = cases({ quick: 1, deep: 10 });

/** Runs a property and says how often there were rows. */
async function answered(queries: fc.Arbitrary<string>, runs: number): Promise<number> {
  let rows = 0;
  const property = fc.asyncProperty(queries, async (query) => {
    if ((await outcomeOf(query)) === 'rows') rows += 1;
  });
  await fc.assert(property, { numRuns: runs * FACTOR });
  return rows;
}

const SEARCH_PIECES = [
  'a',
  'b*',
  '?',
  '*',
  '"',
  '"b c"',
  '#"b c"',
  'and',
  'or',
  'not',
  '(',
  ')',
  'id:',
  'n',
  '>',
  '<=',
  '=',
  'in',
  '[1',
  '5]',
  '(',
  '3',
  '-2',
  ':',
  '\\',
  'j.k:1',
  '__tag__:x:y',
  '\u0000',
  '中',
  '\u001e',
];

it('searches made of the language and of noise', async () => {
  const soup = fc
    .array(fc.constantFrom(...SEARCH_PIECES), { maxLength: 12 })
    .map((pieces) => pieces.join(' '));
  expect(await answered(soup, 400)).toBeGreaterThan(20);
  expect(
    await answered(
      fc.string({ unit: 'binary', maxLength: 40 }).filter((query) => !query.includes('|')),
      300,
    ),
  ).toBeGreaterThan(0);
});

const EXPRESSIONS = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(
      'id',
      'n',
      'd',
      'j',
      '__time__',
      '1',
      '0',
      '2.5',
      'null',
      'true',
      "'x'",
      "'2020-01-01'",
      'array[1,2]',
      "map(array['a'],array[1])",
      "interval '1' day",
      'now()',
      "date '2020-01-01'",
      'row(1,n)',
      '*',
      '""',
    ),
    fc
      .tuple(
        tie('expr'),
        fc.constantFrom(
          '+',
          '-',
          '*',
          '/',
          '%',
          '=',
          '<',
          '||',
          'and',
          'or',
          'is distinct from',
          'like',
          'in',
        ),
        tie('expr'),
      )
      .map(([a, op, b]) => (op === 'in' ? `(${a} in (${b}))` : `(${a} ${op} ${b})`)),
    fc
      .tuple(
        fc.constantFrom(
          'lower',
          'length',
          'sum',
          'count',
          'max_by',
          'coalesce',
          'if',
          'try',
          'greatest',
          'round',
          'json_extract_scalar',
          'date_trunc',
          'date_format',
          'transform',
          'filter',
          'reduce',
          'cardinality',
          'element_at',
          'array_agg',
          'map_agg',
          'approx_percentile',
          'from_unixtime',
          'to_unixtime',
          'substr',
          'split',
          'concat',
          'nullif',
          'histogram',
          'window_funnel',
          'compare',
          'time_series',
          'row_number',
          'unnest',
          'read_text',
          'typeof',
          'sequence',
          'zip',
          'map_entries',
          'regexp_like',
          'date_add',
          'grouping',
        ),
        fc.array(tie('expr'), { maxLength: 4 }),
        fc.constantFrom('', ' over ()', ' over (order by n)', ' filter (where n > 0)'),
      )
      .map(([name, args, after]) => `${name}(${args.join(', ')})${after}`),
    fc
      .tuple(
        fc.constantFrom(
          'bigint',
          'double',
          'varchar',
          'json',
          'boolean',
          'timestamp',
          'date',
          'array(varchar)',
          'map(varchar, bigint)',
          'decimal(10,2)',
        ),
        tie('expr'),
        fc.boolean(),
      )
      .map(([type, arg, safe]) => `${safe ? 'try_cast' : 'cast'}(${arg} as ${type})`),
    tie('expr').map((expr) => `(x -> ${expr})`),
    tie('expr').map((expr) => `case when n > 0 then ${expr} else ${expr} end`),
    tie('expr').map((expr) => `(select ${expr} from log limit 1)`),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => `${a}[${b}]`),
  ),
}));

it('SQL made of expressions of all kinds', async () => {
  const statement = fc
    .tuple(
      EXPRESSIONS.expr,
      EXPRESSIONS.expr,
      fc.constantFrom(
        '',
        ' from log',
        ' from log group by 1',
        ' from log a, log b',
        ' from log order by 1',
        ' from (select * from log) t',
        ' from log where n > 0 group by rollup(1)',
        ' from unnest(array[1,2]) as t(n)',
      ),
    )
    .map(([a, b, from]) => `* | select ${a}, ${b}${from}`);
  expect(await answered(statement, 800)).toBeGreaterThan(10);
});

const WORDS = [
  'select',
  'from',
  'log',
  'where',
  'group',
  'by',
  'order',
  'limit',
  'union',
  'all',
  'join',
  'on',
  'with',
  'as',
  '(',
  ')',
  ',',
  '.',
  '*',
  'id',
  'n',
  '1',
  "'a'",
  '"id"',
  'case',
  'when',
  'then',
  'end',
  'in',
  'not',
  'and',
  'between',
  'is',
  'null',
  'over',
  'values',
  'unnest',
  'cast',
  '->',
  '[',
  ']',
  '||',
  ';',
  '--',
  '/*',
  'interval',
  'array',
  "'",
  '"',
  '?',
  '$1',
  ':x',
  '\u0000',
  'log l',
  'exists',
];

it('SQL made of its words in any order', async () => {
  const soup = fc
    .array(fc.constantFrom(...WORDS), { maxLength: 14 })
    .map((words) => `* | select ${words.join(' ')}`);
  expect(await answered(soup, 600)).toBeGreaterThan(0);
  expect(
    await answered(
      fc.string({ unit: 'grapheme', maxLength: 60 }).map((noise) => `*|${noise}`),
      200,
    ),
  ).toBe(0);
});

it('doubles as text inside SQL as in answers: Java’s way', async () => {
  const numbers = fc.sample(fc.double({ noNaN: true }), 300);
  const list = numbers
    .map((value) => `cast('${Object.is(value, -0) ? '-0.0' : value}' as double)`)
    .join(', ');
  const query = `* | select cast(x as varchar) from unnest(array[${list}]) with ordinality as t(x, i) order by i limit 300`;
  expect((await rowsOf(asking(), query)).map(([value]) => value)).toEqual(numbers.map(javaDouble));
});

it('any text comes back from SQL and from a search as it was', async () => {
  const value = fc.string({ unit: 'grapheme', maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(value, async (sample) => {
      const quoted = sample.replaceAll("'", "''");
      expect(await rowsOf(asking(), `* | select '${quoted}' from (values 1)`)).toEqual([[sample]]);
    }),
    { numRuns: 200 },
  );
  const logstore = new MemoryLogstore('texts', {
    line: { token: [' '] },
    keys: { v: text({ token: [], caseSensitive: true }) },
  });
  for (const sample of fc.sample(value, 100)) logstore.add({ v: sample });
  const answer = await ask({ engine, logstore }, '*');
  expect(answer.rows.map((row) => row.v)).toEqual(logstore.rows.map((row) => row.contents[0]?.[1]));
  for (const row of answer.rows) {
    const found = await ask({ engine, logstore }, `v:"${(row.v ?? '').replace(/["\\]/g, '\\$&')}"`);
    expect(found.rows.map((other) => other.v)).toContain(row.v);
  }
});
