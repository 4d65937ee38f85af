import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'idv-leak-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a test file of one test with the guard. */
function run(name: string, body: string) {
  writeFileSync(join(folder, `${name}.test.cjs`), `test('does so', async () => { ${body} });`);
  const config = {
    rootDir: folder,
    testMatch: [`**/${name}.test.cjs`],
    testEnvironment: join(root, 'test/support/leak-guard.mjs'),
    transform: {},
  };
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/jest/bin/jest.js'), '--config', JSON.stringify(config), '--forceExit'],
    { encoding: 'utf8', env: { PATH: process.env.PATH ?? '', NODE_OPTIONS: '--experimental-vm-modules' } },
  );
  return { status, stderr };
}

const LISTEN = `
  const server = require('node:http').createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));`;
const START = `const child = require('node:child_process').spawn('sleep', ['20']);`;

describe('a test file', () => {
  it.each([
    ['a listening server', LISTEN, 'await new Promise((done) => server.close(done));'],
    ['a running process', START, "child.kill(); await new Promise((done) => child.on('exit', done));"],
  ])('that leaves %s fails, and one that ends it does not', (what, leave, end) => {
    const left = run('leaves', leave);
    expect([left.status, left.stderr]).toEqual([1, expect.stringContaining(`left open: ${what}`)]);
    const ended = run('ends', leave + end);
    expect([ended.status, ended.stderr]).toEqual([0, expect.not.stringContaining('left open')]);
  });
});
