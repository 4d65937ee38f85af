import type { Cause, Confidence, RecordRow } from '../logstores/records.ts';
import type { Session } from './session.ts';

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
