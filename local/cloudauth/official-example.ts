import type { Session, VerifyLogResult } from './session-types.ts';

/**
 * The example of the operation's own documentation, to the letter, fields that contradict each other included:
 * Passed with an interrupted session, a LOADING page with 8.7 seconds on the liveness page.
 * From the official metadata of CheckVerifyLog 2022-08-09 (responseDemo), published 2025-09-19.
 */
const ZH_LINES = [
  '2025-03-21 10:31:25 Loading阶段结束',
  '2025-03-21 10:31:25 用户进入OCR页面',
  '2025-03-21 10:31:39 OCR认证阶段点击相册选择按钮',
  '2025-03-21 10:31:39 OCR认证阶段点击OCR提交按钮',
  '2025-03-21 10:31:42 OCR认证阶段中断弹窗弹出',
  '2025-03-21 10:31:43 OCR认证阶段中断重试',
  '2025-03-21 10:31:43 OCR认证阶段中断弹窗关闭',
  '2025-03-21 10:31:59 OCR认证阶段点击相册选择按钮',
  '2025-03-21 10:31:59 OCR认证阶段点击OCR提交按钮',
  '2025-03-21 10:32:02 OCR认证阶段结束',
  '2025-03-21 10:32:02 用户进入OCR编辑页面',
  '2025-03-21 10:32:03 OCR编辑阶段点击OCR结果确认无误按钮',
  '2025-03-21 10:32:04 OCR编辑阶段结束',
  '2025-03-21 10:32:04 用户进入活体页面',
  '2025-03-21 10:32:12 活体检测阶段结束',
];

const EN_LINES = [
  '2025-03-21 10:31:25 LOADING_ENTER',
  '2025-03-21 10:31:25 LOADING_EXIT',
  '2025-03-21 10:31:39 GUIDE_PAGE_SHOW',
  '2025-03-21 10:31:39 GUIDE_PAGE_LEAVE',
  '2025-03-21 10:31:42 FACE_ENTER',
  '2025-03-21 10:31:43 FACE_EXIT',
];

const STATISTICS = {
  faceOverTimes: 0,
  hasFaceOverTimes: false,
  hasFacePermissionRefuse: false,
  hasOcrEdit: true,
  hasOcrEditOverTimes: false,
  hasOcrOverTimes: true,
  hasOcrPermissionRefuse: false,
  ocrEditOverTimes: 0,
  ocrEditTimes: 1,
  ocrOverTimes: 1,
  pageStayTimeInfo: { LOADING: '1615', OCR_SCAN: '37446', OCR_RESULT: '1338', FACE: '8707' },
};

export const OFFICIAL_TRANSACTION_ID = 'hksb7ba1b28130d24e015d694361bee4';

export const OFFICIAL_RESULT: Readonly<Required<VerifyLogResult>> = {
  Passed: 'Y',
  SubCode: '200',
  VerifyStatus: '1',
  InterruptPage: 'OCR拍摄证件页面',
  VerifyErrorCode: '1001',
  LogInfo: [indented(ZH_LINES, 6, 4)],
  ExtInfo: '{}',
  LogStatisticsInfo: indented(STATISTICS, 10, 8),
  LogInfoEn: [indented(EN_LINES, 2, 0)],
  InterruptPageEn: 'LOADING',
};

/** The documentation's layout: members at `inner` spaces, the closing bracket at `outer`. */
function indented(value: object, inner: number, outer: number): string {
  const step = inner - outer;
  return JSON.stringify(value, null, step).replaceAll('\n', () => `\n${' '.repeat(outer)}`);
}

export function officialSession(initializedAtMs: number): Session {
  return {
    transactionId: OFFICIAL_TRANSACTION_ID,
    merchantBizId: 'e0c34a7b2f5d4c6e9a1b8d0f2c353888',
    initializedAtMs,
    labels: {
      platform: 'web',
      os_version: 'chrome',
      app_version: '2.9.0',
      channel: 'organic',
      country: 'HK',
      product_code: 'eKYC',
    },
    result: OFFICIAL_RESULT,
    truth: {
      journey: 'interrupted',
      stage: 'LOADING',
      stageReached: 7,
      entered: ['LOADING', 'OCR_SCAN', 'GUIDE', 'OCR_RESULT', 'FACE'],
      cause: undefined,
      passed: true,
      verifyErrorCode: '1001',
      staysMs: { LOADING: 1_615, OCR_SCAN: 37_446, OCR_RESULT: 1_338, FACE: 8_707 },
      faceRetries: 0,
      ocrRetries: 1,
      ocrEdits: 1,
      ocrEditRetries: 0,
      facePermissionRefused: false,
      ocrPermissionRefused: false,
      permissionOutcome: 'none',
      zhEvents: ZH_LINES.length,
      enEvents: EN_LINES.length,
      encoding: 'json',
      statistics: true,
      official: true,
    },
    unfinished: [],
  };
}
