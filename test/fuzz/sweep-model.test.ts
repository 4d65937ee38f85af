import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lookUp } from '../../functions/lookup/lookup.ts';
import { type LookupServices, openRequest } from '../../functions/lookup/request.ts';
import { runSweep } from '../../functions/sweep/run.ts';
import { SlsError, UpstreamNetworkError } from '../../shared/errors.ts';
import { createRoleCredentials } from '../../shared/fc/invocation.ts';
import type { ProblemError } from '../../shared/fc/response.ts';
import { createLogger } from '../../shared/logger.ts';
import { cases, SEED } from '../support/depth.ts';
import { type Contents, MemoryCloudauth, MemorySls } from '../support/memory-cloud.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { DEFAULT_WINDOWS } from '../support/windows.ts';

/**
 * Registrations, lookups, runs, outages, kills, lost shards and lost answers in any order, against what the contract says of
 * the end of it, whatever the order was: every transaction has a final record; the record that everybody sees says
 * of each field what was given last; a run in an outage changes nothing; a shard that is taken away holds up no other.
 */
const MINUTE_MS = 60_000;
const DELAY_MS = 30 * MINUTE_MS;
const LEASE_MS = 60_000;
const IDS = ['tx0', 'tx1', 'tx2', 'tx3', 'tx4'];

interface Registration {
  readonly kind: 'register';
  readonly id: string;
  readonly merchant: boolean;
  /** When the session was opened, as the writer says, unix ms. */
  readonly opened: number | undefined;
  readonly labels: Record<string, string> | undefined;
  /** The writer's own time of giving, before now; undefined: it says none. */
  readonly agoMs: number | undefined;
}
interface Wait {
  readonly kind: 'wait';
  readonly minutes: number;
}
interface Split {
  readonly kind: 'split';
}
interface Run {
  readonly kind: 'run';
  /** Rates of what CheckVerifyLog does not answer. */
  readonly failing: number;
  readonly throttled: number;
  /** GetLogs fails all through the run. */
  readonly noSearch: boolean;
  /** At the n-th call of the run. */
  readonly event:
    | { readonly at: number; readonly what: 'kill before' | 'kill after' | 'steal' | 'split' | 'lose answer' }
    | undefined;
}
/** Somebody looks a transaction up, and may be wrong about when it was opened. */
interface Lookup {
  readonly kind: 'lookup';
  readonly id: string;
  /** Minutes before now. */
  readonly openedAgo: number | undefined;
}
type Step = Registration | Wait | Split | Run | Lookup;

const registration: fc.Arbitrary<Registration> = fc.record({
  kind: fc.constant('register' as const),
  id: fc.constantFrom(...IDS),
  merchant: fc.boolean(),
  opened: fc.option(fc.constantFrom(1_789_999_940_000, 1_789_999_880_000), { nil: undefined }),
  labels: fc.option(
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3'), { minKeys: 1 }),
    { nil: undefined },
  ),
  agoMs: fc.option(fc.constantFrom(0, 1_000, 90_000), { nil: undefined }),
});
const bare: fc.Arbitrary<Registration> = registration.map((one) => ({
  ...one,
  merchant: false,
  opened: undefined,
  labels: undefined,
}));
const run: fc.Arbitrary<Run> = fc.record({
  kind: fc.constant('run' as const),
  failing: fc.constantFrom(0, 0, 0, 0.3, 1),
  throttled: fc.constantFrom(0, 0, 0.3),
  noSearch: fc.constantFrom(false, false, false, false, true),
  event: fc.option(
    fc.record({
      at: fc.integer({ min: 1, max: 40 }),
      what: fc.constantFrom('kill before', 'kill after', 'steal', 'split', 'lose answer'),
    }),
    { nil: undefined },
  ),
});
const lookup: fc.Arbitrary<Lookup> = fc.record({
  kind: fc.constant('lookup' as const),
  id: fc.constantFrom(...IDS),
  openedAgo: fc.option(fc.constantFrom(-3, 5, 40), { nil: undefined }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: lookup },
  { weight: 6, arbitrary: registration },
  { weight: 2, arbitrary: bare },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.constantFrom(1, 6, 29, 31) }),
  },
  { weight: 1, arbitrary: fc.constant<Split>({ kind: 'split' }) },
  { weight: 4, arbitrary: run },
);
const history = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  /** Which sessions are found under their merchant id only, and how often each is not completed yet. */
  minds: fc.array(fc.boolean(), { minLength: IDS.length, maxLength: IDS.length }),
  notCompleted: fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: IDS.length, maxLength: IDS.length }),
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

const QUIET: Run = { kind: 'run', failing: 0, throttled: 0, noSearch: false, event: undefined };

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

