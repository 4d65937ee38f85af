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
  /** The step that the page belongs to, and whether it comes before, at or past the step's camera permission. */
  readonly step?: 'ocr' | 'face';
  readonly camera?: 'before' | 'at' | 'past';
  readonly counter?: Counter;
}

/** A page of a step: `mayBe` begins with its stage. */
const pageOf =
  (step: 'ocr' | 'face', counter: Counter) =>
  (zh: string, en: string, camera: 'before' | 'at' | 'past', ...mayBe: [Stage, ...Stage[]]): Page => {
    return { zh, en, stage: mayBe[0], mayBe, step, camera, counter };
  };
const ocr = pageOf('ocr', 'ocr');
const ocrEdit = pageOf('ocr', 'ocr_edit');
const face = pageOf('face', 'face');

/**
 * The 13 documented pages. Names and meanings: API metadata of CheckVerifyLog, revision of 2025-12-19, and the
 * comments of the official TypeScript SDK, read 2026-11-23. The rest is our reading: the documents list the Chinese
 * and the English names separately, without a mapping.
 */
export const PAGES: readonly Page[] = [
  { zh: '页面未启动', en: 'page not started', stage: 'LOADING', mayBe: ['LOADING'] },
  ocr('OCR引导页面', 'OCR guide page', 'before', 'GUIDE', 'OCR_SCAN'),
  ocr('OCR相机授权', 'OCR camera authorization page', 'at', 'OCR_SCAN'),
  ocr('OCR拍摄证件页面', 'OCR document capture page', 'past', 'OCR_SCAN'),
  ocr('OCR识别loading中', 'OCR recognition loading page', 'past', 'OCR_SCAN', 'OCR_RESULT', 'LOADING'),
  ocrEdit('OCR识别结果编辑页面', 'OCR result editing page', 'past', 'OCR_RESULT'),
  ocrEdit('OCR识别结果编辑loading中', 'OCR result editing loading page', 'past', 'OCR_RESULT', 'LOADING'),
  face('活体检测引导页面', 'liveness guide page', 'before', 'GUIDE', 'FACE'),
  face('活体检测相机授权页面', 'liveness camera authorization page', 'at', 'FACE'),
  face('活体检测页面', 'liveness detection page', 'past', 'FACE'),
  face('活体检测降级页面', 'liveness fallback page', 'past', 'FACE'),
  face('活体检测重试', 'liveness retry page', 'past', 'FACE'),
  face('活体检测loading中', 'liveness loading page', 'past', 'FACE', 'LOADING'),
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
  // Nearly always the exact name: normalising it costs as much as the rest of a session.
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
  // A longer name is none, and need not be copied to find that out.
  if (name.length > 32) return undefined;
  const plain = name.trim().toUpperCase().replace(/[\s-]/g, '_');
  return RUNGS.has(plain) ? (plain as Stage) : undefined;
}
