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
const records = (text: string, sizes: readonly number[] = []) =>
  all(readRecords(cut(Buffer.from(text), sizes)));
const shown = (found: readonly RawRecord[]) => found.map(({ line, text }) => [line, text]);

describe('the records of a file', () => {
  it('are its lines, with their numbers', async () => {
    expect(shown(await records('a\r\nb\n\n界'))).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, ''],
      [4, '界'],
    ]);
  });

  const content = fc
    .array(fc.constantFrom('a', 'ü', '界', '"', ',', '\n', '\r\n', ''), { maxLength: 60 })
    .map((parts) => parts.join(''));

  it('are the same however the file is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.array(fc.integer({ min: 1, max: 9 })), async (text, sizes) => {
        expect(await records(text, sizes)).toEqual(await records(text));
      }),
    );
  });

  it('are the same when the file is read on from behind any of them', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.nat(), async (text, pick) => {
        const bytes = Buffer.from(text);
        const whole = await records(text);
        const { endOffset = 0, line = 0 } = whole[pick % Math.max(1, whole.length)] ?? {};
        const rest = await all(
          readRecords(cut(bytes.subarray(endOffset), []), { startOffset: endOffset, startLine: line + 1 }),
        );
        expect(rest).toEqual(whole.filter((record) => record.endOffset > endOffset));
      }),
    );
  });

  it.each([[[]], [[1_000]], [[65_536, 1]]])('end at 64 KB, in chunks of %j', async (sizes) => {
    const found = await records(
      `x\n"${'a'.repeat(70_000)}\nb\n${'c'.repeat(65_535)}\n${'d'.repeat(65_536)}\ne`,
      sizes,
    );
    expect(found.map(({ line, tooLong, text }) => [line, tooLong, text.length])).toEqual([
      [1, false, 1],
      [2, true, 0],
      [3, false, 1],
      [4, false, 65_535],
      [5, true, 0],
      [6, false, 1],
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

  const QUOTE = 'has a quote that is not closed or not escaped';
  const header = {
    delimiter: ',',
    columns: ['transactionId', 'merchantBizId', 'labels.a', 'labels.b'],
  } as const;
  it.each([
    ['t,m,1,2', { transactionId: 't', merchantBizId: 'm', labels: { a: '1', b: '2' } }],
    ['t,,,', { transactionId: 't' }],
    [
      '"t","m","a ""quoted"", one",""""',
      { transactionId: 't', merchantBizId: 'm', labels: { a: 'a "quoted", one', b: '"' } },
    ],
    ['t,"","",""', { transactionId: 't' }],
    ['t,m,1', 'has 3 fields instead of 4'],
    ['t,m,"1,2', QUOTE],
    ['t,m,1,"', QUOTE],
    ['t,m,"1"x,2', QUOTE],
    ['t,m,1"x,2', QUOTE],
    ['t,m,1,x"', QUOTE],
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

  it('of CSV: a stray quote costs its own line, not the next', async () => {
    const text = 'transactionId,labels.note\na,1\nb,in 5" size\nc,1\n"d,1\ne,1\nf,"two\nlines"\ng,"1"\n';
    expect(outcomes(await items(text, 'csv')).map(([line, outcome]) => [line, typeof outcome])).toEqual([
      [2, 'object'],
      [3, 'string'],
      [4, 'object'],
      [5, 'string'],
      [6, 'object'],
      [7, 'string'],
      [8, 'string'],
      [9, 'object'],
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
