import { describe, expect, it } from '@jest/globals';
import { RECORD_FIELDS } from '../../../../shared/logstores/records.ts';
import { CAUSES } from '../../../../shared/logstores/values.ts';
import { CAUSE_RULES, OTHERWISE } from '../../../../shared/record/cause.ts';
import { CHECKS } from '../../../../shared/record/contradictions.ts';
import {
  DOCUMENTED_CODES,
  DOCUMENTED_STAGES,
  PROMISED_CAUSES,
  RESULT_CODES,
} from '../../../support/documented.ts';
import { JUDGED, statistics } from './judged-sessions.ts';
import { recordOf } from './record-of.ts';

const row = (result: unknown) => recordOf(result).record;
const found = (result: unknown) => row(result).contradictions?.split(',') ?? [];

describe('the decision table', () => {
  it('names columns that exist and gives each row a reason of its own', () => {
    for (const { evidence, why } of [...CAUSE_RULES, OTHERWISE]) {
      expect(why).toMatch(/\w/);
      expect(evidence).not.toEqual([]);
      for (const column of evidence) expect(RECORD_FIELDS).toHaveProperty(column);
    }
    expect(new Set(CAUSE_RULES.map(({ why }) => why)).size).toBe(CAUSE_RULES.length);
  });

  it('can say every cause, and the sessions judged by hand meet all of them', () => {
    expect(CAUSES).toEqual(PROMISED_CAUSES);
    expect(new Set([...CAUSE_RULES, OTHERWISE].map(({ cause }) => cause))).toEqual(new Set(CAUSES));
    expect(new Set(JUDGED.map(({ cause }) => cause))).toEqual(new Set(PROMISED_CAUSES));
    expect(new Set(JUDGED.map(({ permission }) => permission))).toEqual(
      new Set(['none', 'recovered', 'left_there', 'left_later']),
    );
  });

  it('shows the values that decided', () => {
    const record = row({
      VerifyStatus: '1',
      VerifyErrorCode: '1006',
      InterruptPage: '活体检测页面',
      InterruptPageEn: 'FACE',
      LogStatisticsInfo: statistics({ FACE: 9000 }, { faceOverTimes: 3 }),
    });
    expect(JSON.parse(record.cause_evidence ?? '')).toEqual({
      verify_error_code: '1006',
      stage: 'FACE',
      interrupt_page: '活体检测页面',
      face_retries: 3,
      ocr_retries: 0,
    });
    expect(record.recoverable).toBe('true');
  });

  it.each([
    ['1003', 'true'],
    ['1004', 'true'],
    ['1005', 'true'],
    ['1002', 'true'],
    ['1007', 'true'],
    ['1008', 'false'],
    ['1009', 'true'],
    ['1010', 'false'],
    ['1011', 'true'],
    ['1013', 'true'],
    ['1014', 'true'],
    ['1015', 'false'],
    ['1017', 'false'],
    ['2000', 'true'],
    ['2002', 'false'],
    ['9999', 'true'],
    ['1006', 'true'],
    ['1099', undefined],
  ])('after %s a new session could help: %s', (code, recoverable) => {
    expect(row({ VerifyStatus: '1', VerifyErrorCode: code }).recoverable).toBe(recoverable);
  });

  it.each([
    ['passed', { VerifyStatus: '0', Passed: 'Y' }, 'false'],
    ['rejected', { VerifyStatus: '0', Passed: 'N' }, 'false'],
    ['never opened', { VerifyStatus: '2' }, 'true'],
  ])('%s', (_name, result, recoverable) => {
    expect(row(result).recoverable).toBe(recoverable);
  });
});

