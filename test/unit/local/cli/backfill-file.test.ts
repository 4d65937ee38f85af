import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readHeader, toTransaction } from '../../../../local/cli/backfill/csv.ts';
import { FileError, type FileKind, type Item, readItems } from '../../../../local/cli/backfill/items.ts';
import {
  fingerprintOf,
  isSameFile,
  readProgress,
  writeProgress,
} from '../../../../local/cli/backfill/progress-file.ts';
import { type RawRecord, readRecords } from '../../../../local/cli/backfill/records.ts';

const folder = mkdtempSync(join(tmpdir(), 'backfill-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % Math.max(1, sizes.length)] ?? bytes.length);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
const records = (text: string, quotes: boolean, sizes: readonly number[] = []) =>
  all(readRecords(cut(Buffer.from(text), sizes), { quotes }));
const shown = (found: readonly RawRecord[]) => found.map(({ line, text }) => [line, text]);

describe('the records of a file', () => {
  it('are its lines, with their numbers', async () => {
    expect(shown(await records('a\r\nb\n\n界', false))).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, ''],
      [4, '界'],
    ]);
  });

  it('may go over lines within quotes, in CSV', async () => {
    expect(shown(await records('h\n"a\nb""",c\nd', true))).toEqual([
      [1, 'h'],
      [2, '"a\nb""",c'],
      [4, 'd'],
    ]);
  });

  it('are the same however the file is cut into chunks', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'ü', '界', '"', ',', '\n', '\r\n', ''), { maxLength: 60 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.integer({ min: 1, max: 9 })),
        fc.boolean(),
        async (content, sizes, quotes) => {
          expect(await records(content, quotes, sizes)).toEqual(await records(content, quotes));
        },
      ),
    );
  });

  it('are the same when the file is read on from behind any of them', async () => {
    const text = fc
      .array(fc.constantFrom('a', '界', ',', '"q\nq"', '\n'), { maxLength: 40 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.nat(), async (content, pick) => {
        const bytes = Buffer.from(content);
        const whole = await records(content, true);
        const { endOffset = 0, endLine = 1 } = whole[pick % Math.max(1, whole.length)] ?? {};
        const rest = await all(
          readRecords(cut(bytes.subarray(endOffset), []), {
            quotes: true,
            startOffset: endOffset,
            startLine: endLine,
          }),
        );
        expect(rest).toEqual(whole.filter((record) => record.endOffset > endOffset));
      }),
    );
  });

  it('end at 64 KB, even when a quote is never closed', async () => {
    const found = await records(`x\n"${'a'.repeat(70_000)}\nb\n${'c'.repeat(70_000)}\nd`, true);
    expect(found.map(({ line, tooLong }) => [line, tooLong])).toEqual([
      [1, false],
      [2, true],
      [3, false],
      [4, true],
      [5, false],
    ]);
  });
});

describe('CSV', () => {
  it.each([
    ['transactionId,merchantBizId', ',', ['transactionId', 'merchantBizId']],
    [
      '\ufefftransaction_id;initialized_at_ms;labels.platform',
      ';',
      ['transactionId', 'initializedAt', 'labels.platform'],
    ],
    ['"TransactionId"\tlabel.a', '\t', ['transactionId', 'label.a']],
  ])('%j names its columns', (line, delimiter, columns) => {
    expect(readHeader(line)).toEqual({ delimiter, columns });
  });

  it.each([
    ['id,name', 'not known: id, name'],
    ['merchantBizId', 'no column transactionId'],
    ['transactionId,transaction_id', 'twice'],
    ['"transactionId', 'quote'],
  ])('%j is refused', (line, reason) => {
    expect(readHeader(line)).toEqual(expect.stringContaining(reason));
  });

  const header = {
    delimiter: ',',
    columns: ['transactionId', 'merchantBizId', 'labels.a', 'labels.b'],
  } as const;
  it.each([
    ['t,m,1,2', { transactionId: 't', merchantBizId: 'm', labels: { a: '1', b: '2' } }],
    ['t,,,', { transactionId: 't' }],
    [
      '"t","m","a ""quoted"", one","x\ny"',
      { transactionId: 't', merchantBizId: 'm', labels: { a: 'a "quoted", one', b: 'x\ny' } },
    ],
    ['t,m,1', 'has 3 fields instead of 4'],
    ['t,m,"1,2', 'has a quote that is not closed'],
  ])('%j', (text, expected) => {
    expect(toTransaction(header, text)).toEqual(expected);
  });
});

describe('the items of a file', () => {
  const nowMs = () => Date.UTC(2026, 10, 23);
  const items = (text: string, kind: FileKind) =>
    all(
      readItems({
        kind,
        open: (offset) => cut(Buffer.from(text).subarray(offset), []),
        startOffset: 0,
        startLine: 1,
        nowMs,
      }),
    );
  const outcomes = (found: readonly Item[]) =>
    found.map(({ line, outcome }) => [line, outcome.ok ? outcome.transaction : outcome.reason]);

  it('of NDJSON', async () => {
    const text =
      '{"transactionId":"a"}\n\nnot json\n[]\n{"transactionId":"b c"}\n{"transactionId":"d","x":1}\n5';
    expect(outcomes(await items(text, 'ndjson'))).toEqual([
      [1, { transactionId: 'a' }],
      [3, 'is not valid JSON'],
      [4, expect.any(String)],
      [5, 'transactionId must be 1 to 64 of A-Z, a-z, 0-9, _ and -'],
      [6, 'x is not known here'],
      [7, 'is not an object'],
    ]);
  });

  it('of CSV', async () => {
    const text =
      'transactionId,initializedAt,labels.Platform\na,2026-11-22T00:00:00Z,\nb,yesterday,\nc,,ios\n';
    expect(outcomes(await items(text, 'csv'))).toEqual([
      [2, { transactionId: 'a', initializedAt: '2026-11-22T00:00:00Z' }],
      [3, 'initializedAt must be unix milliseconds, or ISO 8601 with a zone'],
      [4, expect.stringContaining('labels.Platform')],
    ]);
  });

  it.each(['', 'a,b\n1,2'])('cannot be read without columns: %j', async (text) => {
    await expect(items(text, 'csv')).rejects.toBeInstanceOf(FileError);
  });
});

describe('the progress file', () => {
  const path = join(folder, 'p.json');
  const progress = {
    version: 1,
    fingerprint: 'x',
    offset: 5,
    line: 2,
    registered: 1,
    rejected: 0,
    finished: false,
  } as const;

  it('is read as it was written, and is not there before', async () => {
    expect(await readProgress(join(folder, 'none.json'))).toBeUndefined();
    await writeProgress(path, progress);
    expect(await readProgress(path)).toEqual(progress);
  });

  it.each(['', '{', '{}', '{"version":2}', '{"version":1,"offset":-1}', 'null'])(
    'that holds %j is refused',
    async (text) => {
      writeFileSync(path, text);
      await expect(readProgress(path)).rejects.toThrow(/not a progress file/);
    },
  );

  it('knows its file again when that has grown, and not when it has changed', async () => {
    const file = join(folder, 'f.csv');
    writeFileSync(file, 'transactionId\na\n');
    const fingerprint = await fingerprintOf(file);
    writeFileSync(file, 'transactionId\na\nb\n');
    expect(await isSameFile(file, fingerprint)).toBe(true);
    writeFileSync(file, 'transactionId\nx\nb\n');
    expect(await isSameFile(file, fingerprint)).toBe(false);
    writeFileSync(file, 'tr');
    expect(await isSameFile(file, fingerprint)).toBe(false);
  });
});
