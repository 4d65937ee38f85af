import { explained, type Field, type FieldTable, oneOf, type RowOf } from './field-table.ts';
import {
  CAUSES,
  CONFIDENCES,
  DISPOSITIONS,
  JOURNEYS,
  LOG_COVERAGES,
  PERMISSION_OUTCOMES,
  SOURCES,
  STAGES,
  type Stage,
} from './values.ts';

/** `idv-records`: one row is one answer about one transaction. */
export const RECORDS_LOGSTORE = 'idv-records';

const INITIALIZE = 'Initialize, by the merchant';
const REGISTRATION = 'registration';
const CALL = 'the call';
const WORKING = 'our working';
const STAY = 'LogStatisticsInfo.pageStayTimeInfo';

/** The ladder of `stage_reached`. */
const LADDER = ['not opened', ...STAGES, 'finished'].map((name, rung) => `${rung} ${name}`).join(', ');

/** The columns of which there is one for each stage. */
export const ON_COLUMN = columnByStage((stage) => `on_${stage}`);
export const STAY_COLUMN = columnByStage((stage) => `stay_${stage}_ms`);

function columnByStage<C extends string>(columnOf: (stage: Lowercase<Stage>) => C) {
  const columns = STAGES.map((stage) => [stage, columnOf(stage.toLowerCase() as Lowercase<Stage>)]);
  return Object.fromEntries(columns) as Readonly<Record<Stage, C>>;
}

function fieldByColumn<C extends string>(
  columns: Readonly<Record<Stage, C>>,
  source: string,
  meaningOf: (stage: Stage) => string,
) {
  const fields = STAGES.map((stage) => [columns[stage], { type: 'long', meaning: meaningOf(stage), source }]);
  return Object.fromEntries(fields) as Readonly<Record<C, Field & { readonly type: 'long' }>>;
}