describe('thresholds of the cause', () => {
  const at = (page: string | undefined, en: string | undefined, more: Record<string, unknown>, stays = {}) =>
    row({
      VerifyStatus: '1',
      VerifyErrorCode: '1006',
      InterruptPage: page,
      InterruptPageEn: en,
      LogStatisticsInfo: statistics(stays, more),
    });

  it.each([
    [1, 'user_left', 'medium'],
    [2, 'capture_quality', 'medium'],
    [3, 'capture_quality', 'medium'],
  ])('%i liveness retries before an exit: %s', (faceOverTimes, cause, confidence) => {
    expect(at(undefined, 'FACE', { faceOverTimes })).toMatchObject({ cause, cause_confidence: confidence });
    expect(at('活体检测页面', undefined, { faceOverTimes })).toMatchObject({
      cause,
      cause_confidence: confidence,
    });
  });

  it.each([
    ['OCR引导页面', 'GUIDE', 'ocrOverTimes', 'capture_quality'],
    ['OCR识别loading中', 'OCR_SCAN', 'ocrOverTimes', 'capture_quality'],
    ['活体检测引导页面', 'GUIDE', 'faceOverTimes', 'capture_quality'],
    [undefined, 'GUIDE', 'faceOverTimes', 'user_left'],
    [undefined, 'LOADING', 'ocrOverTimes', 'user_left'],
    ['OCR识别结果编辑页面', 'OCR_RESULT', 'ocrOverTimes', 'user_left'],
    ['OCR识别结果编辑页面', 'OCR_RESULT', 'ocrEditOverTimes', 'document'],
    ['OCR拍摄证件页面', 'OCR_SCAN', 'ocrEditOverTimes', 'user_left'],
    [undefined, 'FACE', 'ocrEditOverTimes', 'user_left'],
  ])('an exit at %j, %j after two of %s: %s', (page, en, counter, cause) => {
    expect(at(page, en, { [counter]: 2 }).cause).toBe(cause);
  });

  it.each([
    [{ FACE: 5 }, 'faceOverTimes', 'capture_quality'],
    [{ OCR_SCAN: 5 }, 'ocrOverTimes', 'capture_quality'],
    [{ OCR_RESULT: 5 }, 'ocrEditOverTimes', 'document'],
    [{ OCR_RESULT: 5 }, 'ocrOverTimes', 'user_left'],
  ])('without a page the furthest stage %j counts: two of %s, %s', (stays, counter, cause) => {
    expect(at(undefined, undefined, { [counter]: 2 }, stays).cause).toBe(cause);
  });

  it.each([
    [899_999, 'high'],
    [900_000, 'medium'],
  ])('%i ms on the last page: %s', (ms, confidence) => {
    expect(at(undefined, 'GUIDE', {}, { GUIDE: ms })).toMatchObject({
      cause: 'user_left',
      cause_confidence: confidence,
    });
    expect(at(undefined, 'GUIDE', {}, { FACE: ms }).cause_confidence).toBe('high');
  });

  it.each([
    ['1006', 59, 'user_left', 'high'],
    ['1006', 60, 'user_left', 'medium'],
    ['9999', 59, 'suspected_interruption', 'medium'],
    ['9999', 60, 'suspected_interruption', 'high'],
    ['1002', 59, 'vendor_error', 'high'],
    ['1002', 60, 'suspected_interruption', 'medium'],
    [undefined, 59, 'unknown', 'low'],
    [undefined, 60, 'suspected_interruption', 'low'],
  ])('%s with %i s hidden: %s, %s', (code, seconds, cause, confidence) => {
    const end = new Date(Date.UTC(2025, 2, 21, 10, 0, seconds + 10)).toISOString().slice(0, 19);
    const record = row({
      VerifyStatus: '1',
      VerifyErrorCode: code,
      InterruptPageEn: 'GUIDE',
      LogInfoEn: ['2025-03-21T10:00:00 LOADING_ENTER', `${end} GUIDE_PAGE_SHOW`],
      LogStatisticsInfo: statistics({ GUIDE: 10_000 }),
    });
    expect(record.hidden_ms).toBe(seconds * 1_000);
    expect(record).toMatchObject({ cause, cause_confidence: confidence });
  });

  it.each([
    [{ ocrOverTimes: 1 }, 'medium'],
    [{ ocrEditOverTimes: 1 }, 'medium'],
    [{ faceOverTimes: 1 }, 'medium'],
    [{ ocrEditTimes: 3 }, 'high'],
    [{ hasOcrPermissionRefuse: true }, 'medium'],
    [{ hasFacePermissionRefuse: true }, 'medium'],
    [{}, 'high'],
  ])('an exit on the guide page after %j is %s', (more, confidence) => {
    const record = at(undefined, 'GUIDE', more, { FACE: 5 });
    expect(record).toMatchObject({ cause: 'user_left', cause_confidence: confidence });
  });

  it('tells the other reasons of the client codes apart', () => {
    const plain = (code: string) =>
      row({ VerifyStatus: '1', VerifyErrorCode: code, LogStatisticsInfo: statistics({}) });
    expect(plain('A1006_1')).toMatchObject({ cause: 'user_left', cause_confidence: 'high' });
    expect(plain('A1006_2')).toMatchObject({ cause: 'user_left', cause_confidence: 'medium' });
    expect(plain('A1002_1')).toMatchObject({ cause: 'vendor_error', cause_confidence: 'high' });
    expect(plain('A1002_2')).toMatchObject({ cause: 'suspected_interruption', cause_confidence: 'medium' });
  });
});