class World {
  readonly clock = new VirtualClock(1_790_000_000_123);
  readonly sls = new MemorySls(this.clock, LEASE_MS);
  readonly cloudauth = new MemoryCloudauth(this.clock);
  readonly given: (Registration & { atMs: number; nowMs: number; receivedMs: number })[] = [];
  readonly #random: () => number;
  #runs = 0;
  /** Some run could not look up what is known. */
  searchFailed = false;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  register(one: Registration): void {
    const now = this.clock.now();
    const atMs = one.agoMs === undefined ? Math.floor(now / 1_000) * 1_000 : now - one.agoMs;
    this.given.push({ ...one, atMs, nowMs: now, receivedMs: Math.floor(now / 1_000) * 1_000 });
    this.sls.put('idv-pending', [
      {
        transaction_id: one.id,
        registered_at_ms: String(now),
        kind: 'register',
        ...(one.agoMs === undefined ? {} : { given_at_ms: String(atMs) }),
        ...(one.merchant ? { merchant_biz_id: merchantOf(one.id) } : {}),
        ...(one.opened === undefined ? {} : { initialized_at_ms: String(one.opened) }),
        ...(one.labels === undefined ? {} : { labels: JSON.stringify(one.labels) }),
      },
    ]);
  }

  /** The lookup function, while everything works. Whatever the service said, but an unknown id, is stored or queued. */
  async lookUp({ id, openedAgo }: Lookup): Promise<void> {
    const now = this.clock.now();
    const said = openedAgo === undefined ? undefined : now - openedAgo * MINUTE_MS;
    const known = this.given.filter((one) => one.id === id);
    const through = async (_action: string, effect: () => unknown) => effect();
    const sls = this.sls.client(through);
    const { clock } = this;
    const asked = this.cloudauth.asked.length;
    const services: LookupServices = {
      sls,
      cloudauth: this.cloudauth.client(through),
      pacer: { take: async () => ({ number: 0 }), accepted: () => undefined, throttled: () => undefined },
      clock,
      random: this.#random,
      auth: { mode: 'trigger', tokenSha256: [] },
      logger: createLogger({ level: 'error' }),
      role: createRoleCredentials({ accessKeyId: 'a', accessKeySecret: 'b', securityToken: undefined }),
      settings: {
        region: 'ap-southeast-1',
        verifyDelayMs: DELAY_MS,
        callTimeoutMs: 1_000,
        windows: DEFAULT_WINDOWS,
      },
    };
    const transaction = { transactionId: id, ...(said === undefined ? {} : { initializedAtMs: said }) };
    const request = openRequest(services, {});
    request.deadline.close();
    const answer = await lookUp(request, transaction, new AbortController().signal).catch(
      (error: ProblemError) => error.code,
    );
    this.cloudauth.asked.length = asked;
    if (answer === 'TRANSACTION_INVALID') return;
    if (typeof answer !== 'string') {
      // By the later of what is said and what is known.
      const opened = numberOf(last(known.map(({ atMs, opened: at }) => ({ atMs, value: at?.toString() }))));
      const registered = known.map((one) => one.nowMs);
      const knownMs = opened ?? (registered.length === 0 ? undefined : Math.min(...registered));
      const openedMs = Math.max(knownMs ?? 0, said ?? 0);
      expect(answer.final).toBe(openedMs > 0 && now >= openedMs + DELAY_MS);
    }
    const receivedMs = Math.floor(now / 1_000) * 1_000;
    this.given.push({
      kind: 'register',
      id,
      merchant: false,
      labels: undefined,
      agoMs: undefined,
      opened: said,
      atMs: now,
      nowMs: now,
      receivedMs,
    });
  }

