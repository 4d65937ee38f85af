import { describe, expect, it } from '@jest/globals';
import { STAGES } from '../../../local/cloudauth/session-types.ts';
import { drawSessions } from '../../../local/cloudauth/sessions.ts';
import { toRecord } from '../../../shared/record/record.ts';

/** What really happened in a drawn session against what the record makes of its answer. */
const NOW_MS = Date.UTC(2026, 10, 23, 8);
const judged = drawSessions({ seed: 11, count: 2_000, nowMs: NOW_MS })
  .filter(({ truth }) => !truth.official)
  .map(({ transactionId, result, truth }) => {
    const { record, events } = toRecord({
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
    return { truth, record, events };
  });

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
