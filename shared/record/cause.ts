import type { RecordRow } from '../logstores/records.ts';
import type { Cause, Confidence } from '../logstores/values.ts';
import {
  BACKGROUND_DETAIL,
  blocked,
  captureFailed,
  code,
  cutOff,
  editFailed,
  finished,
  hasNoCode,
  hiddenLong,
  left,
  notStarted,
  unfinished,
  unhindered,
  wentIdle,
} from './cause-signals.ts';
import type { Check } from './contradictions.ts';
import { PAGE_NOT_STARTED } from './pages.ts';
import { isAtCameraQuestion } from './permission.ts';
import { codeEnds, type Session } from './session.ts';
import type { Columns } from './storable.ts';

/** What the decision table says about a session. */
export interface Judgement {
  readonly cause: Cause;
  readonly confidence: Confidence;
  readonly evidence: Readonly<Record<string, string | number>>;
  readonly recoverable: boolean | undefined;
}

export interface CauseRule {
  readonly when: (session: Session) => boolean;
  readonly cause: Cause;
  readonly confidence: Confidence;
  /** The columns that decided, shown with the values that they have. */
  readonly evidence: readonly (keyof RecordRow)[];
  /** Could the same person get through in a new session with nothing changed in the app or the service? */
  readonly recoverable?: boolean;
  readonly why: string;
}

const LAST_PAGE = ['stage', 'interrupt_page'] as const;
const RETRIES = ['face_retries', 'ocr_retries', 'ocr_edit_retries'] as const;
const REFUSALS = ['face_permission_refused', 'ocr_permission_refused', 'permission_outcome'] as const;

/**
 * The decision table: the first rule that applies says why a session ended as it did. To change a judgement, change a
 * rule; `why` says what it rests on. Codes and client sub codes:
 * https://www.alibabacloud.com/help/doc-detail/2879914.html and
 * https://www.alibabacloud.com/help/zh/ekyc/latest/native-sdk-client-result-codes-and-result-subcodes
 * (read 2026-11-23).
 */
