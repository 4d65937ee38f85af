import type { Cause, Confidence, Stage } from '../logstores/records.ts';

/** The words of one language. A story is the same in both: only these differ. */
export interface Words {
  readonly language: 'en' | 'zh';
  readonly sentenceGap: string;
  readonly sentence: (text: string) => string;
  readonly provisional: (text: string) => string;
  readonly list: (items: readonly string[]) => string;
  readonly withObstacles: (obstacles: string) => string;
  readonly finished: (passed: string | undefined, subCode: string | undefined) => string;
  readonly onPages: (ms: number) => string;
  /** `passed` is empty when nothing was. */
  readonly gotTo: (furthest: string, passed: string) => string;
  readonly gotSomewhere: string;
  readonly notStarted: string;
  readonly notStartedButActive: string;
  readonly unknownStatus: (raw: string) => string;
  readonly lastPage: (name: string, otherwise: Stage | undefined, stayMs: number | undefined) => string;
  readonly ocrRetries: (count: number) => string;
  readonly ocrEdits: (count: number) => string;
  readonly ocrEditRetries: (count: number) => string;
  readonly faceRetries: (count: number) => string;
  readonly ocrRefused: string;
  readonly faceRefused: string;
  readonly endedWith: (code: string | undefined, meaning: string | undefined) => string;
  readonly nothingEnded: string;
  readonly likelyCause: (cause: string, confidence: string) => string;
  readonly causeUnknown: string;
  readonly contradicted: (count: number) => string;
  readonly couldHelp: (help: string) => string;
  readonly withoutAnswer: (disposition: string, code: string, attempt: number | undefined) => string;
  readonly stages: Readonly<Record<Stage, string>>;
  readonly causes: Readonly<Record<Cause, string>>;
  readonly confidences: Readonly<Record<Confidence, string>>;
  /** What the team could do; nothing where there is nothing to win back. */
  readonly help: Readonly<Partial<Record<Cause, string>>>;
}

const MINUTE_MS = 60_000;

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function timeText(ms: number, [minute, second]: readonly [string, string]): string {
  if (ms < MINUTE_MS) return `${(ms / 1000).toFixed(1)}${second}`;
  return `${Math.floor(ms / MINUTE_MS)}${minute}${Math.floor((ms % MINUTE_MS) / 1000)}${second}`;
}

const enTime = (ms: number) => timeText(ms, [' min ', ' s']);
const zhTime = (ms: number) => timeText(ms, ['分', '秒']);

const EN_NO_ANSWER: Readonly<Record<string, string>> = {
  not_completed: 'the service still calls the session not completed',
  invalid: 'the transaction cannot be asked about',
  expired: 'the transaction is older than logs are kept',
  gave_up: 'the service gave no usable answer',
};

const ZH_NO_ANSWER: Readonly<Record<string, string>> = {
  not_completed: '服务仍返回认证未完成',
  invalid: '该事务无法查询',
  expired: '该事务已超过日志保存期',
  gave_up: '服务未给出可用应答',
};

