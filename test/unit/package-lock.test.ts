import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));

interface LockEntry {
  readonly version?: string;
  /** Absent: the registry. */
  readonly resolved?: string;
  readonly integrity?: string;
  /** A folder of this project, a workspace, by another name. */
  readonly link?: boolean;
}
const REGISTRY = /^https:\/\/registry\.npmjs\.org\//;
type Packages = Readonly<Record<string, LockEntry>>;

/**
 * Entries that `npm ci` would install without knowing what it gets. npm leaves the hash out for packages of other
 * platforms when a lock is made beside an installed node_modules, and for whatever does not come from the registry.
 */
function unverified(packages: Packages): string[] {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .filter(
      ([, { integrity = '', resolved }]) =>
        !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity) ||
        (resolved !== undefined && !REGISTRY.test(resolved)),
    )
    .map(([path]) => path);
}

describe('package-lock.json', () => {
  const { packages } = read('package-lock.json') as { packages: Packages };

  it('knows the hash of every package, those of other platforms too', () => {
    expect(Object.keys(packages)).toContain('node_modules/@esbuild/win32-x64');
    expect(unverified(packages)).toEqual([]);
  });

  const GOOD: LockEntry = {
    version: '1.0.0',
    resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz',
    integrity: `sha512-${'a'.repeat(86)}==`,
  };
  it.each([
    ['a missing hash', { version: '1.0.0', resolved: GOOD.resolved }],
    ['neither hash nor place', { version: '1.0.0' }],
    ['a weak hash', { ...GOOD, integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }],
    ['another place', { ...GOOD, resolved: 'git+ssh://git@github.com/a/a.git#abc' }],
  ])('the control: %s is found', (_, entry) => {
    expect(
      unverified({
        '': {},
        local: {},
        'node_modules/a': GOOD,
        'node_modules/a/node_modules/b': entry as LockEntry,
      }),
    ).toEqual(['node_modules/a/node_modules/b']);
  });

  it.each(['package.json', 'local/sls/package.json'])('has the versions that %s pins', (name) => {
    const { dependencies, devDependencies } = read(name) as Record<string, Record<string, string>>;
    const pinned = { ...dependencies, ...devDependencies };
    const locked = Object.keys(pinned).map((name) => [name, packages[`node_modules/${name}`]?.version]);
    expect(Object.fromEntries(locked)).toEqual(pinned);
  });
});