describe('a contradicted field that decided', () => {
  const stats = (more: object, stays = {}) => ({ LogStatisticsInfo: statistics(stays, { ...more }) });
  const lines = (...times: readonly string[]) => ({
    LogInfoEn: times.map((time) => `2025-03-21 ${time} LINE`),
  });

  it.each([
    ['a sub code', { VerifyStatus: '0', Passed: 'Y', SubCode: '204' }, 'passed', 'medium'],
    ['no sub code', { VerifyStatus: '0', Passed: 'Y' }, 'passed', 'high'],
    [
      'a counter claimed',
      { VerifyStatus: '1', VerifyErrorCode: '1006', ...stats({ hasFaceOverTimes: true }) },
      'user_left',
      'medium',
    ],
    [
      'a counter denied',
      { VerifyStatus: '1', VerifyErrorCode: '1014', ...stats({ ocrOverTimes: 5, hasOcrOverTimes: false }) },
      'retry_limit',
      'medium',
    ],
    [
      'times out of order',
      {
        VerifyStatus: '1',
        VerifyErrorCode: '9999',
        ...stats({}, { GUIDE: 5 }),
        ...lines('10:00:00', '10:05:00', '10:04:00'),
      },
      'suspected_interruption',
      'medium',
    ],
    [
      'times in order',
      {
        VerifyStatus: '1',
        VerifyErrorCode: '9999',
        ...stats({}, { GUIDE: 5 }),
        ...lines('10:00:00', '10:04:00', '10:05:00'),
      },
      'suspected_interruption',
      'high',
    ],
    [
      'stays beyond the span',
      {
        VerifyStatus: '1',
        VerifyErrorCode: '1006',
        InterruptPageEn: 'GUIDE',
        ...stats({}, { GUIDE: 950_000 }),
        ...lines('10:00:00', '10:04:00'),
      },
      'user_left',
      'low',
    ],
  ])('%s makes the cause as sure as it can be', (_name, result, cause, confidence) => {
    expect(row(result)).toMatchObject({ cause, cause_confidence: confidence });
  });
});

describe('the cause of what has no usable code', () => {
  it.each([
    ['页面未启动', {}, 'never_opened', 'low'],
    ['页面未启动', { LogInfoEn: ['2025-03-21 10:00:00 LOADING_ENTER'] }, 'unknown', 'low'],
    ['活体检测相机授权页面', {}, 'camera_permission', 'low'],
    ['活体检测重试', {}, 'capture_quality', 'low'],
    ['活体检测页面', {}, 'unknown', 'low'],
    [
      '活体检测引导页面',
      { LogStatisticsInfo: '{"hasFacePermissionRefuse":true}' },
      'camera_permission',
      'low',
    ],
    [
      '活体检测相机授权页面',
      { LogStatisticsInfo: '{"hasFacePermissionRefuse":true}' },
      'camera_permission',
      'medium',
    ],
    ['活体检测页面', { LogStatisticsInfo: '{"hasFacePermissionRefuse":true}' }, 'unknown', 'low'],
  ])('%s with %j: %s', (page, more, cause, confidence) => {
    const record = row({ VerifyStatus: '1', InterruptPage: page, ...more });
    expect(record).toMatchObject({ cause, cause_confidence: confidence });
    const other = row({ VerifyStatus: '1', VerifyErrorCode: '7777', InterruptPage: page, ...more });
    expect(other).toMatchObject({ cause, cause_confidence: confidence });
  });

  it('is not taken from signs when the journey finished or never started', () => {
    const more = {
      InterruptPage: '活体检测相机授权页面',
      LogStatisticsInfo: '{"hasFacePermissionRefuse":true}',
    };
    expect(row({ VerifyStatus: '0', ...more }).cause).toBe('unknown');
    expect(row({ VerifyStatus: '0', InterruptPage: '活体检测重试' }).cause).toBe('unknown');
    expect(row({ VerifyStatus: '0', InterruptPage: '页面未启动' }).cause).toBe('unknown');
    expect(row({ VerifyStatus: '2', ...more }).cause).toBe('never_opened');
  });

  it('keeps 9999 apart from a refusal that is not on the last page', () => {
    const result = { VerifyStatus: '1', VerifyErrorCode: '9999', InterruptPageEn: 'FACE' };
    expect(row({ ...result, LogStatisticsInfo: '{"hasFacePermissionRefuse":true}' })).toMatchObject({
      permission_outcome: 'left_there',
      cause: 'suspected_interruption',
    });
    expect(row({ ...result, InterruptPage: '活体检测相机授权页面' }).cause).toBe('suspected_interruption');
  });
});

