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

const RULES: readonly Rule[] = [
  { from: 'functions/lookup/', may: ['functions/lookup/', 'shared/'] },
  { from: 'functions/sweep/', may: ['functions/sweep/', 'shared/'] },
  { from: 'shared/', may: ['shared/'] },
  { from: 'shared/openapi/', may: ['shared/openapi/', 'shared/errors.ts', 'shared/credentials.ts'] },
  {
    from: 'shared/logstores/',
    may: ['shared/logstores/', 'shared/errors.ts', 'shared/time.ts', 'shared/record/', 'shared/sls/'],
  },
  {
    from: 'shared/record/',
    may: ['shared/record/', 'shared/logstores/', 'shared/errors.ts'],
    packages: ['node:crypto'],
  },
  {
    from: 'shared/charts/',
    may: ['shared/charts/', 'shared/logstores/', 'shared/record/', 'shared/time.ts'],
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
  { from: 'client/', may: ['client/', 'shared/', 'functions/', 'local/', 'package.json'] },
  { from: 'local/', may: ['local/', 'client/', 'deploy/', 'shared/'] },
  { from: 'local/sls/', may: ['local/sls/', 'local/credentials.ts', 'local/call-hooks.ts', 'local/http/'] },
  {
    from: 'local/cloudauth/',
    may: ['local/cloudauth/', 'local/credentials.ts', 'local/call-hooks.ts', 'local/http/'],
  },
  { from: 'local/fc/', may: ['local/fc/', 'local/credentials.ts', 'local/call-hooks.ts', 'local/http/'] },
];

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mts|cts|mjs|cjs)$/.test(name))
    .map((name) => `${folder}/${name}`);
}

/** What a file imports, as project paths or package names. */
function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*['"]([^'"\n]+)['"]/g);
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
    ['shared/sls/x.ts', "import type { A } from '../cloudauth/types.ts';"],
    ['shared/cloudauth/x.ts', "import { loadConfig } from '../config.ts';"],
    ['shared/cloudauth/x.ts', "import { retry } from '../retry.ts';"],
    ['shared/openapi/x.ts', "import { parse } from '../sls/codec.ts';"],
    ['local/sls/x.ts', "import { a } from '../../shared/sls/codec.ts';"],
    ['local/fc/x.ts', "const a = await import('../../shared/errors.ts');"],
    ['deploy/x.ts', "export { a } from '../test/support/a.ts';"],
    ['shared/x.ts', "const a = require('../deploy/a.cjs');"],
  ])('would catch in %s: %s', (file, text) => {
    expect(wrongImports(file, text)).toHaveLength(1);
  });

  it('lets only the configuration and the entry points read the environment', () => {
    const readers = ['functions', 'shared']
      .flatMap(sources)
      .filter((file) => /process\s*\.\s*env/.test(readFileSync(join(root, file), 'utf8')));
    expect(readers.filter((file) => !/^functions\/[a-z]+\/index\.ts$/.test(file))).toEqual([]);
  });
});
