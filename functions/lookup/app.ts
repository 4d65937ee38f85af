import middy from '@middy/core';
import type { CloudauthClient } from '../../shared/cloudauth/client.ts';
import type { BearerOptions } from '../../shared/fc/bearer.ts';
import type { FcResponse } from '../../shared/fc/http.ts';
import { problemResponse } from '../../shared/fc/http.ts';
import type { Invoked } from '../../shared/fc/invoke.ts';
import { ProblemError } from '../../shared/fc/problem.ts';
import type { RoleCredentials } from '../../shared/fc/role-credentials.ts';
import { createRouter } from '../../shared/fc/router.ts';
import type { Logger } from '../../shared/logger.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { type Clock, SECOND_MS } from '../../shared/time.ts';
import { encodeOutput, writeRecords } from '../../shared/write-records.ts';
import type { Exchange } from './exchange.ts';
import { bearer, decode, exchange, headWithoutBody, problems, requestLog } from './middleware.ts';
import { OPEN_PATHS, optionsResponse, ROUTES } from './routes.ts';
import type { LedgerRange, LookupPacer, LookupSettings, Services } from './services.ts';
import { traceCloudauth, traceSls } from './trace.ts';

export interface AppOptions {
  readonly auth: BearerOptions;
  readonly settings: LookupSettings;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly role: RoleCredentials;
  readonly sls: SlsDataPlane;
  readonly cloudauth: CloudauthClient;
  readonly pacer: LookupPacer;
  readonly readLedger: (sls: SlsDataPlane, range: LedgerRange, signal: AbortSignal) => Promise<object>;
  /** Starts one run of the sweep in this account; absent where none is set up. */
  readonly startSweep?: (accountId: string | undefined, signal: AbortSignal) => Promise<Invoked>;
}

/** A log store that hangs must not cost an answer that is there already. */
const STORE_MS = 15 * SECOND_MS;
/** A caller waits: the sweep is the one that can be patient. */
const STORE_ATTEMPTS = 2;

/**
 * The HTTP function. Whatever comes in, a full response object comes out; nothing is thrown to the platform,
 * whose own answer to that would be neither ours nor a problem document.
 */
export function createHandler(
  options: AppOptions,
): (event: unknown, context: unknown) => Promise<FcResponse> {
  const { clock, logger, auth } = options;
  const route = createRouter(ROUTES);
  // The platform's context has no remaining-time method for middy's own timeout: the exchange has the deadline.
  const chain = middy<Exchange, FcResponse>((opened: Exchange) => dispatch(options, route, opened), {
    timeoutEarlyInMillis: 0,
  }).use([
    exchange(clock),
    requestLog(logger, clock),
    headWithoutBody(),
    problems(),
    decode(),
    bearer(auth, OPEN_PATHS),
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

async function dispatch(
  options: AppOptions,
  route: ReturnType<typeof createRouter<(typeof ROUTES)[number]['methods'][string]>>,
  opened: Exchange,
): Promise<FcResponse> {
  const { http, trace, deadline, context, requestId } = opened;
  if (http === undefined) throw new Error('the event was not decoded');
  options.role.refresh(context);
  const match = route(http.method, http.rawPath);
  trace.route = match.template;
  if (match.kind === 'options') return optionsResponse(match.allow);
  if (match.handler === undefined) throw new Error('a route without a handler');
  const { startSweep } = options;
  return match.handler({
    http,
    params: match.params,
    requestId,
    deadline,
    services: () => servicesFor(options, opened),
    startSweep: startSweep === undefined ? undefined : (signal) => startSweep(context.accountId, signal),
  });
}

function servicesFor(options: AppOptions, { trace }: Exchange): Services {
  const { clock, random, settings, pacer } = options;
  // Says at once what is missing, rather than let every call fail for it in its own way.
  options.role.provide();
  const sls = traceSls(options.sls, trace, clock);
  return {
    sls,
    cloudauth: traceCloudauth(options.cloudauth, trace, clock),
    pacer,
    clock,
    random,
    trace,
    settings,
    storeOutput: async (output, signal) => {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(STORE_MS)]);
      await writeRecords(sls, [encodeOutput(output)], {
        clock,
        random,
        signal: limited,
        attempts: STORE_ATTEMPTS,
      });
    },
    readLedger: (range, signal) => options.readLedger(sls, range, signal),
  };
}
