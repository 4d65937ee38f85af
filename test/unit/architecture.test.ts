import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/**
 * The allowed directions between folders. A file is judged by the longest prefix that matches it; what it may
 * import is its own folder and what its rule lists.
 */
const root = resolve(import.meta.dirname, '../..');

interface Rule {
  readonly from: string;
  readonly may: readonly string[];
  /** Packages and node: modules allowed; undefined = any. */
  readonly packages?: readonly string[];
}

/** What the other local services share with the local SLS: keys, hooks, the guard against foreign pages. */
const SLS_HOST = ['local/sls/src/host.ts', 'local/sls/src/envelope/foreign-page.ts'];

const RULES: readonly Rule[] = [
  { from: 'functions/lookup/', may: ['functions/lookup/', 'shared/'] },
  { from: 'functions/sweep/', may: ['functions/sweep/', 'shared/'] },
  { from: 'shared/', may: ['shared/'] },
  { from: 'shared/openapi/', may: ['shared/openapi/', 'shared/errors.ts', 'shared/credentials.ts'] },
  {
    from: 'shared/api/',
    may: ['shared/api/', 'shared/fc/response.ts', 'shared/logstores/', 'shared/errors.ts', 'shared/time.ts'],
  },
  {
    from: 'shared/fc/',
    may: ['shared/fc/', 'shared/openapi/', 'shared/errors.ts', 'shared/credentials.ts', 'shared/time.ts'],
  },
  {
    from: 'shared/logstores/',
    may: ['shared/logstores/', 'shared/time.ts', 'shared/sls/types.ts'],
  },
  {
    from: 'shared/record/',
    may: ['shared/record/', 'shared/logstores/', 'shared/errors.ts'],
    packages: ['node:crypto'],
  },
  {
    from: 'shared/charts/',
    may: ['shared/charts/', 'shared/logstores/', 'shared/time.ts'],
    packages: [],
  },
  {
    from: 'shared/sls/',
    may: [
      'shared/sls/',
      'shared/errors.ts',
      'shared/credentials.ts',
      'shared/retry.ts',
      'shared/time.ts',
      'shared/openapi/',
    ],
  },
  {
    from: 'shared/cloudauth/',
    may: ['shared/cloudauth/', 'shared/errors.ts', 'shared/credentials.ts', 'shared/openapi/'],
  },
  { from: 'deploy/', may: ['deploy/', 'shared/'] },
  { from: 'client/cli/', may: ['client/cli/', 'shared/', 'package.json'] },
  { from: 'client/console/', may: ['client/console/', 'shared/'] },
  {
    // It runs in a browser.
    from: 'client/console/page/',
    may: ['client/console/page/', 'shared/charts/', 'shared/logstores/', 'shared/record/'],
    packages: ['echarts/charts', 'echarts/components', 'echarts/core', 'echarts/renderers'],
  },
  { from: 'client/', may: ['client/'] },
  { from: 'local/', may: ['local/', 'client/', 'deploy/', 'shared/'] },
  // A package of its own, which is copied and used alone.
  { from: 'local/sls/', may: ['local/sls/'] },
  // The emulators share nothing with what they are there to test.
  { from: 'local/cloudauth/', may: ['local/cloudauth/', 'local/credentials.ts', 'local/http/', ...SLS_HOST] },
  { from: 'local/fc/', may: ['local/fc/', 'local/credentials.ts', 'local/http/', ...SLS_HOST] },
  { from: 'local/http/', may: ['local/http/', ...SLS_HOST] },
];

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mts|cts|mjs|cjs)$/.test(name))
    .map((name) => `${folder}/${name}`);
}

/** What a file imports, as project paths or package names. */
function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*['"]([^'"\s]+)['"]/g);
  return [...found].map(([, target = '']) =>
    target.startsWith('.') ? relative(root, resolve(root, dirname(file), target)) : target,
  );
}

function ruleFor(file: string): Rule {
  const fitting = RULES.filter(({ from }) => file.startsWith(from)).sort(
    (a, b) => b.from.length - a.from.length,
  );
  const [rule] = fitting;
  if (rule === undefined) throw new Error(`no rule for ${file}`);
  return rule;
}

function wrongImports(file: string, text: string): string[] {
  const rule = ruleFor(file);
  return importsOf(file, text).filter((target) => {
    const inside = /^(functions|shared|client|local|deploy|test)\//.test(target);
    if (inside) return !rule.may.some((allowed) => target.startsWith(allowed));
    return rule.packages !== undefined && !rule.packages.includes(target);
  });
}

