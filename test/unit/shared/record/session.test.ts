import { describe, expect, it } from '@jest/globals';
import type { RecordRow } from '../../../../shared/logstores/records.ts';
import { STAGES } from '../../../../shared/logstores/values.ts';
import { CODES, toCodeParts } from '../../../../shared/record/codes.ts';
import { PAGES, rungOf, toPage, toStage } from '../../../../shared/record/pages.ts';
import {
  DOCUMENTED_CODES,
  DOCUMENTED_PAGES,
  DOCUMENTED_STAGES,
  RESULT_CODES,
} from '../../../support/documented.ts';
import { statistics } from './judged-sessions.ts';
import { recordOf } from './record-of.ts';

const row = (result: unknown): RecordRow => recordOf(result).record;

describe('documented lists', () => {
  // Facts A3 and A4 of the operation: 13 pages, 7 English pages, 16 codes and the five of the client SDK.
  it('are whole', () => {
    expect(PAGES.map(({ zh }) => zh)).toEqual(DOCUMENTED_PAGES);
    expect(STAGES).toEqual(DOCUMENTED_STAGES);
    expect(STAGES.map(rungOf)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(Object.keys(CODES)).toEqual(DOCUMENTED_CODES);
  });

  // Meanings: API metadata and SDK comments; the finer columns are our reading of them.
  it.each([
    ['页面未启动', 'page not started', 'LOADING', undefined, undefined, undefined],
    ['OCR引导页面', 'OCR guide page', 'GUIDE', 'ocr', 'before', 'ocr'],
    ['OCR相机授权', 'OCR camera authorization page', 'OCR_SCAN', 'ocr', 'at', 'ocr'],
    ['OCR拍摄证件页面', 'OCR document capture page', 'OCR_SCAN', 'ocr', 'past', 'ocr'],
    ['OCR识别loading中', 'OCR recognition loading page', 'OCR_SCAN', 'ocr', 'past', 'ocr'],
    ['OCR识别结果编辑页面', 'OCR result editing page', 'OCR_RESULT', 'ocr', 'past', 'ocr_edit'],
    ['OCR识别结果编辑loading中', 'OCR result editing loading page', 'OCR_RESULT', 'ocr', 'past', 'ocr_edit'],
    ['活体检测引导页面', 'liveness guide page', 'GUIDE', 'face', 'before', 'face'],
    ['活体检测相机授权页面', 'liveness camera authorization page', 'FACE', 'face', 'at', 'face'],
    ['活体检测页面', 'liveness detection page', 'FACE', 'face', 'past', 'face'],
    ['活体检测降级页面', 'liveness fallback page', 'FACE', 'face', 'past', 'face'],
    ['活体检测重试', 'liveness retry page', 'FACE', 'face', 'past', 'face'],
    ['活体检测loading中', 'liveness loading page', 'FACE', 'face', 'past', 'face'],
  ])('%s is the %s', (zh, en, stage, step, camera, counter) => {
    expect(toPage(zh)).toMatchObject({ en, stage });
    const { step: itsStep, camera: itsCamera, counter: itsCounter } = toPage(zh) ?? {};
    expect([itsStep, itsCamera, itsCounter]).toEqual([step, camera, counter]);
    expect(toPage(zh)?.mayBe).toContain(stage);
  });

  // Facts A4, and A9 for the client's own codes.
  it.each([
    ['1000', 'face step done, pass suggested', '完成刷脸，建议通过'],
    ['1001', 'face step done, no pass suggested', '完成刷脸，建议不通过'],
    ['1002', 'system error', '系统错误'],
    ['1003', 'SDK start failed, the device clock is to be checked', 'SDK初始化失败，需确认客户端时间'],
    ['1004', 'camera permission error', '相机权限错误'],
    ['1005', 'network error', '网络错误'],
    ['1006', 'the user exited', '用户退出'],
    ['1007', 'transaction id invalid', 'TransactionId无效'],
    ['1008', 'an SDK module is missing', 'SDK模块缺失'],
    ['1009', 'device time wrong', '客户端时间戳错误'],
    ['1010', 'the app did not install the SDK', '应用未安装SDK'],
    ['1011', 'wrong document type', '提交证件类型错误'],
    ['1012', 'document data missing or malformed', '证件关键信息缺失或格式校验失败'],
    ['1013', 'poor image quality', '图片质量不佳'],
    ['1014', 'too many failed tries', '错误次数超出上限'],
    ['1015', 'Android version too low', '安卓系统版本过低'],
    ['1016', 'camera permission not given', '未获取到相机权限'],
    ['1017', 'product code empty', '产品码为空'],
    ['2000', 'NFC off or not set up', 'NFC未开启或未配置'],
    ['2002', 'device without NFC', '设备不支持NFC'],
    ['9999', 'interruption suspected', '疑似认证进程中断'],
  ])('code %s means: %s', (code, en, zh) => {
    expect(CODES[code]).toEqual({
      en,
      zh,
      ends: RESULT_CODES.includes(code) ? 'result' : 'interruption',
    });
    const { story, story_zh: told } = row({ VerifyStatus: '1', VerifyErrorCode: code });
    expect(story).toContain(`code ${code} (${en})`);
    expect(told).toContain(`${code}（${zh}）`);
  });

  it.each([
    ['活体检测页面', '活体检测页面'],
    ['活体检测', '活体检测页面'],
    ['OCR相机授权页面', 'OCR相机授权'],
    ['ocr识别Loading中', 'OCR识别loading中'],
    [' OCR 拍摄证件页面 ', 'OCR拍摄证件页面'],
    ['OCR拍摄证件页', 'OCR拍摄证件页面'],
    ['页面', undefined],
    ['', undefined],
    ['掌纹页面', undefined],
    [`OCR相机授权${' '.repeat(60)}`, undefined],
  ])('page %j is %j', (name, zh) => {
    expect(toPage(name)?.zh).toBe(zh);
  });

  it.each([
    ['FACE', 'FACE'],
    ['face', 'FACE'],
    [' ocr_scan ', 'OCR_SCAN'],
    ['OCR-SCAN', 'OCR_SCAN'],
    ['Nfc Read', 'NFC_READ'],
    ['OCR', undefined],
    ['constructor', undefined],
    [`FACE${' '.repeat(40)}`, undefined],
  ])('stage %j is %j', (name, stage) => {
    expect(toStage(name)).toBe(stage);
  });

  it.each([
    ['1006', { family: '1006', detail: undefined }],
    ['A1006_2', { family: '1006', detail: 2 }],
    ['a1003_8', { family: '1003', detail: 8 }],
    ['1002_1', { family: '1002', detail: 1 }],
    ['A1006', { family: '1006', detail: undefined }],
    ['A1003_12', { family: '1003', detail: 12 }],
    ['1099', undefined],
    ['11006', undefined],
    ['AB1006', undefined],
    ['1006_', undefined],
    ['1006_2x', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('code %j is %j', (text, parts) => {
    expect(toCodeParts(text)).toEqual(parts);
  });
});

describe('outcome', () => {
  it.each([
    ['0', 'finished'],
    ['1', 'interrupted'],
    ['2', 'not_started'],
    [' 1 ', 'interrupted'],
    [0, 'finished'],
    [1, 'interrupted'],
    ['3', 'unknown:3'],
    ['finished', 'unknown:finished'],
    ['constructor', 'unknown:constructor'],
    [true, 'unknown:true'],
    [{ a: 1 }, 'unknown:{"a":1}'],
    [['1'], 'unknown:["1"]'],
    ['', 'unknown:'],
    [null, 'unknown:'],
    ['x'.repeat(200), `unknown:${'x'.repeat(127)}…`],
  ])('status %j is %j', (status, journey) => {
    const { record } = recordOf({ VerifyStatus: status });
    expect(record.journey).toBe(journey);
    expect(record.unknown_count).toBe(journey.startsWith('unknown:') && journey !== 'unknown:' ? 1 : 0);
  });

  it.each([
    ['Y', 'Y', 0],
    ['n', 'N', 0],
    [' y', 'Y', 0],
    ['T', 'T', 1],
    [true, 'true', 1],
    ['', undefined, 0],
    [null, undefined, 0],
  ])('Passed %j is %j', (passed, expected, unknown) => {
    const record = row({ VerifyStatus: '0', Passed: passed });
    expect(record.passed).toBe(expected);
    expect(record.unknown_count).toBe(unknown);
  });

  it('takes numbers for texts', () => {
    expect(row({ VerifyStatus: 0, SubCode: 204, VerifyErrorCode: 1001, InterruptPage: 5 })).toMatchObject({
      sub_code: '204',
      verify_error_code: '1001',
      interrupt_page: '5',
    });
  });

  it('keeps a code in the form in which it came', () => {
    const record = row({ VerifyStatus: '1', VerifyErrorCode: ' A1006_1 ' });
    expect(record).toMatchObject({ verify_error_code: ' A1006_1 ', cause: 'user_left', unknown_count: 0 });
  });

  it('reads own members only', () => {
    const record = recordOf(Object.create({ VerifyStatus: '1' })).record;
    expect(record.journey).toBe('unknown:');
  });
});

describe('stage', () => {
  it.each([
    ['OCR_SCAN', '活体检测页面', 'OCR_SCAN'],
    ['ocr_scan', undefined, 'OCR_SCAN'],
    [undefined, '活体检测重试', 'FACE'],
    ['', 'OCR识别loading中', 'OCR_SCAN'],
    [undefined, 'OCR识别结果编辑loading中', 'OCR_RESULT'],
    [undefined, '活体检测引导页面', 'GUIDE'],
    [undefined, '页面未启动', 'LOADING'],
    ['PALM', '活体检测页面', 'unknown:PALM'],
    [undefined, '掌纹', 'unknown:掌纹'],
    [undefined, undefined, undefined],
  ])('of %j and %j is %j', (en, zh, stage) => {
    const record = row({ VerifyStatus: '1', InterruptPageEn: en, InterruptPage: zh });
    expect(record.stage).toBe(stage);
    expect(record.interrupt_page).toBe(zh);
    expect(record.interrupt_page_en).toBe(en === '' ? undefined : en);
  });
});

describe('stage reached', () => {
  const stays = (pageStayTimeInfo: unknown) => ({ LogStatisticsInfo: JSON.stringify({ pageStayTimeInfo }) });
  it.each([
    ['a stay', { VerifyStatus: '1', ...stays({ NFC_READ: 5, LOADING: 1 }) }, 6],
    ['a stay of 0 is none', { VerifyStatus: '1', ...stays({ FACE: 0, OCR_SCAN: 1 }) }, 3],
    ['a log line', { VerifyStatus: '1', LogInfoEn: ['2025-03-21 10:31:42 FACE_ENTER'] }, 7],
    ['a Chinese log line', { VerifyStatus: '1', LogInfo: ['2025-03-21 10:31:42 用户进入OCR编辑页面'] }, 4],
    ['the last page', { VerifyStatus: '1', InterruptPageEn: 'NFC_INPUT' }, 5],
    ['the Chinese page', { VerifyStatus: '1', InterruptPage: '活体检测loading中' }, 7],
    [
      'the further of two pages',
      { VerifyStatus: '1', InterruptPage: '活体检测页面', InterruptPageEn: 'GUIDE' },
      7,
    ],
    [
      'all together',
      {
        VerifyStatus: '1',
        InterruptPageEn: 'GUIDE',
        ...stays({ OCR_SCAN: 3 }),
        LogInfo: ['2025-03-21 10:31:42 OCR编辑阶段结束'],
      },
      4,
    ],
    ['interrupted, nowhere', { VerifyStatus: '1' }, 1],
    ['interrupted, page not started', { VerifyStatus: '1', InterruptPage: '页面未启动' }, 1],
    ['not started', { VerifyStatus: '2' }, 0],
    ['not started, on LOADING', { VerifyStatus: '2', InterruptPageEn: 'LOADING' }, 0],
    ['not started, with a loading stay', { VerifyStatus: '2', ...stays({ LOADING: 5 }) }, 1],
    ['not started, with a page', { VerifyStatus: '2', InterruptPageEn: 'GUIDE' }, 2],
    ['finished', { VerifyStatus: '0' }, 8],
    ['finished, on a page', { VerifyStatus: '0', InterruptPageEn: 'GUIDE' }, 8],
    ['no status', {}, undefined],
    ['no status, a page', { InterruptPageEn: 'LOADING' }, 1],
    ['no status, page not started', { InterruptPage: '页面未启动' }, 0],
  ])('%s', (_name, result, reached) => {
    expect(row(result).stage_reached).toBe(reached);
  });
});

describe('statistics', () => {
  const read = (value: unknown) => row({ VerifyStatus: '1', LogStatisticsInfo: value });

  it('reads text, an object, and text within text alike', () => {
    const value = { faceOverTimes: '2', hasFacePermissionRefuse: 'true', pageStayTimeInfo: { FACE: '8707' } };
    for (const form of [value, JSON.stringify(value), JSON.stringify(JSON.stringify(value))]) {
      expect(read(form)).toMatchObject({
        face_retries: 2,
        face_permission_refused: 'true',
        stay_face_ms: 8707,
        stay_total_ms: 8707,
        unknown_count: 0,
        log_coverage: 'partial',
      });
    }
    expect(read(JSON.stringify({ pageStayTimeInfo: '{"FACE":5}' })).stay_face_ms).toBe(5);
  });

  it('gives each counter, flag and stay its own column', () => {
    expect(
      read({
        faceOverTimes: 1,
        ocrOverTimes: 2,
        ocrEditTimes: 3,
        ocrEditOverTimes: 4,
        hasFacePermissionRefuse: true,
        hasOcrPermissionRefuse: false,
        pageStayTimeInfo: {
          LOADING: 1,
          GUIDE: 2,
          OCR_SCAN: 3,
          OCR_RESULT: 4,
          NFC_INPUT: 5,
          NFC_READ: 6,
          FACE: 7,
        },
      }),
    ).toMatchObject({
      face_retries: 1,
      ocr_retries: 2,
      ocr_edits: 3,
      ocr_edit_retries: 4,
      face_permission_refused: 'true',
      ocr_permission_refused: 'false',
      stay_loading_ms: 1,
      stay_guide_ms: 2,
      stay_ocr_scan_ms: 3,
      stay_ocr_result_ms: 4,
      stay_nfc_input_ms: 5,
      stay_nfc_read_ms: 6,
      stay_face_ms: 7,
      stay_total_ms: 28,
    });
  });

  it.each([
    [true, 'true'],
    ['TRUE', 'true'],
    [' y ', 'true'],
    ['1', 'true'],
    [1, 'true'],
    [false, 'false'],
    ['False', 'false'],
    ['n', 'false'],
    ['0', 'false'],
    [0, 'false'],
    [2, undefined],
    ['maybe', undefined],
    [[], undefined],
  ])('flag %j is %j', (value, expected) => {
    const record = read({ hasFacePermissionRefuse: value });
    expect(record.face_permission_refused).toBe(expected);
    expect(record.unknown_count).toBe(expected === undefined ? 1 : 0);
  });

  it('leaves out impossible values and names them', () => {
    const record = read({
      faceOverTimes: -1,
      ocrOverTimes: 'many',
      ocrEditTimes: null,
      ocrEditOverTimes: '',
      pageStayTimeInfo: { FACE: -5, OCR_SCAN: 2 ** 60, GUIDE: null, PALM: 40, LOADING: 2 },
      nfcOverTimes: 1,
    });
    for (const absent of [
      'face_retries',
      'ocr_retries',
      'ocr_edits',
      'ocr_edit_retries',
      'stay_face_ms',
      'stay_ocr_scan_ms',
      'stay_guide_ms',
    ]) {
      expect(record).not.toHaveProperty(absent);
    }
    expect(record).toMatchObject({ stay_loading_ms: 2, stay_total_ms: 42 });
    expect(record.unknown_values?.split(',').sort()).toEqual([
      'FACE:-5',
      'LogStatisticsInfo:nfcOverTimes',
      'OCR_SCAN:1152921504606847000',
      'faceOverTimes:-1',
      'ocrOverTimes:"many"',
      'pageStayTimeInfo:PALM',
    ]);
    expect(record.unknown_count).toBe(6);
  });

  it('adds up stays of one stage under two spellings, and gives up what no long holds', () => {
    expect(read({ pageStayTimeInfo: { FACE: 5, face: 7 } })).toMatchObject({
      stay_face_ms: 12,
      stay_total_ms: 12,
    });
    const most = Number.MAX_SAFE_INTEGER;
    const record = read({ pageStayTimeInfo: { FACE: most, face: 1, GUIDE: 3 } });
    expect(record).not.toHaveProperty('stay_face_ms');
    expect(record).not.toHaveProperty('stay_total_ms');
    expect(record.stay_guide_ms).toBe(3);
  });

  it.each([
    ['not json', 'LogStatisticsInfo:unreadable'],
    ['[1]', 'LogStatisticsInfo:unreadable'],
    [5, 'LogStatisticsInfo:unreadable'],
    [{ pageStayTimeInfo: 'x' }, 'pageStayTimeInfo:unreadable'],
    [{ pageStayTimeInfo: [1] }, 'pageStayTimeInfo:unreadable'],
    ['', undefined],
    [' ', undefined],
    [null, undefined],
    ['{}', undefined],
    [{ pageStayTimeInfo: null }, undefined],
    [{ pageStayTimeInfo: '' }, undefined],
  ])('%j says %j', (value, unknown) => {
    const record = read(value);
    expect(record.unknown_values).toBe(unknown);
    expect(record.unknown_count).toBe(unknown === undefined ? 0 : 1);
    expect(record).not.toHaveProperty('stay_total_ms');
  });
});

describe('hidden time and coverage', () => {
  const lines = ['2025-03-21 10:00:00 LOADING_ENTER', '2025-03-21 10:00:30 OCR_SCAN_ENTER'];
  const stats = (ms: number) => JSON.stringify({ pageStayTimeInfo: { OCR_SCAN: ms } });

  it.each([
    [12_000, 18_000],
    [30_000, 0],
    [30_500, 0],
    [90_000, 0],
  ])('of a span of 30 s and %i ms of stays is %i ms', (ms, hiddenMs) => {
    const record = row({ VerifyStatus: '1', LogInfoEn: lines, LogStatisticsInfo: stats(ms) });
    expect(record).toMatchObject({ span_ms: 30_000, stay_total_ms: ms, hidden_ms: hiddenMs });
  });

  it('is absent when one of the two is', () => {
    expect(row({ LogInfoEn: lines })).not.toHaveProperty('hidden_ms');
    expect(row({ LogStatisticsInfo: stats(5) })).not.toHaveProperty('hidden_ms');
  });

  it.each([
    [['LogInfo', 'LogInfoEn', 'LogStatisticsInfo'], 'full'],
    [['LogInfo', 'LogInfoEn'], 'partial'],
    [['LogInfo', 'LogStatisticsInfo'], 'partial'],
    [['LogInfoEn'], 'partial'],
    [['LogStatisticsInfo'], 'partial'],
    [[], 'none'],
  ])('%j is coverage %s', (members, coverage) => {
    const all: Record<string, unknown> = {
      LogInfo: ['x'],
      LogInfoEn: ['x'],
      LogStatisticsInfo: statistics({}),
    };
    const result = Object.fromEntries(members.map((member) => [member, all[member]]));
    expect(row(result).log_coverage).toBe(coverage);
    const empty = { LogInfo: [], LogInfoEn: ['[]'], LogStatisticsInfo: '{}', ...result };
    expect(row(empty).log_coverage).toBe(coverage);
  });
});

describe('values outside the documents', () => {
  it('are named and counted, lines included', () => {
    const record = row({
      VerifyStatus: '9',
      Passed: 'Z',
      VerifyErrorCode: '1099',
      InterruptPage: '掌纹',
      InterruptPageEn: 'PALM',
      LogInfo: ['a', 'b', '2025-03-21 10:00:00 c'],
      Novelty: 1,
      SubCode: '999',
      ExtInfo: 'anything',
    });
    expect(record.unknown_values?.split(',').sort()).toEqual([
      'InterruptPage:掌纹',
      'InterruptPageEn:PALM',
      'LogInfo:2 unreadable lines',
      'Passed:Z',
      'Result:Novelty',
      'VerifyErrorCode:1099',
      'VerifyStatus:9',
    ]);
    expect(record.unknown_count).toBe(8);
  });

  it.each([
    [5, '5'],
    ['text', '"text"'],
    [[], '[]'],
    [true, 'true'],
  ])('a Result %j is one itself', (result, shown) => {
    expect(row(result).unknown_values).toBe(`Result:${shown}`);
    expect(row(result).unknown_count).toBe(1);
  });
});
