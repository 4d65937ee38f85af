import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { freePorts, isFree } from '../support/local-cloud.ts';

/** `npm start` without its build, which `npm test` has done before. */
const root = resolve(import.meta.dirname, '../..');
/** The quota is the account's affair: high, so that the test is not about waiting. */
const FAST = { QPS_LIMIT: '500' };

interface Started {
  readonly child: ChildProcess;
  output(): string;
  lines(): string[];
  exit: Promise<number | null>;
}

const children: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

function start(args: string[], env: Record<string, string> = FAST): Started {
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/main.ts', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, exit, output: () => text, lines: () => text.trimEnd().split('\n') };
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'idv-e2e-'));
  folders.push(made);
  return made;
}

/** Waits for a text in the output, or for the end. */
async function said(run: Started, text: string): Promise<void> {
  while (!run.output().includes(text) && run.child.exitCode === null) await sleep(50);
}

const lastJson = ({ lines }: Started) => JSON.parse(lines().at(-1) ?? '') as Record<string, number>;

describe('npm start -- --once', () => {
  it('registers, waits, sweeps, records, and ends with a line of JSON', async () => {
    const port = await freePorts();
    const run = start(['--once', '--port', String(port), '--transactions', '60', '--no-console']);
    expect([await run.exit, run.output()]).toEqual([0, expect.stringMatching(/\n\{.*\}\n$/)]);
    const result = lastJson(run);
    expect(Object.keys(result)).toEqual([
      'registered',
      'due',
      'final',
      'waiting',
      'residual',
      'calls',
      'peakQps',
      'durationMs',
    ]);
    expect(result).toMatchObject({ registered: 60, due: 55, final: 55, waiting: 5, residual: 0, calls: 55 });
    expect(run.output()).toMatch(/sweep: \d+ calls for 55 due/);
    for (const place of [0, 1, 2, 3]) expect(await isFree(port + place)).toBe(true);
  });

  it('with --transactions 0 seeds nothing', async () => {
    const run = start(['--once', '--port', '0', '--transactions', '0', '--no-console']);
    expect([await run.exit, run.output()]).toEqual([0, expect.anything()]);
    expect(lastJson(run)).toMatchObject({
      registered: 0,
      due: 0,
      final: 0,
      waiting: 0,
      residual: 0,
      calls: 0,
    });
  });

  it('goes on from what a data folder holds', async () => {
    const data = await folder();
    const args = ['--once', '--port', '0', '--transactions', '20', '--no-console', '--data', data];
    // The first start's lease on the queue outlives it.
    const env = { ...FAST, LEASE_SECONDS: '2', HEARTBEAT_SECONDS: '0.5' };
    const first = start(args, env);
    expect([await first.exit, first.output()]).toEqual([0, expect.anything()]);
    const { registered, final, waiting } = lastJson(first);
    expect([registered, final, waiting]).toEqual([20, 18, 2]);
    const second = start(args, env);
    expect([await second.exit, second.output()]).toEqual([0, expect.anything()]);
    expect(lastJson(second)).toMatchObject({ registered, final, waiting, residual: 0, calls: 0 });
    expect(existsSync(join(data, 'functions.log'))).toBe(true);
  });

  it('hands the environment’s settings to the functions', async () => {
    // A delay of a second leaves nothing to wait for: the youngest are asked for as well.
    const env = { ...FAST, VERIFY_DELAY_SECONDS: '1', AUTH: 'bearer' };
    const run = start(['--once', '--port', '0', '--transactions', '20', '--no-console'], env);
    await run.exit;
    const { due = 0, final = 0, waiting = 0 } = lastJson(run);
    expect(due).toBeGreaterThanOrEqual(18);
    expect(final + waiting).toBe(20);
  });
});

