/**
 * The closed lists of values that columns hold. Types, checks, words and the data dictionary come from them.
 */

/** Who asked. */
export const SOURCES = ['lookup', 'sweep'] as const;
export type Source = (typeof SOURCES)[number];

/** What became of the question. */
export const DISPOSITIONS = ['answered', 'not_completed', 'invalid', 'expired', 'gave_up'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

export const JOURNEYS = ['finished', 'interrupted', 'not_started'] as const;
/** A status that is not documented is kept as received. */
export type Journey = (typeof JOURNEYS)[number] | `unknown:${string}`;

/**
 * The stages of a session, in the order of the ladder of `stage_reached`. They are the values of
 * InterruptPageEn and the keys of pageStayTimeInfo (API metadata of CheckVerifyLog, revision of 2025-12-19).
 * A solution without OCR or NFC skips those rungs, so what counts is the highest one seen.
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

/** The ladder of `stage_reached`: the stages stand between these two. */
export const RUNG_NOT_OPENED = 0;
export const RUNG_FINISHED = STAGES.length + 1;

/** What came of a refused camera. */
export const PERMISSION_OUTCOMES = {
  none: 'no refusal recorded',
  recovered: 'refused, yet finished',
  left_there: 'ended at the refusal',
  left_later: 'got past it, ended further on',
} as const;
export type PermissionOutcome = keyof typeof PERMISSION_OUTCOMES;

/** Which of LogInfo, LogInfoEn and LogStatisticsInfo came with content. */
export const LOG_COVERAGES = { full: 'all three', partial: 'one or two', none: 'nothing' } as const;
export type LogCoverage = keyof typeof LOG_COVERAGES;

/** Why a session ended as it did. */
export const CAUSES = [
  'passed',
  'rejected',
  'user_left',
  'camera_permission',
  'capture_quality',
  'document',
  'retry_limit',
  'network',
  'device',
  'clock',
  'vendor_error',
  'never_opened',
  'suspected_interruption',
  'transaction_invalid',
  'unknown',
] as const;
export type Cause = (typeof CAUSES)[number];

export const CONFIDENCES = ['high', 'medium', 'low'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** What a line of the client log is about. */
export const EVENT_KINDS = ['enter', 'exit', 'click', 'popup', 'retry', 'other'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Why a row is in the queue. */
export const PENDING_KINDS = ['register', 'requeue', 'handback', 'replay'] as const;
export type PendingKind = (typeof PENDING_KINDS)[number];

/** Why a run ended. */
export const RUN_ENDS = {
  done: 'nothing due is left',
  busy: 'another run works',
  deadline: 'its time was up',
  upstream_down: 'ID Verification does not answer',
  forbidden: 'ID Verification refuses the function its rights',
  lease_lost: 'another run took over',
  write_failed: 'SLS did not take the rows',
  error: 'anything else',
} as const;
export type RunEnd = keyof typeof RUN_ENDS;
