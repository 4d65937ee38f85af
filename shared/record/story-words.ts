import type { Stage } from '../logstores/values.ts';

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

export const ENGLISH = {
  language: 'en' as 'en' | 'zh',
  sentenceGap: ' ',
  sentence: (text: string) => `${text}.`,
  provisional: (text: string) => `Provisional: ${text}`,
  list: (items: readonly string[]) =>
    items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`,
  withObstacles: (obstacles: string) => `, with ${obstacles}`,
  finished: (passed: string | undefined, subCode: string | undefined) => {
    if (passed === 'Y') return 'Finished and passed';
    if (passed === 'N')
      return `Finished and not passed${subCode === undefined ? '' : ` (sub code ${subCode})`}`;
    return 'Finished, with no decision in the data';
  },
  onPages: (ms: number) => `, after ${enTime(ms)} on the pages`,
  /** `passed` is empty when no task was passed. */
  gotTo: (furthest: string, passed: string) =>
    passed === '' ? `Got as far as ${furthest}` : `Passed ${passed}, got as far as ${furthest}`,
  gotSomewhere: 'Started and not finished; how far it got is not on record',
  notStarted: 'Never started: neither time on a page nor a log line is on record',
  notStartedButActive: 'Marked as never started, though page times, log lines or a later page are on record',
  unknownStatus: (raw: string) =>
    raw === '' ? 'The answer has no status' : `The status ${raw} is not documented`,
  lastPage: (name: string, otherwise: Stage | undefined, stayMs: number | undefined) =>
    `; last page: ${name}${otherwise === undefined ? '' : ` (the English field says ${otherwise})`}${
      stayMs === undefined ? '' : `, ${enTime(stayMs)} on that stage`
    }`,
  ocrRetries: (count: number) =>
    plural(count, 'retry of the document capture', 'retries of the document capture'),
  ocrEdits: (count: number) =>
    plural(count, 'correction of the recognised data', 'corrections of the recognised data'),
  ocrEditRetries: (count: number) => plural(count, 'retry of the correction', 'retries of the correction'),
  faceRetries: (count: number) => plural(count, 'liveness retry', 'liveness retries'),
  ocrRefused: 'the camera refused in the document step',
  faceRefused: 'the camera refused in the liveness step',
  endedWith: (code: string | undefined, meaning: string | undefined) => {
    if (code === undefined) return 'No code says how it ended';
    return `It ended with code ${code} (${meaning ?? 'not documented'})`;
  },
  nothingEnded: 'No code came with it',
  likelyCause: (cause: string, confidence: string) => `; likely cause: ${cause}, ${confidence} confidence`,
  causeUnknown: '; the data does not say why',
  contradicted: (count: number) => `; ${plural(count, 'contradiction', 'contradictions')} in the data`,
  couldHelp: (help: string) => `; what could help: ${help}`,
  withoutLog: (why: string, code: string, attempt: number | undefined) =>
    `No session log: ${why} (${
      code === '' ? '' : `code ${code}, `
    }${attempt === undefined ? 'attempts unknown' : plural(attempt, 'attempt', 'attempts')}).`,
};

/** The words of one language. A story is built the same way in both: only these differ. */
export type Words = typeof ENGLISH;

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
  withoutLog: (why, code, attempt) =>
    `没有认证日志：${why}（${code === '' ? '' : `返回码${code}，`}${
      attempt === undefined ? '查询次数未知' : `查询${attempt}次`
    }）。`,
};
