import { describe, expect, it } from '@jest/globals';
import { DOCUMENTED_CODES, DOCUMENTED_PAGES, DOCUMENTED_STAGES } from '../../../support/documented.ts';
import { JUDGED, type Judged } from './judged-sessions.ts';
import { recordOf } from './record-of.ts';

/** Nothing to win back, or only by changing the app or the device. */
const LOST = new Set(['1008', '1010', '1015', '1017', '2002']);

function recoverableOf({ cause, result }: Judged): string | undefined {
  if (cause === 'unknown') return undefined;
  if (cause === 'passed' || cause === 'rejected') return 'false';
  return LOST.has(String(result.VerifyErrorCode)) ? 'false' : 'true';
}

describe('sessions judged by hand', () => {
  it.each(JUDGED.map((session) => [session.name, session] as const))('%s', (_name, session) => {
    const { record } = recordOf(session.result);
    expect({
      because: session.because,
      cause: record.cause,
      confidence: session.confidence && record.cause_confidence,
      stage: record.stage,
      reached: record.stage_reached,
      permission: record.permission_outcome,
      contradictions: record.contradictions?.split(',') ?? [],
      count: record.contradiction_count,
      recoverable: record.recoverable,
    }).toEqual({
      because: session.because,
      cause: session.cause,
      confidence: session.confidence,
      stage: session.stage,
      reached: session.reached,
      permission: session.permission,
      contradictions: session.contradictions ?? [],
      count: session.contradictions?.length ?? 0,
      recoverable: recoverableOf(session),
    });
  });

  it('have names of their own', () => {
    expect(new Set(JUDGED.map(({ name }) => name)).size).toBe(JUDGED.length);
  });

  it.each([
    ['VerifyErrorCode', DOCUMENTED_CODES],
    ['InterruptPage', DOCUMENTED_PAGES],
    ['InterruptPageEn', DOCUMENTED_STAGES],
    ['VerifyStatus', ['0', '1', '2']],
    ['Passed', ['Y', 'N']],
  ])('cover every documented %s', (member, values) => {
    const seen = new Set(JUDGED.map(({ result }) => result[member]));
    expect(values.filter((value) => !seen.has(value))).toEqual([]);
  });
});