describe('result codes without a finish', () => {
  it.each([
    ['1', '1000', undefined, 'passed'],
    ['1', '1000', 'Y', 'passed'],
    ['1', '1000', 'N', 'unknown'],
    ['1', '1001', undefined, 'rejected'],
    ['1', '1001', 'N', 'rejected'],
    ['1', '1001', 'Y', 'unknown'],
    ['2', '1001', undefined, 'unknown'],
    ['9', '1000', undefined, 'passed'],
    ['9', '1001', 'Y', 'unknown'],
  ])('status %s, code %s, Passed %s: %s', (status, code, passed, cause) => {
    const record = row({ VerifyStatus: status, VerifyErrorCode: code, Passed: passed });
    expect(record).toMatchObject({ cause, cause_confidence: 'low' });
    expect(record.recoverable).toBe(cause === 'unknown' ? undefined : 'false');
  });

  it('sub code 200 stands for a decision only when there is nothing else', () => {
    expect(row({ VerifyStatus: '0', SubCode: ' 200 ' })).toMatchObject({
      cause: 'passed',
      cause_confidence: 'medium',
    });
    expect(row({ VerifyStatus: '0', SubCode: '204' }).cause).toBe('unknown');
    expect(row({ VerifyStatus: '0', SubCode: '200', VerifyErrorCode: '1013' }).cause).toBe('capture_quality');
    expect(row({ VerifyStatus: '1', SubCode: '200' }).cause).toBe('unknown');
  });
});

describe('permission outcome', () => {
  const face = { hasFacePermissionRefuse: true };
  const ocr = { hasOcrPermissionRefuse: true };
  const outcome = (
    page: string | undefined,
    en: string | undefined,
    more: object,
    stays = {},
    status = '1',
  ) =>
    row({
      VerifyStatus: status,
      InterruptPage: page,
      InterruptPageEn: en,
      LogStatisticsInfo: statistics(stays, { ...more }),
    }).permission_outcome;

  it.each([
    ['OCR引导页面', undefined, ocr, 'left_there'],
    ['OCR相机授权', undefined, ocr, 'left_there'],
    ['OCR拍摄证件页面', undefined, ocr, 'left_later'],
    ['OCR识别结果编辑页面', undefined, ocr, 'left_later'],
    ['活体检测引导页面', undefined, ocr, 'left_later'],
    ['活体检测相机授权页面', undefined, ocr, 'left_later'],
    ['活体检测引导页面', undefined, face, 'left_there'],
    ['活体检测相机授权页面', undefined, face, 'left_there'],
    ['活体检测页面', undefined, face, 'left_later'],
    ['活体检测降级页面', undefined, face, 'left_later'],
    ['OCR相机授权', undefined, face, 'left_later'],
    ['活体检测相机授权页面', undefined, { ...face, ...ocr }, 'left_there'],
    ['OCR相机授权', undefined, { ...face, ...ocr }, 'left_there'],
    ['活体检测页面', undefined, { ...face, ...ocr }, 'left_later'],
    [undefined, 'OCR_SCAN', ocr, 'left_there'],
    [undefined, 'OCR_SCAN', { ...ocr, ocrOverTimes: 1 }, 'left_later'],
    [undefined, 'OCR_RESULT', ocr, 'left_later'],
    [undefined, 'FACE', ocr, 'left_later'],
    [undefined, 'FACE', face, 'left_there'],
    [undefined, 'FACE', { ...face, faceOverTimes: 1 }, 'left_later'],
    [undefined, 'GUIDE', face, 'left_later'],
    [undefined, undefined, face, 'left_there'],
    [undefined, undefined, ocr, 'left_there'],
    [undefined, undefined, { ...ocr, ocrOverTimes: 1 }, 'left_later'],
    ['活体检测相机授权页面', undefined, {}, 'none'],
  ])('%s, %s, %j: %s', (page, en, more, expected) => {
    expect(outcome(page, en, more)).toBe(expected);
    expect(outcome(page, en, more, {}, '0')).toBe(expected === 'none' ? 'none' : 'recovered');
  });

  it('of the document step is overcome by any later stage', () => {
    expect(outcome(undefined, undefined, ocr, { OCR_SCAN: 5 })).toBe('left_there');
    expect(outcome(undefined, undefined, ocr, { OCR_RESULT: 5 })).toBe('left_later');
    expect(outcome(undefined, 'OCR_SCAN', ocr, { FACE: 5 })).toBe('left_later');
    expect(outcome(undefined, undefined, face, { OCR_SCAN: 5 })).toBe('left_there');
  });

  it('follows the camera codes without a flag', () => {
    for (const code of ['1004', '1016', 'A1004_3']) {
      expect(row({ VerifyStatus: '1', VerifyErrorCode: code }).permission_outcome).toBe('left_there');
      expect(row({ VerifyStatus: '0', VerifyErrorCode: code }).permission_outcome).toBe('none');
    }
    expect(row({ VerifyStatus: '1', VerifyErrorCode: '1005' }).permission_outcome).toBe('none');
  });

  it('of an unknown status is judged like an unfinished one', () => {
    expect(outcome('OCR相机授权', undefined, ocr, {}, '9')).toBe('left_there');
  });
});

