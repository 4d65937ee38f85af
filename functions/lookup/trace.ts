import type { CloudauthClient } from '../../shared/cloudauth/client.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import type { Clock } from '../../shared/time.ts';

/** What one request's log line will say. Belongs to its request; holds no content. */
export interface Trace {
  upstreamCalls: number;
  upstreamMs: number;
  slsCalls: number;
  slsMs: number;
  /** The service's own ids, for its support. */
  readonly upstreamRequestIds: string[];
  /** One word for what became of the request. */
  outcome: string | undefined;
  route: string | undefined;
  readonly notes: Record<string, string | number | boolean>;
}

export function createTrace(): Trace {
  return {
    upstreamCalls: 0,
    upstreamMs: 0,
    slsCalls: 0,
    slsMs: 0,
    upstreamRequestIds: [],
    outcome: undefined,
    route: undefined,
    notes: {},
  };
}

/** Ids are hex with dashes; anything else that arrives in their place stays out of the log. */
const REQUEST_ID = /^[0-9A-Fa-f-]{8,64}$/;
const MAX_REQUEST_IDS = 50;

export function traceCloudauth(client: CloudauthClient, trace: Trace, clock: Clock): CloudauthClient {
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
export function traceSls(sls: SlsDataPlane, trace: Trace, clock: Clock): SlsDataPlane {
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
    putLogs: (...args) => timed(() => sls.putLogs(...args)),
    listShards: (...args) => timed(() => sls.listShards(...args)),
    getCursor: (...args) => timed(() => sls.getCursor(...args)),
    getCursorTimeMs: (...args) => timed(() => sls.getCursorTimeMs(...args)),
    pullLogs: (...args) => timed(() => sls.pullLogs(...args)),
    heartbeat: (...args) => timed(() => sls.heartbeat(...args)),
    getCheckpoints: (...args) => timed(() => sls.getCheckpoints(...args)),
    updateCheckpoint: (...args) => timed(() => sls.updateCheckpoint(...args)),
    query: (...args) => timed(() => sls.query(...args)),
  };
}
