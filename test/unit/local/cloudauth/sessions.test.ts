import { describe, expect, it } from '@jest/globals';
import { OFFICIAL_RESULT, OFFICIAL_TRANSACTION_ID } from '../../../../local/cloudauth/official-example.ts';
import type { Session, VerifyLogResult } from '../../../../local/cloudauth/session-types.ts';
import { drawSessions, resultAt } from '../../../../local/cloudauth/sessions.ts';
import { API_CODES, DOCUMENTED_PAGES, DOCUMENTED_STAGES } from '../../../support/documented.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 8);
const MINUTE_MS = 60_000;
const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S/;

const draw = (count: number, seed = 1) => drawSessions({ seed, count, nowMs: NOW_MS });
const big = draw(3_000);

/** The lines of a log in either encoding. */
function lines(log: string[] | undefined): string[] {
  const [first = ''] = log ?? [];
  return first.startsWith('[') ? (JSON.parse(first) as string[]) : (log ?? []);
}

function statistics({ LogStatisticsInfo }: VerifyLogResult): Record<string, unknown> | undefined {
  return LogStatisticsInfo === undefined
    ? undefined
    : (JSON.parse(LogStatisticsInfo) as Record<string, unknown>);
}

const share = (sessions: readonly Session[], fits: (session: Session) => boolean) =>
  sessions.filter(fits).length / sessions.length;

describe('drawSessions', () => {
  it('gives the same sessions for the same options, and others for another seed', () => {
    expect(draw(50)).toEqual(draw(50));
    expect(draw(50, 2).map(({ transactionId }) => transactionId)).not.toEqual(
      draw(50).map(({ transactionId }) => transactionId),
    );
  });

  it.each([0, 1, 2, 5, 300])('draws %i sessions of the last day, oldest first, no id twice', (count) => {
    const sessions = draw(count);
    const opened = sessions.map(({ initializedAtMs }) => initializedAtMs);
    expect(sessions).toHaveLength(count);
    expect(new Set(sessions.map(({ transactionId }) => transactionId)).size).toBe(count);
    expect(opened).toEqual([...opened].sort((a, b) => a - b));
    for (const ms of opened) {
      expect(ms).toBeLessThan(NOW_MS);
      expect(ms).toBeGreaterThan(NOW_MS - 24 * 60 * MINUTE_MS);
    }
  });

  it('has some sessions younger than 30 minutes, and none close to it', () => {
    const ages = draw(300).map(({ initializedAtMs }) => (NOW_MS - initializedAtMs) / MINUTE_MS);
    expect(ages.filter((age) => age < 30)).toHaveLength(24);
    expect(ages.filter((age) => age > 27 && age < 33)).toEqual([]);
  });

  it.each([1, 2, 3])('has every documented journey, page and code among 42 sessions (seed %i)', (seed) => {
    const results = draw(42, seed).map(({ result }) => result);
    const all = (name: keyof VerifyLogResult) => results.map((result) => result[name]);
    expect(all('VerifyStatus')).toEqual(expect.arrayContaining(['0', '1', '2']));
    expect(all('InterruptPage')).toEqual(expect.arrayContaining(DOCUMENTED_PAGES));
    expect(all('InterruptPageEn')).toEqual(expect.arrayContaining(DOCUMENTED_STAGES));
    expect(all('VerifyErrorCode')).toEqual(expect.arrayContaining(API_CODES));
  });

  it('has the official example in it, old enough to be final', () => {
    const official = draw(300).find(({ transactionId }) => transactionId === OFFICIAL_TRANSACTION_ID);
    expect(official?.result).toBe(OFFICIAL_RESULT);
    expect(NOW_MS - (official?.initializedAtMs ?? NOW_MS)).toBeGreaterThan(30 * MINUTE_MS);
    expect(lines(official?.result.LogInfo)).toHaveLength(15);
    expect(lines(official?.result.LogInfoEn)).toHaveLength(6);
    expect(statistics(OFFICIAL_RESULT)).toMatchObject({
      ocrOverTimes: 1,
      ocrEditTimes: 1,
      pageStayTimeInfo: { LOADING: '1615', OCR_SCAN: '37446', OCR_RESULT: '1338', FACE: '8707' },
    });
  });
});

