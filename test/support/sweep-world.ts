import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOCAL_PROJECT } from '../../local/credentials.ts';
import type { InvocationRecord } from '../../local/fc/invocation-log.ts';
import { createFcServer, type FcServer } from '../../local/fc/server.ts';
import { type CallHooks, MemoryCredentialStore } from '../../local/sls/src/host.ts';
import { bundleSweep, removeBundle } from './sweep-bundle.ts';
import { type Row, type Services, startServices, type TextRow, World, type WorldOptions } from './world.ts';

export interface SweepWorldOptions extends Omit<WorldOptions, 'store' | 'leaseSeconds' | 'cloudauthHooks'> {
  /** Settings of the function, over quick ones. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  /** A bundle made before; by default one is made, and removed in the end. */
  readonly bundle?: string;
  readonly reservedConcurrency?: number | null;
  readonly credentialLifetimeMs?: number;
  /** What SLS's own clock says, against this machine's. */
  readonly slsClockAheadMs?: number;
}

const QUICK_SETTINGS = {
  SLS_PROJECT: LOCAL_PROJECT,
  QPS_LIMIT: '2000',
  SWEEP_QPS_SHARE: '1',
  RUN_MARGIN_SECONDS: '2',
  LEASE_SECONDS: '5',
  HEARTBEAT_SECONDS: '1',
  CALL_TIMEOUT_MS: '2000',
};

/** The sweep's bundle in a local Function Compute, between the services of a world. */
export class SweepWorld extends World {
  readonly fc: FcServer;
  /** What the function wrote to its log. */
  readonly lines: string[];

  private constructor(services: Services, fc: FcServer, lines: string[]) {
    super(services);
    this.fc = fc;
    this.lines = lines;
  }

  static override async open(options: SweepWorldOptions = {}): Promise<SweepWorld> {
    const { slsClockAheadMs, credentialLifetimeMs, reservedConcurrency = 1 } = options;
    const bundle = options.bundle ?? (await bundleSweep());
    const store = new MemoryCredentialStore();
    const env = { ...QUICK_SETTINGS, ...options.env };
    const endpoints: Record<string, string> = {};
    const lines: string[] = [];
    const fc = await createFcServer({
      port: 0,
      credentials: store,
      timers: false,
      functions: [
        {
          name: 'sweep',
          codeDir: bundle,
          handler: 'index.handler',
          // A run ends when its work is done; this is for a busy machine.
          timeoutSeconds: options.timeoutSeconds ?? 180,
          memoryMb: 512,
          env: () => ({ ...env, ...endpoints }),
          timer: { triggerName: 'sweep', cronExpression: '@every 5m' },
          asyncInvoke: { maxAsyncRetryAttempts: 0, maxAsyncEventAgeInSeconds: 300 },
          ...(reservedConcurrency === null ? {} : { reservedConcurrency }),
        },
      ],
      log: ({ text }) => lines.push(text),
      ...(credentialLifetimeMs === undefined ? {} : { credentialLifetimeMs }),
    });
    const services = await startServices({
      ...options,
      store,
      slsHooks: bothOf(fc.hooks, options.slsHooks),
      cloudauthHooks: fc.hooks,
      leaseSeconds: Number(env.LEASE_SECONDS),
    });
    const world = new SweepWorld(services, fc, lines);
    if (options.bundle === undefined) world.onClose(() => removeBundle(bundle));
    world.onClose(() => fc.close());
    endpoints.SLS_ENDPOINT = world.sls.url;
    endpoints.CLOUDAUTH_ENDPOINT = world.cloudauth.url;
    if (slsClockAheadMs !== undefined) {
      const proxy = await openOtherClock(world.sls.url, slsClockAheadMs);
      world.onClose(() => proxy.close());
      endpoints.SLS_ENDPOINT = proxy.url;
    }
    return world;
  }

  /** Rows of the queue, in log groups of that many, as any writer would put them. */
  queue(rows: readonly Row[], groupRows = 200): Promise<void> {
    return this.put('idv-pending', rows, { groupRows });
  }

