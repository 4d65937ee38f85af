import type { Cause, Confidence, RecordRow } from '../logstores/records.ts';
import { CAUSE_ROWS, OTHERWISE } from './cause-rows.ts';
import type { Check } from './contradictions.ts';
import type { Known } from './present.ts';
import type { Session } from './session.ts';

export interface Verdict {
  readonly cause: Cause;
  readonly confidence: Confidence;
  readonly evidence: Readonly<Record<string, string | number>>;
  readonly recoverable: boolean | undefined;
}

const LOWER: Readonly<Record<Confidence, Confidence>> = { high: 'medium', medium: 'low', low: 'low' };

/**
 * The first row of the table that applies. It is a step less sure when a column that decided is contradicted, or
 * when the status is not known. `row` lends the values shown as evidence.
 */
export function decideCause(
  session: Session,
  contradictions: readonly Check[],
  row: Known<RecordRow>,
): Verdict {
  const verdict = CAUSE_ROWS.find(({ when }) => when(session)) ?? OTHERWISE;
  const evidence: Record<string, string | number> = {};
  for (const column of verdict.evidence) {
    const value = row[column];
    if (value !== undefined) evidence[column] = value;
  }
  const contradicted = contradictions.some(({ columns }) => columns.some((column) => column in evidence));
  const doubtful = contradicted || session.journey.startsWith('unknown:');
  return {
    cause: verdict.cause,
    confidence: doubtful ? LOWER[verdict.confidence] : verdict.confidence,
    evidence,
    recoverable: verdict.recoverable,
  };
}
