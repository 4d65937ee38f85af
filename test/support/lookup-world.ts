import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHandler } from '../../functions/lookup/app.ts';
import { openApiDocument } from '../../functions/lookup/endpoints.ts';
import type { LookupServices } from '../../functions/lookup/request.ts';
import { LOCAL_PROJECT } from '../../local/credentials.ts';
import { LOCAL_REGION } from '../../local/sls/src/host.ts';
import { createCloudauthClient } from '../../shared/cloudauth/client.ts';
import { createRoleCredentials } from '../../shared/fc/invocation.ts';
import type { FcResponse } from '../../shared/fc/response.ts';
import { createLogger } from '../../shared/logger.ts';
import { DEFAULT_DAYS_KEPT, type RetentionDays, windowsOf } from '../../shared/logstores/retention.ts';
import { Pacer } from '../../shared/pace.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import { systemClock } from '../../shared/time.ts';
import { openApiProblems, type Recorded } from './openapi-check.ts';
import { credentials, type Services, startServices, World } from './world.ts';

type Handler = ReturnType<typeof createHandler>;

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

export interface LookupResponse extends FcResponse {
  // biome-ignore lint/suspicious/noExplicitAny: it is whatever came; the test says what it should be
  readonly json: any;
}

export interface LookupWorldOptions {
  /** In place of what the function is usually wired with. */
  readonly app?: Partial<LookupServices>;
  /** What the project is provisioned for and the function is told, as by one s.yaml. */
  readonly daysKept?: RetentionDays;
}

/** Short, since some tests wait for it to pass; long enough for a busy machine. */
const CALL_TIMEOUT_MS = 2_500;
const QPS = 1_000;

/** The lookup function in this process, between the services of a world. */
export class LookupWorld extends World {
  readonly handler: Handler;
  /** Every line the function has logged. */
  readonly logs: string[] = [];
  /** Everything it has returned. */
  readonly responses: Recorded[] = [];

  private constructor(services: Services, daysKept: RetentionDays, app: Partial<LookupServices>) {
    super(services);
    this.handler = createHandler({
      ...wiring(services, daysKept),
      logger: createLogger({ level: 'debug', write: (line) => this.logs.push(line) }),
      ...app,
    });
  }

  static override async open(options: LookupWorldOptions = {}): Promise<LookupWorld> {
    const { daysKept = DEFAULT_DAYS_KEPT, app = {} } = options;
    const world = new LookupWorld(await startServices({ daysKept, qps: QPS }), daysKept, app);
    // The first query starts the query engine, which takes longer than the function waits.
    await world.client.query('idv-records', {
      query: '* | SELECT count(1) AS n',
      fromSeconds: 0,
      toSeconds: 1,
    });
    return world;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<LookupResponse> {
    const response = await callHandler(this.handler, method, path, options);
    this.responses.push({ method, path, ...response });
    return response;
  }

  /** Both services as after the opening: nothing fails, nothing is slow. */
  async calm(): Promise<void> {
    await this.control(this.sls, { fail: [], latencyMs: 0 });
    await this.control(this.cloudauth, { plan: [], latencyMs: 0, qps: QPS });
  }

  /** @throws when a response was not as the OpenAPI document promises */
  override async close(): Promise<void> {
    await super.close();
    const document = openApiDocument();
    const problems = this.responses.splice(0).flatMap((response) => openApiProblems(document, response));
    if (problems.length > 0) throw new Error(`not as documented:\n${problems.join('\n')}`);
  }

  /** A trigger URL in front of the handler. */
  async openTrigger(): Promise<TriggerServer> {
    const trigger = await openTriggerServer((...call) => this.call(...call));
    this.onClose(trigger.close);
    return trigger;
  }
}

function wiring({ sls, cloudauth }: Services, daysKept: RetentionDays): Omit<LookupServices, 'logger'> {
  const role = createRoleCredentials({
    accessKeyId: undefined,
    accessKeySecret: undefined,
    securityToken: undefined,
  });
  const windows = windowsOf(daysKept);
  const upstream = {
    credentials: role.provide,
    connectTimeoutMs: CALL_TIMEOUT_MS,
    readTimeoutMs: CALL_TIMEOUT_MS,
  };
  return {
    auth: { mode: 'trigger', tokenSha256: [] },
    settings: { region: LOCAL_REGION, verifyDelayMs: 1_800_000, callTimeoutMs: CALL_TIMEOUT_MS, windows },
    clock: systemClock,
    random: Math.random,
    role,
    sls: createSlsClient({ ...upstream, endpoint: sls.url, project: LOCAL_PROJECT }),
    cloudauth: createCloudauthClient({ ...upstream, endpoint: cloudauth.url }),
    pacer: new Pacer({ ratePerSecond: QPS, clock: systemClock }),
  };
}

/** An event as FC's HTTP trigger builds it, through the handler and back. */
export async function callHandler(
  handler: Handler,
  method: string,
  path: string,
  { query = {}, headers = {}, body, rawBody, base64 = false, timeout = 60 }: CallOptions = {},
): Promise<LookupResponse> {
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

export interface TriggerServer {
  readonly url: string;
  /** Every request, in order. */
  readonly requests: Array<{
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string>;
  }>;
  /** Runs before the handler; a number is answered as a status at once, without it. */
  before: (count: number) => number | undefined;
  close(): Promise<void>;
}

/** A server that makes an event of each request, as FC does. */
async function openTriggerServer(call: LookupWorld['call']): Promise<TriggerServer> {
  const requests: TriggerServer['requests'] = [];
  const trigger = { before: (_count: number): number | undefined => undefined };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const method = request.method ?? '';
    const headers = request.headers as Record<string, string>;
    requests.push({ method, path: url.pathname, headers });
    const status = trigger.before(requests.length);
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    const answer = await call(method, url.pathname, {
      query: Object.fromEntries(url.searchParams),
      headers,
      rawBody: (await bodyOf(request)).toString('utf8'),
    });
    response.writeHead(answer.statusCode, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(trigger, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
