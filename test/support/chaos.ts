import type { InvocationRecord } from '../../local/fc/invocation-log.ts';
import type { ServiceCall } from '../../local/sls/src/host.ts';
import { readLedger } from '../../shared/ledger.ts';
import { seeded } from './seeded.ts';
import { type Faults, faultsOf, SweepWorld } from './sweep-world.ts';
import { DEFAULT_WINDOWS } from './windows.ts';
import type { Row, TextRow } from './world.ts';

/**
 * The sweep amid failures of every kind, drawn from a seed: one call in twenty of both services fails, its
 * process is killed, its timer fires twice at once, its credentials run out, and its lease is short; with several
 * shards, some are split and merged while it works. What is given for a transaction comes in one row or in several,
 * in any order, some of it in a later run. Nobody repairs anything: the timer goes on, and time passes.
 */
export interface ChaosOptions {
  readonly transactions: number;
  readonly seed: number;
  /** How often the process is killed, and how often two timers fire at once. */
  readonly kills: number;
  readonly doubles: number;
  /** Of the queue, at the start; more than one are split and merged under way. */
  readonly shards: number;
  /** Of a run, its margin of 4 s included: short ones end in mid-work. */
  readonly runSeconds: number;
  readonly say?: (line: string) => void;
}

export interface ChaosReport extends Faults {
  readonly transactions: number;
  readonly seed: number;
  readonly registered: number;
  readonly residual: number;
  readonly waiting: number;
  readonly runs: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly doubles: number;
  readonly calls: number;
  /** Transactions, and those that were registered again after a run. */
  readonly registrations: number;
  /** Calls of either service that failed on purpose. */
  readonly injected: number;
  /** Calls of runs that were killed, or lost their credentials, and of which nothing was written. */
  readonly cutOff: number;
  /** Ids whose record lacks what some registration gave. */
  readonly forgotten: string[];
  readonly splits: number;
  readonly merges: number;
  /** Transactions with more than one final record. */
  readonly duplicated: number;
  readonly cloudauthFaults: Readonly<Record<string, number>>;
  readonly slsFaults: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const FAULT_RATE = 0.05;
const DELAY_SECONDS = 60;
const CLOUDAUTH_KINDS = ['Throttling.Api', 'InternalError', 'reset', 'hang', 'garbage'] as const;
const SLS_KINDS = ['InternalServerError', 'WriteQuotaExceed', 'reset', 'hang', 'garbage', 'dropAck'] as const;
const MAX_SETTLING_RUNS = 60;
/** Of the transactions, those that are registered once more, with nothing given, after a run. */
const AGAIN_SHARE = 0.05;

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const startedAt = performance.now();
  const chaos = new Chaos(options);
  await chaos.open();
  try {
    await chaos.rage();
    await chaos.settle();
    return await chaos.report(startedAt);
  } finally {
    await chaos.close();
  }
}

type Misfortune = 'kill' | 'double' | 'credentials' | undefined;