  /** Registers sessions that CheckVerifyLog knows. Returns their ids. */
  async register(count: number, { prefix = 'tx', groupRows = 200, initializedAtMs = Date.now() } = {}) {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(6, '0')}`);
    await this.know(ids, initializedAtMs - 3_600_000);
    const registered = Date.now();
    await this.queue(
      ids.map((id) => ({
        transaction_id: id,
        initialized_at_ms: initializedAtMs,
        registered_at_ms: registered,
        attempt: 0,
        kind: 'register',
      })),
      groupRows,
    );
    return ids;
  }

  /** Lets CheckVerifyLog know sessions; each Result is told apart by its ExtInfo. */
  async know(ids: readonly string[], initializedAtMs = Date.now() - 3_600_000): Promise<void> {
    for (let from = 0; from < ids.length; from += 50) {
      const some = ids.slice(from, from + 50);
      await Promise.all(some.map((id) => this.putSession(id, initializedAtMs, resultOf(id))));
    }
  }

  /** A session that is found under its merchant id only. */
  knowUnder(id: string, merchantBizId: string): Promise<void> {
    return this.putSession(id, Date.now() - 3_600_000, resultOf(id), merchantBizId);
  }

  /** One run, to its end. */
  async run(): Promise<InvocationRecord> {
    return this.fc.ended(this.fc.tick('sweep'));
  }

  /** One run that ends by itself; its report. */
  async report(): Promise<Record<string, unknown>> {
    const { outcome, report, errorMessage } = await this.run();
    if (outcome !== 'ok') throw new Error(`the run ended as ${outcome}: ${errorMessage}`);
    return report as Record<string, unknown>;
  }

  /** Final records by transaction. */
  async finals(): Promise<Map<string, TextRow[]>> {
    const byId = new Map<string, TextRow[]>();
    for (const row of await this.rows('idv-records')) {
      if (row.final !== 'true') continue;
      const id = row.transaction_id ?? '';
      byId.set(id, [...(byId.get(id) ?? []), row]);
    }
    return byId;
  }
}

/** The truth about a session: distinct for each id, so that answers cannot be mixed up unseen. */
export function resultOf(id: string) {
  return {
    VerifyStatus: '1',
    VerifyErrorCode: '1006',
    InterruptPageEn: 'FACE',
    InterruptPage: '活体检测页面',
    ExtInfo: JSON.stringify({ of: id }),
    LogInfoEn: ['2025-03-21 10:31:25 LOADING_ENTER', '2025-03-21 10:31:26 LOADING_EXIT'],
    LogStatisticsInfo: JSON.stringify({ faceOverTimes: 1, pageStayTimeInfo: { FACE: '1200' } }),
  };
}

/** True when a record says what is known of its transaction. */
export function saysTruth(row: TextRow): boolean {
  const truth = resultOf(row.transaction_id ?? '');
  return (
    row.disposition === 'answered' && JSON.stringify(JSON.parse(row.raw ?? 'null')) === JSON.stringify(truth)
  );
}

/** Ticks, and lets time pass, until every transaction is final or patience is over. Returns the runs it took. */
export async function sweepUntilFinal(
  world: SweepWorld,
  ids: readonly string[],
  { maxRuns = 8 }: { maxRuns?: number } = {},
): Promise<number> {
  for (let runs = 0; ; runs += 1) {
    const finals = await world.finals();
    if (ids.every((id) => finals.has(id)) || runs === maxRuns) return runs;
    await world.age();
    await world.run();
  }
}

export interface Faults {
  readonly lost: string[];
  readonly wrong: string[];
  /** Ids whose copies say different things. */
  readonly differing: string[];
}

export const NO_FAULTS: Faults = { lost: [], wrong: [], differing: [] };

/** Compares every final record with the known truth. */
export async function faultsOf(world: SweepWorld, ids: readonly string[]): Promise<Faults> {
  const finals = await world.finals();
  const rowsOf = (id: string) => finals.get(id) ?? [];
  return {
    lost: ids.filter((id) => rowsOf(id).length === 0),
    wrong: ids.filter((id) => !rowsOf(id).every(saysTruth)),
    differing: ids.filter((id) => new Set(rowsOf(id).map(({ revision }) => revision)).size > 1),
  };
}

/**
 * What the ledger would call residual, worked out from the rows themselves: no final record, and the checkpoint
 * past every row of it.
 */
export async function passedWithoutRecord(world: SweepWorld, ids: readonly string[]): Promise<string[]> {
  const finals = await world.finals();
  const waiting = new Set<string>();
  for (const { shard, checkpoint } of await world.client.getCheckpoints('idv-pending', 'idv-sweep')) {
    const from = checkpoint || (await world.client.getCursor('idv-pending', shard, 'begin')).cursor;
    for (const row of await world.rowsFrom('idv-pending', shard, from)) waiting.add(row.transaction_id ?? '');
  }
  return ids.filter((id) => !finals.has(id) && !waiting.has(id));
}

function bothOf(first: CallHooks, second: CallHooks | undefined): CallHooks {
  if (second === undefined) return first;
  return {
    before: async (call) =>
      (await first.before?.(call)) === 'drop' ? 'drop' : ((await second.before?.(call)) ?? 'go'),
    after: async (call) =>
      (await first.after?.(call)) === 'drop' ? 'drop' : ((await second.after?.(call)) ?? 'go'),
  };
}

/** A server on this machine as one whose clock is ahead: only the `Date` of its answers differs. */
async function openOtherClock(
  url: string,
  aheadMs: number,
): Promise<{ url: string; close: () => Promise<void> }> {
  const { hostname, port } = new URL(url);
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      const date = new Date(Date.now() + aheadMs).toUTCString();
      outgoing.sendDate = false;
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, date });
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