/** Absent means "not known". A true/false column holds these two words. */
export const RECORD_FIELDS = {
  transaction_id: { type: 'text', meaning: 'The transaction', source: INITIALIZE },
  merchant_biz_id: {
    type: 'text',
    meaning: "The merchant's own id of the business step",
    source: REGISTRATION,
  },
  revision: {
    type: 'text',
    meaning:
      'Hash of the transaction id and the key-sorted Result; without a Result, of id, disposition and code. A replay has the same one',
    source: WORKING,
  },
  view_key: {
    type: 'text',
    meaning:
      "Rank (3 final and answered, 2 other final, 1 provisional), 1 if a registration gave anything else 0, asked_at_ms in 13 digits, revision. The transaction's record is the row with the greatest one",
    source: WORKING,
  },
  source: { type: 'text', meaning: `Who asked: ${oneOf(SOURCES)}`, source: CALL },
  attempt: {
    type: 'long',
    meaning: 'How many times the service had been asked about this transaction, this time included',
    source: CALL,
  },
  region: { type: 'text', meaning: 'The region that was asked', source: CALL },
  request_id: { type: 'text', meaning: "The service's id of the call, for its support", source: 'RequestId' },
  labels: {
    type: 'json',
    meaning: "The merchant's own dimensions, as given at registration (platform, app_version, channel, ...)",
    source: REGISTRATION,
  },

  initialized_at_ms: { type: 'long', meaning: 'When the session was opened, unix ms', source: REGISTRATION },
  registered_at_ms: {
    type: 'long',
    meaning: 'When the transaction was registered, unix ms',
    source: REGISTRATION,
  },
  given_at_ms: {
    type: 'long',
    meaning: 'When the newest of what the row says of the session was given, unix ms',
    source: REGISTRATION,
  },
  asked_at_ms: { type: 'long', meaning: 'When the service was asked, unix ms', source: CALL },

  final: {
    type: 'text',
    meaning: 'true when asked after the 30 minutes, or when there is nothing more to ask; else false',
    source: WORKING,
  },
  disposition: {
    type: 'text',
    meaning: `What became of the question: ${oneOf(DISPOSITIONS)}`,
    source: WORKING,
  },
  code: { type: 'text', meaning: 'The last return code', source: 'Code' },

  journey: {
    type: 'text',
    meaning: `${JOURNEYS.join(', ')}, or unknown:<VerifyStatus>`,
    source: 'VerifyStatus',
  },
  passed: {
    type: 'text',
    meaning: 'Y passed, N not passed; documented for finished journeys only',
    source: 'Passed',
  },
  sub_code: { type: 'text', meaning: 'Result code of the solution; 200 is a pass', source: 'SubCode' },
  verify_error_code: {
    type: 'text',
    meaning: 'How the client-side session ended',
    source: 'VerifyErrorCode',
  },

  stage: {
    type: 'text',
    meaning: `Stage of the last page: ${STAGES.join(', ')}, or unknown:<page>`,
    source: 'InterruptPageEn, else InterruptPage',
  },
  stage_reached: {
    type: 'long',
    meaning: `Furthest stage seen on the fixed ladder: ${LADDER}. A stage that a solution lacks is passed over: not a step of a funnel`,
    source: 'VerifyStatus, page stays, log lines, last pages',
  },
  interrupt_page: {
    type: 'text',
    meaning: 'The last page, Chinese, as received',
    source: 'InterruptPage',
    chinese: true,
  },
  interrupt_page_en: {
    type: 'text',
    meaning: 'The last page, English, as received',
    source: 'InterruptPageEn',
  },

  ...fieldByColumn(
    ON_COLUMN,
    'page stays, log lines, last pages',
    (stage) =>
      `1 when somebody is known to have been on a ${stage} page${
        stage === 'GUIDE' ? ', before the document or before liveness' : ''
      }; else absent`,
  ),
  path_version: {
    type: 'long',
    meaning:
      'How the columns on_<stage> were made, now 1. Absent in rows of a version that did not keep them: there a missing on_<stage> says nothing',
    source: WORKING,
  },

  ...fieldByColumn(STAY_COLUMN, STAY, (stage) => `Time on the ${stage} pages, ms`),
  stay_total_ms: {
    type: 'long',
    meaning: 'Sum of all page stays, pages unknown to us included, ms',
    source: STAY,
  },
  span_ms: {
    type: 'long',
    meaning: 'First to last log line, ms; the log has whole seconds',
    source: 'LogInfo, LogInfoEn',
  },
  hidden_ms: {
    type: 'long',
    meaning:
      'span_ms minus stay_total_ms, not below 0: time on no page, such as an app in the background, ms',
    source: WORKING,
  },

  face_retries: {
    type: 'long',
    meaning: 'Retries of the liveness step',
    source: 'LogStatisticsInfo.faceOverTimes',
  },
  ocr_retries: {
    type: 'long',
    meaning: 'Retries of the document capture',
    source: 'LogStatisticsInfo.ocrOverTimes',
  },
  ocr_edits: {
    type: 'long',
    meaning: 'Corrections of the recognised document data',
    source: 'LogStatisticsInfo.ocrEditTimes',
  },
  ocr_edit_retries: {
    type: 'long',
    meaning: 'Retries of the correction step',
    source: 'LogStatisticsInfo.ocrEditOverTimes',
  },
  face_permission_refused: {
    type: 'text',
    meaning: 'true when the camera was refused in the liveness step, else false',
    source: 'LogStatisticsInfo.hasFacePermissionRefuse',
  },
  ocr_permission_refused: {
    type: 'text',
    meaning: 'true when the camera was refused in the document step, else false',
    source: 'LogStatisticsInfo.hasOcrPermissionRefuse',
  },
  permission_outcome: {
    type: 'text',
    meaning: explained(PERMISSION_OUTCOMES),
    source: WORKING,
  },

  cause: {
    type: 'text',
    meaning: `Why it ended as it did: ${oneOf(CAUSES)}`,
    source: WORKING,
  },
  cause_confidence: {
    type: 'text',
    meaning: `${oneOf(CONFIDENCES)}; one step lower when a field that decided is contradicted`,
    source: WORKING,
  },
  cause_evidence: {
    type: 'json',
    meaning: 'The columns that decided the cause, with their values',
    source: WORKING,
  },
  contradictions: {
    type: 'text',
    meaning: 'Names of the checks that found fields at odds, comma separated',
    source: WORKING,
  },
  contradiction_count: { type: 'long', meaning: 'How many checks found fields at odds', source: WORKING },
  recoverable: {
    type: 'text',
    meaning:
      'true when the same person could get through in a new session with nothing changed in the app or the service, else false; absent for cause unknown',
    source: WORKING,
  },

  log_coverage: {
    type: 'text',
    meaning: `Which of LogInfo, LogInfoEn and LogStatisticsInfo came with content: ${explained(LOG_COVERAGES)}`,
    source: WORKING,
  },
  event_count: { type: 'long', meaning: 'Lines in both client logs', source: 'LogInfo, LogInfoEn' },
  events_truncated: {
    type: 'text',
    meaning: 'true when there were more lines than idv-events is given, else false',
    source: WORKING,
  },
  unknown_values: {
    type: 'text',
    meaning: 'Values outside the documented lists, as <member>:<value>, comma separated',
    source: WORKING,
  },
  unknown_count: {
    type: 'long',
    meaning: 'How many values were outside the documented lists',
    source: WORKING,
  },

  story: { type: 'text', meaning: 'The session in one or two plain sentences, English', source: WORKING },
  story_zh: {
    type: 'text',
    meaning: 'The session in one or two plain sentences, Chinese',
    source: WORKING,
    chinese: true,
  },

  raw: {
    type: 'text',
    meaning:
      'The Result as JSON, or a pending row that could not be read; left out above 256 KB. Read it by search: SQL cuts long text',
    source: 'Result',
    chinese: true,
  },
  raw_bytes: { type: 'long', meaning: 'Size of that JSON in UTF-8 bytes', source: 'Result' },
  raw_truncated: { type: 'text', meaning: 'true when raw was left out, else false', source: WORKING },
  write_error: {
    type: 'text',
    meaning: 'Why the log store refused the full row: this one is then without raw and with its texts cut',
    source: 'SLS',
  },
} as const satisfies FieldTable;

export type RecordRow = RowOf<typeof RECORD_FIELDS>;
