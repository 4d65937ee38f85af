import type { CloudauthClient } from '../../shared/cloudauth/client.ts';
import type { BearerOptions } from '../../shared/fc/bearer.ts';
import {
  type Deadline,
  type FcContext,
  type RoleCredentials,
  readContext,
  startDeadline,
} from '../../shared/fc/invocation.ts';
import type { Invoked } from '../../shared/fc/invoke.ts';
import type { HttpRequest } from '../../shared/fc/request.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Windows } from '../../shared/logstores/retention.ts';
import type { Pacer } from '../../shared/pace.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import type { Clock } from '../../shared/time.ts';

/** The dependencies of the function. Made once per instance; they hold nothing of a request. */
export interface LookupServices {
  readonly auth: BearerOptions;
  readonly settings: LookupSettings;
  readonly logger: Logger;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly role: RoleCredentials;
  readonly sls: SlsDataPlane;
  readonly cloudauth: CloudauthClient;
  /** The lookups' share of the quota. */
  readonly pacer: Pick<Pacer, 'take' | 'accepted' | 'throttled'>;
  /** Starts one run of the sweep in this account; absent where no sweep function is set up. */
  readonly startSweep?: (accountId: string | undefined, signal: AbortSignal) => Promise<Invoked>;
}

interface LookupSettings {
  readonly region: string;
  /** From a session's opening until its log is final. */
  readonly verifyDelayMs: number;
  readonly callTimeoutMs: number;
  /** How long everything is kept. */
  readonly windows: Windows;
}

/** One invocation, from its event to its response. All state of a request is here, none in a module. */
export interface LookupRequest {
  readonly services: LookupServices;
  /** As in `services`, with every call counted in the trace. */
  readonly sls: SlsDataPlane;
  readonly cloudauth: CloudauthClient;
  readonly context: FcContext;
  readonly startedAtMs: number;
  readonly deadline: Deadline;
  readonly trace: Trace;
  requestId: string;
  http: HttpRequest;
}

/** What is logged about one request. Holds no content. */
export interface Trace {
  upstreamCalls: number;
  upstreamMs: number;
  slsCalls: number;
  slsMs: number;
  /** The service's own ids, for its support. */
  readonly upstreamRequestIds: string[];
  /** The problem's code, if the request failed. */
  outcome: string | undefined;
  route: string | undefined;
  readonly notes: Record<string, string | number | boolean>;
}

/** For a request whose event could not be decoded. */
const NO_HTTP: HttpRequest = {
  method: '',
  rawPath: '',
  query: {},
  headers: {},
  rawBody: '',
  bodyIsBase64: false,
  requestId: undefined,
};

/** The caller has to close its deadline. */
export function openRequest(services: LookupServices, rawContext: unknown): LookupRequest {
  const { clock } = services;
  const context = readContext(rawContext);
  const trace: Trace = {
    upstreamCalls: 0,
    upstreamMs: 0,
    slsCalls: 0,
    slsMs: 0,
    upstreamRequestIds: [],
    outcome: undefined,
    route: undefined,
    notes: {},
  };
  return {
    services,
    sls: traceSls(services.sls, trace, clock),
    cloudauth: traceCloudauth(services.cloudauth, trace, clock),
    context,
    startedAtMs: clock.now(),
    deadline: startDeadline(context, () => clock.now()),
    trace,
    requestId: context.requestId,
    http: NO_HTTP,
  };
}

/** Ids are hex with dashes; anything else in their place stays out of the log. */
export const REQUEST_ID = /^[0-9A-Fa-f-]{8,64}$/;
const MAX_REQUEST_IDS = 50;

function traceCloudauth(client: CloudauthClient, trace: Trace, clock: Clock): CloudauthClient {
  return {
    async checkVerifyLog(request, options) {
      const startMs = clock.now();
      trace.upstreamCalls += 1;
      try {
        const outcome = await client.checkVerifyLog(request, options);
        const { requestId } = outcome;
        if (
          requestId !== undefined &&
          REQUEST_ID.test(requestId) &&
          trace.upstreamRequestIds.length < MAX_REQUEST_IDS
        ) {
          trace.upstreamRequestIds.push(requestId);
        }
        return outcome;
      } finally {
        trace.upstreamMs += clock.now() - startMs;
      }
    },
  };
}

/** Calls overlap, so their sum may exceed the request's duration. */
function traceSls(sls: SlsDataPlane, trace: Trace, clock: Clock): SlsDataPlane {
  const timed = async <T>(call: () => Promise<T>): Promise<T> => {
    const startMs = clock.now();
    trace.slsCalls += 1;
    try {
      return await call();
    } finally {
      trace.slsMs += clock.now() - startMs;
    }
  };
  return {
    // The lookup makes no other calls.
    ...sls,
    putLogs: (...args) => timed(() => sls.putLogs(...args)),
    query: (...args) => timed(() => sls.query(...args)),
  };
}