export const ENGLISH: Words = {
  language: 'en',
  sentenceGap: ' ',
  sentence: (text) => `${text}.`,
  provisional: (text) => `Provisional: ${text}`,
  list: (items) =>
    items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`,
  withObstacles: (obstacles) => `, with ${obstacles}`,
  finished: (passed, subCode) => {
    if (passed === 'Y') return 'Finished and passed';
    if (passed === 'N')
      return `Finished and not passed${subCode === undefined ? '' : ` (sub code ${subCode})`}`;
    return 'Finished, with no decision in the data';
  },
  onPages: (ms) => `, after ${enTime(ms)} on the pages`,
  gotTo: (furthest, passed) =>
    passed === '' ? `Got as far as ${furthest}` : `Passed ${passed}, got as far as ${furthest}`,
  gotSomewhere: 'Started and not finished; how far it got is not on record',
  notStarted: 'Never started: neither time on a page nor a log line is on record',
  notStartedButActive: 'Marked as never started, though page times, log lines or a later page are on record',
  unknownStatus: (raw) => (raw === '' ? 'The answer has no status' : `The status ${raw} is not documented`),
  lastPage: (name, otherwise, stayMs) =>
    `; last page: ${name}${otherwise === undefined ? '' : ` (the English field says ${otherwise})`}${
      stayMs === undefined ? '' : `, ${enTime(stayMs)} on that stage`
    }`,
  ocrRetries: (count) => plural(count, 'retry of the document capture', 'retries of the document capture'),
  ocrEdits: (count) =>
    plural(count, 'correction of the recognised data', 'corrections of the recognised data'),
  ocrEditRetries: (count) => plural(count, 'retry of the correction', 'retries of the correction'),
  faceRetries: (count) => plural(count, 'liveness retry', 'liveness retries'),
  ocrRefused: 'the camera refused in the document step',
  faceRefused: 'the camera refused in the liveness step',
  endedWith: (code, meaning) => {
    if (code === undefined) return 'No code says how it ended';
    return `It ended with code ${code} (${meaning ?? 'not documented'})`;
  },
  nothingEnded: 'No code came with it',
  likelyCause: (cause, confidence) => `; likely cause: ${cause}, ${confidence} confidence`,
  causeUnknown: '; the data does not say why',
  contradicted: (count) => `; ${plural(count, 'contradiction', 'contradictions')} in the data`,
  couldHelp: (help) => `; what could help: ${help}`,
  withoutAnswer: (disposition, code, attempt) =>
    `No session log: ${EN_NO_ANSWER[disposition] ?? 'there was no answer'} (${
      code === '' ? '' : `code ${code}, `
    }${attempt === undefined ? 'attempts unknown' : plural(attempt, 'attempt', 'attempts')}).`,
  stages: {
    LOADING: 'the loading page',
    GUIDE: 'the guide page',
    OCR_SCAN: 'the document capture',
    OCR_RESULT: 'the check of the recognised data',
    NFC_INPUT: 'the NFC input',
    NFC_READ: 'the NFC reading',
    FACE: 'the liveness check',
  },
  causes: {
    passed: 'passed',
    rejected: 'not passed',
    user_left: 'the person left',
    camera_permission: 'camera permission',
    capture_quality: 'captures that failed',
    document: 'the document or its data',
    retry_limit: 'too many failed tries',
    network: 'the network',
    device: 'the device or the app build on it',
    clock: "the device's clock",
    vendor_error: 'an error in the service or in how it is called',
    never_opened: 'never opened',
    suspected_interruption: 'an interruption',
    transaction_invalid: 'an invalid transaction id',
    unknown: 'unknown',
  },
  confidences: { high: 'high', medium: 'medium', low: 'low' },
  help: {
    user_left: 'an invitation to go on',
    camera_permission: 'saying before the prompt what the camera is for and how to allow it',
    capture_quality: 'showing how to hold still and find light, or another way to verify',
    document: 'saying which documents are taken and what must be readable',
    retry_limit: 'a new session, with guidance before the first try',
    network: 'an invitation for when the connection is better',
    device: 'another device, or a build and settings with what the solution needs',
    clock: 'asking to set the device time automatically',
    vendor_error: "checking how the SDK is called, then the service's support",
    never_opened: 'sending the link again',
    suspected_interruption: 'an invitation to start again',
    transaction_invalid: 'a new session, and a look at which id the app is given',
  },
};

export const CHINESE: Words = {
  language: 'zh',
  sentenceGap: '',
  sentence: (text) => `${text}。`,
  provisional: (text) => `暂定：${text}`,
  list: (items) => items.join('、'),
  withObstacles: (obstacles) => `，期间${obstacles}`,
  finished: (passed, subCode) => {
    if (passed === 'Y') return '认证完成并通过';
    if (passed === 'N') return `认证完成但未通过${subCode === undefined ? '' : `（子结果码${subCode}）`}`;
    return '认证完成，数据中没有结论';
  },
  onPages: (ms) => `，页面停留共${zhTime(ms)}`,
  gotTo: (furthest, passed) => `${passed === '' ? '' : `已通过${passed}，`}最远到达${furthest}`,
  gotSomewhere: '已开始但未完成，未记录到达的位置',
  notStarted: '未开始认证：没有页面停留或日志记录',
  notStartedButActive: '状态为未开始认证，但有页面停留、日志或后续页面的记录',
  unknownStatus: (raw) => (raw === '' ? '应答中没有认证状态' : `认证状态${raw}不在文档所列之内`),
  lastPage: (name, otherwise, stayMs) =>
    `，最后页面：${name}${otherwise === undefined ? '' : `（英文字段为${otherwise}）`}${
      stayMs === undefined ? '' : `，该阶段停留${zhTime(stayMs)}`
    }`,
  ocrRetries: (count) => `证件拍摄重试${count}次`,
  ocrEdits: (count) => `识别结果修改${count}次`,
  ocrEditRetries: (count) => `修改重试${count}次`,
  faceRetries: (count) => `活体检测重试${count}次`,
  ocrRefused: '证件步骤拒绝相机权限',
  faceRefused: '活体步骤拒绝相机权限',
  endedWith: (code, meaning) => {
    if (code === undefined) return '没有错误码说明如何结束';
    return `结束时错误码为${code}（${meaning ?? '文档未列出'}）`;
  },
  nothingEnded: '没有错误码',
  likelyCause: (cause, confidence) => `；可能原因：${cause}，可信度${confidence}`,
  causeUnknown: '；数据未说明原因',
  contradicted: (count) => `；数据中有${count}处矛盾`,
  couldHelp: (help) => `；可以尝试：${help}`,
  withoutAnswer: (disposition, code, attempt) =>
    `没有认证日志：${ZH_NO_ANSWER[disposition] ?? '没有应答'}（${code === '' ? '' : `返回码${code}，`}${
      attempt === undefined ? '查询次数未知' : `查询${attempt}次`
    }）。`,
  stages: {
    LOADING: '加载页面',
    GUIDE: '引导页面',
    OCR_SCAN: '证件拍摄阶段',
    OCR_RESULT: '识别结果确认阶段',
    NFC_INPUT: 'NFC信息输入阶段',
    NFC_READ: 'NFC读取阶段',
    FACE: '活体检测阶段',
  },
  causes: {
    passed: '通过',
    rejected: '未通过',
    user_left: '用户离开',
    camera_permission: '相机权限',
    capture_quality: '拍摄未成功',
    document: '证件或其信息',
    retry_limit: '失败次数过多',
    network: '网络',
    device: '设备或其上的应用版本',
    clock: '设备时间',
    vendor_error: '服务或其调用方式出错',
    never_opened: '从未打开',
    suspected_interruption: '进程中断',
    transaction_invalid: 'TransactionId无效',
    unknown: '未知',
  },
  confidences: { high: '高', medium: '中', low: '低' },
  help: {
    user_left: '邀请用户继续',
    camera_permission: '在弹出授权前说明相机用途及开启方法',
    capture_quality: '提示保持稳定和光线充足，或提供其他认证方式',
    document: '说明可用的证件及须清晰可读的信息',
    retry_limit: '在首次尝试前给出指引，并重新发起认证',
    network: '在网络较好时再次邀请',
    device: '换用其他设备，或使用满足方案要求的应用版本和设置',
    clock: '请用户将设备时间设为自动',
    vendor_error: '检查SDK调用方式，再联系服务支持',
    never_opened: '再次发送链接',
    suspected_interruption: '邀请用户重新开始',
    transaction_invalid: '重新发起认证，并检查应用收到的TransactionId',
  },
};
