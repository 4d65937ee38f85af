import { afterEach, describe, expect, it } from '@jest/globals';
import { SweepWorld, type SweepWorldOptions, saysTruth } from '../../support/sweep-world.ts';

const DAY_MS = 86_400_000;

let world: SweepWorld;
afterEach(() => world.close());

async function open(options: SweepWorldOptions = {}): Promise<SweepWorld> {
  world = await SweepWorld.open(options);
  return world;
}

const allTrue = async (ids: readonly string[]) => {
  const finals = await world.finals();
  return ids.every((id) => finals.get(id)?.every(saysTruth) === true);
};
const kinds = async () => {
  const counts: Record<string, number> = {};
  for (const { kind = '' } of await world.rows('idv-pending')) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
};

describe('a run that has not the time for everything', () => {
  it('ends before its margin, with whole groups done and nothing handed back', async () => {
    // 3 s of work a run, at 20 calls a second.
    await open({ timeoutSeconds: 5, env: { QPS_LIMIT: '20', RUN_MARGIN_SECONDS: '2' } });
    const ids = await world.register(100, { groupRows: 10 });
    await world.age();
    const report = await world.report();
    expect(report).toMatchObject({ ended: 'deadline', handed_back: 0, requeued: 0 });
    // The platform would have ended it at 5 s.
    expect(Number(report.duration_ms)).toBeLessThan(4_500);
    expect(Number(report.final_count)).toBeGreaterThan(0);
    expect(Number(report.final_count) % 10).toBe(0);
    expect(Number(report.lag_ms)).toBeGreaterThan(0);
    // All rows came within a second or two: what is done of the checkpoint's own second is not left.
    expect(report.backlog).toBe(100 - Number(report.final_count));
    let runs = 1;
    for (; runs < 11 && !(await allTrue(ids)); runs += 1) await world.report();
    expect(await allTrue(ids)).toBe(true);
    expect(await kinds()).toEqual({ register: 100 });
    // What was done is not asked about again: only the one call under way at a deadline may be.
    expect(await world.calls()).toBeLessThanOrEqual(100 + runs);
  });

  it('cuts a group larger than a whole run, and hands back what is left of it', async () => {
    await open({ timeoutSeconds: 4, env: { QPS_LIMIT: '20', RUN_MARGIN_SECONDS: '2' } });
    const ids = await world.register(90);
    await world.age();
    const first = await world.report();
    expect(first).toMatchObject({ ended: 'done', requeued: 0 });
    const done = Number(first.final_count);
    expect(done).toBeGreaterThan(0);
    expect(first.handed_back).toBe(90 - done);
    // Of those that were in the way: same attempt, same registration.
    const [row] = (await world.rows('idv-pending')).slice(-1);
    const [original] = await world.rows('idv-pending');
    expect(row).toMatchObject({
      kind: 'handback',
      attempt: '0',
      registered_at_ms: original?.registered_at_ms,
      initialized_at_ms: original?.initialized_at_ms,
    });
    for (let runs = 0; runs < 20 && !(await allTrue(ids)); runs += 1) {
      await world.age();
      await world.report();
    }
    expect(await allTrue(ids)).toBe(true);
  });

  it('does not hand back before anything is done', async () => {
    await open({ timeoutSeconds: 3, env: { QPS_LIMIT: '20', RUN_MARGIN_SECONDS: '1' } });
    await world.register(90);
    await world.age();
    await world.control(world.cloudauth, { plan: [{ match: '*', answer: 'Throttling.Api' }] });
    expect(await world.report()).toMatchObject({ ended: 'deadline', final_count: 0, handed_back: 0 });
    expect(await kinds()).toEqual({ register: 90 });
  });

  it('finishes what was begun even if the service slows down under way', async () => {
    await open({ timeoutSeconds: 5, env: { QPS_LIMIT: '40', RUN_MARGIN_SECONDS: '2' } });
    const ids = await world.register(60, { groupRows: 60 });
    await world.age();
    // The group fits 40 a second, but the service takes only 8.
    await world.control(world.cloudauth, { qps: 8 });
    for (let runs = 0; runs < 20 && !(await allTrue(ids)); runs += 1) {
      await world.report();
      await world.age();
    }
    expect(await allTrue(ids)).toBe(true);
  });

  it('leaves a call without an answer behind at the deadline', async () => {
    await open({ timeoutSeconds: 4, env: { RUN_MARGIN_SECONDS: '2', CALL_TIMEOUT_MS: '60000' } });
    const ids = await world.register(40, { groupRows: 10 });
    await world.age();
    await world.control(world.cloudauth, { plan: [{ match: ids[25], answer: 'hang' }] });
    const report = await world.report();
    expect(report).toMatchObject({ ended: 'deadline', final_count: 20, handed_back: 0 });
    // The platform would have ended it at 4 s, the call's own limit much later.
    expect(Number(report.duration_ms)).toBeLessThan(3_500);
    await world.control(world.cloudauth, { plan: [] });
    expect(await world.report()).toMatchObject({ ended: 'done', final_count: 20 });
    expect(await allTrue(ids)).toBe(true);
  });
});

