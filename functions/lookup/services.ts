import type { CloudauthClient } from '../../shared/cloudauth/client.ts';
import type { Windows } from '../../shared/logstores/retention.ts';
import type { Pacer } from '../../shared/pace.ts';
import type { RecordOutput } from '../../shared/record/record.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import type { Clock } from '../../shared/time.ts';
import type { Trace } from './trace.ts';

/** What the use cases need of the world, made for one request from its credentials and its trace. */
export interface Services {
  readonly sls: SlsDataPlane;
  readonly cloudauth: CloudauthClient;
  /** The lookups' share of the quota. One for the whole instance. */
  readonly pacer: LookupPacer;
  /** Writes one record and its events; rejects unless both are stored. */
  readonly storeOutput: (output: RecordOutput, signal: AbortSignal) => Promise<void>;
  readonly readLedger: (range: LedgerRange, signal: AbortSignal) => Promise<object>;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly trace: Trace;
  readonly settings: LookupSettings;
}

/** As much of the pacer as lookups use. */
export type LookupPacer = Pick<Pacer, 'take' | 'accepted' | 'throttled'>;

export interface LookupSettings {
  readonly region: string;
  /** From a session's opening until its log is final. */
  readonly verifyDelayMs: number;
  readonly callTimeoutMs: number;
  /** How long everything is kept. */
  readonly windows: Windows;
}

/** Unix ms, `fromMs` inclusive, `toMs` exclusive. */
export interface LedgerRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}
