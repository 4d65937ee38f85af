import { chance, humanMs, type Random } from './random.ts';
import type { Cause, Counters, SessionLabels, Stage } from './session-types.ts';

/**
 * The pages a session can end on. The Chinese names are the documented ones, word for word; the service gives
 * none for NFC. Which English stage belongs to which page is not documented: it follows from the words.
 */
interface Page {
  readonly zh?: string;
  readonly en: Stage;
}

export const PAGES = {
  unopened: { zh: '页面未启动', en: 'LOADING' },
  ocrGuide: { zh: 'OCR引导页面', en: 'GUIDE' },
  ocrPermission: { zh: 'OCR相机授权', en: 'OCR_SCAN' },
  ocrShoot: { zh: 'OCR拍摄证件页面', en: 'OCR_SCAN' },
  ocrWait: { zh: 'OCR识别loading中', en: 'OCR_SCAN' },
  ocrEdit: { zh: 'OCR识别结果编辑页面', en: 'OCR_RESULT' },
  ocrEditWait: { zh: 'OCR识别结果编辑loading中', en: 'OCR_RESULT' },
  nfcInput: { en: 'NFC_INPUT' },
  nfcRead: { en: 'NFC_READ' },
  faceGuide: { zh: '活体检测引导页面', en: 'GUIDE' },
  facePermission: { zh: '活体检测相机授权页面', en: 'FACE' },
  faceShoot: { zh: '活体检测页面', en: 'FACE' },
  faceFallback: { zh: '活体检测降级页面', en: 'FACE' },
  faceRetry: { zh: '活体检测重试', en: 'FACE' },
  faceWait: { zh: '活体检测loading中', en: 'FACE' },
} as const satisfies Record<string, Page>;

export type PageKey = keyof typeof PAGES;

/**
 * What a stage is called in log lines. The whole vocabulary is not documented: OCR认证, OCR编辑, 活体检测 and the
 * English LOADING, GUIDE_PAGE and FACE stand in the official example, the others follow their pattern.
 */
const STAGE_WORDS: Readonly<
  Record<Stage, { phase: string; enter?: string; enterEn: string; exitEn: string }>
> = {
  LOADING: { phase: 'Loading', enterEn: 'LOADING_ENTER', exitEn: 'LOADING_EXIT' },
  GUIDE: {
    phase: '引导',
    enter: '用户进入引导页面',
    enterEn: 'GUIDE_PAGE_SHOW',
    exitEn: 'GUIDE_PAGE_LEAVE',
  },
  OCR_SCAN: {
    phase: 'OCR认证',
    enter: '用户进入OCR页面',
    enterEn: 'OCR_SCAN_ENTER',
    exitEn: 'OCR_SCAN_EXIT',
  },
  OCR_RESULT: {
    phase: 'OCR编辑',
    enter: '用户进入OCR编辑页面',
    enterEn: 'OCR_RESULT_ENTER',
    exitEn: 'OCR_RESULT_EXIT',
  },
  NFC_INPUT: {
    phase: 'NFC输入',
    enter: '用户进入NFC输入页面',
    enterEn: 'NFC_INPUT_ENTER',
    exitEn: 'NFC_INPUT_EXIT',
  },
  NFC_READ: {
    phase: 'NFC读取',
    enter: '用户进入NFC读取页面',
    enterEn: 'NFC_READ_ENTER',
    exitEn: 'NFC_READ_EXIT',
  },
  FACE: { phase: '活体检测', enter: '用户进入活体页面', enterEn: 'FACE_ENTER', exitEn: 'FACE_EXIT' },
};

/** One moment of a session; log lines, counters and stays all follow from the same steps. */
export interface Step {
  /** Since Initialize. */
  readonly atMs: number;
  readonly page: PageKey;
  readonly zh?: string;
  readonly en?: string;
  /** The stage entered with this step. */
  readonly entered?: Stage;
  /** The stage left with this step, and how long it was open. */
  readonly left?: { readonly stage: Stage; readonly stayMs: number };
  readonly counted?: keyof Counters;
  readonly refused?: 'face' | 'ocr';
}