describe('npm start', () => {
  it('serves until it is stopped, and leaves nothing behind', async () => {
    const run = start(['--port', '0', '--transactions', '20']);
    await said(run, 'Ctrl-C');
    expect(run.output()).toContain('Ctrl-C');
    const api = /HTTP API\s+(http:\S+?)\/v1\//.exec(run.output())?.[1] ?? '';
    const example = /curl (http:\S+\/v1\/transactions\/\S+)/.exec(run.output())?.[1] ?? '';
    const log = /functions' log\s+(\S+)/.exec(run.output())?.[1] ?? '';
    expect(await (await fetch(`${api}/v1/health`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(example)).json()).toMatchObject({ final: true, stored: 'already' });
    const state = (await (await fetch(`${api}/_control`)).json()) as { instances: Array<{ pid: number }> };
    expect(state.instances.length).toBeGreaterThanOrEqual(2);
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(0);
    for (const { pid } of state.instances) expect(() => process.kill(pid, 0)).toThrow();
    expect(existsSync(dirname(log))).toBe(false);
  });

  it('waits for its turn while others keep the functions busy', async () => {
    const port = await freePorts();
    // At the quota of a region the sweep takes long enough to be overtaken.
    const run = start(['--port', String(port), '--transactions', '20', '--no-console'], {});
    const control = async (body?: object) => {
      const method = body === undefined ? 'GET' : 'POST';
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(`http://127.0.0.1:${port}/_control`, { method, ...sent });
      return (await answer.json()) as { counts?: { lookup?: { throttled?: number } } };
    };
    /** Every call is answered 429 from now on, and some of its own have been. */
    const keepBusy = async () => {
      const throttled = async () => (await control()).counts?.lookup?.throttled ?? 0;
      await control({ reservedConcurrency: { lookup: 0 } });
      const before = await throttled();
      const goesOn = () => run.child.exitCode === null && !run.output().includes('Ctrl-C');
      while ((await throttled()) < before + 2 && goesOn()) await sleep(20);
      expect(run.output()).not.toContain('Ctrl-C');
      await control({ reservedConcurrency: { lookup: null } });
    };
    while (!(await control().then(Boolean, () => false)) && run.child.exitCode === null) await sleep(10);
    await keepBusy();
    await said(run, 'transactions registered');
    await keepBusy();
    await said(run, 'Ctrl-C');
    expect([run.child.exitCode, run.output()]).toEqual([null, expect.stringContaining('Ctrl-C')]);
    expect(run.output()).toContain('20 registered, 18 final, 2 waiting, 0 lost');
  });

  it('without a session to try it names what can be tried', async () => {
    const run = start(['--port', '0', '--transactions', '0', '--no-console']);
    await said(run, 'Ctrl-C');
    const tries = run.lines().filter((line) => line.includes('curl'));
    expect(tries).toEqual([expect.stringMatching(/^try +curl -d '\{"tick":"sweep"\}' http/)]);
  });

  it('looks up through its console where the API wants a token, and shows the token to nobody', async () => {
    const run = start(['--port', '0', '--transactions', '20'], { ...FAST, AUTH: 'bearer' });
    await said(run, 'Ctrl-C');
    const page = /console\s+(http:\S+)/.exec(run.output())?.[1] ?? '';
    const example = /curl (http:\S+\/v1\/transactions\/\S+)/.exec(run.output())?.[1] ?? '';
    const log = /functions' log\s+(\S+)/.exec(run.output())?.[1] ?? '';
    expect((await fetch(example)).status).toBe(401);
    const transactionId = example.split('/').at(-1);
    const answer = await fetch(`${page}/api/lookup`, {
      method: 'POST',
      body: JSON.stringify({ transactionId }),
    });
    const found = await answer.text();
    expect(JSON.parse(found)).toMatchObject({ status: 200, body: { transactionId, final: true } });
    // The line to try has a place for one.
    const output = run.output().replace('-H "authorization: Bearer $TOKEN"', '');
    expect(output).not.toBe(run.output());
    const told = [output, await readFile(log, 'utf8'), found].join();
    expect(told).toContain(transactionId);
    // As a header: a page of the flow is called "OCR camera authorization page".
    expect(told).not.toMatch(/bearer [\w-]{20,}|authorization["']?\s*[:=]/i);
  });

  it('names a port that is taken', async () => {
    const port = await freePorts();
    const holder = createServer().listen(port + 2, '127.0.0.1');
    await once(holder, 'listening');
    const run = start(['--port', String(port), '--transactions', '0']);
    expect([await run.exit, run.output()]).toEqual([1, expect.stringContaining(`port ${port + 2} is taken`)]);
    holder.close();
    expect(await isFree(port)).toBe(true);
  });

  it.each([
    { args: ['--prot', '1'], env: {}, name: '--prot' },
    { args: ['--port', 'x'], env: {}, name: '--port' },
    { args: [], env: { QPS_LIMIT: 'many', RUN_MARGIN_SECONDS: '0' }, name: 'RUN_MARGIN_SECONDS' },
  ])('refuses $args $env and names $name', async ({ args, env, name }) => {
    const run = start(args, env as Record<string, string>);
    expect([await run.exit, run.output()]).toEqual([2, expect.stringContaining(name)]);
  });
});
