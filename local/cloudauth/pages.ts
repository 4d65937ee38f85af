import type { Stage } from './session-types.ts';

/**
 * The pages a session can end on. The Chinese names are the documented ones, word for word; the service gives
 * none for NFC. Which English stage belongs to which page is not documented: it follows from the words.
 */
export interface Page {
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
export const STAGE_WORDS: Readonly<
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
