/**
 * The answer's Result as the official documents show it: response example of CheckVerifyLog in the API metadata
 * (zh_cn, cloudauth-intl 2022-08-09, revision of 2025-12-19, read 2026-11-23), its white space in the packed arrays
 * shortened. Each log is one element that is itself a JSON array.
 */
export const ZH_LINES = [
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

export const EN_LINES = [
  '2025-03-21 10:31:25 LOADING_ENTER',
  '2025-03-21 10:31:25 LOADING_EXIT',
  '2025-03-21 10:31:39 GUIDE_PAGE_SHOW',
  '2025-03-21 10:31:39 GUIDE_PAGE_LEAVE',
  '2025-03-21 10:31:42 FACE_ENTER',
  '2025-03-21 10:31:43 FACE_EXIT',
];

export const OFFICIAL_RESULT = {
  Passed: 'Y',
  SubCode: '200',
  VerifyStatus: '1',
  InterruptPage: 'OCR拍摄证件页面',
  VerifyErrorCode: '1001',
  LogInfo: [JSON.stringify(ZH_LINES, null, 1)],
  ExtInfo: '{}',
  LogStatisticsInfo: JSON.stringify({
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
  }),
  LogInfoEn: [JSON.stringify(EN_LINES, null, 1)],
  InterruptPageEn: 'LOADING',
};