export const CAUSE_RULES: readonly CauseRule[] = [
  // Finished: the decision is the cause.
  {
    when: (s) => finished(s) && s.passed === 'Y',
    cause: 'passed',
    confidence: 'high',
    evidence: ['journey', 'passed', 'sub_code', 'verify_error_code'],
    recoverable: false,
    why: 'finished and passed: nothing was lost',
  },
  {
    when: (s) => finished(s) && s.passed === 'N',
    cause: 'rejected',
    confidence: 'high',
    evidence: ['journey', 'passed', 'sub_code', 'verify_error_code'],
    recoverable: false,
    why: 'finished and not passed: a decision, not a drop-off',
  },
  {
    when: (s) => finished(s) && hasNoCode(s) && s.subCode?.trim() === '200',
    cause: 'passed',
    confidence: 'medium',
    evidence: ['journey', 'sub_code'],
    recoverable: false,
    why: 'finished; the decision itself is missing, sub code 200 is a pass in every solution',
  },

  // A result code without a decision, finished or not: believed unless something else contradicts it.
  {
    when: (s) => codeEnds(s, 'result') && (notStarted(s) || s.passed === (code('1000')(s) ? 'N' : 'Y')),
    cause: 'unknown',
    confidence: 'low',
    evidence: ['journey', 'verify_error_code', 'passed'],
    why: 'status, code and decision say different things: any cause would be a guess',
  },
  {
    when: code('1000'),
    cause: 'passed',
    confidence: 'medium',
    evidence: ['journey', 'verify_error_code'],
    recoverable: false,
    why: 'the face step was done with a pass suggested; the decision itself is missing',
  },
  {
    when: code('1001'),
    cause: 'rejected',
    confidence: 'medium',
    evidence: ['journey', 'verify_error_code'],
    recoverable: false,
    why: 'the face step was done without a pass suggested; the decision itself is missing',
  },

  // Codes that name the cause themselves; they also say why a session was never started.
  {
    when: code('1004', '1016'),
    cause: 'camera_permission',
    confidence: 'high',
    evidence: ['verify_error_code', ...REFUSALS],
    recoverable: true,
    why: 'the camera was not to be had; the two codes overlap in the documents',
  },
  {
    when: code('1013'),
    cause: 'capture_quality',
    confidence: 'high',
    evidence: ['verify_error_code', ...LAST_PAGE, ...RETRIES],
    recoverable: true,
    why: 'ended for poor image quality',
  },
  {
    when: code('1011', '1012'),
    cause: 'document',
    confidence: 'high',
    evidence: ['verify_error_code', 'ocr_retries', 'ocr_edits', 'ocr_edit_retries'],
    recoverable: true,
    why: 'wrong type of document, or its data missing or malformed',
  },
  {
    when: code('1014'),
    cause: 'retry_limit',
    confidence: 'high',
    evidence: ['verify_error_code', ...LAST_PAGE, ...RETRIES],
    recoverable: true,
    why: 'the limit of failed tries was reached; a new session has new tries',
  },
  {
    when: code('1005'),
    cause: 'network',
    confidence: 'high',
    evidence: ['verify_error_code', 'stage'],
    recoverable: true,
    why: 'ended for the network',
  },
  {
    when: code('1009'),
    cause: 'clock',
    confidence: 'high',
    evidence: ['verify_error_code'],
    recoverable: true,
    why: "the device's time was wrong",
  },
  {
    when: code('1003'),
    cause: 'clock',
    confidence: 'medium',
    evidence: ['verify_error_code'],
    recoverable: true,
    why: 'the API tells to check the clock; the client SDK has other reasons for the same code',
  },
  {
    when: code('1015', '2002'),
    cause: 'device',
    confidence: 'high',
    evidence: ['verify_error_code'],
    recoverable: false,
    why: 'Android too old, or no NFC: it takes another device',
  },
  {
    when: code('2000'),
    cause: 'device',
    confidence: 'high',
    evidence: ['verify_error_code'],
    recoverable: true,
    why: 'NFC is off or not set up: it can be turned on',
  },
  {
    when: code('1008'),
    cause: 'device',
    confidence: 'medium',
    evidence: ['verify_error_code'],
    recoverable: false,
    why: 'the app on this device lacks an SDK module: it takes another build',
  },
  {
    when: (s) => code('1002')(s) && (s.codeParts?.detail === BACKGROUND_DETAIL || hiddenLong(s)),
    cause: 'suspected_interruption',
    confidence: 'medium',
    evidence: ['verify_error_code', 'hidden_ms', 'span_ms'],
    recoverable: true,
    why: 'the client SDK gives the system error also to an app that comes back from the background',
  },
  {
    when: code('1002'),
    cause: 'vendor_error',
    confidence: 'high',
    evidence: ['verify_error_code', 'stage'],
    recoverable: true,
    why: 'system error',
  },
  {
    when: code('1010', '1017'),
    cause: 'vendor_error',
    confidence: 'medium',
    evidence: ['verify_error_code'],
    recoverable: false,
    why: 'the SDK was called wrongly: a fault between app and SDK, not of the person',
  },
  {
    when: code('1007'),
    cause: 'transaction_invalid',
    confidence: 'high',
    evidence: ['verify_error_code'],
    recoverable: true,
    why: 'the transaction id was not valid; a new one is',
  },

  // Never opened.
  {
    when: (s) => notStarted(s) && s.code === undefined,
    cause: 'never_opened',
    confidence: 'high',
    evidence: ['journey', 'interrupt_page'],
    recoverable: true,
    why: 'status not started and no error: the session waited in vain',
  },
  {
    when: notStarted,
    cause: 'never_opened',
    confidence: 'medium',
    evidence: ['journey', 'verify_error_code', 'interrupt_page'],
    recoverable: true,
    why: 'status not started, with a code that does not explain why',
  },

  // Left, cut off or without a code, in the step whose camera was refused: nobody gets on without it.
  {
    when: (s) => unfinished(s) && blocked(s) && left(s) && isAtCameraQuestion(s),
    cause: 'camera_permission',
    confidence: 'high',
    evidence: ['verify_error_code', 'interrupt_page', ...REFUSALS],
    recoverable: true,
    why: 'refused the camera and exited on the page that asks for it',
  },
  {
    when: (s) => unfinished(s) && blocked(s) && (left(s) || isAtCameraQuestion(s)),
    cause: 'camera_permission',
    confidence: 'medium',
    evidence: ['verify_error_code', ...LAST_PAGE, ...REFUSALS],
    recoverable: true,
    why: 'refused the camera and got no further in that step',
  },
  {
    when: (s) => unfinished(s) && blocked(s) && hasNoCode(s),
    cause: 'camera_permission',
    confidence: 'low',
    evidence: ['verify_error_code', ...LAST_PAGE, ...REFUSALS],
    recoverable: true,
    why: 'refused the camera and got no further in that step; how it ended is not said',
  },
  {
    when: (s) => left(s) && isAtCameraQuestion(s),
    cause: 'camera_permission',
    confidence: 'medium',
    evidence: ['verify_error_code', 'interrupt_page'],
    recoverable: true,
    why: 'exited while being asked for the camera; no refusal is recorded, the page speaks for itself',
  },

  // The user exited: 1006.
  {
    when: (s) => left(s) && captureFailed(s),
    cause: 'capture_quality',
    confidence: 'medium',
    evidence: ['verify_error_code', ...LAST_PAGE, 'face_retries', 'ocr_retries'],
    recoverable: true,
    why: 'exited after repeated failed captures: the person had tried, the capture did not work',
  },
  {
    when: (s) => left(s) && editFailed(s),
    cause: 'document',
    confidence: 'medium',
    evidence: ['verify_error_code', ...LAST_PAGE, 'ocr_edits', 'ocr_edit_retries'],
    recoverable: true,
    why: "exited after repeated failed corrections of the document's data",
  },
  {
    when: (s) => left(s) && (wentIdle(s) || hiddenLong(s)),
    cause: 'user_left',
    confidence: 'medium',
    evidence: ['verify_error_code', 'stage', 'stay_total_ms', 'hidden_ms'],
    recoverable: true,
    why: 'exited, but after so long a pause that walking away or the idle limit is as likely as a decision',
  },
  {
    when: (s) => left(s) && unhindered(s),
    cause: 'user_left',
    confidence: 'high',
    evidence: ['verify_error_code', ...LAST_PAGE, ...RETRIES],
    recoverable: true,
    why: 'exited with no obstacle on record',
  },
  {
    when: left,
    cause: 'user_left',
    confidence: 'medium',
    evidence: ['verify_error_code', ...LAST_PAGE, ...RETRIES, 'permission_outcome'],
    recoverable: true,
    why: 'exited after some friction, or without counters that would show it',
  },

  // Nobody saw the end: 9999. Kept apart from a user who exits.
  {
    when: (s) => cutOff(s) && hiddenLong(s),
    cause: 'suspected_interruption',
    confidence: 'high',
    evidence: ['verify_error_code', 'stage', 'hidden_ms', 'span_ms'],
    recoverable: true,
    why: 'interruption suspected, and a long time on no page agrees',
  },
  {
    when: cutOff,
    cause: 'suspected_interruption',
    confidence: 'medium',
    evidence: ['verify_error_code', 'stage', 'hidden_ms', 'permission_outcome'],
    recoverable: true,
    why: 'interruption suspected by the service; nothing else shows it',
  },

  // No code, or one that is not documented: what the rest suggests, at low confidence.
  {
    when: (s) => unfinished(s) && isAtCameraQuestion(s),
    cause: 'camera_permission',
    confidence: 'low',
    evidence: ['verify_error_code', 'interrupt_page'],
    recoverable: true,
    why: 'last seen on the page that asks for the camera',
  },
  {
    when: (s) => unfinished(s) && captureFailed(s),
    cause: 'capture_quality',
    confidence: 'low',
    evidence: ['verify_error_code', ...LAST_PAGE, 'face_retries', 'ocr_retries'],
    recoverable: true,
    why: 'last seen after repeated failed captures',
  },
  {
    when: (s) => unfinished(s) && hiddenLong(s),
    cause: 'suspected_interruption',
    confidence: 'low',
    evidence: ['verify_error_code', 'hidden_ms', 'span_ms'],
    recoverable: true,
    why: 'no code, but a long time on no page',
  },
  {
    when: (s) => unfinished(s) && s.page?.zh === PAGE_NOT_STARTED && !s.active,
    cause: 'never_opened',
    confidence: 'low',
    evidence: ['verify_error_code', 'interrupt_page'],
    recoverable: true,
    why: 'its only trace is the page that was not started',
  },
];

/** Where no rule applies. */
export const OTHERWISE: Omit<CauseRule, 'when'> = {
  cause: 'unknown',
  confidence: 'low',
  evidence: ['journey', 'verify_error_code', 'passed', 'stage'],
  why: 'the data does not say',
};

const LOWER: Readonly<Record<Confidence, Confidence>> = { high: 'medium', medium: 'low', low: 'low' };

/**
 * Applies the table. The confidence is one step lower when a column that decided is contradicted, or when the status
 * is not known. `row` holds the values shown as evidence.
 */
export function decideCause(
  session: Session,
  contradictions: readonly Check[],
  row: Columns<RecordRow>,
): Judgement {
  const rule = CAUSE_RULES.find(({ when }) => when(session)) ?? OTHERWISE;
  const evidence: Record<string, string | number> = {};
  for (const column of rule.evidence) {
    const value = row[column];
    if (value !== undefined) evidence[column] = value;
  }
  const contradicted = contradictions.some(({ columns }) => columns.some((column) => column in evidence));
  const doubtful = contradicted || session.journey.startsWith('unknown:');
  return {
    cause: rule.cause,
    confidence: doubtful ? LOWER[rule.confidence] : rule.confidence,
    evidence,
    recoverable: rule.recoverable,
  };
}
