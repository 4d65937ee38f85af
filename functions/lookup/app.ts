import middy, { type MiddlewareObj } from '@middy/core';
import { createBearerCheck } from '../../shared/fc/bearer.ts';
import { decodeHttpEvent } from '../../shared/fc/request.ts';
import {
  emptyResponse,
  type FcResponse,
  PROBLEMS,
  ProblemError,
  problemResponse,
  toProblemError,
} from '../../shared/fc/response.ts';
import { createRouter } from '../../shared/fc/router.ts';
import { ENDPOINTS } from './endpoints.ts';
import { noteFailure } from './failures.ts';
import { type LookupRequest, type LookupServices, openRequest } from './request.ts';

const route = createRouter(ENDPOINTS);
const OPEN_PATHS: ReadonlySet<string> = new Set(ENDPOINTS.filter(({ open }) => open).map(({ path }) => path));

/**
 * The HTTP function. It returns a full response for any event and never throws: the platform's own response to an
 * error would not be a problem document.
 */
export function createHandler(
  services: LookupServices,
): (event: unknown, context: unknown) => Promise<FcResponse> {
  // Middy's own timeout needs a remaining-time method, which FC's context lacks: the request has its deadline.
  const chain = middy<LookupRequest, FcResponse>(dispatch, { timeoutEarlyInMillis: 0 }).use([
    open(services),
    finallyDo(({ deadline }) => deadline.close()),
    finallyDo(logRequest),
    finallyDo(dropBodyOfHead),
    problems(),
    bearer(services),
  ]);
  const run = chain as unknown as (event: unknown, context: unknown) => Promise<FcResponse>;
  return async (event, context) => {
    try {
      return await run(event ?? '', context ?? {});
    } catch {
      return problemResponse(new ProblemError('INTERNAL', 'The log of this request says more.'), '');
    }
  };
}

async function dispatch(request: LookupRequest): Promise<FcResponse> {
  const { http, services, context, trace } = request;
  services.role.refresh(context);
  const match = route(http.method, http.rawPath);
  if (match.kind === 'options') {
    trace.route = match.path;
    return emptyResponse(204, { allow: match.allow });
  }
  trace.route = match.route.path;
  return match.route.run(request, match.params);
}

type Step = MiddlewareObj<LookupRequest, FcResponse>;

/** Middy passes the raw event to this first step, which replaces it with the request. */
function open(services: LookupServices): Step {
  return {
    before: (middyRequest) => {
      const event: unknown = middyRequest.event;
      const request = openRequest(services, middyRequest.context);
      middyRequest.event = request;
      request.http = decodeHttpEvent(event);
      // The context's id is the one in FC's own logs; the event's is for callers without a context.
      const { requestId = '' } = request.http;
      if (request.requestId === '' && /^[0-9A-Za-z-]{1,64}$/.test(requestId)) request.requestId = requestId;
    },
  };
}

/** Runs however the request ends. The response is null only if making it failed. */
function finallyDo(act: (request: LookupRequest, response: FcResponse | null) => void): Step {
  return {
    after: ({ event, response }) => act(event, response),
    onError: ({ event, response }) => act(event, response),
  };
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** One line per request, without any text from a caller or a service. */
function logRequest(request: LookupRequest, response: FcResponse | null): void {
  const { services, trace, http } = request;
  const status = response?.statusCode ?? 500;
  const level = status >= 500 ? (trace.outcome === 'INTERNAL' ? 'error' : 'warn') : 'info';
  services.logger[level]('request', {
    requestId: request.requestId,
    method: METHODS.has(http.method) ? http.method : 'OTHER',
    route: trace.route ?? 'none',
    status,
    outcome: trace.outcome ?? 'ok',
    durationMs: services.clock.now() - request.startedAtMs,
    upstreamCalls: trace.upstreamCalls,
    upstreamMs: trace.upstreamMs,
    ...(trace.upstreamRequestIds.length === 0 ? {} : { upstreamRequestIds: trace.upstreamRequestIds }),
    slsCalls: trace.slsCalls,
    slsMs: trace.slsMs,
    ...trace.notes,
  });
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-head: like GET, without the content. */
function dropBodyOfHead({ http }: LookupRequest, response: FcResponse | null): void {
  if (response !== null && http.method === 'HEAD') response.body = '';
}

function problems(): Step {
  return {
    onError: (middyRequest) => {
      const { trace, requestId } = middyRequest.event;
      const error = toProblemError(middyRequest.error);
      trace.outcome = error.code;
      Object.assign(trace.notes, error.logFields);
      noteFailure(trace, error.cause);
      if (PROBLEMS[error.code].status === 500) Object.assign(trace.notes, originOf(error.cause));
      middyRequest.response = problemResponse(error, requestId);
    },
  };
}

/** The stack of an unexpected error, without its message, which may repeat content. */
function originOf(cause: unknown): Record<string, string> {
  if (!(cause instanceof Error)) return {};
  const frames = (cause.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim());
  return { origin: frames.join(' | ') };
}

function bearer({ auth }: LookupServices): Step {
  const check = createBearerCheck(auth);
  return {
    before: ({ event: { http } }) => {
      if (!OPEN_PATHS.has(http.rawPath)) check(http.headers.authorization);
    },
  };
}
