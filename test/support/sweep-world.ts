import { provision } from '../../deploy/provision.ts';
import { type CloudauthServer, createCloudauthServer } from '../../local/cloudauth/server.ts';
import { LOCAL_PROJECT } from '../../local/credentials.ts';
import type { InvocationRecord } from '../../local/fc/invocation-log.ts';
import { createFcServer, type FcServer } from '../../local/fc/server.ts';
import {
  type CallHooks,
  LOCAL_ACCESS_KEY_ID,
  LOCAL_ACCESS_KEY_SECRET,
  LOCAL_REGION,
  type LocalServer,
  MemoryCredentialStore,
} from '../../local/sls/src/host.ts';
import { createSlsServer } from '../../local/sls/src/server.ts';
import { createSlsCaller, type SlsCaller } from '../../shared/sls/call.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { openProxy } from './proxy.ts';
import { bundleSweep, removeBundle } from './sweep-bundle.ts';

/** The sweep's bundle between local services, everything over HTTP with real signatures. */
export interface SweepWorldOptions {
  /** Settings of the function, over quick ones. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  /** A bundle made before; by default one is made, and removed in the end. */
  readonly bundle?: string;
  /** What CheckVerifyLog really allows. */
  readonly qps?: number;
  readonly reservedConcurrency?: number | null;
  readonly credentialLifetimeMs?: number;
  readonly seed?: number;
  readonly retentionDays?: number;
  /** What SLS's own clock says, against this machine's. */
  readonly slsClockAheadMs?: number;
  /** Looks on at, or meddles with, calls to SLS. */
  readonly slsHooks?: CallHooks;
}

export interface PendingInput {
  readonly transaction_id?: string;
  readonly [field: string]: string | number | undefined;
}

export type TextRow = Readonly<Record<string, string>>;

const OPERATOR = { accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET };
/** Moves rows past the half hour that they have to wait. */
export const PAST_DELAY_MS = 31 * 60_000;

export class SweepWorld {
  readonly sls: LocalServer;
  readonly cloudauth: CloudauthServer;
  readonly fc: FcServer;
  readonly client: SlsDataPlane;
  readonly call: SlsCaller;
  /** What the function wrote to its log. */
  readonly lines: string[];
  readonly #closing: (() => Promise<unknown>)[];

  private constructor(
    parts: Pick<SweepWorld, 'sls' | 'cloudauth' | 'fc' | 'client' | 'call' | 'lines'>,
    closing: (() => Promise<unknown>)[],
  ) {
    this.sls = parts.sls;
    this.cloudauth = parts.cloudauth;
    this.fc = parts.fc;
    this.client = parts.client;
    this.call = parts.call;
    this.lines = parts.lines;
    this.#closing = closing;
  }

  static async open(options: SweepWorldOptions = {}): Promise<SweepWorld> {
    const closing: (() => Promise<unknown>)[] = [];
    const credentials = new MemoryCredentialStore();
    const places: Record<string, string> = {};
    const bundle = options.bundle ?? (await bundleSweep());
    if (options.bundle === undefined) closing.push(() => removeBundle(bundle));
    const env = settingsOf(options);
    const lines: string[] = [];
    const fc = await createFcServer({
      port: 0,
      credentials,
      timers: false,
      functions: [
        {
          name: 'sweep',
          codeDir: bundle,
          handler: 'index.handler',
          timeoutSeconds: options.timeoutSeconds ?? 60,
          memoryMb: 512,
          env: () => ({ ...env, ...places }),
          timer: { triggerName: 'sweep', cronExpression: '@every 5m' },
          asyncInvoke: { maxAsyncRetryAttempts: 0, maxAsyncEventAgeInSeconds: 300 },
          ...(options.reservedConcurrency === null
            ? {}
            : { reservedConcurrency: options.reservedConcurrency ?? 1 }),
        },
      ],
      log: ({ text }) => lines.push(text),
      ...(options.credentialLifetimeMs === undefined
        ? {}
        : { credentialLifetimeMs: options.credentialLifetimeMs }),
    });
    closing.unshift(() => fc.close());
    const seed = options.seed ?? 1;
    const hooks = bothOf(fc.hooks, options.slsHooks);
    const sls = await createSlsServer({ port: 0, credentials, hooks, seed });
    closing.unshift(() => sls.close());
    const cloudauth = await createCloudauthServer({
      port: 0,
      credentials,
      hooks: fc.hooks,
      seed,
      qps: options.qps ?? 10_000,
      ...(options.retentionDays === undefined ? {} : { retentionDays: options.retentionDays }),
    });
    closing.unshift(() => cloudauth.close());
    const aheadMs = options.slsClockAheadMs;
    const front =
      aheadMs === undefined
        ? sls
        : await openProxy(sls.url, (headers) => ({
            ...headers,
            date: new Date(Date.now() + aheadMs).toUTCString(),
          }));
    if (front !== sls) closing.unshift(() => front.close());
    Object.assign(places, { SLS_ENDPOINT: front.url, CLOUDAUTH_ENDPOINT: cloudauth.url });
    await provision({
      endpoint: sls.url,
      project: LOCAL_PROJECT,
      region: LOCAL_REGION,
      credentials: OPERATOR,
      leaseSeconds: Number(env.LEASE_SECONDS),
      documents: { dashboards: [], savedSearches: [], alerts: [] },
    });
    const target = {
      endpoint: sls.url,
      project: LOCAL_PROJECT,
      credentials: () => OPERATOR,
      connectTimeoutMs: 5_000,
      readTimeoutMs: 30_000,
    };
    const parts = {
      sls,
      cloudauth,
      fc,
      lines,
      client: createSlsClient(target),
      call: createSlsCaller(target),
    };
    return new SweepWorld(parts, closing);
  }

