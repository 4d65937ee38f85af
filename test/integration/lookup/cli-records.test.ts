import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApi } from '../../../client/cli/api.ts';
import { readCommandLine } from '../../../client/cli/arguments.ts';
import type { CliContext } from '../../../client/cli/context.ts';
import { type Lateness, latenessCommand } from '../../../client/cli/lateness.ts';
import { replayCommand } from '../../../client/cli/replay.ts';
import { ledgerCommand } from '../../../client/cli/requests.ts';
import { OFFICIAL_RESULT } from '../../../local/cloudauth/official-example.ts';
import { toRecord } from '../../../shared/record/record.ts';
import { systemClock } from '../../../shared/time.ts';
import { encodeOutput, writeRecords } from '../../../shared/write-records.ts';
import { LookupWorld, type TriggerServer } from '../../support/lookup-world.ts';

/** The commands that read the records: over SQL and the API of a local cloud. */
let world: LookupWorld;
let trigger: TriggerServer;
const HOUR_MS = 3_600_000;
const nowMs = Date.now();

beforeAll(async () => {
  world = await LookupWorld.open();
  trigger = await world.openTrigger();
});
afterAll(async () => {
  await world.close();
});

async function run(command: (context: CliContext) => Promise<number>, args: readonly string[]) {
  const line = readCommandLine(args);
  if (typeof line === 'string') throw new Error(line);
  const output: string[] = [];
  const errors: string[] = [];
  const code = await command({
    line,
    api: createApi({ url: trigger.url, auth: { kind: 'none' } }),
    out: (text) => output.push(text),
    err: (text) => errors.push(text),
    terminal: false,
    sls: () => world.client,
    now: Date.now,
    stopped: () => false,
  });
  return { code, stdout: output.join('\n'), stderr: errors.join('\n') };
}

interface Stored {
  readonly id: string;
  readonly hoursAgo: number;
  readonly disposition?: 'answered' | 'gave_up';
  readonly result?: object;
  readonly final?: boolean;
}
function write(rows: readonly Stored[]) {
  const outputs = rows.map(
    ({ id, hoursAgo, disposition = 'answered', result = OFFICIAL_RESULT, final = true }) =>
      toRecord({
        transactionId: id,
        merchantBizId: 'm1',
        source: 'sweep',
        attempt: 1,
        region: 'ap-southeast-1',
        labels: { channel: 'web' },
        registeredAtMs: nowMs - (hoursAgo + 1) * HOUR_MS,
        askedAtMs: nowMs - hoursAgo * HOUR_MS,
        final,
        disposition,
        code: disposition === 'answered' ? 'Success' : 'InternalError',
        result,
      }),
  );
  return writeRecords(world.client, outputs.map(encodeOutput), { clock: systemClock, random: Math.random });
}
describe('replay', () => {
  beforeAll(() =>
    write([
      { id: 'rp-lost', hoursAgo: 3, disposition: 'gave_up' },
      { id: 'rp-old', hoursAgo: 30, disposition: 'gave_up' },
      { id: 'rp-found', hoursAgo: 5, disposition: 'gave_up' },
      { id: 'rp-found', hoursAgo: 4 },
      { id: 'rp-fine', hoursAgo: 3 },
    ]),
  );

  it('finds by the record that counts, in the time that was said', async () => {
    const { stdout } = await run(replayCommand, [
      'replay',
      '--disposition',
      'gave_up',
      '--dry-run',
      '--json',
    ]);
    expect(JSON.parse(stdout)).toEqual({ selected: 1, ids: ['rp-lost'] });
    const from = new Date(nowMs - 48 * HOUR_MS).toISOString();
    const wider = await run(replayCommand, [
      'replay',
      '--code',
      'InternalError',
      '--from',
      from,
      '--dry-run',
    ]);
    expect(wider.stdout.split('\n').sort()).toEqual(['rp-lost', 'rp-old']);
    expect(await world.rowsOf('idv-pending', 'rp-lost')).toEqual([]);
  });

  it('queues again with what is known', async () => {
    const { code, stdout } = await run(replayCommand, ['replay', '--disposition', 'gave_up']);
    expect([code, stdout]).toEqual([0, '1 of 1 queued again; asked about in half an hour']);
    expect(await world.rowsOf('idv-pending', 'rp-lost')).toMatchObject([
      {
        kind: 'replay',
        attempt: '0',
        merchant_biz_id: 'm1',
        labels: '{"channel":"web"}',
        registered_at_ms: String(nowMs - 4 * HOUR_MS),
      },
    ]);
  });

  it('says so when no record fits', async () => {
    const args = ['replay', '--cause', 'clock'];
    expect(await run(replayCommand, args)).toEqual({
      code: 0,
      stdout: 'no record fits: nothing was queued',
      stderr: '',
    });
    expect((await run(replayCommand, [...args, '--dry-run'])).stdout).toBe('no record fits');
    expect(JSON.parse((await run(replayCommand, [...args, '--json'])).stdout)).toMatchObject({ selected: 0 });
  });

  it('takes all that are named, and says where it stops with those that fit', async () => {
    const ids = Array.from({ length: 1_200 }, (_, index) => `rp-many-${index}`);
    const named = await run(replayCommand, ['replay', ...ids, '--dry-run', '--json']);
    expect(JSON.parse(named.stdout).selected).toBe(1_200);
    const from = new Date(nowMs - 48 * HOUR_MS).toISOString();
    const args = ['replay', '--code', 'InternalError', '--from', from, '--dry-run'];
    const [first, all] = [
      await run(replayCommand, [...args, '--limit', '1']),
      await run(replayCommand, args),
    ];
    expect(first.stderr).toContain('the first 1: there may be more');
    expect([all.stderr, all.stdout.split('\n')]).toEqual(['', expect.arrayContaining(['rp-old'])]);
  });

  it('finds more than one page of records, each once, those asked about longest ago first', async () => {
    const ids = Array.from({ length: 10_007 }, (_, index) => `rp-page-${index}`);
    // Many were asked about in the same millisecond: a page ends amid them.
    await write(ids.map((id, index) => ({ id, hoursAgo: index < 7 ? 101 : 100, disposition: 'gave_up' })));
    const [from, to] = [103, 99].map((hours) => new Date(nowMs - hours * HOUR_MS).toISOString());
    const period = ['--from', from, '--to', to, '--dry-run', '--json'] as string[];
    const found = async (limit: string) => {
      const { stdout } = await run(replayCommand, [
        'replay',
        '--code',
        'InternalError',
        '--limit',
        limit,
        ...period,
      ]);
      return JSON.parse(stdout).ids as string[];
    };
    expect((await found('7')).sort()).toEqual(ids.slice(0, 7));
    const all = await found('20000');
    expect(all.slice(0, 7).sort()).toEqual(ids.slice(0, 7));
    expect(all.sort()).toEqual([...ids].sort());
    expect(await found('10001')).toHaveLength(10_001);
  });

  it('takes ids, each once, known or not', async () => {
    const { code, stdout } = await run(replayCommand, ['replay', 'rp-fine', 'rp-never', 'rp-fine', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, { selected: 2, queued: 2, failed: 0 }]);
    expect(await world.rowsOf('idv-pending', 'rp-never')).toMatchObject([{ kind: 'replay' }]);
  });

  it('leaves out what cannot be read, and says why', async () => {
    await world.control(world.sls, {
      fail: [{ action: 'GetLogsV2', logstore: 'idv-records', times: 100, answer: 'Unauthorized' }],
    });
    const { code, stdout, stderr } = await run(replayCommand, ['replay', 'rp-dark', '--json']);
    await world.control(world.sls, { fail: [] });
    expect([code, JSON.parse(stdout)]).toEqual([1, { selected: 1, queued: 0, failed: 1 }]);
    expect(stderr).toMatch(/^1 were left out: their earlier rows could not be read: .*Unauthorized/);
    expect(await world.rowsOf('idv-pending', 'rp-dark')).toEqual([]);
  });
});

