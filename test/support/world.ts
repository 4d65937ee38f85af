import { ttlByLogstore } from '../../deploy/logstores.ts';
import { type ProvisionOptions, provision } from '../../deploy/provision.ts';
import { type CloudauthServer, createCloudauthServer } from '../../local/cloudauth/server.ts';
import { LOCAL_PROJECT } from '../../local/credentials.ts';
import {
  type CallHooks,
  LOCAL_ACCESS_KEY_ID,
  LOCAL_ACCESS_KEY_SECRET,
  LOCAL_REGION,
  type LocalServer,
  MemoryCredentialStore,
} from '../../local/sls/src/host.ts';
import { createSlsServer } from '../../local/sls/src/server.ts';
import type { RetentionDays } from '../../shared/logstores/retention.ts';
import { createSlsCaller, type SlsCaller } from '../../shared/sls/call.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';

export interface WorldOptions {
  /** The keys that both services accept. */
  readonly store?: MemoryCredentialStore;
  readonly seed?: number;
  /** The local SLS's clock. */
  readonly clock?: () => number;
  /** Looks on at, or meddles with, calls. */
  readonly slsHooks?: CallHooks;
  readonly cloudauthHooks?: CallHooks;
  /** What CheckVerifyLog really allows. */
  readonly qps?: number;
  /** How long CheckVerifyLog keeps a session. */
  readonly retentionDays?: number;
  readonly project?: string;
  /** False: nothing is there yet; the test makes the project. */
  readonly provisioned?: boolean;
  /** What the project is provisioned for. */
  readonly daysKept?: RetentionDays;
  readonly leaseSeconds?: number;
}

export type TextRow = Readonly<Record<string, string>>;
export type Row = Readonly<Record<string, string | number | undefined>>;

/** The operator's keys. */
export const credentials = { accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET };
/** Moves rows past the half hour that they have to wait. */
export const PAST_DELAY_MS = 31 * 60_000;

/**
 * A local SLS with the project provisioned in it, and a local CheckVerifyLog; all calls over HTTP, signed. Whatever
 * a test opens beside them is closed with them.
 */
export class World {
  readonly sls: LocalServer;
  readonly cloudauth: CloudauthServer;
  /** The data plane, as the operator. */
  readonly client: SlsDataPlane;
  /** Any other call to SLS, as the operator. */
  readonly callSls: SlsCaller;
  /** Where the control plane finds the project. */
  readonly place: Place;
  readonly #closing: (() => Promise<unknown>)[];

  protected constructor({ sls, cloudauth, place }: Services) {
    // Patient, because a query engine that has just started takes its time.
    const target = {
      endpoint: sls.url,
      project: place.project,
      credentials: () => credentials,
      connectTimeoutMs: 60_000,
      readTimeoutMs: 60_000,
    };
    this.sls = sls;
    this.cloudauth = cloudauth;
    this.place = place;
    this.client = createSlsClient(target);
    this.callSls = createSlsCaller(target);
    this.#closing = [() => sls.close(), () => cloudauth.close()];
  }

  static async open(options: WorldOptions = {}): Promise<World> {
    return new World(await startServices(options));
  }

  onClose(close: () => Promise<unknown>): void {
    this.#closing.push(close);
  }

  /** Closes everything, the last opened first, even if something fails to close. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closing.splice(0).reverse()) {
      await close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed');
  }

  /** Sets what the body names and leaves the rest. */
  control(server: { readonly url: string }, body: object): Promise<unknown> {
    return control(server.url, body);
  }

  /** What a local service says of itself. */
  async stats<T>(server: { readonly url: string }): Promise<T> {
    return (await (await fetch(`${server.url}/_control`)).json()) as T;
  }

  /** Calls of CheckVerifyLog. */
  async calls(): Promise<number> {
    return (await this.stats<{ calls: number }>(this.cloudauth)).calls;
  }

  /** Calls to SLS, by action. */
  async slsCalls(): Promise<Readonly<Record<string, number>>> {
    return (await this.stats<{ byAction: Record<string, number> }>(this.sls)).byAction;
  }

  /** Those that change something. */
  async slsWrites(): Promise<number> {
    const writes = Object.entries(await this.slsCalls()).filter(([action]) =>
      /^(Create|Update|Delete|Put)/.test(action),
    );
    return writes.reduce((sum, [, count]) => sum + count, 0);
  }

