import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveControl } from '../http/control.ts';
import { listen, Refused, readBody, sendJson, splitTarget } from '../http/listen.ts';
import { refusalOfForeignPage } from '../sls/src/envelope/foreign-page.ts';
import type { CallHooks, LocalServer, MemoryCredentialStore } from '../sls/src/host.ts';
import { applyControl, controlReport, type FcControlDeps, KillSwitch } from './control.ts';
import { Fleet, newRequestId, RoleKeys } from './fleet.ts';
import { toHttpEvent, toHttpResponse } from './http-event.ts';
import type { FunctionError, LogLine } from './instance.ts';
import type { InvocationRecord } from './invocation-log.ts';
import { type InvokeResult, Invoker } from './invoker.ts';
import { checkSignature } from './signature.ts';
import { everyMs, type FunctionSpec } from './spec.ts';

/**
 * A local Function Compute: the trigger URL of one function at `/`, the invocation API under /2023-03-30, timers,
 * and one warm process per instance. Unlike FC, its HTTP triggers ask for no signature.
 */
export interface FcServerOptions {
  readonly port: number;
  readonly functions: readonly FunctionSpec[];
  /** The functions' temporary keys are added to it; signatures of the invocation API are checked against it. */
  readonly credentials: MemoryCredentialStore;
  /** Instances that functions without a reservation share. FC's own default is 100 per region. */
  readonly maxInstances?: number;
  /** How long a function's temporary keys are valid; 36 hours by default. */
  readonly credentialLifetimeMs?: number;
  /** False: timers fire only when told to. */
  readonly timers?: boolean;
  /** Called with every line that functions write. */
  readonly log?: (line: LogLine) => void;
  readonly clock?: () => number;
}

export interface FcServer extends LocalServer {
  /** For the other local services, so that `killAt` can act on calls to them. */
  readonly hooks: CallHooks;
  /** Fires a function's timer and returns the request id. @throws RangeError if it has no timer */
  tick(functionName: string): string;
  /** Resolves when this invocation has ended. */
  ended(requestId: string): Promise<InvocationRecord>;
}

/** Requests under it have to be signed. */
const API_PATH = '/2023-03-30/';

/** Limits of HTTP triggers and invocations; beyond them the response is a 400. */
const MAX_SYNC_BYTES = 32 * 1024 * 1024;
const MAX_ASYNC_BYTES = 128 * 1024;
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_TARGET_BYTES = 4 * 1024;

class LocalFc {
  readonly #credentials: MemoryCredentialStore;
  readonly #clock: () => number;
  readonly #triggered: FunctionSpec | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly control: FcControlDeps;

  constructor(options: FcServerOptions) {
    const { clock = Date.now } = options;
    this.#credentials = options.credentials;
    this.#clock = clock;
    this.#triggered = options.functions.find(({ httpTrigger }) => httpTrigger === true);
    const keys = new RoleKeys(options.credentials, clock, options.credentialLifetimeMs);
    const fleet = new Fleet({
      functions: options.functions,
      maxInstances: options.maxInstances ?? 100,
      log: options.log ?? (() => {}),
      keys,
      clock,
    });
    this.control = {
      fleet,
      keys,
      invoker: new Invoker({ fleet, keys, clock }),
      killSwitch: new KillSwitch((instanceId) => fleet.kill(({ id }) => id === instanceId)),
      tick: (name) => this.tick(name),
    };
    for (const { name, timer } of options.functions) {
      if (timer === undefined) continue;
      const intervalMs = everyMs(timer.cronExpression);
      if (options.timers !== false) {
        this.#timers.push(setInterval(() => this.tick(name), intervalMs).unref());
      }
    }
  }

