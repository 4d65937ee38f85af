import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cases, readDepth } from '../../support/depth.ts';

const root = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const READS_DEPTH = /\bfrom '[./]+\/(?:support\/)?depth\.ts'/;
const readers = ['test', 'local/sls/test']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  .filter((name) => name.endsWith('.ts') && READS_DEPTH.test(read(name)));

describe('the depth of a test run', () => {
  it.each([
    [undefined, 'quick'],
    ['', 'quick'],
    ['quick', 'quick'],
    ['deep', 'deep'],
  ])('of %j is %s', (text, depth) => expect(readDepth(text)).toBe(depth));

  it.each(['Deep', 'full', '1'])('%j is refused rather than taken for the quick one', (text) => {
    expect(() => readDepth(text)).toThrow('IDV_TEST_DEPTH must be quick or deep');
  });

  it('picks the number of cases', () => {
    const picked = readDepth(process.env.IDV_TEST_DEPTH) === 'deep' ? 2 : 1;
    expect(cases({ quick: 1, deep: 2 })).toBe(picked);
  });

  it('is read by test files alone: a deep run is made of the files that read it', () => {
    expect(readers).toEqual(expect.arrayContaining(['test/fuzz/record.test.ts', 'test/e2e/chaos.test.ts']));
    expect(readers.filter((name) => !name.endsWith('.test.ts'))).toEqual([]);
  });

  it('both are run by CI, and the deep one runs every file that reads the depth', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(read('.ci/run')).toContain('npm test && npm run test:deep');
    const lists = [...(scripts['test:deep'] ?? '').matchAll(/\$\((grep [^)]*)\)/g)].map(
      ([, list = '']) => list,
    );
    const listed = lists.flatMap((list) =>
      execFileSync('sh', ['-c', list], { cwd: root, encoding: 'utf8' }).trim().split('\n'),
    );
    expect(listed.sort()).toEqual([...readers].sort());
  });
});