describe('lateness', () => {
  it('says how many answers of each age had changed', async () => {
    const ids = (age: number) => Array.from({ length: 30 }, (_, index) => `late-${age}-${index}`);
    await write([
      ...ids(2).map((id) => ({ id, hoursAgo: 2 })),
      ...ids(24).map((id) => ({ id, hoursAgo: 24 })),
      { id: 'late-provisional', hoursAgo: 2, final: false },
      { id: 'late-between', hoursAgo: 10 },
    ]);
    const passed = { VerifyStatus: '0', Passed: 'Y', SubCode: '200' };
    for (const [index, id] of ids(2).entries()) {
      await world.putSession(id, nowMs - 3 * HOUR_MS, index < 3 ? passed : OFFICIAL_RESULT);
    }
    for (const id of ids(24)) await world.putSession(id, nowMs - 25 * HOUR_MS, OFFICIAL_RESULT);
    const { code, stdout } = await run(latenessCommand, ['lateness', '--json']);
    expect(code).toBe(0);
    const [two, day] = JSON.parse(stdout) as Lateness[];
    expect(two).toMatchObject({ hours: 2, found: 30, asked: 30, changed: 3, changedMeaning: 3, share: 0.1 });
    // Wilson, 3 of 30: from the tables.
    expect(two?.interval?.[0]).toBeCloseTo(0.0346, 3);
    expect(two?.interval?.[1]).toBeCloseTo(0.2562, 3);
    expect(day).toMatchObject({ hours: 24, found: 30, asked: 30, changed: 0, share: 0 });
    const sampled = await run(latenessCommand, ['lateness', '--sample', '5', '--hours', '24,100']);
    expect(sampled.stdout).toMatch(/24 h\s+5\s+0/);
    expect(sampled.stdout).toContain('nothing of that age');
  });
});

describe('lateness of nothing that was answered', () => {
  it('says so, and does not end as if it were known', async () => {
    await write(Array.from({ length: 3 }, (_, index) => ({ id: `dark-${index}`, hoursAgo: 50 })));
    await world.control(world.cloudauth, {
      plan: [{ match: '*', rate: 1, answer: 'Forbidden.RAMUserAccessDenied' }],
    });
    const { code, stdout } = await run(latenessCommand, ['lateness', '--hours', '50']);
    await world.control(world.cloudauth, { plan: [] });
    expect([code, stdout]).toEqual([1, expect.stringContaining('none was answered')]);
  });
});

describe('ledger', () => {
  it('shows the books, and ends well when nothing is lost', async () => {
    await world.call('POST', '/v1/transactions', { body: { transactionId: 'book-1' } });
    const { code, stdout } = await run(ledgerCommand, ['ledger']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^from \S+Z to \S+Z\n/);
    expect(stdout).toMatch(/registered\s+\d+\n\s+finished\s+=/);
    const asJson = JSON.parse((await run(ledgerCommand, ['ledger', '--json'])).stdout);
    expect(asJson).toMatchObject({ residual: 0, complete: true });
    expect(asJson.waiting).toBeGreaterThan(0);
  });
});
