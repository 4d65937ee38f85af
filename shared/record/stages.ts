import { RUNG_NOT_OPENED, STAGES, type Stage } from '../logstores/records.ts';

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
