import { RUNG_NOT_OPENED, STAGES, type Stage } from '../logstores/values.ts';

/** The retry counter that belongs to a page. */
export type Counter = 'ocr' | 'ocr_edit' | 'face';

/** A value of InterruptPage. */
export interface Page {
  readonly zh: string;
  readonly en: string;
  readonly stage: Stage;
  /** English pages that can be the same place. No mapping is documented, so doubtful pairs are allowed. */
  readonly mayBe: readonly Stage[];
  /** The step whose camera the page needs, and whether the page lies before, at or past that permission. */
  readonly step?: 'ocr' | 'face';
  readonly camera?: 'before' | 'at' | 'past';
  readonly counter?: Counter;
}

/**
 * The 13 documented pages. Names and meanings: API metadata of CheckVerifyLog, revision of 2025-12-19, and the
 * comments of the official TypeScript SDK, read 2026-11-23. Stage and the other columns are our reading of them:
 * the documents give two separate lists, Chinese and English, without a mapping.
 */
export const PAGES: readonly Page[] = [
  { zh: '页面未启动', en: 'page not started', stage: 'LOADING', mayBe: ['LOADING'] },
  {
    zh: 'OCR引导页面',
    en: 'OCR guide page',
    stage: 'GUIDE',
    mayBe: ['GUIDE', 'OCR_SCAN'],
    step: 'ocr',
    camera: 'before',
    counter: 'ocr',
  },
  {
    zh: 'OCR相机授权',
    en: 'OCR camera authorization page',
    stage: 'OCR_SCAN',
    mayBe: ['OCR_SCAN'],
    step: 'ocr',
    camera: 'at',
    counter: 'ocr',
  },
  {
    zh: 'OCR拍摄证件页面',
    en: 'OCR document capture page',
    stage: 'OCR_SCAN',
    mayBe: ['OCR_SCAN'],
    step: 'ocr',
    camera: 'past',
    counter: 'ocr',
  },
  {
    zh: 'OCR识别loading中',
    en: 'OCR recognition loading page',
    stage: 'OCR_SCAN',
    mayBe: ['OCR_SCAN', 'OCR_RESULT', 'LOADING'],
    step: 'ocr',
    camera: 'past',
    counter: 'ocr',
  },
  {
    zh: 'OCR识别结果编辑页面',
    en: 'OCR result editing page',
    stage: 'OCR_RESULT',
    mayBe: ['OCR_RESULT'],
    step: 'ocr',
    camera: 'past',
    counter: 'ocr_edit',
  },
  {
    zh: 'OCR识别结果编辑loading中',
    en: 'OCR result editing loading page',
    stage: 'OCR_RESULT',
    mayBe: ['OCR_RESULT', 'LOADING'],
    step: 'ocr',
    camera: 'past',
    counter: 'ocr_edit',
  },
  {
    zh: '活体检测引导页面',
    en: 'liveness guide page',
    stage: 'GUIDE',
    mayBe: ['GUIDE', 'FACE'],
    step: 'face',
    camera: 'before',
    counter: 'face',
  },
  {
    zh: '活体检测相机授权页面',
    en: 'liveness camera authorization page',
    stage: 'FACE',
    mayBe: ['FACE'],
    step: 'face',
    camera: 'at',
    counter: 'face',
  },
  {
    zh: '活体检测页面',
    en: 'liveness detection page',
    stage: 'FACE',
    mayBe: ['FACE'],
    step: 'face',
    camera: 'past',
    counter: 'face',
  },
  {
    zh: '活体检测降级页面',
    en: 'liveness fallback page',
    stage: 'FACE',
    mayBe: ['FACE'],
    step: 'face',
    camera: 'past',
    counter: 'face',
  },
  {
    zh: '活体检测重试',
    en: 'liveness retry page',
    stage: 'FACE',
    mayBe: ['FACE'],
    step: 'face',
    camera: 'past',
    counter: 'face',
  },
  {
    zh: '活体检测loading中',
    en: 'liveness loading page',
    stage: 'FACE',
    mayBe: ['FACE', 'LOADING'],
    step: 'face',
    camera: 'past',
    counter: 'face',
  },
];

export const PAGE_NOT_STARTED = '页面未启动';
export const PAGE_LIVENESS_RETRY = '活体检测重试';

const BY_NAME: ReadonlyMap<string, Page> = new Map(
  PAGES.flatMap((page) => [
    [page.zh, page],
    [plainName(page.zh), page],
  ]),
);
const MAX_NAME_LENGTH = 64;

/** The documented page of that name; case, spaces and a closing 页面 do not matter. */
export function toPage(name: string): Page | undefined {
  // Nearly always the exact name: putting it in plain form costs as much as the rest of a session.
  return BY_NAME.get(name) ?? (name.length > MAX_NAME_LENGTH ? undefined : BY_NAME.get(plainName(name)));
}

function plainName(name: string): string {
  return name
    .replace(/\s/g, '')
    .toUpperCase()
    .replace(/页面?$/, '');
}

const RUNGS: ReadonlyMap<string, number> = new Map(STAGES.map((stage, index) => [stage, index + 1]));

/** 1 for LOADING up to 7 for FACE. */
export function rungOf(stage: Stage): number {
  return RUNGS.get(stage) ?? RUNG_NOT_OPENED;
}

/** The stage of that name in any case, with any of `_`, `-` and space between its words. */
export function toStage(name: string): Stage | undefined {
  if (RUNGS.has(name)) return name as Stage;
  // Longer names cannot be one, and need not be copied to find that out.
  if (name.length > 32) return undefined;
  const plain = name.trim().toUpperCase().replace(/[\s-]/g, '_');
  return RUNGS.has(plain) ? (plain as Stage) : undefined;
}
