import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveControl } from '../http/control.ts';
import { BodyTooLarge, listen, readBody, sendJson } from '../http/listen.ts';
import { refusalOfForeignPage } from '../sls/src/envelope/foreign-page.ts';
import type { CallHooks, LocalServer, MemoryCredentialStore } from '../sls/src/host.ts';
import { applyControl, controlReport, type FcControlDeps, KillSwitch } from './control.ts';
import { Fleet, newRequestId, RoleKeys } from './fleet.ts';
import { toHttpEvent, toHttpResponse } from './http-event.ts';
import type { FunctionError, LogLine } from './instance.ts';
import type { InvocationRecord } from './invocation-log.ts';
import { type InvokeResult, Invoker } from './invoker.ts';
import { type Refusal, refusalOf } from './signature.ts';
import { everyMs, type FunctionSpec } from './spec.ts';

/**
 * A local Function Compute: the trigger URL of one function at `/`, the invocation API under /2023-03-30, timers,
 * and one warm process per instance. Unlike FC, its HTTP triggers ask for no signature.
 */
export interface FcServerOptions {
  readonly port: number;
  readonly functions: readonly FunctionSpec[];
  /** Gets the functions' temporary keys; callers of the invocation API are checked against it. */
  readonly credentials: MemoryCredentialStore;
  /** Instances that functions without a reservation share. FC's own default is 100 per region. */
  readonly maxInstances?: number;
  /** How long a function's temporary keys are valid; 36 hours unless given. */
  readonly credentialLifetimeMs?: number;
  /** False: timers fire only when told to. */
  readonly timers?: boolean;
  /** Gets every line that functions write. */
  readonly log?: (line: LogLine) => void;
  readonly clock?: () => number;
}

export interface FcServer extends LocalServer {
  /** For the other local services, so that `killAt` can act on calls to them. */
  readonly hooks: CallHooks;
  /** Fires a function's timer; the request id of the run. @throws RangeError without such a timer */
  tick(functionName: string): string;
  /** Resolves when the invocation with this request id has ended. */
  ended(requestId: string): Promise<InvocationRecord>;
}

/** Invocations; each is signed. */
const API_PATH = '/2023-03-30/';

/** Limits of HTTP triggers and invocations; beyond them the response is a 400. */
const MAX_SYNC_BYTES = 32 * 1024 * 1024;
const MAX_ASYNC_BYTES = 128 * 1024;
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_TARGET_BYTES = 4 * 1024;

const THROTTLED: Refusal = {
  status: 429,
  code: 'ResourceExhausted',
  message: 'The request was throttled: the concurrency limit of the function or the account is reached.',
};

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
      killSwitch: new KillSwitch((instanceId) => fleet.killInstance(instanceId)),
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
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
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
    let body: Buffer;
    try {
      body = await readBody(request, asynchronous ? MAX_ASYNC_BYTES : MAX_SYNC_BYTES);
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) throw error;
      return sendRefusal(response, requestId, invalid(error.message));
    }
    const call = { request, response, body, requestId, asynchronous };
    if (isSigned) await this.#api(path, call);
    else await this.#trigger(call);
  }

  async #api(path: string, call: Call): Promise<void> {
    const { request, response, body, requestId, asynchronous } = call;
    const [, name = ''] = /^\/2023-03-30\/functions\/([^/]+)\/invocations$/.exec(path) ?? [];
    if (name === '' || request.method !== 'POST') {
      const message = `'${request.method}' against '${path}' is not supported`;
      return sendRefusal(response, requestId, { status: 400, code: 'PathNotSupported', message });
    }
    const signed = { method: 'POST', target: request.url ?? '/', headers: request.headers, body };
    const refusal = refusalOf(signed, this.#credentials, this.#clock());
    if (refusal !== undefined) return sendRefusal(response, requestId, refusal);
    const spec = this.control.fleet.spec(name);
    if (spec === undefined) {
      const message = `function '${name}' does not exist`;
      return sendRefusal(response, requestId, { status: 404, code: 'FunctionNotFound', message });
    }
    const qualifier = new URL(request.url ?? '/', 'http://localhost').searchParams.get('qualifier') ?? '';
    if (qualifier !== '' && qualifier !== 'LATEST') {
      const message = `version '${qualifier}' does not exist`;
      return sendRefusal(response, requestId, { status: 404, code: 'VersionNotFound', message });
    }
    const invocation = { spec, event: body, trigger: 'api', requestId } as const;
    if (asynchronous) return this.#accept(response, invocation);
    const result = await this.control.invoker.invoke(invocation);
    if (result.kind === 'throttled') return sendRefusal(response, requestId, THROTTLED);
    if (String(request.headers['x-fc-log-type'] ?? '') === 'Tail') {
      response.setHeader('x-fc-log-result', Buffer.from(result.logTail).toString('base64'));
    }
    if (result.kind === 'failed') return sendFunctionError(response, 200, result.error);
    response.setHeader('content-type', result.json ? 'application/json' : 'application/octet-stream');
    response.end(result.body);
  }

  async #trigger(call: Call): Promise<void> {
    const { request, response, body, requestId, asynchronous } = call;
    const spec = this.#triggered;
    if (spec === undefined) {
      const message = 'no function has an HTTP trigger';
      return sendRefusal(response, requestId, { status: 404, code: 'TriggerNotFound', message });
    }
    const refusal = oversized(request);
    if (refusal !== undefined) return sendRefusal(response, requestId, refusal);
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

/** @throws Error naming the port when it is taken; RangeError for a timer that it cannot read */
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

function invalid(message: string): Refusal {
  return { status: 400, code: 'InvalidArgument', message };
}

function oversized({ rawHeaders, url }: IncomingMessage): Refusal | undefined {
  if (Buffer.byteLength(url ?? '') > MAX_TARGET_BYTES) return invalid('path and query are over 4 KB');
  return Buffer.byteLength(rawHeaders.join('')) > MAX_HEADER_BYTES
    ? invalid('the headers are over 8 KB')
    : undefined;
}

function sendRefusal(response: ServerResponse, requestId: string, refusal: Refusal): void {
  const { status, code, message } = refusal;
  sendJson(response, { status, body: { RequestId: requestId, Code: code, Message: message } });
}

function sendFunctionError(response: ServerResponse, status: number, error: FunctionError): void {
  sendJson(response, { status, body: error, headers: { 'x-fc-error-type': 'UnhandledInvocationError' } });
}

function sendTriggerResponse(response: ServerResponse, result: InvokeResult): void {
  if (result.kind === 'throttled') {
    sendRefusal(response, result.requestId, THROTTLED);
    return;
  }
  if (result.kind === 'failed') {
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
