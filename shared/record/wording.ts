import { type EventKind, STAGES, type Stage } from '../logstores/values.ts';

/**
 * What a log line is about, from its wording. Only the official example's 15 Chinese phrases and six English codes are
 * documented, so both vocabularies are open: Chinese is read by its verbs, English codes by suffix, then prefix.
 */
export interface Wording {
  readonly kind: EventKind;
  readonly stage: Stage | undefined;
}

/** A longer line is not read to its end. */
const READ_LENGTH = 256;
const CJK = /[\u3400-\u9FFF]/;

/** The same few dozen phrases make up nearly every log, so what they say is looked up. */
const REMEMBERED_MAX = 1_000;
const remembered = new Map<string, Wording>();

export function readWording(text: string): Wording {
  const line = text.length > READ_LENGTH ? text.slice(0, READ_LENGTH) : text;
  const known = remembered.get(line);
  if (known !== undefined) return known;
  const wording = CJK.test(line) ? readChinese(line) : readCode(line);
  // A slice keeps its whole source text alive, so a cut line is not remembered.
  if (line === text && remembered.size < REMEMBERED_MAX) remembered.set(line, wording);
  return wording;
}

/** First match wins: a click on a button called "retry" is a click, a dialog that opens is a dialog. */
const CHINESE_KINDS: readonly (readonly [RegExp, EventKind])[] = [
  [/点击|点选|轻触|按下/, 'click'],
  [/重试$/, 'retry'],
  [/弹窗|弹框|弹层|对话框|弹出/, 'popup'],
  [/进入/, 'enter'],
  [/重试|重新|重拍/, 'retry'],
  [/结束|退出|离开|完成|关闭/, 'exit'],
  [/(?<!未)(?:开始|启动|展示|显示|打开)/, 'enter'],
];

const CHINESE_STAGES: readonly (readonly [RegExp, Stage])[] = [
  [/引导|指引/, 'GUIDE'],
  [/NFC.*(?:输入|录入|填写|编辑)/i, 'NFC_INPUT'],
  [/NFC/i, 'NFC_READ'],
  [/OCR.*(?:编辑|结果|确认)/i, 'OCR_RESULT'],
  [/活体|人脸|刷脸/, 'FACE'],
  [/OCR|证件/i, 'OCR_SCAN'],
  [/loading|加载|初始化/i, 'LOADING'],
];

function readChinese(line: string): Wording {
  // "OCR编辑阶段点击OCR结果…": what comes before 阶段 (stage) names the stage; the rest may name another.
  const end = line.indexOf('阶段');
  const named = end > 0 ? firstMatch(CHINESE_STAGES, line.slice(0, end)) : undefined;
  return {
    kind: firstMatch(CHINESE_KINDS, line) ?? 'other',
    stage: named ?? firstMatch(CHINESE_STAGES, line),
  };
}

function firstMatch<T>(rules: readonly (readonly [RegExp, T])[], line: string): T | undefined {
  for (const [pattern, value] of rules) if (pattern.test(line)) return value;
  return undefined;
}

const CODE_KINDS: Readonly<Record<string, EventKind>> = {
  CLICK: 'click',
  CLICKED: 'click',
  TAP: 'click',
  PRESS: 'click',
  POPUP: 'popup',
  DIALOG: 'popup',
  ALERT: 'popup',
  MODAL: 'popup',
  RETRY: 'retry',
  RETRIES: 'retry',
  RETAKE: 'retry',
  ENTER: 'enter',
  SHOW: 'enter',
  START: 'enter',
  BEGIN: 'enter',
  OPEN: 'enter',
  EXIT: 'exit',
  LEAVE: 'exit',
  END: 'exit',
  FINISH: 'exit',
  CLOSE: 'exit',
  QUIT: 'exit',
  HIDE: 'exit',
};

function readCode(line: string): Wording {
  const words = line.toUpperCase().match(/[A-Z0-9]+/g) ?? [];
  return { kind: kindOfCode(words), stage: stageOfCode(words) };
}

/** Suffix before prefix; a dialog's own show and close are dialog lines, a click or a retry in it is not. */
function kindOfCode(words: readonly string[]): EventKind {
  const last = kindOfWord(words.at(-1));
  if (last === 'click' || last === 'retry') return last;
  if (words.some((word) => kindOfWord(word) === 'popup')) return 'popup';
  return last ?? kindOfWord(words[0]) ?? words.map(kindOfWord).find((kind) => kind !== undefined) ?? 'other';
}

function kindOfWord(word: string | undefined): EventKind | undefined {
  return word !== undefined && Object.hasOwn(CODE_KINDS, word) ? CODE_KINDS[word] : undefined;
}

function stageOfCode(words: readonly string[]): Stage | undefined {
  const has = (...names: readonly string[]) => names.some((name) => words.includes(name));
  // As among the pages, the guide of a step is a guide page.
  if (has('GUIDE')) return 'GUIDE';
  const code = `_${words.join('_')}_`;
  const named = STAGES.find((stage) => code.startsWith(`_${stage}_`));
  if (named !== undefined) return named;
  if (has('NFC')) return has('INPUT', 'EDIT') ? 'NFC_INPUT' : 'NFC_READ';
  if (has('OCR')) return has('RESULT', 'EDIT', 'CONFIRM') ? 'OCR_RESULT' : 'OCR_SCAN';
  if (has('FACE', 'LIVENESS')) return 'FACE';
  return has('LOADING') ? 'LOADING' : undefined;
}