/** Groups of files that import each other in a circle, types included (Tarjan). */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const circles: string[][] = [];
  const lower = (file: string, to: number) => lowest.set(file, Math.min(lowest.get(file) ?? to, to));

  function visit(file: string): void {
    order.set(file, order.size);
    lower(file, order.size - 1);
    path.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!order.has(target)) visit(target);
      if (path.includes(target)) lower(file, lowest.get(target) ?? 0);
    }
    if (lowest.get(file) !== order.get(file)) return;
    const circle = path.splice(path.indexOf(file));
    if (circle.length > 1 || imports.get(file)?.includes(file)) circles.push(circle.sort());
  }

  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return circles;
}

describe('import directions', () => {
  const files = ['functions', 'shared', 'client', 'local', 'deploy'].flatMap(sources);

  it('sees the sources', () => {
    expect(files).toContain('shared/config.ts');
  });

  it.each(files)('%s imports only what its folder may', (file) => {
    expect(wrongImports(file, readFileSync(join(root, file), 'utf8'))).toEqual([]);
  });

  it.each([
    ['functions/sweep/x.ts', "import { a } from '../../local/credentials.ts';"],
    ['shared/record/x.ts', "import { a } from '../time.ts';"],
    ['shared/record/x.ts', "import { readFile } from 'node:fs';"],
    ['client/cli/x.ts', "import type { A } from '../../functions/lookup/lookup.ts';"],
    ['client/cli/x.ts', "import { a } from '../console/server.ts';"],
    ['client/console/x.ts', "import { a } from '../../local/http/listen.ts';"],
    ['client/console/page/x.ts', "import { readFile } from 'node:fs';"],
    ['shared/api/x.ts', "import { a } from '../sls/client.ts';"],
    ['shared/fc/x.ts', "import { a } from '../config.ts';"],
    ['shared/sls/x.ts', "import type { A } from '../cloudauth/outcome.ts';"],
    ['shared/charts/x.ts', "import { sqlText } from '../sls/call.ts';"],
    ['shared/charts/x.ts', "import { toDashboard } from '../../deploy/documents.ts';"],
    ['shared/cloudauth/x.ts', "import { loadConfig } from '../config.ts';"],
    ['shared/cloudauth/x.ts', "import { retry } from '../retry.ts';"],
    ['shared/openapi/x.ts', "import { parse } from '../sls/codec.ts';"],
    ['local/sls/x.ts', "import { a } from '../../shared/sls/codec.ts';"],
    ['local/sls/src/x.ts', "import { a } from '../../http/listen.ts';"],
    ['local/fc/x.ts', "import { a } from '../sls/src/server.ts';"],
    ['local/fc/x.ts', "const a = await import('../../shared/errors.ts');"],
    ['deploy/x.ts', "export { a } from '../test/support/a.ts';"],
    ['shared/x.ts', "const a = require('../deploy/a.cjs');"],
  ])('would catch in %s: %s', (file, text) => {
    expect(wrongImports(file, text)).toHaveLength(1);
  });

  it('have no circle', () => {
    const read = (file: string) => importsOf(file, readFileSync(join(root, file), 'utf8'));
    expect(circlesOf(new Map(files.map((file) => [file, read(file)])))).toEqual([]);
  });

  it.each([
    ['two files', { a: ['b'], b: ['a', 'c'], c: [] }, [['a', 'b']]],
    ['a file that imports itself', { a: ['a'], b: ['a'] }, [['a']]],
    ['three in a row', { top: ['a'], a: ['b', 'leaf'], b: ['c'], c: ['a'], leaf: [] }, [['a', 'b', 'c']]],
    ['two circles that share a file', { a: ['b'], b: ['a', 'c'], c: ['b'] }, [['a', 'b', 'c']]],
    [
      'two circles',
      { a: ['b', 'c'], b: ['a'], c: ['d'], d: ['c'] },
      [
        ['c', 'd'],
        ['a', 'b'],
      ],
    ],
    ['none, though two ways lead to one file', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, []],
  ])('would find a circle: %s', (_, imports, circles) => {
    expect(circlesOf(new Map(Object.entries(imports)))).toEqual(circles);
  });

  it('lets only the configuration and the entry points read the environment', () => {
    const readers = ['functions', 'shared']
      .flatMap(sources)
      .filter((file) => /process\s*\.\s*env/.test(readFileSync(join(root, file), 'utf8')));
    expect(readers.filter((file) => !/^functions\/[a-z]+\/index\.ts$/.test(file))).toEqual([]);
  });
});
