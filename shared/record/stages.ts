/**
 * The stages of a session, in the order of the ladder of `stage_reached`. They are the values of
 * InterruptPageEn and the keys of pageStayTimeInfo (API metadata of CheckVerifyLog, revision of 2025-12-19).
 * A solution without OCR or NFC passes over those rungs, so what counts is the highest one seen.
 */
export const STAGES = [
  'LOADING',
  'GUIDE',
  'OCR_SCAN',
  'OCR_RESULT',
  'NFC_INPUT',
  'NFC_READ',
  'FACE',
] as const;
export type Stage = (typeof STAGES)[number];

export const RUNG_NOT_OPENED = 0;
export const RUNG_FINISHED = STAGES.length + 1;

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
