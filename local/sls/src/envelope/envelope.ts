import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActionContext, ActionResult } from '../action/action.ts';
import { findRoute, type Route } from '../action/router.ts';
import { type Control, ControlError } from '../control/control.ts';
import type { FaultEffect } from '../control/fault.ts';
import type { QuotaMeter } from '../control/quota.ts';
import type { CallHooks, CredentialStore, ServiceCall } from '../host.ts';
import { type QueryAccess, QueryRefused } from '../query/contract.ts';
import type { Catalog } from '../storage/catalog.ts';
import { authenticate } from './authenticate.ts';
import { decodeRequestBody } from './compression.ts';
import { SlsError } from './error.ts';
import { refusalOfForeignPage } from './foreign-page.ts';
import { parseRequest, readBody, type SlsRequest } from './request.ts';
import { newRequestId, type ResponseStamp, sendError, sendResponse } from './response.ts';

export interface EnvelopeDeps {
  readonly catalog: Catalog;
  readonly control: Control;
  readonly quotas: QuotaMeter;
  readonly clock: () => number;
  readonly credentials: CredentialStore;
  readonly region: string;
  readonly hooks: CallHooks;
  readonly queries: QueryAccess;
  readonly onError: (error: unknown) => void;
}

/** How long the rest of a refused body is read. */
const DROP_MS = 1000;

/** What becomes of a call: a result, an error, or a connection that is broken or left without one. */
type CallEnd = { result: ActionResult } | { error: SlsError } | { broken: 'reset' | 'hang' | 'garbage' };

/**
 * Everything around the actions, in this order: request line and headers, body, signature, hook, latency and
 * faults, headers that say what the body is, the action, hook, response. Errors of any step become responses.
 */
export class Envelope {
  readonly #deps: EnvelopeDeps;

  constructor(deps: EnvelopeDeps) {
    this.#deps = deps;
  }

  async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const stamp = { requestId: newRequestId(), nowMs: this.#deps.clock() };
    try {
      const request = parseRequest(message);
      const isControl = request.path.length === 1 && request.path[0] === '_control';
      // Everything else is signed.
      const foreign = isControl ? refusalOfForeignPage(message) : undefined;
      if (foreign !== undefined) throw new SlsError('Unauthorized', foreign, 403);
      const body = await readBody(message);
      if (isControl) {
        this.#serveControl({ request, body, response, stamp });
        return;
      }
      await this.#serveCall({ request, body, response, stamp });
    } catch (error) {
      this.#sendFailure(message, response, { error, stamp });
    }
  }

  #sendFailure(
    message: IncomingMessage,
    response: ServerResponse,
    failure: { error: unknown; stamp: ResponseStamp },
  ): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const error = toSlsError(failure.error, this.#deps.onError);
    if (!message.complete) this.#dropRest(message);
    sendError(response, error, failure.stamp);
  }

  /**
   * What is left of a refused body is not kept. It is read for a moment all the same, and the connection stays
   * open for as long: closing at once would make the client's system throw the response away.
   */
  #dropRest(message: IncomingMessage): void {
    message.resume();
    const timer = setTimeout(() => message.destroy(), DROP_MS);
    for (const event of ['close', 'end']) message.once(event, () => clearTimeout(timer));
  }

  #serveControl(call: Call): void {
    const { request, body, response, stamp } = call;
    const { control } = this.#deps;
    try {
      if (request.method === 'POST') control.apply(JSON.parse(body.toString('utf8')));
      else if (request.method !== 'GET') throw new ControlError('only GET and POST are known here');
      sendResponse(response, { json: control.report() }, stamp);
    } catch (error) {
      if (!(error instanceof ControlError) && !(error instanceof SyntaxError)) throw error;
      sendError(response, new SlsError('BadRequest', error.message), stamp);
    }
  }

  async #serveCall(call: Call): Promise<void> {
    const { request, response, stamp } = call;
    const { control, hooks } = this.#deps;
    const caller = authenticate(
      { ...request, query: request.queryPairs, body: call.body },
      this.#deps.credentials,
      stamp.nowMs,
    );
    const route = findRoute(request);
    const service: ServiceCall = { service: 'sls', action: route?.action.name ?? 'Unknown', caller };
    control.count(service.action);
    if ((await hooks.before?.(service)) === 'drop') return breakOff(response, 'reset', stamp);
    if (control.latencyMs > 0) await sleep(control.latencyMs);
    const end = await this.#runWithFaults(call, route);
    const respondedAt = { ...stamp, nowMs: this.#deps.clock() };
    if ((await hooks.after?.(service)) === 'drop') return breakOff(response, 'reset', respondedAt);
    if ('result' in end) sendResponse(response, end.result, respondedAt);
    else if ('error' in end) sendError(response, end.error, respondedAt);
    else breakOff(response, end.broken, respondedAt);
  }

  async #runWithFaults(call: Call, route: Route | undefined): Promise<CallEnd> {
    const fault = route && this.#deps.control.faults.pick(route.action.name, route.params.logstore);
    if (fault !== undefined && fault.kind !== 'dropAck') return toCallEnd(fault);
    const end = await this.#run(call, route);
    return fault === undefined ? end : { broken: 'reset' };
  }

  async #run(call: Call, route: Route | undefined): Promise<CallEnd> {
    const { request } = call;
    try {
      if (route === undefined) {
        throw new SlsError(
          'NotSupported',
          `${request.method} ${request.rawPath} is not an API of this server.`,
        );
      }
      if (call.body.length > 0 && !request.headers.has('content-type')) {
        throw new SlsError(
          'MissingContentType',
          'Content-Type does not exist in http header when body is not empty.',
        );
      }
      const body = decodeRequestBody(call.body, {
        compressType: request.headers.get('x-log-compresstype'),
        rawSize: request.headers.get('x-log-bodyrawsize'),
      });
      return { result: await route.action.run(this.#context({ ...call, body }, route)) };
    } catch (error) {
      // Whoever asked is gone, as when the server is being stopped: what fails then is nobody's concern.
      return { error: toSlsError(error, call.response.destroyed ? () => {} : this.#deps.onError) };
    }
  }

  #context(call: Call, route: Route): ActionContext {
    const { catalog, clock, region, quotas, queries } = this.#deps;
    const { request, body } = call;
    return { request, body, params: route.params, catalog, clock, region, quotas, queries };
  }
}

interface Call {
  readonly request: SlsRequest;
  readonly body: Buffer;
  readonly response: ServerResponse;
  readonly stamp: ResponseStamp;
}

function toCallEnd(fault: FaultEffect): CallEnd {
  if (fault.kind === 'error') return { error: new SlsError(fault.code, `${fault.code} was asked for.`) };
  return { broken: fault.kind === 'dropAck' ? 'reset' : fault.kind };
}

function breakOff(response: ServerResponse, how: 'reset' | 'hang' | 'garbage', stamp: ResponseStamp): void {
  if (how === 'hang') return;
  if (how === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const bytes = Buffer.from('<html><body>not what was asked for</body></html>');
  sendResponse(response, { body: { bytes, contentType: 'application/json' } }, stamp);
}

function toSlsError(error: unknown, onError: (error: unknown) => void): SlsError {
  if (error instanceof SlsError) return error;
  if (error instanceof QueryRefused) return new SlsError(error.errorCode, error.message);
  onError(error);
  return new SlsError('InternalServerError', 'Internal server error.');
}
