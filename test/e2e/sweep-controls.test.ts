import { afterEach, describe, expect, it } from '@jest/globals';
import { cases } from '../support/depth.ts';
import { bundleSweep, removeBundle, type Sabotage } from '../support/sweep-bundle.ts';
import {
  faultsOf,
  NO_FAULTS,
  passedWithoutRecord,
  SweepWorld,
  type SweepWorldOptions,
} from '../support/sweep-world.ts';
import { until } from '../support/until.ts';

/**
 * What the guards are there for: each case runs once as shipped and once with the guard taken out of the bundle,
 * and only the second goes wrong.
 */
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(sabotage: readonly Sabotage[], options: SweepWorldOptions = {}): Promise<SweepWorld> {
  const bundle = await bundleSweep(sabotage);
  closing.push(() => removeBundle(bundle));
  const world = await SweepWorld.open({ ...options, bundle });
  closing.push(() => world.close());
  return world;
}

const CHECKPOINT_FIRST: Sabotage = {
  file: 'functions/sweep/committer.ts',
  find: `      await this.#write(writes);
      await this.#append(appends);
      await this.#checkpoint(held.map(({ batch }) => batch));`,
  replace: `      await this.#checkpoint(held.map(({ batch }) => batch));
      await this.#write(writes);
      await this.#append(appends);`,
};

describe('the order of effects', () => {
  /** Edges of a run from its first question on. Heartbeats count too, and how many there are is chance. */
  const EDGES = 8;

  async function killedBetweenEffects(sabotage: readonly Sabotage[], steps: number) {
    const world = await open(sabotage, { env: { LEASE_SECONDS: '1', HEARTBEAT_SECONDS: '0.3' } });
    const ids: string[] = [];
    const lost = new Set<string>();
    // Each edge has twelve rows of its own to lose.
    for (let step = 0; step < steps && lost.size === 0; step += 1) {
      ids.push(...(await world.register(12, { groupRows: 12, prefix: `s${step}x` })));
      await world.age();
      const call = 8 + (step % EDGES);
      await world.control(world.fc, { killAt: { function: 'sweep', service: 'sls', call, when: 'before' } });
      await world.run();
      for (const id of await passedWithoutRecord(world, ids)) lost.add(id);
      await world.control(world.fc, { killAt: null });
      await world.run();
    }
    await world.control(world.fc, { killAt: null });
    await world.run();
    return { lost: [...lost], faults: await faultsOf(world, ids) };
  }

  it('write, then checkpoint: nothing is lost', async () => {
    expect(await killedBetweenEffects([], cases({ quick: EDGES, deep: 3 * EDGES }))).toEqual({
      lost: [],
      faults: NO_FAULTS,
    });
  });

  it('the control: checkpoint, then write loses', async () => {
    const { lost, faults } = await killedBetweenEffects([CHECKPOINT_FIRST], 3 * EDGES);
    expect(lost.length).toBeGreaterThan(0);
    expect(faults.lost.length).toBeGreaterThan(0);
  });
});

describe('the fence', () => {
  const NO_FENCE: readonly Sabotage[] = [
    {
      file: 'shared/sls/client.ts',
      find: `query: { type: 'checkpoint', consumer, forceSuccess: 'false' }`,
      replace: `query: { type: 'checkpoint', forceSuccess: 'true' }`,
    },
    // And nothing else that would notice: the run believes in its lease for ever.
    {
      file: 'functions/sweep/lease.ts',
      find: 'this.#lost.add(shard);',
      replace: 'void shard;',
    },
  ];

  /** A run that is cut off from heartbeats, while another takes over and does everything. */
  async function overtaken(sabotage: readonly Sabotage[]) {
    const world = await open(sabotage, {
      reservedConcurrency: null,
      timeoutSeconds: 30,
      env: { QPS_LIMIT: '30', LEASE_SECONDS: '1', HEARTBEAT_SECONDS: '0.3', CALL_TIMEOUT_MS: '5000' },
    });
    const ids = await world.register(150, { groupRows: 10 });
    await world.age();
    const slow = world.run();
    await until(async () => (await world.calls()) >= 5);
    await world.control(world.sls, {
      fail: [{ action: 'ConsumerGroupHeartBeat', times: 6, answer: 'InternalServerError' }],
    });
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    await world.control(world.sls, { fail: [] });
    const positions: bigint[] = [];
    const watching = new AbortController();
    const watch = watchCheckpoint(world, positions, watching.signal);
    await Promise.all([slow, world.run()]);
    await world.run();
    watching.abort();
    await watch;
    return {
      movedBack: positions.some((position, index) => index > 0 && position < (positions[index - 1] ?? 0n)),
      askedTwice: (await world.calls()) - ids.length,
      faults: await faultsOf(world, ids),
    };
  }

  it('a run that was overtaken stops; without the fence both go on', async () => {
    const guarded = await overtaken([]);
    expect(guarded.faults).toEqual(NO_FAULTS);
    expect(guarded.movedBack).toBe(false);
    // What it had under way when it was overtaken, no more.
    expect(guarded.askedTwice).toBeLessThan(60);
    // The control.
    const unguarded = await overtaken(NO_FENCE);
    expect(unguarded.movedBack).toBe(true);
    expect(unguarded.askedTwice).toBeGreaterThan(guarded.askedTwice);
  });
});

describe('handing back', () => {
  const NO_HAND_BACK: Sabotage = {
    file: 'functions/sweep/committer.ts',
    find: 'else if (mayBeCut || !this.#committedShards.has(queue.shard)) await this.#cut(work);',
    replace: '',
  };

  const RUNS = cases({ quick: 4, deep: 8 });

  /** A group of more rows than a run can ask about, and several runs. */
  async function hugeGroup(sabotage: readonly Sabotage[]) {
    const world = await open(sabotage, {
      timeoutSeconds: 4,
      env: { QPS_LIMIT: '40', RUN_MARGIN_SECONDS: '2' },
    });
    const ids = await world.register(120, { groupRows: 120 });
    for (let runs = 0; runs < RUNS; runs += 1) {
      await world.age();
      await world.run();
    }
    return (await faultsOf(world, ids)).lost.length;
  }

  it('a group that no run can finish is finished by several', async () => {
    expect(await hugeGroup([])).toBe(0);
  });

  it('the control: without it the same rows are asked about for ever', async () => {
    expect(await hugeGroup([NO_HAND_BACK])).toBe(120);
  });
});

async function watchCheckpoint(world: SweepWorld, positions: bigint[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [first] = await world.client.getCheckpoints('idv-pending', 'idv-sweep');
    const text = Buffer.from(first?.checkpoint ?? '', 'base64').toString();
    if (/^\d+$/.test(text)) positions.push(BigInt(text));
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
