import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogLine } from '../../../local/fc/instance.ts';
import { createFcServer, type FcServer, type FcServerOptions } from '../../../local/fc/server.ts';
import type { FunctionSpec } from '../../../local/fc/spec.ts';
import { MemoryCredentialStore } from '../../../local/sls/src/host.ts';

/** A function that does what the event's body (or, for other events, its `do`) says. */
const CODE = `
let served = 0;
let running = 0;
exports.handler = async (event, context) => {
  served += 1;
  running += 1;
  try {
    const parsed = JSON.parse(event.toString());
    const text = parsed.isBase64Encoded ? Buffer.from(parsed.body, 'base64').toString() : parsed.body;
    const order = parsed.version === 'v1' ? JSON.parse(text || '{}') : parsed;
    if (order.print) console.log(order.print);
    if (order.sleepMs) await new Promise((resolve) => setTimeout(resolve, order.sleepMs));
    if (order.fetch) await fetch(order.fetch, { headers: { 'x-key': context.credentials.accessKeyId } });
    if (order.exit !== undefined) process.exit(order.exit);
    if (order.spin) for (;;);
    if (order.throws) throw new TypeError(order.throws);
    const report = { served, running, buffer: Buffer.isBuffer(event), event: parsed, context, env: process.env, pid: process.pid };
    if (order.plain !== undefined) return order.plain;
    if (parsed.version !== 'v1') return report;
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(report) };
  } finally {
    running -= 1;
  }
};
`;

export interface Report {
  served: number;
  running: number;
  buffer: boolean;
  event: Record<string, unknown> & { requestContext: { http: Record<string, string>; requestId: string } };
  context: Record<string, unknown> & {
    requestId: string;
    credentials: { accessKeyId: string; accessKeySecret: string; securityToken: string };
  };
  env: Record<string, string>;
  pid: number;
}

export interface World {
  readonly fc: FcServer;
  readonly credentials: MemoryCredentialStore;
  readonly logs: LogLine[];
  post(order: object, headers?: Record<string, string>): Promise<Response>;
  report(order?: object): Promise<Report>;
  control(body: object): Promise<{ status: number; body: Record<string, unknown> }>;
  state(): Promise<ControlState>;
  close(): Promise<void>;
}

export interface ControlState {
  instances: Array<{ function: string; instanceId: string; pid: number; state: string; invocations: number }>;
  invocations: Array<{
    function: string;
    requestId: string;
    outcome?: string;
    report?: unknown;
    type: string;
  }>;
  lastReports: Record<string, unknown>;
  counts: Record<string, Record<string, number>>;
  queued: Record<string, number>;
  reservedConcurrency: Record<string, number>;
  killAt: object | null;
}

export interface WorldOptions extends Partial<Omit<FcServerOptions, 'functions' | 'credentials'>> {
  readonly web?: Partial<FunctionSpec>;
  readonly job?: Partial<FunctionSpec>;
  readonly code?: string;
}

/** A local FC with `web` behind the trigger URL and `job` behind a timer, one instance at a time. */
export async function startWorld({ web, job, code = CODE, ...options }: WorldOptions = {}): Promise<World> {
  const codeDir = await mkdtemp(join(tmpdir(), 'fc-test-'));
  await writeFile(join(codeDir, 'index.js'), code);
  const credentials = new MemoryCredentialStore();
  const logs: LogLine[] = [];
  const common = {
    codeDir,
    handler: 'index.handler',
    timeoutSeconds: 10,
    memoryMb: 128,
    env: { MINE: 'yes' },
  };
  const fc = await createFcServer({
    port: 0,
    credentials,
    log: (line) => logs.push(line),
    functions: [
      { ...common, name: 'web', httpTrigger: true, ...web },
      {
        ...common,
        name: 'job',
        reservedConcurrency: 1,
        timer: { triggerName: 'clock', cronExpression: '@every 5m', payload: 'p' },
        asyncInvoke: { maxAsyncRetryAttempts: 0, maxAsyncEventAgeInSeconds: 300 },
        ...job,
      },
    ],
    ...options,
  });
  const post: World['post'] = (order, headers = {}) =>
    fetch(`${fc.url}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(order),
    });
  return {
    fc,
    credentials,
    logs,
    post,
    report: async (order = {}) => (await (await post(order)).json()) as Report,
    control: async (body) => {
      const response = await fetch(`${fc.url}/_control`, { method: 'POST', body: JSON.stringify(body) });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    state: async () => (await (await fetch(`${fc.url}/_control`)).json()) as ControlState,
    close: async () => {
      await fc.close();
      await rm(codeDir, { recursive: true, force: true });
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
