import { type Counter, PAGE_LIVENESS_RETRY, rungOf } from './pages.ts';
import { permissionOutcomeOf } from './permission.ts';
import type { Session } from './session.ts';

/** The conditions that the decision table checks on a session. */

/** From this many retries on, leaving is put down to the failed captures, not to the person's will. */
const RETRIES_THAT_EXPLAIN = 2;
/** More log time on no page than unlogged pages and rounding explain: the app was in the background. */
const HIDDEN_THAT_EXPLAINS_MS = 60_000;
/** The client SDK closes an idle session after 15 minutes, with the code of a user's exit (A1006_2). */
const IDLE_CLOSE_MS = 15 * 60_000;
const IDLE_DETAIL = 2;
/** A1002_2: the app went to the background and the SDK gave up on its return. */
export const BACKGROUND_DETAIL = 2;

export const code =
  (...families: readonly string[]) =>
  ({ codeParts }: Session) =>
    codeParts !== undefined && families.includes(codeParts.family);
export const left = code('1006');
export const cutOff = code('9999');
export const hasNoCode = ({ codeParts }: Session) => codeParts === undefined;
export const finished = ({ journey }: Session) => journey === 'finished';
export const notStarted = ({ journey }: Session) => journey === 'not_started';
export const unfinished = (session: Session) => !finished(session) && !notStarted(session);
export const blocked = (session: Session) => permissionOutcomeOf(session) === 'left_there';
export const hiddenLong = ({ hiddenMs }: Session) => (hiddenMs ?? 0) >= HIDDEN_THAT_EXPLAINS_MS;

const STAGE_OF_COUNTER = { ocr: 'OCR_SCAN', ocr_edit: 'OCR_RESULT', face: 'FACE' } as const;

/** Retries of the step that the last page belongs to; without a page, of the furthest stage. */
function retriesHere({ page, lastStages, statistics, stageReached }: Session, counter: Counter): number {
  const stage = STAGE_OF_COUNTER[counter];
  const here =
    page?.counter === counter ||
    lastStages.includes(stage) ||
    (lastStages.length === 0 && stageReached === rungOf(stage));
  if (!here) return 0;
  const counts = {
    ocr: statistics.ocrRetries,
    ocr_edit: statistics.ocrEditRetries,
    face: statistics.faceRetries,
  };
  return counts[counter] ?? 0;
}

export const captureFailed = (session: Session) =>
  session.page?.zh === PAGE_LIVENESS_RETRY ||
  retriesHere(session, 'face') >= RETRIES_THAT_EXPLAIN ||
  retriesHere(session, 'ocr') >= RETRIES_THAT_EXPLAIN;
export const editFailed = (session: Session) => retriesHere(session, 'ocr_edit') >= RETRIES_THAT_EXPLAIN;

export const wentIdle = ({ codeParts, statistics, lastStages }: Session) =>
  codeParts?.detail === IDLE_DETAIL ||
  lastStages.some((stage) => (statistics.stays.get(stage) ?? 0) >= IDLE_CLOSE_MS);

/** The counters are there and show no obstacle. */
export const unhindered = ({ statistics: s }: Session) =>
  s.present &&
  !s.facePermissionRefused &&
  !s.ocrPermissionRefused &&
  (s.faceRetries ?? 0) + (s.ocrRetries ?? 0) + (s.ocrEditRetries ?? 0) === 0;
