import type { CloudauthClient } from '../../shared/cloudauth/client.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Windows } from '../../shared/logstores/retention.ts';
import { retry } from '../../shared/retry.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { type Clock, SECOND_MS } from '../../shared/time.ts';

/** The dependencies of a run. */
export interface SweepServices {
  readonly sls: SlsDataPlane;
  readonly cloudauth: CloudauthClient;
  readonly clock: Clock;
  /** 0 to 1, for the jitter of pauses. */
  readonly random: () => number;
  readonly log: Logger;
}

export interface SweepSettings {
  readonly region: string;
  /** A row is due this long after SLS received it. */
  readonly verifyDelayMs: number;
  /** How long the service keeps a session, and so returns an answer. */
  readonly retentionMs: number;
  /** How far back the logstores are read, and times in a row are believed. */
  readonly windows: Windows;
  readonly notCompletedAttempts: number;
  readonly maxAttempts: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** Calls per second of a run. */
  readonly pacePerSecond: number;
  /** Calls per second that the service allows to everybody together. */
  readonly limitPerSecond: number;
}

/** One invocation. */
export interface RunInput {
  readonly runId: string;
  /** The instance's name in the consumer group. */
  readonly consumer: string;
  readonly startedAtMs: number;
  /** The run ends here, a margin before the platform ends it. */
  readonly endAtMs: number;
  /** Writes under way are given up then: the platform is about to end the invocation. */
  readonly cutOffAtMs: number;
  /** The report is given up then. */
  readonly reportUntilMs: number;
}

export const SLS_RETRY = { attempts: 5, baseMs: 250, capMs: 3 * SECOND_MS };

/** Reads from SLS, with retries until the signal is aborted. */
export function read<T>(
  { sls, clock, random }: SweepServices,
  signal: AbortSignal,
  call: (sls: SlsDataPlane, options: { signal: AbortSignal }) => Promise<T>,
  attempts = SLS_RETRY.attempts,
): Promise<T> {
  return retry(() => call(sls, { signal }), { ...SLS_RETRY, attempts, signal }, clock, random);
}
