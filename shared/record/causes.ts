import type { RecordRow } from '../logstores/records.ts';
import type { Session } from './session.ts';

/** Why a session ended as it did. */
export const CAUSES = [
  'passed',
  'rejected',
  'user_left',
  'camera_permission',
  'capture_quality',
  'document',
  'retry_limit',
  'network',
  'device',
  'clock',
  'vendor_error',
  'never_opened',
  'suspected_interruption',
  'transaction_invalid',
  'unknown',
] as const;
export type Cause = (typeof CAUSES)[number];
export type Confidence = 'high' | 'medium' | 'low';

export interface CauseRow {
  readonly when: (session: Session) => boolean;
  readonly cause: Cause;
  readonly confidence: Confidence;
  /** The columns that decided, shown with their values when they have one. */
  readonly evidence: readonly (keyof RecordRow)[];
  /** Could the same person get through in a new session with nothing changed in the app or the service? */
  readonly recoverable?: boolean;
  readonly why: string;
}