  /** Moves the receive times of what is queued into the past: by default far enough for it to be due. */
  age(ms = PAST_DELAY_MS): Promise<unknown> {
    return this.control(this.sls, { age: { logstore: 'idv-pending', ms } });
  }

  /** Sets a session whose Result is exactly this; with a merchant's id, it is found under that only. */
  async putSession(
    transactionId: string,
    initializedAt: number,
    result: object,
    merchantBizId?: string,
  ): Promise<void> {
    await send(`${this.cloudauth.url}/_transactions/${encodeURIComponent(transactionId)}`, 'PUT', {
      initializedAt,
      result,
      merchantBizId,
    });
  }

  /** Writes rows as any writer may: nothing is checked, nothing added. */
  async put(
    logstore: string,
    rows: readonly object[],
    { timeMs = Date.now(), groupRows = 500 } = {},
  ): Promise<void> {
    const timeSeconds = Math.floor(timeMs / 1_000);
    for (let from = 0; from < rows.length; from += groupRows) {
      const logs = rows.slice(from, from + groupRows).map((row) => ({
        timeSeconds,
        contents: Object.entries(row)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]): [string, string] => [key, String(value)]),
      }));
      await this.client.putLogs(logstore, logs);
    }
  }

  /** Every row of a logstore, by reading its shards from begin to end: no index, no SQL, no view. */
  async rows(logstore: string): Promise<TextRow[]> {
    const rows: TextRow[] = [];
    for (const { shardId } of await this.client.listShards(logstore)) {
      const { cursor } = await this.client.getCursor(logstore, shardId, 'begin');
      rows.push(...(await this.rowsFrom(logstore, shardId, cursor)));
    }
    return rows;
  }

  /** Those of one transaction. */
  async rowsOf(logstore: string, transactionId: string): Promise<TextRow[]> {
    return (await this.rows(logstore)).filter(({ transaction_id }) => transaction_id === transactionId);
  }

  /** The rows of one shard from there to its end. */
  async rowsFrom(logstore: string, shardId: number, from: string): Promise<TextRow[]> {
    const rows: TextRow[] = [];
    for (let cursor = from; ; ) {
      const pulled = await this.client.pullLogs(logstore, shardId, { cursor, count: 100 });
      for (const { logs } of pulled.groups) for (const { contents } of logs) rows.push(contents);
      if (pulled.nextCursor === cursor) return rows;
      cursor = pulled.nextCursor;
    }
  }
}

type Place = Pick<ProvisionOptions, 'endpoint' | 'project' | 'region' | 'credentials'>;

export interface Services {
  readonly sls: LocalServer;
  readonly cloudauth: CloudauthServer;
  readonly place: Place;
}

/** Both services and the project. What was started before a failure is closed again. */
export async function startServices(options: WorldOptions): Promise<Services> {
  const { store = new MemoryCredentialStore(), seed = 1, clock, slsHooks, cloudauthHooks } = options;
  const retentionDays = options.retentionDays ?? options.daysKept?.source;
  const sls = await createSlsServer({
    port: 0,
    credentials: store,
    seed,
    ...(clock === undefined ? {} : { clock }),
    ...(slsHooks === undefined ? {} : { hooks: slsHooks }),
  });
  const project = options.project ?? LOCAL_PROJECT;
  const place = { endpoint: sls.url, project, region: LOCAL_REGION, credentials };
  try {
    if (options.provisioned !== false) {
      await provision({
        ...place,
        documents: { dashboards: [], savedSearches: [], alerts: [] },
        ...(options.leaseSeconds === undefined ? {} : { leaseSeconds: options.leaseSeconds }),
        ...(options.daysKept === undefined ? {} : { ttlDays: ttlByLogstore(options.daysKept) }),
      });
    }
    const cloudauth = await createCloudauthServer({
      port: 0,
      credentials: store,
      seed,
      qps: options.qps ?? 10_000,
      ...(retentionDays === undefined ? {} : { retentionDays }),
      ...(cloudauthHooks === undefined ? {} : { hooks: cloudauthHooks }),
    });
    return { sls, cloudauth, place };
  } catch (error) {
    await sls.close();
    throw error;
  }
}

/** Sets what the body names of a local service, by its address. Returns what it answers. */
export function control(url: string, body: object): Promise<unknown> {
  return send(`${url}/_control`, 'POST', body);
}

async function send(url: string, method: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