describe('a drawn session', () => {
  const some = big.slice(0, 800);
  const drawn = some.filter(({ truth }) => !truth.official);

  it('answers scalars as strings and logs that can be read', () => {
    for (const { result } of some) {
      for (const [name, value] of Object.entries(result)) {
        if (name !== 'LogInfo' && name !== 'LogInfoEn') expect(typeof value).toBe('string');
      }
      const strange = [...lines(result.LogInfo), ...lines(result.LogInfoEn)].filter(
        (line) => !LINE.test(line),
      );
      expect(strange).toEqual([]);
      statistics(result);
    }
  });

  it('logs in order, both languages within the same session', () => {
    for (const { result } of drawn) {
      for (const log of [lines(result.LogInfo), lines(result.LogInfoEn)]) {
        const times = log.map((line) => line.slice(0, 19));
        expect(times).toEqual([...times].sort());
      }
    }
  });

  it('tells in its truth what its answer says', () => {
    for (const { result, truth } of drawn) {
      expect(result.VerifyStatus).toBe({ finished: '0', interrupted: '1', not_started: '2' }[truth.journey]);
      expect(result.Passed).toBe(truth.passed === undefined ? undefined : truth.passed ? 'Y' : 'N');
      expect(result.VerifyErrorCode).toBe(truth.verifyErrorCode);
      expect(lines(result.LogInfo)).toHaveLength(truth.zhEvents);
      expect(lines(result.LogInfoEn)).toHaveLength(truth.enEvents);
      if (truth.stage !== undefined && result.InterruptPageEn !== undefined) {
        expect(result.InterruptPageEn).toBe(truth.stage);
      }
    }
  });

  it('counts in its statistics what its truth counts', () => {
    for (const { result, truth } of drawn) {
      const given = statistics(result);
      expect(given !== undefined).toBe(truth.statistics);
      if (given === undefined) continue;
      expect(Number(given.faceOverTimes)).toBe(truth.faceRetries);
      expect(Number(given.ocrOverTimes)).toBe(truth.ocrRetries);
      expect(Number(given.ocrEditTimes)).toBe(truth.ocrEdits);
      expect(Number(given.ocrEditOverTimes)).toBe(truth.ocrEditRetries);
      expect(given.hasFacePermissionRefuse).toBe(truth.facePermissionRefused);
      expect(given.hasOcrPermissionRefuse).toBe(truth.ocrPermissionRefused);
      const stays = Object.entries(given.pageStayTimeInfo as object).map(([stage, ms]) => [
        stage,
        Number(ms),
      ]);
      expect(Object.fromEntries(stays)).toEqual(truth.staysMs);
    }
  });

  it('has a retry in its log for each one it counts', () => {
    const retries = (log: string[], stage: string) =>
      log.filter((line) => line.endsWith(`${stage}阶段中断重试`)).length;
    for (const { result, truth } of drawn) {
      if (truth.facePermissionRefused || truth.ocrPermissionRefused) continue;
      expect(retries(lines(result.LogInfo), '活体检测')).toBe(truth.faceRetries);
      expect(retries(lines(result.LogInfo), 'OCR认证')).toBe(truth.ocrRetries);
    }
  });

  it('is written in all the ways the service has', () => {
    const forms = drawn.map(({ result }) => JSON.stringify(statistics(result) ?? {}));
    expect(drawn.some(({ truth }) => truth.encoding === 'json' && truth.zhEvents > 0)).toBe(true);
    expect(forms.some((form) => /"FACE":"\d/.test(form))).toBe(true);
    expect(forms.some((form) => /"FACE":\d/.test(form))).toBe(true);
    expect(forms.some((form) => /"ocrOverTimes":"\d/.test(form))).toBe(true);
    expect(drawn.some(({ result }) => result.LogInfoEn === undefined)).toBe(true);
    expect(drawn.some(({ truth }) => !truth.statistics && truth.journey !== 'not_started')).toBe(true);
  });
});

describe('the effects that the labels have', () => {
  const of = (name: keyof Session['labels'], value: string) =>
    big.filter(({ labels }) => labels[name] === value);
  const finished = ({ truth }: Session) => truth.journey === 'finished';

  it('lets six to seven of ten sessions finish', () => {
    expect(share(big, finished)).toBeGreaterThan(0.58);
    expect(share(big, finished)).toBeLessThan(0.7);
  });

  it('refuses the camera more often on the web', () => {
    const refused = ({ truth }: Session) => truth.cause === 'camera_permission';
    expect(share(of('platform', 'web'), refused)).toBeGreaterThan(2 * share(of('platform', 'ios'), refused));
  });

  it('cannot start on old Android', () => {
    const stopped = ({ truth }: Session) => truth.cause === 'device';
    expect(share(of('os_version', '7'), stopped)).toBeGreaterThan(0.5);
    expect(share(of('os_version', '14'), stopped)).toBe(0);
  });

  it('fails the liveness check more often in 3.6.0', () => {
    const retried = ({ truth }: Session) => truth.faceRetries > 0;
    expect(share(of('app_version', '3.6.0'), retried)).toBeGreaterThan(
      2 * share(of('app_version', '3.6.1'), retried),
    );
  });

  it('leaves the likelier, the more often a capture had to be repeated', () => {
    const left = ({ truth }: Session) => truth.journey === 'interrupted';
    const leftAfter = (retries: number) =>
      share(
        big.filter(({ truth }) => truth.faceRetries + truth.ocrRetries === retries),
        left,
      );
    expect(leftAfter(2)).toBeGreaterThan(leftAfter(1));
    expect(leftAfter(3)).toBeGreaterThan(leftAfter(2));
  });
});

describe('resultAt', () => {
  it('is the final answer from 30 minutes on', () => {
    for (const session of big.slice(0, 200)) {
      expect(resultAt(session, session.initializedAtMs + 30 * MINUTE_MS)).toBe(session.result);
    }
  });

  it('is shorter and unfinished before, and never goes back', () => {
    for (const session of big.filter(({ truth }) => truth.zhEvents > 3 && !truth.official).slice(0, 200)) {
      const lengths = [0, 1, 5, 29].map((minutes) => {
        const result = resultAt(session, session.initializedAtMs + minutes * MINUTE_MS);
        expect(['1', '2']).toContain(result.VerifyStatus);
        expect(result.Passed).toBeUndefined();
        return lines(result.LogInfo).length;
      });
      expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
      expect(lengths.at(-1)).toBeLessThan(session.truth.zhEvents);
    }
  });
});