describe('contradictions', () => {
  it('have names of their own and columns that exist', () => {
    expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length);
    for (const { name, columns } of CHECKS) {
      expect(name).toMatch(/^[a-z][a-z_]+$/);
      for (const column of columns) expect(RECORD_FIELDS).toHaveProperty(column);
    }
  });

  it.each([
    ['faceOverTimes', 'hasFaceOverTimes', 'face_retries'],
    ['ocrOverTimes', 'hasOcrOverTimes', 'ocr_retries'],
    ['ocrEditTimes', 'hasOcrEdit', 'ocr_edits'],
    ['ocrEditOverTimes', 'hasOcrEditOverTimes', 'ocr_edit_retries'],
  ])('%s and %s', (counter, flag, column) => {
    const of = (count: unknown, has: unknown) =>
      found({ VerifyStatus: '1', LogStatisticsInfo: { [counter]: count, [flag]: has } });
    expect(of(1, false)).toEqual([`${column}_counted_but_denied`]);
    expect(of('2', 'false')).toEqual([`${column}_counted_but_denied`]);
    expect(of(0, true)).toEqual([`${column}_claimed_but_zero`]);
    expect(of(0, false)).toEqual([]);
    expect(of(1, true)).toEqual([]);
    expect(of(undefined, true)).toEqual([]);
    expect(of(undefined, false)).toEqual([]);
    expect(of(3, undefined)).toEqual([]);
  });

  it.each([
    [{ InterruptPageEn: 'GUIDE' }, true],
    [{ InterruptPage: 'OCR引导页面' }, true],
    [{ LogStatisticsInfo: '{"pageStayTimeInfo":{"PALM":1}}' }, true],
    [{ LogInfo: ['unreadable'] }, true],
    [{ InterruptPageEn: 'LOADING' }, false],
    [{ InterruptPage: '页面未启动' }, false],
    [{ LogStatisticsInfo: '{"pageStayTimeInfo":{"LOADING":0}}' }, false],
    [{ LogStatisticsInfo: '{"faceOverTimes":0}' }, false],
    [{ LogStatisticsInfo: '{"pageStayTimeInfo":{"FACE":9007199254740991,"GUIDE":1}}' }, true],
  ])('not started with %j: %s', (more, expected) => {
    expect(found({ VerifyStatus: '2', ...more })).toEqual(expected ? ['not_started_but_active'] : []);
    expect(found({ VerifyStatus: '1', ...more })).toEqual([]);
  });

  it('finds every interruption code beside a finish', () => {
    for (const code of DOCUMENTED_CODES) {
      const expected = RESULT_CODES.includes(code) ? [] : ['finished_with_interruption_code'];
      expect([code, found({ VerifyStatus: '0', VerifyErrorCode: code })]).toEqual([code, expected]);
    }
  });

  it.each([
    ['0', '1006', ['finished_with_interruption_code']],
    ['0', 'A1006_2', ['finished_with_interruption_code']],
    ['0', '1000', []],
    ['0', '1099', []],
    ['1', '1006', []],
    ['1', '1000', ['unfinished_with_result_code']],
    ['2', '1001', ['unfinished_with_result_code']],
    ['9', '1000', []],
    ['9', '1006', []],
  ])('status %s with code %s: %j', (status, code, expected) => {
    expect(found({ VerifyStatus: status, VerifyErrorCode: code })).toEqual(expected);
  });

  it.each([
    ['Y', '1001', '200', ['passed_disagrees_with_code']],
    ['N', '1000', '204', ['passed_disagrees_with_code']],
    ['Y', '1000', '200', []],
    ['N', '1001', '204', []],
    ['Y', '1000', '204', ['passed_disagrees_with_sub_code']],
    ['N', '1001', ' 200', ['passed_disagrees_with_sub_code']],
    ['Y', '1000', undefined, []],
    ['N', undefined, undefined, []],
    ['Z', '1001', '200', []],
  ])('Passed %s with code %s and sub code %s: %j', (passed, code, subCode, expected) => {
    expect(found({ VerifyStatus: '0', Passed: passed, VerifyErrorCode: code, SubCode: subCode })).toEqual(
      expected,
    );
  });

  it.each([
    ['1', ['passed_without_finish', 'sub_code_without_finish']],
    ['2', ['passed_without_finish', 'sub_code_without_finish']],
    ['0', []],
    ['9', []],
  ])('Passed and SubCode with status %s: %j', (status, expected) => {
    expect(found({ VerifyStatus: status, Passed: 'Y', SubCode: '200' })).toEqual(expected);
  });

  // Pairs that can be one place; every other pair of a known Chinese and a known English page cannot.
  const SAME: Readonly<Record<string, readonly string[]>> = {
    页面未启动: ['LOADING'],
    OCR引导页面: ['GUIDE', 'OCR_SCAN'],
    OCR相机授权: ['OCR_SCAN'],
    OCR拍摄证件页面: ['OCR_SCAN'],
    OCR识别loading中: ['OCR_SCAN', 'OCR_RESULT', 'LOADING'],
    OCR识别结果编辑页面: ['OCR_RESULT'],
    OCR识别结果编辑loading中: ['OCR_RESULT', 'LOADING'],
    活体检测引导页面: ['GUIDE', 'FACE'],
    活体检测相机授权页面: ['FACE'],
    活体检测页面: ['FACE'],
    活体检测降级页面: ['FACE'],
    活体检测重试: ['FACE'],
    活体检测loading中: ['FACE', 'LOADING'],
  };
  it.each(Object.entries(SAME))('%s can be %j', (zh, same) => {
    for (const en of DOCUMENTED_STAGES) {
      const result = { VerifyStatus: '1', InterruptPage: zh, InterruptPageEn: en };
      expect([en, found(result)]).toEqual([en, same.includes(en) ? [] : ['pages_disagree']]);
    }
    expect(found({ VerifyStatus: '1', InterruptPage: zh, InterruptPageEn: 'PALM' })).toEqual([]);
    expect(found({ VerifyStatus: '1', InterruptPage: zh })).toEqual([]);
  });

  it.each([
    [11_000, []],
    [11_001, ['stays_exceed_span']],
  ])('%i ms of stays in 10 s of log: %j', (ms, expected) => {
    const LogInfoEn = ['2025-03-21 10:00:00 A', '2025-03-21 10:00:10 B'];
    const LogStatisticsInfo = { pageStayTimeInfo: { GUIDE: ms } };
    expect(found({ VerifyStatus: '1', LogInfoEn, LogStatisticsInfo })).toEqual(expected);
    expect(found({ VerifyStatus: '1', LogInfoEn: LogInfoEn.slice(1), LogStatisticsInfo })).toEqual([]);
    expect(found({ VerifyStatus: '1', LogStatisticsInfo })).toEqual([]);
    expect(found({ VerifyStatus: '1', LogInfoEn })).toEqual([]);
  });

  it('never change the outcome', () => {
    for (const { result } of JUDGED) {
      const record = row(result);
      const journeys: Record<string, string> = { '0': 'finished', '1': 'interrupted', '2': 'not_started' };
      expect(record.journey).toBe(
        journeys[String(result.VerifyStatus)] ?? `unknown:${result.VerifyStatus ?? ''}`,
      );
      expect(record.passed).toBe(result.Passed);
      expect(record.contradiction_count).toBe(record.contradictions?.split(',').length ?? 0);
    }
  });
});
