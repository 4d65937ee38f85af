import type { CloudauthClient } from '../../shared/cloudauth/client.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Windows } from '../../shared/logstores/retention.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import type { Clock } from '../../shared/time.ts';

/** What a run works with. */
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
  /** How long the service keeps a session: it returns an answer until then. */
  readonly retentionMs: number;
  /** How far back the logstores are read, and times in a row count. */
  readonly windows: Windows;
  readonly notCompletedAttempts: number;
  readonly maxAttempts: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** Calls per second of a run, and what the service allows to everybody together. */
  readonly pacePerSecond: number;
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
  /** Writes still under way then are given up: the platform is about to end the invocation. */
  readonly cutOffAtMs: number;
  /** The report is given up then. */
  readonly reportUntilMs: number;
}