export interface Ending {
  readonly page: PageKey;
  /** The VerifyErrorCode, if the service gives one. */
  readonly code: string | undefined;
  readonly cause: Cause;
}

/** A prescribed ending: nothing else goes wrong before it. */
export interface Fate extends Ending {
  /** Failed captures of the stage before the end. */
  readonly failures?: number;
}

/** Nobody looks at one page for longer; the SDK itself gives up after 15 idle minutes. */
const MAX_WAIT_MS = 150_000;

/** Records what a person does, and when. */
export class Visit {
  readonly random: Random;
  readonly labels: SessionLabels;
  readonly fate: Fate | undefined;
  readonly steps: Step[] = [];
  cameraAllowed = false;
  readonly #scripted: boolean;
  #nowMs: number;
  #stage: Stage | undefined;
  #enteredAtMs = 0;

  /** With a script nothing goes wrong by chance; without a fate in it, the session is finished. */
  constructor(random: Random, labels: SessionLabels, script?: { readonly fate?: Fate }) {
    this.random = random;
    this.labels = labels;
    this.fate = script?.fate;
    this.#scripted = script !== undefined;
    this.#nowMs = humanMs(random, 6_000, 0.8);
  }

  wait(medianMs: number, spread?: number): void {
    this.#nowMs += Math.min(MAX_WAIT_MS, humanMs(this.random, medianMs, spread));
  }

  /** True with this probability, and never in a scripted session. */
  happens(probability: number): boolean {
    const drawn = chance(this.random, probability);
    return !this.#scripted && drawn;
  }

  /** The prescribed ending, if this is its page. */
  fated(page: PageKey): Ending | undefined {
    return this.fate?.page === page && (this.fate.failures ?? 0) === 0 ? this.fate : undefined;
  }

  enter(stage: Stage, page: PageKey): void {
    const { enter, enterEn } = STAGE_WORDS[stage];
    this.#stage = stage;
    this.#enteredAtMs = this.#nowMs;
    this.#push({ page, entered: stage, en: enterEn, ...(enter === undefined ? {} : { zh: enter }) });
  }

  /** A Chinese line that starts with the stage's name, as `OCR认证阶段点击OCR提交按钮`. */
  say(page: PageKey, words: string, more: Pick<Step, 'counted' | 'refused'> = {}): void {
    this.#push({ page, zh: `${STAGE_WORDS[PAGES[page].en].phase}阶段${words}`, ...more });
  }

  /** The popup that says what went wrong; a retry closes it. */
  popUp(page: PageKey): void {
    this.say(page, '中断弹窗弹出');
    this.wait(1_800);
  }

  retry(page: PageKey, counted?: keyof Counters): void {
    this.say(page, '中断重试', counted === undefined ? {} : { counted });
    this.say(page, '中断弹窗关闭');
  }

  leave(page: PageKey): void {
    const stage = this.#stage;
    if (stage === undefined) return;
    const { phase, exitEn } = STAGE_WORDS[stage];
    const stayMs = this.#nowMs - this.#enteredAtMs;
    this.#push({ page, zh: `${phase}阶段结束`, en: exitEn, left: { stage, stayMs } });
    this.#stage = undefined;
  }

  /** Ends the stage that is open, unless the log just stops. */
  end(ending: Ending): void {
    if (ending.code === '9999' || ending.cause === 'unknown') return;
    if (ending.code === '1006') this.say(ending.page, '点击退出按钮');
    else if (ending.cause !== 'camera_permission') this.say(ending.page, '异常弹窗弹出');
    this.leave(ending.page);
  }

  #push(step: Omit<Step, 'atMs'>): void {
    this.steps.push({ atMs: this.#nowMs, ...step });
  }
}