  /** The run's report; undefined when it was killed. */
  async run({ failing, throttled, noSearch, event }: Run) {
    this.#runs += 1;
    if (noSearch) this.searchFailed = true;
    let calls = 0;
    let dead = false;
    let kill: () => void = () => undefined;
    const killed = new Promise<undefined>((resolve) => {
      kill = () => {
        dead = true;
        resolve(undefined);
      };
    });
    const never = new Promise<never>(() => undefined);
    let stolen: number | undefined;
    const through = async (action: string, effect: () => unknown): Promise<unknown> => {
      if (dead) return never;
      await Promise.resolve();
      calls += 1;
      const what = event?.at === calls ? event.what : undefined;
      if (what === 'kill before') kill();
      if (dead) return never;
      if (action === 'CheckVerifyLog') {
        await this.clock.sleep(50 + 100 * this.#random());
        if (dead) return never;
        const fate = this.#random();
        if (fate < failing * (1 - throttled)) throw new UpstreamNetworkError('reset');
        if (fate >= 1 - throttled) throw new SlsError(403, 'Throttling.Api', 'slow down');
      }
      if (action === 'GetLogsV2' && noSearch) throw new SlsError(500, 'InternalServerError', 'no');
      if (what === 'steal') {
        stolen = Math.floor(this.#random() * this.sls.shards.length);
        this.sls.steal(stolen);
      }
      if (what === 'split') this.sls.split();
      const answer = effect();
      if (what === 'kill after') kill();
      if (dead) return never;
      if (what === 'lose answer') throw new UpstreamNetworkError('the answer was lost');
      return answer;
    };
    const startedAtMs = this.clock.now();
    const work = runSweep(
      {
        sls: this.sls.client(through),
        cloudauth: this.cloudauth.client(through),
        clock: this.clock,
        random: this.#random,
        log: { debug() {}, info() {}, warn() {}, error() {} },
      },
      {
        region: 'ap-southeast-1',
        verifyDelayMs: DELAY_MS,
        windows: DEFAULT_WINDOWS,
        retentionMs: 30 * 24 * 60 * MINUTE_MS,
        notCompletedAttempts: 4,
        maxAttempts: 8,
        leaseMs: LEASE_MS,
        heartbeatMs: 20_000,
        pacePerSecond: 2,
        limitPerSecond: 2,
      },
      {
        runId: `run${this.#runs}`,
        consumer: `instance${this.#runs}`,
        startedAtMs,
        endAtMs: startedAtMs + 570_000,
        cutOffAtMs: startedAtMs + 585_000,
        reportUntilMs: startedAtMs + 594_000,
      },
    );
    const report = await this.clock.run(Promise.race([work, killed]));
    // What a run leaves under way is given up with it; here as late as the instance is used again.
    dead = true;
    return { report, stolen, startedAtMs };
  }

  /** Rows due when a run started, in front of which a shard's checkpoint still stands. */
  undone(shardId: number, startedAtMs: number): number {
    const { groups = [] } = this.sls.shards.find(({ id }) => id === shardId) ?? {};
    const due = Math.floor((startedAtMs - DELAY_MS) / 1_000) * 1_000;
    return groups.filter(
      ({ receivedMs }, place) => receivedMs < due && place >= this.sls.checkpointOf(shardId),
    ).length;
  }

  get everythingDone(): boolean {
    return this.sls.shards.every(({ id, groups }) => this.sls.checkpointOf(id) === groups.length);
  }
}

const derivedOf = (id: string) => createHash('sha256').update(id).digest('hex').slice(0, 32);
const merchantOf = (id: string) => `biz${id}`;
const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text));

/** Of one field: the value given last; of several given at that time the greatest text. */
function last(values: readonly { atMs: number; value: string | undefined }[]): string | undefined {
  const there = values.filter(({ value }) => value !== undefined);
  const newest = Math.max(...there.map(({ atMs }) => atMs));
  return there
    .filter(({ atMs }) => atMs === newest)
    .map(({ value }) => value)
    .sort()
    .at(-1);
}

/** The record of a transaction as everybody sees it. */
function viewOf(rows: readonly Contents[], id: string): Contents | undefined {
  return rows
    .filter((row) => row.transaction_id === id && row.final === 'true')
    .sort((one, other) => ((one.view_key ?? '') < (other.view_key ?? '') ? -1 : 1))
    .at(-1);
}

