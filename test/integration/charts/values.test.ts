import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createConsoleServer } from '../../../client/console/server.ts';
import { RECORDS_LOGSTORE } from '../../../shared/logstores/records.ts';
import { World } from '../../support/world.ts';

/**
 * A value that somebody picks is compared, and is never a part of the query: whatever it is made of, the filter
 * finds exactly the rows that bear it. Asked of the console over HTTP, answered by the local SLS over the wire.
 */
const PIECES = [
  // What String.replaceAll reads in a replacement.
  '$$',
  '$&',
  '$`',
  "$'",
  '$1',
  '$<a>',
  // Quotes, escapes, wildcards and comments of SQL.
  "'",
  "''",
  '"',
  '`',
  '\\',
  "\\'",
  '%',
  '_',
  '--',
  '/*',
  '*/',
  ';',
  "' OR 1 = 1 --",
  "' OR '1' = '1",
  ')',
  // What the search in front of the SQL is made of.
  '|',
  ':',
  '*',
  '?',
  'not',
  '" or "',
  // Parts of our own queries.
  'FROM log',
  'compare(figure, 604800)',
  'null',
  // White space, control characters and what is not ASCII.
  ' ',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\u0001',
  '\u007f',
  '\u2028',
  '\ufeff',
  '安卓',
  'é',
  'e\u0301',
  '😀',
  'a',
  'A',
  '1',
] as const;
const MAX_CHARACTERS = 128;
const LONGEST = ['x'.repeat(MAX_CHARACTERS), `${"'".repeat(MAX_CHARACTERS - 2)}$'`, '😀'.repeat(64)];
const DAY_SECONDS = 86_400;
type Row = Record<string, string>;

/** Whole characters only: half a surrogate pair is no text that a URL could carry. */
function atMost(text: string): string {
  let result = '';
  for (const char of text) {
    if (result.length + char.length > MAX_CHARACTERS) break;
    result += char;
  }
  return result;
}

const awkward = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ unit: 'grapheme' })), {
    minLength: 1,
    maxLength: 8,
  })
  .map((pieces) => atMost(pieces.join('')))
  .filter((value) => value !== '');

describe('a picked value', () => {
  const nowMs = Date.now();
  const nowSeconds = Math.floor(nowMs / 1_000);
  let world: World;
  let server: Awaited<ReturnType<typeof createConsoleServer>>;
  /** The ids that bear a value, by the value. */
  const bearers = new Map<string, string[]>();
  let stored = 0;

  beforeAll(async () => {
    world = await World.open({ clock: () => nowMs });
    server = await createConsoleServer({
      port: 0,
      sls: world.client,
      slsUrl: world.sls.url,
      lookupUrl: 'http://127.0.0.1:1',
      lookupHeaders: {},
      pageDir: 'dist/console',
      now: () => nowMs,
    });
  });

  afterAll(async () => {
    await server?.close();
    await world?.close();
  });

  async function store(rows: ReadonlyArray<Record<string, string>>) {
    const common = { final: 'true', disposition: 'answered', journey: 'interrupted', stage: 'FACE' };
    await world.put(
      RECORDS_LOGSTORE,
      rows.map((row) => ({ ...common, ...row })),
      { timeMs: nowSeconds * 1_000 },
    );
  }

  /** A row with the value, one that begins with it, and one that has nothing of it. */
  async function storeWith(value: string) {
    const values = [value, `${value}.`, 'plain'];
    const rows = values.map((each) => {
      stored += 1;
      const id = `id${stored}`;
      bearers.set(each, [...(bearers.get(each) ?? []), id]);
      return {
        transaction_id: id,
        revision: id,
        view_key: `3${id}`,
        labels: JSON.stringify({ channel: each }),
        interrupt_page: each,
      };
    });
    await store(rows);
  }

  async function ask(path: string, parameters: Record<string, string>) {
    const to = nowSeconds + 60;
    const query = new URLSearchParams({ from: String(to - DAY_SECONDS), to: String(to), ...parameters });
    const response = await fetch(`${server.url}${path}?${query}`);
    const body = (await response.json()) as { rows?: Row[]; error?: string };
    return { status: response.status, error: body.error, rows: body.rows ?? [] };
  }

  const idsOf = (rows: readonly Row[]) => rows.map((row) => row['transaction_id']).sort();

  async function expectExactly(value: string) {
    const expected = [...(bearers.get(value) ?? [])].sort();
    const labelled = { 'label.channel': value };
    const listed = await ask('/api/transactions', { field: 'journey', value: 'interrupted', ...labelled });
    expect([listed.error, idsOf(listed.rows)]).toEqual([undefined, expected]);
    const counted = await ask('/api/charts/where-stage', labelled);
    expect([counted.error, counted.rows.map(({ lost }) => lost)]).toEqual([
      undefined,
      expected.length === 0 ? [] : [String(expected.length)],
    ]);
    // A headline's query is put together in two places: the filter's, and that of the period before.
    const headline = await ask('/api/charts/headline-interrupted', labelled);
    expect([headline.error, Number(headline.rows[0]?.['value'])]).toEqual([undefined, expected.length]);
    const page = await ask('/api/transactions', { field: 'interrupt_page', value });
    expect([page.error, idsOf(page.rows)]).toEqual([undefined, expected]);
  }

  it('is found exactly where it stands: each awkward piece by itself', async () => {
    for (const value of [...PIECES, ...LONGEST]) {
      await storeWith(value);
      await expectExactly(value);
    }
  });

  it('is found exactly where it stands: any text', async () => {
    await fc.assert(
      fc.asyncProperty(awkward, async (value) => {
        await storeWith(value);
        await expectExactly(value);
      }),
      { numRuns: 40 },
    );
  });

  it('is found nowhere when nobody bears it, though it would match everything as a pattern', async () => {
    await storeWith('plain');
    for (const value of ['%', '_____', "' OR 1 = 1 OR '", '*', 'pla%']) {
      bearers.set(value, bearers.get(value) ?? []);
      await expectExactly(value);
    }
  });

  it.each([
    ['label.channel', { field: 'journey', value: 'interrupted', 'label.channel': 'x'.repeat(129) }],
    ['value', { field: 'interrupt_page', value: 'x'.repeat(129) }],
  ])('is refused when it is longer than any label: %s', async (name, parameters) => {
    const { status, error } = await ask('/api/transactions', parameters);
    expect(status).toBe(400);
    expect(error).toContain(name);
  });

  it('is compared with the record of a transaction, not with any row of it', async () => {
    await store(
      [
        ['31', 'before'],
        ['32', 'after'],
      ].map(([place = '', channel]) => ({
        transaction_id: 'twice',
        revision: place,
        view_key: place,
        labels: JSON.stringify({ channel }),
      })),
    );
    const lost = async (channel: string) =>
      (await ask('/api/charts/where-stage', { 'label.channel': channel })).rows.map((row) => row['lost']);
    expect(await lost('after')).toEqual(['1']);
    expect(await lost('before')).toEqual([]);
  });
});
