import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

/** The scripts of package.json, started as npm starts them. */
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'idv-scripts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(script: string, args: readonly string[], cwd = root): SpawnSyncReturns<string> {
  const loader = script.endsWith('.ts') ? ['--import', 'tsx'] : [];
  return spawnSync(process.execPath, [...loader, script, ...args], {
    cwd,
    encoding: 'utf8',
    timeout: 30_000,
  });
}

const SCRIPTS = [
  ['npm start', 'local/main.ts'],
  ['local-sls', 'local/sls/src/main.ts'],
  ['npm run chaos', 'test/e2e/chaos-main.ts'],
  ['npm run bench', 'test/bench/main.ts'],
  ['npm run screenshots', 'test/e2e/screenshots.ts'],
] as const;

describe.each(SCRIPTS)('%s', (name, script) => {
  it('--help says how it is used', () => {
    const { status, stdout, stderr } = run(script, ['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`Usage: ${name}`);
  });

  it('names an option that it does not have, without a stack trace', () => {
    const { status, stdout, stderr } = run(script, ['--frobnicate']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('--frobnicate');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('npm run bench', () => {
  it('names the benchmarks there are when there is none of that name', () => {
    const { status, stderr } = run('test/bench/main.ts', ['nonsense']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('throughput')]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('npm run prepare, after an install', () => {
  /** A package with this one's script, and a build that leaves a trace. */
  function install({ withDev }: { withDev: boolean }): string {
    const here = mkdtempSync(join(folder, 'package-'));
    cpSync(join(root, 'deploy/prepare.mjs'), join(here, 'deploy/prepare.mjs'));
    writeFileSync(
      join(here, 'package.json'),
      JSON.stringify({ scripts: { build: "node -e \"fs.writeFileSync('built', '')\"" } }),
    );
    if (withDev) {
      mkdirSync(join(here, 'node_modules/esbuild'), { recursive: true });
      writeFileSync(join(here, 'node_modules/esbuild/package.json'), '{"name":"esbuild","main":"index.js"}');
      writeFileSync(join(here, 'node_modules/esbuild/index.js'), '');
    }
    return here;
  }

  it('without the development packages builds nothing, and says so', () => {
    const here = install({ withDev: false });
    const { status, stdout, stderr } = run('deploy/prepare.mjs', [], here);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toContain('nothing is built');
    expect(existsSync(join(here, 'built'))).toBe(false);
  });

  it('with them builds', () => {
    const here = install({ withDev: true });
    expect(run('deploy/prepare.mjs', [], here)).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(here, 'built'))).toBe(true);
  });

  it('fails when the build does', () => {
    const here = install({ withDev: true });
    writeFileSync(
      join(here, 'package.json'),
      JSON.stringify({ scripts: { build: 'node -e "process.exit(3)"' } }),
    );
    expect(run('deploy/prepare.mjs', [], here).status).not.toBe(0);
  });
});
