import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  delimiterOf,
  FileError,
  type FileKind,
  type Item,
  type Line,
  readColumns,
  readItems,
  readLines,
  splitCsv,
  toTransaction,
} from '../../../../client/cli/backfill-items.ts';
import {
  fingerprintOf,
  isSameFile,
  readProgress,
  writeProgress,
} from '../../../../client/cli/backfill-run.ts';

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
  all(readLines(cut(Buffer.from(text), sizes)));
const shown = (found: readonly Line[]) => found.map(({ line, text }) => [line, text]);

describe('the lines of a file', () => {
  it('have their numbers', async () => {
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
          readLines(cut(bytes.subarray(endOffset), []), { startOffset: endOffset, startLine: line + 1 }),
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
  const columnsOf = (line: string) => {
    const fields = splitCsv(line.replace('\ufeff', ''), delimiterOf(line));
    return typeof fields === 'string' ? fields : readColumns(fields);
  };

  it.each([
    ['transactionId,merchantBizId', ',', ['transactionId', 'merchantBizId']],
    [
      '\ufefftransaction_id;initialized_at_ms;labels.platform',
      ';',
      ['transactionId', 'initializedAt', 'labels.platform'],
    ],
    ['"TransactionId"\tlabel.a', '\t', ['transactionId', 'label.a']],
  ])('%j names its columns', (line, delimiter, columns) => {
    expect([delimiterOf(line), columnsOf(line)]).toEqual([delimiter, columns]);
  });

  it.each([
    ['id,name', 'unknown columns: id, name'],
    ['merchantBizId', 'no column transactionId'],
    ['transactionId,transaction_id', 'twice'],
  ])('%j is refused', (line, reason) => {
    expect(columnsOf(line)).toEqual(expect.stringContaining(reason));
  });

  const columns = ['transactionId', 'merchantBizId', 'labels.a', 'labels.b'];
  it.each([
    ['t,m,1,2', { transactionId: 't', merchantBizId: 'm', labels: { a: '1', b: '2' } }],
    ['t,,,', { transactionId: 't' }],
    [
      '"t","m","a ""quoted"", one",""""',
      { transactionId: 't', merchantBizId: 'm', labels: { a: 'a "quoted", one', b: '"' } },
    ],
    ['t,"","",""', { transactionId: 't' }],
    ['t,m,1', 'has 3 fields instead of 4'],
    ['t,m,"1\n""\r\n",2', { transactionId: 't', merchantBizId: 'm', labels: { a: '1\n"\r\n', b: '2' } }],
    ['t,m,"1,2', 'open'],
    ['t,m,1,"', 'open'],
    ['t,m,"1"x,2', 'misplaced'],
    ['t,m,1"x,2', 'misplaced'],
    ['t,m,1,x"', 'misplaced'],
  ])('%j', (text, expected) => {
    const fields = splitCsv(text, ',');
    expect(typeof fields === 'string' ? fields : toTransaction(columns, fields)).toEqual(expected);
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
    const text =
      'transactionId,labels.note\na,1\nb,in 5" size\nc,1\n"d,1\ne,1\nf,"two" lines\ng,"1"\n"h,1\ni,1';
    const QUOTE = 'has a quote that is not closed or not escaped';
    expect(outcomes(await items(text, 'csv'))).toEqual([
      [2, { transactionId: 'a', labels: { note: '1' } }],
      [3, QUOTE],
      [4, { transactionId: 'c', labels: { note: '1' } }],
      [5, QUOTE],
      [6, { transactionId: 'e', labels: { note: '1' } }],
      [7, QUOTE],
      [8, { transactionId: 'g', labels: { note: '1' } }],
      [9, QUOTE],
      [10, { transactionId: 'i', labels: { note: '1' } }],
    ]);
  });

  it('of CSV: a quoted field may hold line breaks, and ends where its quote is closed', async () => {
    const text = 'transactionId,"labels.\nnote"\na,1';
    await expect(items(text, 'csv')).rejects.toThrow(/unknown columns|labels/);
    const broken = 'transactionId,merchantBizId\r\n"a\r\n\r\nb",m\r\n\r\nc,m\r\n';
    const found = await items(broken, 'csv');
    expect(
      found.map(({ line, endLine, endOffset }) => [line, endLine, broken.slice(0, endOffset).length]),
    ).toEqual([
      [2, 4, broken.indexOf('\r\nc')],
      [6, 6, broken.length],
    ]);
    expect(outcomes(found)).toEqual([
      [2, 'transactionId must be 1 to 64 of A-Z, a-z, 0-9, _ and -'],
      [6, { transactionId: 'c', merchantBizId: 'm' }],
    ]);
  });

  it('of CSV: a quote that is never closed costs no other line, however long the file', async () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => `id${index},x`);
    const text = `transactionId,labels.note\n"open,1\n${rows.join('\n')}\n`;
    const found = await items(text, 'csv');
    expect(found.map(({ outcome }) => outcome.ok).filter((ok) => !ok)).toHaveLength(1);
    expect(found).toHaveLength(10_001);
  });

  it('of CSV are the same when the file is read on from behind any of them', async () => {
    const field = fc.array(fc.constantFrom('a', 'b', '"', '""', ',', '\n', '\r\n'), { maxLength: 6 });
    const row = fc
      .array(
        field.map((parts) => parts.join('')),
        { maxLength: 3 },
      )
      .map((fields) => fields.join(','));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 8 }), fc.nat(), async (rows, pick) => {
        const text = `transactionId,merchantBizId\n${rows.join('\n')}`;
        const whole = await items(text, 'csv');
        const place = whole[pick % Math.max(1, whole.length)];
        if (place === undefined) return;
        const rest = await all(
          readItems({
            kind: 'csv',
            open: (offset) => cut(Buffer.from(text).subarray(offset), []),
            startOffset: place.endOffset,
            startLine: place.endLine + 1,
            nowMs,
          }),
        );
        expect(rest).toEqual(whole.filter(({ endOffset }) => endOffset > place.endOffset));
      }),
    );
  });

  it.each(['', 'a,b\n1,2', '"transactionId'])('cannot be read without columns: %j', async (text) => {
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
    duplicates: 0,
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