  /** Rows of the queue, in log groups of that many, as any writer would put them. */
  async queue(rows: readonly PendingInput[], groupRows = 200): Promise<void> {
    for (let from = 0; from < rows.length; from += groupRows) {
      const timeSeconds = Math.floor(Date.now() / 1000);
      const logs = rows.slice(from, from + groupRows).map((row) => ({
        timeSeconds,
        contents: Object.entries(row).map(([key, value]): [string, string] => [key, String(value)]),
      }));
      await this.client.putLogs('idv-pending', logs);
    }
  }

  /** Known sessions, registered now. Answers their ids. */
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

  /** Lets CheckVerifyLog know sessions; each Result is told apart by its SubCode. */
  async know(ids: readonly string[], initializedAt = Date.now() - 3_600_000): Promise<void> {
    for (let from = 0; from < ids.length; from += 50) {
      await Promise.all(
        ids.slice(from, from + 50).map((id) =>
          fetch(`${this.cloudauth.url}/_transactions/${id}`, {
            method: 'PUT',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ initializedAt, result: resultOf(id) }),
          }).then((response) => response.text()),
        ),
      );
    }
  }

  /** A session that is found under its merchant id only. */
  async knowUnder(id: string, merchantBizId: string): Promise<void> {
    await fetch(`${this.cloudauth.url}/_transactions/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ initializedAt: Date.now() - 3_600_000, merchantBizId, result: resultOf(id) }),
    });
  }

  /** Makes what is queued now due. */
  age(ms = PAST_DELAY_MS): Promise<unknown> {
    return this.control(this.sls, { age: { logstore: 'idv-pending', ms } });
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

  async control(server: LocalServer, body: object): Promise<unknown> {
    const response = await fetch(`${server.url}/_control`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`control refused: ${text}`);
    return JSON.parse(text);
  }

  async stats<T>(server: LocalServer): Promise<T> {
    return (await (await fetch(`${server.url}/_control`)).json()) as T;
  }

  async calls(): Promise<number> {
    return (await this.stats<{ calls: number }>(this.cloudauth)).calls;
  }

  /** Every row of a logstore, by reading its shards from begin to end: no index, no SQL, no view. */
  async rows(logstore: string): Promise<TextRow[]> {
    const rows: TextRow[] = [];
    for (const { shardId } of await this.client.listShards(logstore)) {
      let { cursor } = await this.client.getCursor(logstore, shardId, 'begin');
      for (;;) {
        const pulled = await this.client.pullLogs(logstore, shardId, { cursor, count: 100 });
        for (const { logs } of pulled.groups) for (const { contents } of logs) rows.push(contents);
        if (pulled.nextCursor === cursor) break;
        cursor = pulled.nextCursor;
      }
    }
    return rows;
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

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close();
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

function bothOf(first: CallHooks, second: CallHooks | undefined): CallHooks {
  if (second === undefined) return first;
  return {
    before: async (call) =>
      (await first.before?.(call)) === 'drop' ? 'drop' : ((await second.before?.(call)) ?? 'go'),
    after: async (call) =>
      (await first.after?.(call)) === 'drop' ? 'drop' : ((await second.after?.(call)) ?? 'go'),
  };
}

function settingsOf({ env = {} }: SweepWorldOptions): Record<string, string> {
  return {
    SLS_PROJECT: LOCAL_PROJECT,
    QPS_LIMIT: '2000',
    SWEEP_QPS_SHARE: '1',
    RUN_MARGIN_SECONDS: '2',
    LEASE_SECONDS: '5',
    HEARTBEAT_SECONDS: '1',
    CALL_TIMEOUT_MS: '2000',
    ...env,
  };
}
