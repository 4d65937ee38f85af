/** The meaning of a documented VerifyErrorCode. */
export interface Code {
  readonly en: string;
  readonly zh: string;
  /** `result`: the person got as far as a result; `interruption`: the session stopped short of one. */
  readonly ends: 'result' | 'interruption';
}

/**
 * 1000 to 9999 as the API lists them (metadata of CheckVerifyLog, revision of 2025-12-19); 1008, 1010, 1017, 2000
 * and 2002 only as the client SDK does
 * (https://www.alibabacloud.com/help/zh/ekyc/latest/native-sdk-client-result-codes-and-result-subcodes, read
 * 2026-11-23).
 */
export const CODES: Readonly<Record<string, Code>> = {
  '1000': { en: 'face step done, pass suggested', zh: '完成刷脸，建议通过', ends: 'result' },
  '1001': { en: 'face step done, no pass suggested', zh: '完成刷脸，建议不通过', ends: 'result' },
  '1002': { en: 'system error', zh: '系统错误', ends: 'interruption' },
  '1003': {
    en: 'SDK start failed, the device clock is to be checked',
    zh: 'SDK初始化失败，需确认客户端时间',
    ends: 'interruption',
  },
  '1004': { en: 'camera permission error', zh: '相机权限错误', ends: 'interruption' },
  '1005': { en: 'network error', zh: '网络错误', ends: 'interruption' },
  '1006': { en: 'the user exited', zh: '用户退出', ends: 'interruption' },
  '1007': { en: 'transaction id invalid', zh: 'TransactionId无效', ends: 'interruption' },
  '1008': { en: 'an SDK module is missing', zh: 'SDK模块缺失', ends: 'interruption' },
  '1009': { en: 'device time wrong', zh: '客户端时间戳错误', ends: 'interruption' },
  '1010': { en: 'the app did not install the SDK', zh: '应用未安装SDK', ends: 'interruption' },
  '1011': { en: 'wrong document type', zh: '提交证件类型错误', ends: 'interruption' },
  '1012': {
    en: 'document data missing or malformed',
    zh: '证件关键信息缺失或格式校验失败',
    ends: 'interruption',
  },
  '1013': { en: 'poor image quality', zh: '图片质量不佳', ends: 'interruption' },
  '1014': { en: 'too many failed tries', zh: '错误次数超出上限', ends: 'interruption' },
  '1015': { en: 'Android version too low', zh: '安卓系统版本过低', ends: 'interruption' },
  '1016': { en: 'camera permission not given', zh: '未获取到相机权限', ends: 'interruption' },
  '1017': { en: 'product code empty', zh: '产品码为空', ends: 'interruption' },
  '2000': { en: 'NFC off or not set up', zh: 'NFC未开启或未配置', ends: 'interruption' },
  '2002': { en: 'device without NFC', zh: '设备不支持NFC', ends: 'interruption' },
  '9999': { en: 'interruption suspected', zh: '疑似认证进程中断', ends: 'interruption' },
};

/** A code in the API's form (1006) or in the client SDK's finer one (A1006_2). */
const FORM = /^[A-Z]?(\d{4})(?:_(\d{1,3}))?$/i;

export interface CodeParts {
  /** A key of CODES. */
  readonly family: string;
  /** The number after the underscore, such as 2 in A1006_2. */
  readonly detail: number | undefined;
}

/** Undefined for what is not documented. */
export function toCodeParts(text: string): CodeParts | undefined {
  if (Object.hasOwn(CODES, text)) return { family: text, detail: undefined };
  const [, family, detail] = FORM.exec(text) ?? [];
  if (family === undefined || !Object.hasOwn(CODES, family)) return undefined;
  return { family, detail: detail === undefined ? undefined : Number(detail) };
}
