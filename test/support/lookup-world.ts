import { ttlByLogstore } from '../../deploy/logstores.ts';
import { provision } from '../../deploy/provision.ts';
import { type AppOptions, createHandler } from '../../functions/lookup/app.ts';
import { type CloudauthServer, createCloudauthServer } from '../../local/cloudauth/server.ts';
import { LOCAL_PROJECT } from '../../local/credentials.ts';
import {
  LOCAL_ACCESS_KEY_ID,
  LOCAL_ACCESS_KEY_SECRET,
  LOCAL_REGION,
  type LocalServer,
  MemoryCredentialStore,
} from '../../local/sls/src/host.ts';
import { createSlsServer } from '../../local/sls/src/server.ts';
import { createCloudauthClient } from '../../shared/cloudauth/client.ts';
import type { FcResponse } from '../../shared/fc/http.ts';
import { createRoleCredentials } from '../../shared/fc/role-credentials.ts';
import { createLogger } from '../../shared/logger.ts';
import { readLedger } from '../../shared/logstores/ledger.ts';
import { DEFAULT_DAYS_KEPT, type RetentionDays, windowsOf } from '../../shared/logstores/retention.ts';
import { Pacer } from '../../shared/pace.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { systemClock } from '../../shared/time.ts';
import type { Recorded } from './openapi-check.ts';

/** The lookup function between a local SLS and a local CheckVerifyLog, all of it over HTTP with real signatures. */
export interface LookupWorld {
  readonly sls: LocalServer;
  readonly cloudauth: CloudauthServer;
  readonly client: SlsDataPlane;
  /** Every line the function has logged. */
  readonly logs: string[];
  /** Every answer it has given. */
  readonly answers: Recorded[];
  readonly handler: ReturnType<typeof createHandler>;
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** Sets a session whose Result is exactly this. */
  readonly putSession: (transactionId: string, initializedAtMs: number, result: object) => Promise<void>;
  readonly control: (server: LocalServer, body: object) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface CallOptions {
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Sent as it is, with no content type of its own. */
  readonly rawBody?: string;
  readonly base64?: boolean;
  /** Seconds. */
  readonly timeout?: number;
}

export interface Answer extends FcResponse {
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever came; the test says what it should be
  readonly json: any;
}

export const credentials = { accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET };
const none = { accessKeyId: undefined, accessKeySecret: undefined, securityToken: undefined };
/** Short, since some tests wait for it to pass; long enough for a busy machine. */
const CALL_TIMEOUT_MS = 2_500;
const PATIENT_MS = 60_000;

/** @param daysKept what the project is provisioned for and the function is told, as by one s.yaml */
export async function openLookupWorld(
  overrides: Partial<AppOptions> = {},
  daysKept: RetentionDays = DEFAULT_DAYS_KEPT,
): Promise<LookupWorld> {
  const store = new MemoryCredentialStore();
  const sls = await createSlsServer({ port: 0, credentials: store });
  const cloudauth = await createCloudauthServer({
    port: 0,
    credentials: store,
    qps: 1_000,
    retentionDays: daysKept.source,
  });
  await provision({
    endpoint: sls.url,
    project: LOCAL_PROJECT,
    region: LOCAL_REGION,
    credentials,
    ttlDays: ttlByLogstore(daysKept),
    documents: { dashboards: [], savedSearches: [], alerts: [] },
  });
  const role = createRoleCredentials(none);
  const timeouts = { connectTimeoutMs: CALL_TIMEOUT_MS, readTimeoutMs: CALL_TIMEOUT_MS };
  // Patient, because a query engine that has just started takes its time; its first query starts it.
  const client = createSlsClient({
    endpoint: sls.url,
    project: LOCAL_PROJECT,
    credentials: () => credentials,
    connectTimeoutMs: PATIENT_MS,
    readTimeoutMs: PATIENT_MS,
  });
  const seconds = Math.floor(Date.now() / 1_000);
  await client.query('idv-records', {
    query: '* | SELECT count(1) AS n',
    fromSeconds: seconds - 60,
    toSeconds: seconds,
  });
  const logs: string[] = [];
  const answers: Recorded[] = [];
  const handler = createHandler({
    auth: { mode: 'trigger', tokenSha256: [] },
    settings: {
      region: LOCAL_REGION,
      verifyDelayMs: 1_800_000,
      callTimeoutMs: CALL_TIMEOUT_MS,
      windows: windowsOf(daysKept),
    },
    logger: createLogger({ level: 'debug', write: (line) => logs.push(line) }),
    clock: systemClock,
    random: Math.random,
    role,
    sls: createSlsClient({
      endpoint: sls.url,
      project: LOCAL_PROJECT,
      credentials: role.provide,
      ...timeouts,
    }),
    cloudauth: createCloudauthClient({ endpoint: cloudauth.url, credentials: role.provide, ...timeouts }),
    pacer: new Pacer({ ratePerSecond: 1_000, clock: systemClock }),
    readLedger: (client, range, signal) =>
      readLedger(client, { ...range, windows: windowsOf(daysKept), signal }),
    ...overrides,
  });
  return {
    sls,
    cloudauth,
    client,
    logs,
    answers,
    handler,
    call: async (method, path, options = {}) => {
      const answer = await callHandler(handler, method, path, options);
      answers.push({ method, path, ...answer });
      return answer;
    },
    putSession: (transactionId, initializedAt, result) =>
      send(`${cloudauth.url}/_transactions/${encodeURIComponent(transactionId)}`, 'PUT', {
        initializedAt,
        result,
      }),
    control: (server, body) => send(`${server.url}/_control`, 'POST', body),
    close: async () => {
      await cloudauth.close();
      await sls.close();
    },
  };
}

async function send(url: string, method: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}

/** An event as FC's HTTP trigger builds it, through the handler and back. */
export async function callHandler(
  handler: ReturnType<typeof createHandler>,
  method: string,
  path: string,
  { query = {}, headers = {}, body, rawBody, base64 = false, timeout = 60 }: CallOptions = {},
): Promise<Answer> {
  const text = rawBody ?? (body === undefined ? '' : JSON.stringify(body));
  const event = {
    version: 'v1',
    rawPath: path,
    body: base64 ? Buffer.from(text).toString('base64') : text,
    isBase64Encoded: base64,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    queryParameters: query,
    requestContext: {
      http: {
        method,
        path: decodeQuietly(path),
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'test',
      },
      requestId: '1-event',
    },
  };
  const context = { requestId: '1-5f0000-context', credentials, function: { timeout } };
  const answer = await handler(Buffer.from(JSON.stringify(event)), context);
  return { ...answer, json: answer.body === '' ? undefined : JSON.parse(answer.body) };
}

function decodeQuietly(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
