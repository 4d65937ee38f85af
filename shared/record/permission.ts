import type { PermissionOutcome } from '../logstores/values.ts';
import { rungOf } from './pages.ts';
import type { Session } from './session.ts';

/** 1004 and 1016 overlap in the documents: both end a session for lack of the camera. */
const CAMERA_CODES: ReadonlySet<string> = new Set(['1004', '1016']);

/**
 * What came of a refused camera. `left_there`: ended in the step that refused it, with no sign of having got past
 * the permission; the pages after the authorization page and any retry of the step are such signs.
 */
export function permissionOutcomeOf(session: Session): PermissionOutcome {
  const { facePermissionRefused, ocrPermissionRefused } = session.statistics;
  const refused = facePermissionRefused === true || ocrPermissionRefused === true;
  if (session.journey === 'finished') return refused ? 'recovered' : 'none';
  if (endedForCamera(session)) return 'left_there';
  if (!refused) return 'none';
  const there =
    (facePermissionRefused === true && stuckAtFace(session)) ||
    (ocrPermissionRefused === true && stuckAtOcr(session));
  return there ? 'left_there' : 'left_later';
}

/** True when the last page is one that asks for the camera. */
export function isAtCameraQuestion(session: Session): boolean {
  return session.page?.camera === 'at';
}

function endedForCamera({ codeParts }: Session): boolean {
  return codeParts !== undefined && CAMERA_CODES.has(codeParts.family);
}

function stuckAtFace(session: Session): boolean {
  const { page, lastStages, statistics, stageReached } = session;
  if (page?.step === 'face') return page.camera !== 'past';
  if (page?.step === 'ocr') return false;
  const here = lastStages.length > 0 ? lastStages.includes('FACE') : isAtMost(stageReached, rungOf('FACE'));
  return here && !((statistics.faceRetries ?? 0) > 0);
}

function stuckAtOcr(session: Session): boolean {
  const { page, lastStages, statistics, stageReached } = session;
  if (page?.step === 'ocr') return page.camera !== 'past';
  if (page?.step === 'face') return false;
  const here =
    lastStages.length > 0 ? lastStages.includes('OCR_SCAN') : isAtMost(stageReached, rungOf('OCR_SCAN'));
  const further = stageReached !== undefined && stageReached > rungOf('OCR_SCAN');
  return here && !further && !((statistics.ocrRetries ?? 0) > 0);
}

/** True also when nothing is known of the place: the refusal is then the last thing known. */
function isAtMost(reached: number | undefined, rung: number): boolean {
  return reached === undefined || reached <= rung;
}
