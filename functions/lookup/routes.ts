import { parseBody } from '../../shared/fc/body.ts';
import { emptyResponse, jsonResponse } from '../../shared/fc/http.ts';
import { ProblemError } from '../../shared/fc/problem.ts';
import type { Route } from '../../shared/fc/router.ts';
import { DAY_MS } from '../../shared/time.ts';
import { badRequest, valid } from './bad-request.ts';
import { lookUp } from './lookup.ts';
import { lookUpAll } from './lookups.ts';
import { openApiDocument } from './openapi.ts';
import { register, toBatchItems, toRegistrationItems } from './register.ts';
import {
  ledgerQuery,
  lookupBatch,
  lookupPath,
  lookupQuery,
  noQuery,
  safeParse,
  safeParseInitializedAt,
  safeParseInstant,
  type Times,
  type Transaction,
} from './request-schema.ts';
import type { Call, RouteHandler } from './route.ts';
import type { Services } from './services.ts';

/** The whole API: every path with its methods, and between HTTP and the use cases nothing but shapes. */
export const ROUTES: readonly Route<RouteHandler>[] = [
  { template: '/v1/health', methods: { GET: () => jsonResponse(200, { status: 'ok' }) } },
  { template: '/v1/openapi.json', methods: { GET: getOpenApi } },
  { template: '/v1/transactions', methods: { POST: postTransactions } },
  { template: '/v1/transactions/{transactionId}', methods: { GET: getTransaction } },
  { template: '/v1/lookups', methods: { POST: postLookups } },
  { template: '/v1/sweeps', methods: { POST: postSweeps } },
  { template: '/v1/ledger', methods: { GET: getLedger } },
];

/** What a load balancer asks, and what a client is made from: open even where everything else needs a token. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(['/v1/health', '/v1/openapi.json']);

function getOpenApi({ http }: Call) {
  valid(safeParse(noQuery, http.query));
  return jsonResponse(200, openApiDocument());
}

function timesOf({ clock, settings }: Services): Times {
  return { nowMs: clock.now(), initializedMs: settings.windows.initializedMs };
}

async function postTransactions({ http, services, deadline }: Call) {
  valid(safeParse(noQuery, http.query));
  const body = parseBody(http, { ndjson: true });
  const made = services();
  const items = toRegistrationItems(body, timesOf(made));
  return jsonResponse(202, await register(made, items, deadline.signal));
}

async function getTransaction({ http, params, services, deadline }: Call) {
  const { transactionId } = valid(safeParse(lookupPath, params));
  const query = valid(safeParse(lookupQuery, repaired(http.query)));
  const made = services();
  const transaction: Transaction = {
    transactionId,
    ...(query.merchantBizId === undefined ? {} : { merchantBizId: query.merchantBizId }),
    ...(query.initializedAt === undefined
      ? {}
      : {
          initializedAtMs: valid(safeParseInitializedAt(query.initializedAt, timesOf(made), 'initializedAt')),
        }),
  };
  return jsonResponse(200, await lookUp(made, transaction, deadline.signal));
}

async function postLookups({ http, requestId, services, deadline }: Call) {
  valid(safeParse(noQuery, http.query));
  const body = parseBody(http, { ndjson: false });
  if (body.kind !== 'json') throw badRequest('', 'is required');
  const made = services();
  const items = toBatchItems(lookupBatch, body.value, timesOf(made));
  const { signal, remainingMs } = deadline;
  return jsonResponse(200, await lookUpAll(made, { items, requestId, signal, remainingMs }));
}

async function postSweeps({ http, startSweep, deadline }: Call) {
  valid(safeParse(noQuery, http.query));
  const body = parseBody(http, { ndjson: false });
  if (body.kind === 'json') valid(safeParse(noQuery, body.value));
  if (startSweep === undefined) {
    throw new ProblemError('SWEEP_NOT_CONFIGURED', 'Set SWEEP_FUNCTION to the name of the sweep function.');
  }
  const { requestId } = await startSweep(deadline.signal);
  return jsonResponse(202, { requestId });
}

const DEFAULT_LEDGER_MS = 30 * DAY_MS;

async function getLedger({ http, services, deadline }: Call) {
  const query = valid(safeParse(ledgerQuery, repaired(http.query)));
  const made = services();
  const nowMs = made.clock.now();
  const { pendingMs } = made.settings.windows;
  const oldestMs = nowMs - pendingMs;
  const limit = `must be within the last ${pendingMs / DAY_MS} days`;
  const toMs = query.to === undefined ? nowMs : valid(safeParseInstant(query.to, 'to'));
  const fromMs =
    query.from === undefined
      ? Math.max(toMs - DEFAULT_LEDGER_MS, oldestMs)
      : valid(safeParseInstant(query.from, 'from'));
  if (fromMs < oldestMs) throw badRequest('from', limit);
  if (fromMs >= toMs) {
    throw query.from === undefined ? badRequest('to', limit) : badRequest('from', 'must be before to');
  }
  const ledger = await made.readLedger({ fromMs, toMs, nowMs }, deadline.signal);
  // Where the queue keeps less than the default period, the answer says how much was counted.
  const period = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  return jsonResponse(200, { ...period, ...ledger });
}

/**
 * Whether FC decodes query values is not documented, and an unescaped plus sign of a zone arrives as a space. No
 * value of ours holds a percent sign or a space, so undoing both cannot change a right one.
 */
function repaired(query: Call['http']['query']): Record<string, string> {
  const decode = (value: string) => {
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  };
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, decode(value).replace(/ (?=\d\d:\d\d$)/, '+')]),
  );
}

export function optionsResponse(allow: string) {
  return emptyResponse(204, { allow });
}