async function live({ seed, minds, notCompleted, steps }: History): Promise<void> {
  const world = new World(seed);
  IDS.forEach((id, index) => {
    world.cloudauth.know(id, {
      merchantBizId: minds[index] ? merchantOf(id) : undefined,
      notCompleted: notCompleted[index] ?? 0,
    });
  });
  const records = () => world.sls.rows.get('idv-records') ?? [];
  for (const one of steps) {
    if (one.kind === 'register') world.register(one);
    else if (one.kind === 'wait') world.clock.set(world.clock.now() + one.minutes * MINUTE_MS);
    else if (one.kind === 'split') world.sls.split();
    else if (one.kind === 'lookup') {
      await world.lookUp(one);
      // A row has one time for all it says, so what it repeats may seem newer than it is: no writer dates back past it.
      world.clock.set(world.clock.now() + 2 * MINUTE_MS);
    } else {
      const before = { records: records().length, queued: world.sls.queued().length };
      const asked = world.cloudauth.asked.length;
      const { report, stolen, startedAtMs } = await world.run(one);
      if (report === undefined) continue;
      if (one.failing === 1 && Number(report.calls) > 0 && one.throttled === 0) {
        // However few calls it made, nobody is worse off than before.
        expect(world.cloudauth.asked.length).toBe(asked);
        expect(records().length).toBe(before.records);
        expect(world.sls.queued().length).toBe(before.queued);
        if (report.ended !== 'lease_lost' && report.ended !== 'error')
          expect(report.ended).toBe('upstream_down');
      }
      if (stolen !== undefined && report.ended === 'lease_lost') {
        const kept = Object.keys(JSON.parse(report.checkpoints ?? '{}')).map(Number);
        for (const shard of kept) if (shard !== stolen) expect(world.undone(shard, startedAtMs)).toBe(0);
      }
    }
  }
  for (let more = 0; more < 16 && !(more > 0 && world.everythingDone); more += 1) {
    world.clock.set(world.clock.now() + 35 * MINUTE_MS);
    await world.run(QUIET);
  }
  expect(world.everythingDone).toBe(true);

  for (const id of new Set(world.given.map((one) => one.id))) {
    const said = world.given.filter((one) => one.id === id);
    const view = viewOf(records(), id);
    const givesMerchant = said.some(({ merchant }) => merchant);
    const isFound = !minds[IDS.indexOf(id)] || givesMerchant;
    if (world.searchFailed) {
      expect(view?.final).toBe('true');
      // A row that could not be filled hides nothing: no label is lost to one that says nothing.
      const others = said.filter(({ labels }) => labels === undefined);
      const labelled = others.length < said.length;
      if (labelled && others.every(({ merchant, opened }) => !merchant && opened === undefined)) {
        expect(view?.labels).toBeDefined();
      }
      continue;
    }
    expect(view?.disposition).toBe(isFound ? 'answered' : 'invalid');
    // A lookup records the id that it asked with, also where nobody gave one.
    expect(givesMerchant ? [merchantOf(id)] : [undefined, derivedOf(id)]).toContain(view?.merchant_biz_id);
    expect(numberOf(view?.initialized_at_ms)).toBe(
      numberOf(
        last(
          said.map(({ atMs, opened }) => ({
            atMs,
            value: opened === undefined ? undefined : String(opened),
          })),
        ),
      ),
    );
    const labels = ['a', 'b', 'c'].flatMap((key) => {
      const value = last(said.map((one) => ({ atMs: one.atMs, value: one.labels?.[key] })));
      return value === undefined ? [] : [[key, value]];
    });
    expect(JSON.parse(view?.labels ?? '{}')).toEqual(Object.fromEntries(labels));
    // Nothing is asked before its half hour is over.
    const firstMs = Math.min(...said.map(({ receivedMs }) => receivedMs));
    for (const { transactionId, atMs } of world.cloudauth.asked) {
      if (transactionId === id) expect(atMs).toBeGreaterThanOrEqual(firstMs + DELAY_MS);
    }
  }
}

/** A queue on several shards, one of which is taken away at some call of the run. */
const rebalance = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  splits: fc.integer({ min: 1, max: 2 }),
  rows: fc.integer({ min: 5, max: 60 }),
  at: fc.integer({ min: 1, max: 150 }),
});

/** False when nothing was lost under way. */
async function loseOne({
  seed,
  splits,
  rows,
  at,
}: typeof rebalance extends fc.Arbitrary<infer T> ? T : never) {
  const world = new World(seed);
  for (let split = 0; split < splits; split += 1) world.sls.split();
  for (let row = 0; row < rows; row += 1) {
    const id = `tx${row}`;
    world.cloudauth.know(id, { notCompleted: 0 });
    world.register({
      kind: 'register',
      id,
      merchant: true,
      opened: 1_789_999_940_000,
      labels: undefined,
      agoMs: undefined,
    });
  }
  world.clock.set(world.clock.now() + 31 * MINUTE_MS);
  const { report, stolen, startedAtMs } = await world.run({ ...QUIET, event: { at, what: 'steal' } });
  // Taken before the run held it, it is somebody else's turn to work, or the run had done it already.
  if (report?.ended !== 'lease_lost') return false;
  const kept = world.sls.shards.filter(({ id, groups }) => id !== stolen && groups.length > 0);
  for (const { id } of kept) expect(world.undone(id, startedAtMs)).toBe(0);
  // Long before the deadline: nobody waits for what somebody else has to do.
  expect(Number(report.duration_ms)).toBeLessThan(120_000);
  return true;
}

describe('the sweep, against a model of what it promises', () => {
  it('keeps every promise in any order of events', async () => {
    await fc.assert(fc.asyncProperty(history, live), {
      numRuns: cases({ quick: 2_000, deep: 50_000 }),
      seed: SEED,
    });
  }, 3_600_000);

  it('does all of the shards that it keeps when one is taken away', async () => {
    const numRuns = cases({ quick: 200, deep: 5_000 });
    let lost = 0;
    const property = fc.asyncProperty(rebalance, async (one) => {
      if (await loseOne(one)) lost += 1;
    });
    await fc.assert(property, { numRuns, seed: SEED });
    expect(lost).toBeGreaterThan(numRuns / 20);
  }, 3_600_000);
});