  /** https://help.aliyun.com/document_detail/2513615.html (read 2026-11-23) */
  tick(functionName: string): string {
    const spec = this.control.fleet.spec(functionName);
    if (spec?.timer === undefined) throw new RangeError(`${functionName} has no timer`);
    const { triggerName, payload = '' } = spec.timer;
    const triggerTime = new Date(this.#clock()).toISOString().replace(/\.\d+Z$/, 'Z');
    const event = Buffer.from(JSON.stringify({ triggerTime, triggerName, payload }), 'utf8');
    return this.control.invoker.enqueue({ spec, event, trigger: 'timer' });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.control.invoker.close();
    await this.control.fleet.close();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query] = splitTarget(request.url ?? '/');
    const isSigned = path.startsWith(API_PATH);
    const foreign = isSigned ? undefined : refusalOfForeignPage(request);
    if (foreign !== undefined) {
      sendJson(response, { status: 403, body: { error: foreign } });
      return;
    }
    if (path === '/_control') {
      await serveControl(request, response, {
        report: () => controlReport(this.control),
        apply: (body) => applyControl(body, this.control),
      });
      return;
    }
    const requestId = newRequestId(this.#clock());
    response.setHeader('x-fc-request-id', requestId);
    const asynchronous = /^async$/i.test(String(request.headers['x-fc-invocation-type'] ?? ''));
    try {
      const body = await readBody(request, asynchronous ? MAX_ASYNC_BYTES : MAX_SYNC_BYTES, invalid);
      const call = { request, response, body, requestId, asynchronous };
      if (isSigned) await this.#api({ path, query }, call);
      else await this.#trigger(call);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, code, message } = error;
      sendJson(response, { status, body: { RequestId: requestId, Code: code, Message: message } });
    }
  }

  async #api({ path, query }: { path: string; query: string }, call: Call): Promise<void> {
    const { request, response, body, requestId, asynchronous } = call;
    const [, name = ''] = /^\/2023-03-30\/functions\/([^/]+)\/invocations$/.exec(path) ?? [];
    if (name === '' || request.method !== 'POST') {
      const message = `'${request.method}' against '${path}' is not supported`;
      throw new Refused(400, 'PathNotSupported', message);
    }
    const signed = { method: 'POST', target: request.url ?? '/', headers: request.headers, body };
    checkSignature(signed, this.#credentials, this.#clock());
    const spec = this.control.fleet.spec(name);
    if (spec === undefined) throw new Refused(404, 'FunctionNotFound', `function '${name}' does not exist`);
    const qualifier = new URLSearchParams(query).get('qualifier') ?? '';
    if (qualifier !== '' && qualifier !== 'LATEST') {
      throw new Refused(404, 'VersionNotFound', `version '${qualifier}' does not exist`);
    }
    const invocation = { spec, event: body, trigger: 'api', requestId } as const;
    if (asynchronous) return this.#accept(response, invocation);
    const result = await this.control.invoker.invoke(invocation);
    if (String(request.headers['x-fc-log-type'] ?? '') === 'Tail') {
      response.setHeader('x-fc-log-result', Buffer.from(result.logTail).toString('base64'));
    }
    if (result.kind !== 'ok') return sendFunctionError(response, 200, result.error);
    response.setHeader('content-type', result.json ? 'application/json' : 'application/octet-stream');
    response.end(result.body);
  }

  async #trigger(call: Call): Promise<void> {
    const { request, response, body, requestId, asynchronous } = call;
    const spec = this.#triggered;
    if (spec === undefined) throw new Refused(404, 'TriggerNotFound', 'no function has an HTTP trigger');
    const { rawHeaders, url = '' } = request;
    if (Buffer.byteLength(url) > MAX_TARGET_BYTES) throw invalid('path and query are over 4 KB');
    if (Buffer.byteLength(rawHeaders.join('')) > MAX_HEADER_BYTES) {
      throw invalid('the headers are over 8 KB');
    }
    const event = toHttpEvent({ request, body, requestId, nowMs: this.#clock() });
    const invocation = { spec, event, trigger: 'http', requestId } as const;
    if (asynchronous) return this.#accept(response, invocation);
    sendTriggerResponse(response, await this.control.invoker.invoke(invocation));
  }

  #accept(response: ServerResponse, invocation: Parameters<Invoker['enqueue']>[0]): void {
    this.control.invoker.enqueue(invocation);
    response.writeHead(202).end();
  }
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly requestId: string;
  readonly asynchronous: boolean;
}

/** @throws Error that names the port when it is taken; RangeError for a cron expression that cannot be read */
export async function createFcServer(options: FcServerOptions): Promise<FcServer> {
  const fc = new LocalFc(options);
  try {
    const server = await listen({
      port: options.port,
      maxHeaderBytes: 4 * MAX_HEADER_BYTES,
      handle: (request, response) => fc.handle(request, response),
    });
    return {
      ...server,
      hooks: fc.control.killSwitch,
      tick: (functionName) => fc.tick(functionName),
      ended: (requestId) => fc.control.invoker.log.ended(requestId),
      close: async () => {
        await fc.close();
        await server.close();
      },
    };
  } catch (error) {
    await fc.close();
    throw error;
  }
}

function invalid(message: string): Refused {
  return new Refused(400, 'InvalidArgument', message);
}

function sendFunctionError(response: ServerResponse, status: number, error: FunctionError): void {
  sendJson(response, { status, body: error, headers: { 'x-fc-error-type': 'UnhandledInvocationError' } });
}

function sendTriggerResponse(response: ServerResponse, result: InvokeResult): void {
  if (result.kind !== 'ok') {
    // The trigger's status for a function error is not documented; it must not look like a success.
    sendFunctionError(response, 502, result.error);
    return;
  }
  try {
    const { status, headers, body } = toHttpResponse(result.body);
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.end(body);
  } catch (error) {
    // A status or header that HTTP does not allow.
    sendFunctionError(response, 502, { errorMessage: String(error), errorType: 'InvalidResponse' });
  }
}