class Chaos {
  readonly #options: ChaosOptions;
  readonly #random: () => number;
  readonly #slsFaults = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #ids: string[] = [];
  /** Rows that come only with the next wave. */
  #later: Row[] = [];
  #again = 0;
  #cutOff = 0;
  #splits = 0;
  #merges = 0;
  #world: SweepWorld | undefined;
  #slsFaultCount = 0;
  #raging = false;
  /** The last run left nothing in the queue. */
  #drained = false;
  #runs = 0;
  #kills = 0;
  #doubles = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#random = seeded(options.seed);
  }

  async open(): Promise<void> {
    this.#world = await SweepWorld.open({
      seed: this.#options.seed,
      reservedConcurrency: null,
      timeoutSeconds: this.#options.runSeconds,
      slsHooks: { before: (call) => this.#beforeSls(call) },
      env: {
        VERIFY_DELAY_SECONDS: String(DELAY_SECONDS),
        QPS_LIMIT: '1000',
        LEASE_SECONDS: '2',
        HEARTBEAT_SECONDS: '0.5',
        RUN_MARGIN_SECONDS: '4',
        CALL_TIMEOUT_MS: '800',
      },
    });
    while ((await this.#readWrite()).length < this.#options.shards) await this.#split();
  }

  async #readWrite(): Promise<number[]> {
    const shards = await this.#open.client.listShards('idv-pending');
    return shards.filter(({ status }) => status === 'readwrite').map(({ shardId }) => shardId);
  }

  async #split(): Promise<void> {
    const open = await this.#readWrite();
    await this.#change('SplitShard', 'split', open[Math.floor(this.#random() * open.length)] ?? 0);
    this.#splits += 1;
  }

  /** Only neighbours can be merged; the service says of which shards it is true. */
  async #merge(): Promise<void> {
    for (const shard of await this.#readWrite()) {
      const merged = await this.#change('MergeShard', 'merge', shard).then(
        () => true,
        () => false,
      );
      if (!merged) continue;
      this.#merges += 1;
      return;
    }
  }

  #change(action: string, query: string, shard: number): Promise<unknown> {
    const path = `/logstores/idv-pending/shards/${shard}`;
    return this.#open.callSls({ action, method: 'POST', path, query: { action: query } });
  }

  async close(): Promise<void> {
    await this.#world?.close();
  }

  get #open(): SweepWorld {
    if (this.#world === undefined) throw new Error('not open');
    return this.#world;
  }

  /** Wave after wave of registrations, each with one misfortune. */
  async rage(): Promise<void> {
    const { kills, doubles, transactions } = this.#options;
    const waves = [
      ...Array.from({ length: kills }, () => 'kill' as const),
      ...Array.from({ length: doubles }, () => 'double' as const),
      'credentials' as const,
    ].sort(() => this.#random() - 0.5);
    for (const [index, misfortune] of waves.entries()) {
      const upTo = Math.round(((index + 1) * transactions) / waves.length);
      await this.#registerWave(index, upTo - this.#ids.length);
      await this.#ageAll();
      await this.#startFaults();
      await this.#tick(misfortune);
      await this.#stopFaults();
      this.#options.say?.(`wave ${index + 1}/${waves.length} ${misfortune}: ${this.#ids.length} registered`);
    }
  }

  /** Nothing new happens to the sweep, but calls still fail, until nothing waits. */
  async settle(): Promise<void> {
    for (let runs = 0; runs < MAX_SETTLING_RUNS; runs += 1) {
      const finals = await this.#open.finals();
      // A transaction that has its record may have another row in the queue, with what was given later.
      if (this.#drained && this.#ids.every((id) => finals.has(id))) return;
      await this.#ageAll();
      await this.#startFaults();
      await this.#tick(undefined);
      await this.#stopFaults();
      this.#options.say?.(`settling: ${finals.size} of ${this.#ids.length} final`);
    }
  }

  async report(startedAt: number): Promise<ChaosReport> {
    const world = this.#open;
    const nowMs = Date.now();
    // Every run has moved the queue's receive times back.
    const ledger = await readLedger(world.client, {
      fromMs: nowMs - 30 * 86_400_000,
      windows: DEFAULT_WINDOWS,
      toMs: nowMs + 1,
      nowMs,
    });
    const { byAnswer, calls } = await world.stats<{ byAnswer: Record<string, number>; calls: number }>(
      world.cloudauth,
    );
    const finals = await world.finals();
    const sum = (counts: Iterable<number>) => [...counts].reduce((all, count) => all + count, 0);
    const cloudauthFaults = Object.fromEntries(CLOUDAUTH_KINDS.map((kind) => [kind, byAnswer[kind] ?? 0]));
    return {
      registrations: this.#ids.length + this.#again,
      cutOff: this.#cutOff,
      injected: sum(Object.values(cloudauthFaults)) + sum(this.#slsFaults.values()),
      forgotten: this.#ids.filter((id) => !isWhole(finals.get(id) ?? [])),
      splits: this.#splits,
      merges: this.#merges,
      transactions: this.#ids.length,
      seed: this.#options.seed,
      ...(await faultsOf(world, this.#ids)),
      registered: ledger.registered,
      residual: ledger.residual,
      waiting: ledger.waiting,
      runs: this.#runs,
      ends: Object.fromEntries([...this.#ends].sort()),
      kills: this.#kills,
      doubles: this.#doubles,
      calls,
      duplicated: [...finals.values()].filter((rows) => rows.length > 1).length,
      cloudauthFaults,
      slsFaults: Object.fromEntries(SLS_KINDS.map((kind) => [kind, this.#slsFaults.get(kind) ?? 0])),
      seconds: Math.round((performance.now() - startedAt) / 1_000),
    };
  }

  async #registerWave(wave: number, count: number): Promise<void> {
    const groupRows = 1 + Math.floor(this.#random() * 60);
    const ids = Array.from({ length: count }, (_, n) => `chaos${wave}n${String(n).padStart(6, '0')}`);
    this.#ids.push(...ids);
    await this.#open.know(ids);
    const rows = [...this.#later, ...ids.flatMap((id) => this.#rowsOf(id))];
    this.#again += this.#later.length;
    this.#later = ids
      .filter(() => this.#random() < AGAIN_SHARE)
      .map((id) => ({ transaction_id: id, kind: 'register' }));
    await this.#open.queue(
      rows
        .map((row) => ({ row, at: this.#random() }))
        .sort((one, other) => one.at - other.at)
        .map(({ row }) => row),
      groupRows,
    );
  }

  /** A transaction's rows: one; one beside an empty one; or one beside an older one that says otherwise. */
  #rowsOf(id: string): Row[] {
    const now = Date.now();
    const { labels, merchant_biz_id } = givenFor(id);
    const row = { transaction_id: id, registered_at_ms: now, kind: 'register' };
    const fate = this.#random();
    if (fate < 0.7) return [{ ...row, given_at_ms: now, merchant_biz_id, labels }];
    if (fate < 0.85) return [row, { ...row, given_at_ms: now, merchant_biz_id, labels }];
    const stale = JSON.stringify({ ...JSON.parse(labels), app_version: '0.0.0' });
    return [
      { ...row, given_at_ms: now, merchant_biz_id, labels },
      { ...row, given_at_ms: now - 60_000, labels: stale },
    ];
  }

  /**
   * Everything that waits becomes due: what was queued again as well. The delay is short, so that after a hundred runs
   * no row seems to have been received a day before its `given_at_ms`: such a time would not be used.
   */
  #ageAll(): Promise<unknown> {
    return this.#open.age(2 * DELAY_SECONDS * 1_000);
  }

  async #tick(misfortune: Misfortune): Promise<void> {
    const before = await this.#progress();
    await this.#tickOnce(misfortune);
    if (misfortune !== 'kill' && misfortune !== 'credentials') return;
    const after = await this.#progress();
    this.#cutOff += Math.max(0, after.calls - before.calls - (after.written - before.written));
  }

  async #progress(): Promise<{ calls: number; written: number }> {
    const world = this.#open;
    const { rows } = await world.stats<{ rows: Record<string, number> }>(world.sls);
    return { calls: await world.calls(), written: (rows['idv-records'] ?? 0) + (rows['idv-pending'] ?? 0) };
  }

  async #tickOnce(misfortune: Misfortune): Promise<void> {
    const world = this.#open;
    const runs = [world.run()];
    if (this.#options.shards > 1 && misfortune !== undefined) await this.#reshard();
    if (misfortune === 'double') {
      runs.push(world.run());
      this.#doubles += 1;
    }
    if (misfortune === 'credentials') {
      await sleep(400);
      await world.control(world.fc, { expireCredentials: 'sweep' });
    }
    if (misfortune === 'kill') {
      // Somewhere between joining and the report; in a wait for a lease, too.
      const service = this.#random() < 0.5 ? 'sls' : 'cloudauth';
      const call = 1 + Math.floor(this.#random() * (service === 'sls' ? 14 : 60));
      const when = this.#random() < 0.5 ? 'before' : 'after';
      await world.control(world.fc, { killAt: { function: 'sweep', service, call, when } });
    }
    const records = await Promise.all(runs);
    for (const record of records) this.#note(record);
    if (misfortune === 'kill' && records[0]?.outcome !== 'exited') {
      await world.control(world.fc, { killAt: null });
      await this.#killLate();
    }
  }

  /** While a run works. */
  async #reshard(): Promise<void> {
    await sleep(100 + 400 * this.#random());
    // In turn, so that there is always something to merge.
    if (this.#merges < this.#splits) await this.#merge();
    else await this.#split();
  }

  /** The run ended before the call that was to kill it: another is killed after a while instead. */
  async #killLate(): Promise<void> {
    const world = this.#open;
    const run = world.run();
    await sleep(this.#random() * 60);
    await world.control(world.fc, { kill: 'sweep' });
    this.#note(await run);
  }

  #note({ outcome, report }: InvocationRecord): void {
    this.#runs += 1;
    if (outcome === 'exited') this.#kills += 1;
    const { ended, requeued } = (report ?? {}) as { ended?: string; requeued?: number };
    this.#drained = ended === 'done' && requeued === 0;
    const name = ended ?? outcome ?? 'none';
    this.#ends.set(name, (this.#ends.get(name) ?? 0) + 1);
  }

  async #startFaults(): Promise<void> {
    const rate = FAULT_RATE / CLOUDAUTH_KINDS.length;
    const plan = CLOUDAUTH_KINDS.map((answer) => ({ match: '*', rate, answer }));
    await this.#open.control(this.#open.cloudauth, { plan });
    this.#raging = true;
  }

  async #stopFaults(): Promise<void> {
    this.#raging = false;
    // A rule that is on its way must not hit what the test itself does next.
    await sleep(100);
    await this.#open.control(this.#open.cloudauth, { plan: [] });
    await this.#open.control(this.#open.sls, { fail: [] });
  }

  /** Makes one in twenty of the sweep's calls to SLS fail, by a rule of its own just before it is served. */
  async #beforeSls({ action, caller }: ServiceCall): Promise<'go'> {
    if (!this.#raging || caller.functionName !== 'sweep' || this.#random() >= FAULT_RATE) return 'go';
    // In turn, so that every kind comes even in a short run.
    const answer = SLS_KINDS[this.#slsFaultCount % SLS_KINDS.length] ?? 'reset';
    this.#slsFaultCount += 1;
    this.#slsFaults.set(answer, (this.#slsFaults.get(answer) ?? 0) + 1);
    await this.#open.control(this.#open.sls, { fail: [{ action, times: 1, answer }] });
    return 'go';
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What is given with a registration, distinct for each id. */
function givenFor(id: string) {
  const labels = JSON.stringify({
    platform: id.endsWith('1') ? 'ios' : 'android',
    app_version: `1.${id.slice(-3)}.0`,
  });
  return { merchant_biz_id: `biz${id}`.slice(0, 32), labels };
}

/** The record that every reader takes holds all that was given. */
function isWhole(rows: readonly TextRow[]): boolean {
  const [view] = [...rows].sort((one, other) => ((one.view_key ?? '') < (other.view_key ?? '') ? 1 : -1));
  if (view === undefined) return false;
  const { labels, merchant_biz_id } = givenFor(view.transaction_id ?? '');
  const sorted = (text: string) => JSON.stringify(Object.entries(JSON.parse(text)).sort());
  return view.merchant_biz_id === merchant_biz_id && sorted(view.labels ?? '{}') === sorted(labels);
}
