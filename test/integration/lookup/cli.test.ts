import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OFFICIAL_RESULT } from '../../../local/cloudauth/official-example.ts';
import { LookupWorld, type TriggerServer } from '../../support/lookup-world.ts';
import { acs3TriggerProblem } from '../../support/signature-check.ts';
import { credentials } from '../../support/world.ts';

/** The command line, as its own process, against the handler behind a trigger URL, and both local services. */
let world: LookupWorld;
let trigger: TriggerServer;
const folder = mkdtempSync(join(tmpdir(), 'idv-cli-'));
const MAIN = join(import.meta.dirname, '../../../client/cli/main.ts');

beforeAll(async () => {
  world = await LookupWorld.open({
    app: { startSweep: async () => ({ requestId: '1-started' }) },
  });
  trigger = await world.openTrigger();
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  trigger.before = () => undefined;
  await world.calm();
});

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line; `until` may kill it. */
function cli(
  args: readonly string[],
  options: { env?: Record<string, string>; until?: (kill: () => void) => void } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      IDV_URL: trigger.url,
      SLS_PROJECT: 'idv-local',
      SLS_ENDPOINT: world.sls.url,
      ALIBABA_CLOUD_ACCESS_KEY_ID: credentials.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: credentials.accessKeySecret,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  options.until?.(() => child.kill('SIGKILL'));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

async function pendingIds(prefix: string): Promise<string[]> {
  const ids = (await world.rows('idv-pending')).map((row) => row.transaction_id ?? '');
  return ids.filter((id) => id.startsWith(prefix));
}

describe('the command line', () => {
  it('tells a story and a timeline', async () => {
    await world.putSession('cli-1', Date.now() - 40 * 60_000, OFFICIAL_RESULT);
    const at = String(Date.now() - 40 * 60_000);
    const { code, stdout } = await cli(['lookup', 'cli-1', '--initialized-at', at]);
    expect(code).toBe(0);
    for (const words of [
      'cli-1  final',
      'interrupted',
      'Timeline:',
      'OCR_SCAN',
      '37.4 s',
      '2025-03-21 10:31:25',
    ]) {
      expect(stdout).toContain(words);
    }
    const zh = await cli(['lookup', 'cli-1', '--zh']);
    expect(zh.stdout).toContain('用户进入OCR页面');
    const asJson = await cli(['lookup', 'cli-1', '--json']);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      transactionId: 'cli-1',
      record: { journey: 'interrupted' },
    });
  });

  it('says in words and in JSON what went wrong', async () => {
    const { code, stdout, stderr } = await cli(['lookup', 'cli-unknown', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ problem: { code: 'TRANSACTION_INVALID' } });
    expect(stderr).toContain('TransactionIdInvalid');
  });

  it.each([
    [['nonsense'], 'no command'],
    [['lookup'], 'takes one transaction id'],
    [['lookup', 'a', '--nope'], 'nope'],
    [['backfill', 'x.txt'], '.csv or .ndjson'],
    [['replay'], 'needs ids'],
    [['replay', '--cause', "x' or '1'='1"], '--cause cannot be'],
    [['lateness', '--hours', 'x'], '--hours'],
    [['ledger', '--auth', 'bearer'], '--token'],
  ])('%j is a wrong command line', async (args, words) => {
    const { code, stderr } = await cli(args);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });

  it('registers one, with labels', async () => {
    const { code } = await cli([
      'register',
      'cli-2',
      '--merchant-biz-id',
      'm1',
      '--label',
      'platform=ios',
      '--label',
      'note=a=b',
    ]);
    expect(code).toBe(0);
    const seconds = Math.floor(Date.now() / 1_000);
    const { rows } = await world.client.query('idv-pending', {
      query: 'transaction_id: "cli-2"',
      fromSeconds: seconds - 600,
      toSeconds: seconds + 600,
    });
    expect(rows).toMatchObject([{ merchant_biz_id: 'm1', labels: '{"platform":"ios","note":"a=b"}' }]);
  });

  it('starts a sweep', async () => {
    expect(await cli(['sweep'])).toMatchObject({ code: 0, stdout: 'a run was started: 1-started\n' });
  });

  it('signs as the trigger of a function wants it, and sends a token where it is given one', async () => {
    await cli(['sweep', '--auth', 'sign']);
    const signed = trigger.requests.at(-1);
    if (signed === undefined) throw new Error('nothing was sent');
    expect(acs3TriggerProblem(signed, credentials.accessKeySecret)).toBeUndefined();
    expect(acs3TriggerProblem(signed, 'another')).toBeDefined();
    await cli(['sweep', '--token', 'abc']);
    expect(trigger.requests.at(-1)?.headers.authorization).toBe('Bearer abc');
    await cli(['sweep']);
    expect(trigger.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('waits and tries again when the API is short of something', async () => {
    const from = trigger.requests.length;
    trigger.before = (count) => (count <= from + 2 ? 503 : undefined);
    expect((await cli(['register', 'cli-3'])).code).toBe(0);
    expect(trigger.requests.length).toBe(from + 3);
  });
});

describe('a backfill', () => {
  it('of 20,000 lines, killed twice and run again, registers each and invents none', async () => {
    const count = 20_000;
    const bad = new Set([17, 5_000, 19_999]);
    const lines = Array.from({ length: count }, (_, index) =>
      bad.has(index)
        ? '{"transactionId":"not valid"}'
        : JSON.stringify({ transactionId: `bf-${index}`, labels: { n: String(index) } }),
    );
    const file = join(folder, 'many.ndjson');
    const rejects = join(folder, 'rejects.ndjson');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const args = ['backfill', file, '--rate', '100000', '--rejects', rejects, '--json'];
    for (const share of [0.3, 0.6]) {
      const from = trigger.requests.length;
      const killed = await cli(args, {
        until: (kill) => {
          // In the middle of a request: whether it was stored is then open.
          trigger.before = (now) => {
            if (now - from >= (count / 200) * share * 0.5) kill();
            return undefined;
          };
        },
      });
      expect(killed.code).toBeNull();
    }
    trigger.before = () => undefined;
    const done = await cli(args);
    // Lines were left out.
    expect(done.code).toBe(1);
    const result = JSON.parse(done.stdout);
    expect(result).toMatchObject({ registered: count - bad.size, rejected: bad.size, finished: true });
    expect(result.resumedAtLine).toBeGreaterThan(1);
    const ids = await pendingIds('bf-');
    const distinct = new Set(ids);
    expect(distinct).toEqual(new Set(lines.flatMap((_, index) => (bad.has(index) ? [] : [`bf-${index}`]))));
    // At most the batch under way at each kill is there twice.
    expect(ids.length - distinct.size).toBeLessThanOrEqual(2 * 200);
    const left = readFileSync(rejects, 'utf8')
      .trim()
      .split('\n')
      .map((one) => JSON.parse(one));
    expect(new Set(left.map((one) => one.line))).toEqual(new Set([...bad].map((index) => index + 1)));
    const again = await cli(args);
    expect(again.stderr).toContain('is finished');
    expect((await pendingIds('bf-')).length).toBe(ids.length);
  });

  it('of a CSV goes on when the file has grown, and not when it is another', async () => {
    const file = join(folder, 'small.csv');
    writeFileSync(file, 'transactionId,labels.channel\ncsv-1,"web, old"\nbad id,\n');
    const first = await cli(['backfill', file]);
    expect(first).toMatchObject({ code: 1, stdout: '1 registered, 1 left out\n' });
    expect(first.stderr).toContain('line 3 is left out: transactionId');
    writeFileSync(file, 'transactionId,labels.channel\ncsv-1,"web, old"\nbad id,\ncsv-2,\n');
    expect((await cli(['backfill', file])).stdout).toBe('2 registered, 1 left out\n');
    expect((await pendingIds('csv-')).sort()).toEqual(['csv-1', 'csv-2']);
    writeFileSync(file, 'transactionId\ncsv-3\n');
    const other = await cli(['backfill', file]);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('begins differently now');
    expect((await cli(['backfill', file, '--again'])).code).toBe(0);
  });

  it('stops with its progress kept when the API refuses it', async () => {
    const file = join(folder, 'refused.ndjson');
    writeFileSync(
      file,
      Array.from({ length: 30 }, (_, index) => `{"transactionId":"rf-${index}"}\n`).join(''),
    );
    const from = trigger.requests.length;
    trigger.before = (count) => (count > from + 2 ? 403 : undefined);
    const refused = await cli(['backfill', file, '--batch', '10', '--rate', '1000']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('the trigger refused');
    trigger.before = () => undefined;
    expect((await cli(['backfill', file, '--json'])).stdout).toContain('"registered": 30');
    expect((await pendingIds('rf-')).length).toBe(30);
  });
});
