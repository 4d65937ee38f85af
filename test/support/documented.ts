/** What the documents list, written down by hand: expectations must not come from the lists of the code under test. */

/** VerifyErrorCode as the API lists it: metadata of CheckVerifyLog, revision of 2025-12-19. */
export const API_CODES = [
  1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1009, 1011, 1012, 1013, 1014, 1015, 1016, 9999,
].map(String);

/** The same with those that only the client SDK lists. */
export const DOCUMENTED_CODES = [...API_CODES, '1008', '1010', '1017', '2000', '2002'].sort();

/** Those with which the person went through to a result. */
export const RESULT_CODES = ['1000', '1001'];

/** InterruptPage. */
export const DOCUMENTED_PAGES = [
  '页面未启动',
  'OCR引导页面',
  'OCR相机授权',
  'OCR拍摄证件页面',
  'OCR识别loading中',
  'OCR识别结果编辑页面',
  'OCR识别结果编辑loading中',
  '活体检测引导页面',
  '活体检测相机授权页面',
  '活体检测页面',
  '活体检测降级页面',
  '活体检测重试',
  '活体检测loading中',
];

/** InterruptPageEn, in the order of the flow. */
export const DOCUMENTED_STAGES = [
  'LOADING',
  'GUIDE',
  'OCR_SCAN',
  'OCR_RESULT',
  'NFC_INPUT',
  'NFC_READ',
  'FACE',
];

/** Values of `cause` that readers of the records are promised. */
export const PROMISED_CAUSES = [
  'passed',
  'rejected',
  'user_left',
  'camera_permission',
  'capture_quality',
  'document',
  'retry_limit',
  'network',
  'device',
  'clock',
  'vendor_error',
  'never_opened',
  'suspected_interruption',
  'transaction_invalid',
  'unknown',
];
