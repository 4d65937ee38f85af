import { afterEach, describe, expect, it } from '@jest/globals';
import { cursorAt, cursorNumber } from '../../../shared/sls/cursor.ts';
import { SweepWorld, type SweepWorldOptions, saysTruth } from '../../support/sweep-world.ts';
import { until } from '../../support/until.ts';

let world: SweepWorld;
afterEach(() => world.close());

async function open(options: SweepWorldOptions = {}): Promise<SweepWorld> {
  world = await SweepWorld.open(options);
  return world;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const heartbeat = (consumer: string, shards: number[]) =>
  world.client.heartbeat('idv-pending', 'idv-sweep', consumer, shards);
/** As a person with the console would: not fenced. */
const forceCheckpoint = (shard: number, checkpoint: string) =>
  world.callSls({
    action: 'ConsumerGroupUpdateCheckPoint',
    method: 'POST',
    path: '/logstores/idv-pending/consumergroups/idv-sweep',
    query: { type: 'checkpoint', forceSuccess: 'true' },
    body: { shard, checkpoint },
  });
const splitShard = (shard: number) =>
  world.callSls({
    action: 'SplitShard',
    method: 'POST',
    path: `/logstores/idv-pending/shards/${shard}`,
    query: { action: 'split' },
  });
const allTrue = async (ids: readonly string[]) => {
  const finals = await world.finals();
  return ids.every((id) => finals.get(id)?.every(saysTruth) === true);
};

/** Heartbeats as another consumer until it is given a shard, and goes on holding it. */
async function untilGiven(consumer: string): Promise<number[]> {
  let shards: number[] = [];
  await until(async () => {
    shards = await heartbeat(consumer, shards);
    return shards.length > 0;
  });
  return shards;
}

async function rowsOfShard(shardId: number) {
  const { cursor } = await world.client.getCursor('idv-pending', shardId, 'begin');
  const { groups } = await world.client.pullLogs('idv-pending', shardId, { cursor, count: 1_000 });
  return groups.flatMap(({ logs }) => logs.map(({ contents }) => contents));
}

describe('several runs at once', () => {
  it('five on five instances: each transaction is asked about once, all but one end as busy', async () => {
    // Long against what keeps a process from its heartbeats on a busy machine.
    const env = { QPS_LIMIT: '100', LEASE_SECONDS: '20' };
    await open({ reservedConcurrency: null, env, timeoutSeconds: 90 });
    const ids = await world.register(300);
    await world.age();
    const runs = await Promise.all(Array.from({ length: 5 }, () => world.run()));
    expect(new Set(runs.map(({ instanceId }) => instanceId)).size).toBe(5);
    const ends = runs.map(({ report }) => (report as { ended: string }).ended).sort();
    expect(ends).toEqual(['busy', 'busy', 'busy', 'busy', 'done']);
    expect(await world.calls()).toBe(300);
    expect(await allTrue(ids)).toBe(true);
    // A busy run says so, and claims to know nothing about the queue.
    const busy = (await world.rows('idv-sweeps')).filter(({ ended }) => ended === 'busy');
    expect(busy).toHaveLength(4);
    expect(busy.every(({ checkpoint_at_ms, asked }) => checkpoint_at_ms === undefined && asked === '0')).toBe(
      true,
    );
  });

  it('a new instance waits until the lease of a dead one is over, a warm one does not', async () => {
    // The lease is long against what a run with hardly any work takes, even on a busy machine.
    await open({ env: { LEASE_SECONDS: '12' } });
    await world.report();
    const warm = await world.report();
    expect(warm.ended).toBe('done');
    expect(Number(warm.duration_ms)).toBeLessThan(6_000);
    await world.register(3);
    await world.age();
    await world.control(world.fc, { kill: 'sweep' });
    const cold = await world.report();
    expect(cold).toMatchObject({ ended: 'done', asked: 3 });
    expect(Number(cold.duration_ms)).toBeGreaterThan(6_000);
  });
});

describe('a shard that is lost under way', () => {
  it('holds up no other: what the others have is done to its end', async () => {
    const env = { QPS_LIMIT: '700', HEARTBEAT_SECONDS: '0.3', LEASE_SECONDS: '30' };
    await open({ env, timeoutSeconds: 120 });
    await splitShard(0);
    const readWrite = async () =>
      (await world.client.listShards('idv-pending')).filter(({ status }) => status === 'readwrite');
    const [first] = await readWrite();
    await splitShard(first?.shardId ?? 0);
    expect(await readWrite()).toHaveLength(3);
    const ids = await world.register(6_000, { groupRows: 40 });
    await world.age();
    const run = world.report();
    // Somebody joins the group, and the next heartbeat takes a shard away from the run.
    await until(async () => (await world.calls()) > 300);
    const taken = await untilGiven('somebody-else');
    const report = await run;
    expect(report.ended).toBe('lease_lost');
    const kept = (await readWrite()).filter(({ shardId }) => !taken.includes(shardId));
    const finals = await world.finals();
    for (const { shardId } of kept) {
      const queued = await rowsOfShard(shardId);
      expect(queued.length).toBeGreaterThan(400);
      expect(queued.filter(({ transaction_id }) => !finals.has(transaction_id ?? ''))).toEqual([]);
    }
    expect(ids.every((id) => finals.has(id))).toBe(false);
  });
});

describe('a lease that is lost', () => {
  it('before anything is asked: the run ends without asking', async () => {
    await open();
    await world.register(10);
    await world.age();
    await world.control(world.sls, {
      fail: [{ action: 'ConsumerGroupUpdateCheckPoint', times: 1, answer: 'ConsumerNotMatch' }],
    });
    expect(await world.report()).toMatchObject({ ended: 'lease_lost', asked: 0, calls: 0 });
    expect(await world.report()).toMatchObject({ ended: 'done', asked: 10 });
  });

  it.each(['ConsumerNotExist', 'ConsumerNotMatch', 'WriteQuotaExceed', 'Unauthorized'])(
    'any refusal of a checkpoint (%s) counts as one',
    async (answer) => {
      await open();
      const ids = await world.register(10);
      await world.age();
      const fail = [
        { action: 'ConsumerGroupUpdateCheckPoint', times: 1, answer: 'dropAck' },
        { action: 'ConsumerGroupUpdateCheckPoint', times: 1, answer: 'reset' },
        { action: 'ConsumerGroupUpdateCheckPoint', times: 1, answer },
      ];
      await world.control(world.sls, { fail });
      expect(await world.report()).toMatchObject({ ended: 'lease_lost', asked: 0 });
      expect(await world.report()).toMatchObject({ ended: 'done' });
      expect(await allTrue(ids)).toBe(true);
    },
  );

  it('while it asks: nothing more is written, and the next holder does it all', async () => {
    await open({ env: { QPS_LIMIT: '10', HEARTBEAT_SECONDS: '0.2', LEASE_SECONDS: '1' } });
    const ids = await world.register(60);
    await world.age();
    const run = world.report();
    await until(async () => (await world.calls()) > 0);
    // Heartbeats fail until the lease is over.
    await world.control(world.sls, {
      fail: [{ action: 'ConsumerGroupHeartBeat', answer: 'InternalServerError' }],
    });
    expect(await run).toMatchObject({ ended: 'lease_lost', final_count: 0 });
    expect(await world.rows('idv-records')).toEqual([]);
    expect(await world.calls()).toBeLessThan(60);
    await world.control(world.sls, { fail: [] });
    expect(await heartbeat('somebody-else', [])).toEqual([0]);
    await sleep(1_200);
    expect(await world.report()).toMatchObject({ ended: 'done', final_count: 60 });
    expect(await allTrue(ids)).toBe(true);
  });
});

describe('shards', () => {
  it('a split one is drained, and its children are found', async () => {
    await open();
    const first = await world.register(20, { prefix: 'first', groupRows: 5 });
    await splitShard(0);
    const second = await world.register(40, { prefix: 'second', groupRows: 1 });
    await world.age();
    const ended = [];
    for (let runs = 0; runs < 3; runs += 1) ended.push((await world.report()).ended);
    expect(ended.at(-1)).toBe('done');
    expect(await allTrue([...first, ...second])).toBe(true);
    expect(await world.calls()).toBe(60);
    const [report] = (await world.rows('idv-sweeps')).slice(-1);
    expect(Object.keys(JSON.parse(report?.checkpoints ?? '{}')).sort()).toEqual(['1', '2']);
    expect(report?.lag_ms).toBe('0');
  });

  it('only the holder of the lowest one with anything left works', async () => {
    await open({ env: { LEASE_SECONDS: '30' }, timeoutSeconds: 30 });
    await splitShard(0);
    // Somebody else is given one of the two children, the lower.
    expect(await heartbeat('somebody-else', [])).toEqual([0, 1, 2]);
    const ids = await world.register(20, { groupRows: 1 });
    await world.age();
    const beat = setInterval(() => void heartbeat('somebody-else', [1]).catch(() => undefined), 300);
    try {
      expect(await world.report()).toMatchObject({ ended: 'busy', asked: 0 });
    } finally {
      clearInterval(beat);
    }
    expect(await world.calls()).toBe(0);
    expect(ids).toHaveLength(20);
  });

  it('works on all it holds, a page from each in turn', async () => {
    await open();
    await splitShard(0);
    const ids = await world.register(60, { groupRows: 1 });
    await world.age();
    expect(await world.report()).toMatchObject({ ended: 'done', asked: 60, pulled_groups: 60 });
    expect(await allTrue(ids)).toBe(true);
  });
});

describe('checkpoints', () => {
  const checkpoint = async () =>
    (await world.client.getCheckpoints('idv-pending', 'idv-sweep')).find(({ shard }) => shard === 0)
      ?.checkpoint ?? '';

  it.each([
    ['is not a cursor', () => 'bm8gY3Vyc29y'],
    ['lies beyond everything', async () => cursorAt((cursorNumber(await checkpoint()) ?? 0n) + 1_000_000n)],
    ['lies before everything', () => cursorAt(5n)],
  ])('one that %s: read again from the begin, and raised', async (_name, bad) => {
    await open();
    const ids = await world.register(12, { groupRows: 4 });
    await world.age();
    await world.report();
    await forceCheckpoint(0, await bad());
    const more = await world.register(3, { prefix: 'more' });
    await world.age();
    const { outcome, errorMessage } = await world.run();
    expect(outcome).toBe('error');
    expect(errorMessage).toContain('no longer knew the checkpoint');
    const [report] = (await world.rows('idv-sweeps')).slice(-1);
    expect(report).toMatchObject({ ended: 'done', failed: 'true', invalid_cursors: '1', asked: '15' });
    expect(world.lines.join('\n')).toContain('"event":"invalid cursor"');
    expect(await allTrue([...ids, ...more])).toBe(true);
    expect(await world.report()).toMatchObject({ ended: 'done', asked: 0, invalid_cursors: 0 });
  });

  it('one without padding is the same cursor', async () => {
    await open();
    await world.register(12, { groupRows: 4 });
    await world.age();
    await world.report();
    await forceCheckpoint(0, (await checkpoint()).replace(/=+$/, ''));
    expect(await world.report()).toMatchObject({ ended: 'done', asked: 0, invalid_cursors: 0 });
  });

  it('what is younger than the delay is not asked about, and asked about once when it is not', async () => {
    await open();
    const old = await world.register(7, { prefix: 'old' });
    await world.age();
    const young = await world.register(5, { prefix: 'young' });
    expect(await world.report()).toMatchObject({ ended: 'done', asked: 7, lag_ms: 0, backlog: 0 });
    expect([...(await world.finals()).keys()].sort()).toEqual(old);
    await world.age();
    expect(await world.report()).toMatchObject({ asked: 5 });
    expect(await world.report()).toMatchObject({ asked: 0 });
    expect(await world.calls()).toBe(12);
    expect(await allTrue([...old, ...young])).toBe(true);
  });

  it('an empty queue costs a few calls and moves nothing', async () => {
    await open();
    expect(await world.report()).toMatchObject({ ended: 'done', pulled: 0, lag_ms: 0, backlog: 0 });
    const byAction = await world.slsCalls();
    expect(byAction.PullLogs).toBeUndefined();
  });
});