describe('a run while SLS hangs', () => {
  it.each([
    ['pulls', { action: 'PullLogs' }],
    ['checkpoints, from the first', { action: 'ConsumerGroupUpdateCheckPoint' }],
    ['writes', { action: 'PutLogs', logstore: 'idv-records' }],
    ['reports', { action: 'PutLogs', logstore: 'idv-sweeps' }],
    ['cursors', { action: 'GetCursor' }],
    ['everything but heartbeats', { action: '*' }],
  ])('%s: it ends before the platform ends it', async (_what, match) => {
    await open({ timeoutSeconds: 4, env: { RUN_MARGIN_SECONDS: '2', CALL_TIMEOUT_MS: '10000' } });
    const ids = await world.register(30, { groupRows: 10 });
    await world.age();
    const actions =
      match.action === '*'
        ? ['PullLogs', 'PutLogs', 'GetCursor', 'GetLogsV2', 'ListShards', 'GetCheckPoint', 'GetCursorTime']
        : [match.action];
    await world.control(world.sls, {
      fail: actions.map((action) => ({ logstore: '*', ...match, action, answer: 'hang' })),
    });
    // The platform ends it after 4 s, in the middle of what it does.
    expect((await world.run()).outcome).not.toBe('timeout');
    await world.control(world.sls, { fail: [] });
    expect((await world.run()).outcome).toBe('ok');
    expect(await allTrue(ids)).toBe(true);
  });
});

describe("SLS's clock", () => {
  it('an hour ahead does not make a young row due', async () => {
    await open({ slsClockAheadMs: 3_600_000 });
    await world.register(3);
    expect(await world.report()).toMatchObject({ ended: 'done', pulled: 0, calls: 0 });
    expect(await world.rows('idv-records')).toEqual([]);
  });

  it('an hour behind makes nothing due too early either', async () => {
    await open({ slsClockAheadMs: -3_600_000 });
    await world.register(3);
    await world.age();
    expect(await world.report()).toMatchObject({ pulled: 0, calls: 0 });
  });

  it('the control: the same rows are due when the clocks agree', async () => {
    await open({ slsClockAheadMs: 0 });
    await world.register(3);
    await world.age();
    expect(await world.report()).toMatchObject({ ended: 'done', pulled: 3, final_count: 3 });
  });
});

describe('rows within a day of their end', () => {
  const initializedAtMs = () => Date.now() - 29.5 * DAY_MS;

  it('are asked first, and never handed back', async () => {
    await open({ timeoutSeconds: 4, env: { QPS_LIMIT: '20', RUN_MARGIN_SECONDS: '2' } });
    const late = Array.from({ length: 15 }, (_, index) => `late${index}`);
    const young = Array.from({ length: 80 }, (_, index) => `young${index}`);
    await world.know([...late, ...young]);
    await world.queue([
      ...young.map((id) => ({ transaction_id: id })),
      ...late.map((id) => ({ transaction_id: id, initialized_at_ms: initializedAtMs() })),
    ]);
    await world.age();
    const report = await world.report();
    expect(Number(report.handed_back)).toBeGreaterThan(0);
    expect(report.near_end).toBe(15);
    expect(await allTrue(late)).toBe(true);
    const handedBack = (await world.rows('idv-pending')).filter(({ kind }) => kind === 'handback');
    expect(handedBack.some(({ transaction_id }) => transaction_id?.startsWith('late'))).toBe(false);
  });

  it('are finished when the run is over, with what was answered last', async () => {
    await open({ timeoutSeconds: 4, env: { RUN_MARGIN_SECONDS: '2' } });
    const id = 'stubborn';
    await world.know([id]);
    await world.control(world.cloudauth, { plan: [{ match: id, answer: 'InternalError' }] });
    await world.queue([{ transaction_id: id, initialized_at_ms: initializedAtMs() }]);
    await world.age();
    expect(await world.report()).toMatchObject({ ended: 'done', requeued: 0, handed_back: 0 });
    expect((await world.finals()).get(id)).toMatchObject([{ disposition: 'gave_up', code: 'InternalError' }]);
  });
});
