import type { MiddlewareObj } from '@middy/core';
import { type BearerOptions, createBearerCheck } from '../../shared/fc/bearer.ts';
import { decodeHttpEvent } from '../../shared/fc/event.ts';
import { type FcResponse, problemResponse, STATUS_BY_CODE, toProblemError } from '../../shared/fc/http.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Clock } from '../../shared/time.ts';
import { type Exchange, openExchange } from './exchange.ts';
import { logFieldsOf } from './failure.ts';

/**
 * What surrounds every route, outermost first: the exchange is opened and closed, the request is logged, HEAD
 * loses its body, errors become problems, the event is understood, the token is checked.
 */
export type Step = MiddlewareObj<Exchange, FcResponse>;

/** Middy hands the raw event to the first step; from then on the exchange stands in its place. */
export function exchange(clock: Clock): Step {
  return {
    before: (request) => {
      request.event = openExchange(request.event, request.context, clock);
    },
    after: (request) => request.event.deadline.close(),
    onError: (request) => request.event.deadline.close(),
  };
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** One line for each request, without anything that a caller or a service wrote. */
export function requestLog(logger: Logger, clock: Clock): Step {
  const log = (exchange: Exchange, response: FcResponse | null) => {
    const { trace, http } = exchange;
    const status = response?.statusCode ?? 500;
    const method = http?.method ?? '';
    const level = status >= 500 ? (trace.outcome === 'INTERNAL' ? 'error' : 'warn') : 'info';
    logger[level]('request', {
      requestId: exchange.requestId,
      method: METHODS.has(method) ? method : 'OTHER',
      route: trace.route ?? 'none',
      status,
      outcome: trace.outcome ?? 'ok',
      durationMs: clock.now() - exchange.startedAtMs,
      upstreamCalls: trace.upstreamCalls,
      upstreamMs: trace.upstreamMs,
      ...(trace.upstreamRequestIds.length === 0 ? {} : { upstreamRequestIds: trace.upstreamRequestIds }),
      slsCalls: trace.slsCalls,
      slsMs: trace.slsMs,
      ...trace.notes,
    });
  };
  return {
    after: (request) => log(request.event, request.response),
    onError: (request) => log(request.event, request.response),
  };
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-head: as GET, without the content. */
export function headWithoutBody(): Step {
  const strip = (exchange: Exchange, response: FcResponse | null) => {
    if (response !== null && exchange.http?.method === 'HEAD') response.body = '';
  };
  return {
    after: (request) => strip(request.event, request.response),
    onError: (request) => strip(request.event, request.response),
  };
}

export function problems(): Step {
  return {
    onError: (request) => {
      const { trace, requestId } = request.event;
      const error = toProblemError(request.error);
      trace.outcome = error.code;
      Object.assign(trace.notes, error.logFields);
      if (error.cause !== undefined) Object.assign(trace.notes, logFieldsOf(error.cause));
      if (STATUS_BY_CODE[error.code] === 500) Object.assign(trace.notes, originOf(error.cause));
      request.response = problemResponse(error, requestId);
    },
  };
}

/** Where a bug is, without its message: that may repeat what it choked on. */
function originOf(cause: unknown): Record<string, string> {
  if (!(cause instanceof Error)) return {};
  const frames = (cause.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim());
  return { origin: frames.join(' | ') };
}

export function decode(): Step {
  return {
    before: ({ event }) => {
      const http = decodeHttpEvent(event.rawEvent);
      event.http = http;
      // The context's id is the one in FC's own logs; the event's is for whoever calls without a context.
      if (event.requestId === '' && /^[0-9A-Za-z-]{1,64}$/.test(http.requestId ?? '')) {
        event.requestId = http.requestId ?? '';
      }
    },
  };
}

export function bearer(options: BearerOptions, openPaths: ReadonlySet<string>): Step {
  const check = createBearerCheck(options);
  return {
    before: ({ event }) => {
      const { http } = event;
      if (http === undefined || !openPaths.has(http.rawPath)) check(http?.headers.authorization);
    },
  };
}
