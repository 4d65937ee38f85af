import { describe, expect, it } from '@jest/globals';
import { type Session, STAGES, type VerifyLogResult } from '../../../local/cloudauth/session-types.ts';
import { drawSessions } from '../../../local/cloudauth/sessions.ts';
import { toRecord } from '../../../shared/record/to-record.ts';

/** What really happened in a drawn session against what the record makes of its answer. */
const NOW_MS = Date.UTC(2026, 10, 23, 8);
const judge = (transactionId: string, result: VerifyLogResult) =>
  toRecord({
    transactionId,
    result,
    source: 'sweep',
    attempt: 0,
    region: 'ap-southeast-1',
    askedAtMs: NOW_MS,
    final: true,
    disposition: 'answered',
    code: 'Success',
  });
const judged = drawSessions({ seed: 11, count: 2_000, nowMs: NOW_MS })
  .filter(({ truth }) => !truth.official)
  .map(({ transactionId, result, truth }) => ({ truth, ...judge(transactionId, result) }));

describe('the record of a session whose truth is known', () => {
  it('has its outcome, stage and lines', () => {
    for (const { truth, record, events } of judged) {
      expect(record.journey).toBe(truth.journey);
      expect(record.passed).toBe(truth.passed === undefined ? undefined : truth.passed ? 'Y' : 'N');
      expect(record.verify_error_code).toBe(truth.verifyErrorCode);
      expect(record.stage_reached).toBe(truth.stageReached);
      if (truth.journey === 'interrupted') expect(record.stage).toBe(truth.stage);
      expect(events).toHaveLength(truth.zhEvents + truth.enEvents);
    }
  });

  it('has the pages that somebody was on, and no other', () => {
    for (const { truth, record } of judged) {
      const on = STAGES.filter((stage) => record[`on_${stage.toLowerCase()}` as keyof typeof record] === 1);
      expect(on).toEqual(STAGES.filter((stage) => truth.entered.includes(stage)));
    }
  });

  it('has its stays, retries and permissions where the statistics are given', () => {
    for (const { truth, record } of judged.filter((one) => one.truth.statistics)) {
      const stays = STAGES.map((stage) => [
        stage,
        record[`stay_${stage.toLowerCase()}_ms` as keyof typeof record],
      ]);
      expect(Object.fromEntries(stays.filter(([, ms]) => ms !== undefined))).toEqual(truth.staysMs);
      expect({
        faceRetries: record.face_retries,
        ocrRetries: record.ocr_retries,
        ocrEdits: record.ocr_edits,
        ocrEditRetries: record.ocr_edit_retries,
        permissionOutcome: record.permission_outcome,
      }).toEqual({
        faceRetries: truth.faceRetries,
        ocrRetries: truth.ocrRetries,
        ocrEdits: truth.ocrEdits,
        ocrEditRetries: truth.ocrEditRetries,
        permissionOutcome: truth.permissionOutcome,
      });
    }
  });

  it('names the cause that was meant in at least 97 of 100 sessions', () => {
    const right = judged.filter(({ truth, record }) => record.cause === truth.cause).length;
    expect(right / judged.length).toBeGreaterThan(0.97);
  });
});

describe('the same seed at another hour', () => {
  /** Everything that a figure can be made of: what is left out are the times of day, and hashes over them. */
  const figuresOf = ({ transactionId, merchantBizId, labels, truth, result, unfinished }: Session) => {
    const said = (answer: VerifyLogResult) => {
      const { record, events } = judge(transactionId, answer);
      const { raw, raw_bytes, revision, view_key, ...figures } = record;
      const lines = events.map(({ logged_at, revision: _, ...line }) => line);
      return { figures, lines };
    };
    return {
      transactionId,
      merchantBizId,
      labels,
      truth,
      final: said(result),
      before: unfinished.map(({ fromAgeMs, result: shown }) => ({ fromAgeMs, ...said(shown) })),
    };
  };
  const drawnAt = (nowMs: number) =>
    drawSessions({ seed: 1, count: 300, nowMs })
      .map((session) => ({ nowMs, session }))
      .sort((a, b) => (a.session.transactionId < b.session.transactionId ? -1 : 1));
  const HALF_HOUR_MS = 30 * 60_000;
  const isYoung = ({ nowMs, session }: { nowMs: number; session: Session }) =>
    nowMs - session.initializedAtMs < HALF_HOUR_MS;

  // In the night, at noon, at midnight, and not on a whole second.
  it.each([5.5 * 3_600_000 + 417, 9 * 3_600_000, 16 * 3_600_000 + 1])('%i ms later', (laterMs) => {
    const [now, later] = [drawnAt(NOW_MS), drawnAt(NOW_MS + laterMs)];
    const figures = (drawn: typeof now) => drawn.map(({ session }) => JSON.stringify(figuresOf(session)));
    const known = new Set(figures(now));
    expect(
      figures(later)
        .filter((one) => !known.has(one))
        .slice(0, 1),
    ).toEqual([]);
    expect(later.map(isYoung)).toEqual(now.map(isYoung));
    // The times do move: people come by day.
    const opened = (drawn: typeof now) => drawn.map(({ nowMs, session }) => nowMs - session.initializedAtMs);
    expect(opened(later)).not.toEqual(opened(now));
  });
});
