import {
  chinese,
  explained,
  type Field,
  type FieldTable,
  json,
  long,
  oneOf,
  type RowOf,
  text,
} from './field-table.ts';
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
const DERIVED = 'derived by us';
const STAY = 'LogStatisticsInfo.pageStayTimeInfo';

/** The ladder of `stage_reached`. */
const LADDER = ['not opened', ...STAGES, 'finished'].map((name, rung) => `${rung} ${name}`).join(', ');

/** Columns that exist once for each stage. */
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
  const fields = STAGES.map((stage) => [columns[stage], long(meaningOf(stage), source)]);
  return Object.fromEntries(fields) as Readonly<Record<C, Field & { readonly type: 'long' }>>;
}

/** Absent means "not known". A true/false column holds one of these two words. */
export const RECORD_FIELDS = {
  transaction_id: text('The transaction', INITIALIZE),
  merchant_biz_id: text("The merchant's own id of the business step", REGISTRATION),
  revision: text(
    'Hash of the transaction id and the key-sorted Result; without a Result, of id, disposition and code. A replay has the same one',
    DERIVED,
  ),
  view_key: text(
    "Rank (3 final and answered, 2 other final, 1 provisional), 1 if a registration gave anything, else 0, asked_at_ms in 13 digits, revision. The transaction's record is the row with the greatest one",
    DERIVED,
  ),
  source: text(`Who asked: ${oneOf(SOURCES)}`, CALL),
  attempt: long('How many times the service had been asked about this transaction, this time included', CALL),
  region: text('The region that was asked', CALL),
  request_id: text("The service's id of the call, for its support", 'RequestId'),
  labels: json(
    "The merchant's own dimensions, as given at registration (platform, app_version, channel, ...)",
    REGISTRATION,
  ),

  initialized_at_ms: long('When the session was opened, unix ms', REGISTRATION),
  registered_at_ms: long('When the transaction was registered, unix ms', REGISTRATION),
  given_at_ms: long(
    'When the newest of what the registration says of the session was given, unix ms',
    REGISTRATION,
  ),
  asked_at_ms: long('When the service was asked, unix ms', CALL),

  final: text(
    'true when asked after the delay of 30 minutes, or when there is nothing more to ask; else false',
    DERIVED,
  ),
  disposition: text(`What became of the question: ${oneOf(DISPOSITIONS)}`, DERIVED),
  code: text('The last return code', 'Code'),

  journey: text(`${JOURNEYS.join(', ')}, or unknown:<VerifyStatus>`, 'VerifyStatus'),
  passed: text('Y passed, N not passed; documented for finished journeys only', 'Passed'),
  sub_code: text('Result code of the solution; 200 is a pass', 'SubCode'),
  verify_error_code: text('How the client-side session ended', 'VerifyErrorCode'),

  stage: text(
    `Stage of the last page: ${STAGES.join(', ')}, or unknown:<page>`,
    'InterruptPageEn, else InterruptPage',
  ),
  stage_reached: long(
    `Furthest stage seen on the fixed ladder: ${LADDER}. A stage that a solution lacks is passed over: not a step of a funnel`,
    'VerifyStatus, page stays, log lines, last pages',
  ),
  interrupt_page: chinese('The last page, Chinese, as received', 'InterruptPage'),
  interrupt_page_en: text('The last page, English, as received', 'InterruptPageEn'),

  ...fieldByColumn(
    ON_COLUMN,
    'page stays, log lines, last pages',
    (stage) =>
      `1 when somebody is known to have been on one of the ${stage} pages${
        stage === 'GUIDE' ? ', before the document or before liveness' : ''
      }; else absent`,
  ),
  path_version: long(
    'How the columns on_<stage> were made, now 1. Absent in rows of a version that did not keep them: in those a missing on_<stage> says nothing',
    DERIVED,
  ),

  ...fieldByColumn(STAY_COLUMN, STAY, (stage) => `Time on the ${stage} pages, ms`),
  stay_total_ms: long('Sum of all page stays, pages unknown to us included, ms', STAY),
  span_ms: long('First to last log line, ms; the log has whole seconds', 'LogInfo, LogInfoEn'),
  hidden_ms: long(
    'span_ms minus stay_total_ms, not below 0: time on no page, such as an app in the background, ms',
    DERIVED,
  ),

  face_retries: long('Retries of the liveness step', 'LogStatisticsInfo.faceOverTimes'),
  ocr_retries: long('Retries of the document capture', 'LogStatisticsInfo.ocrOverTimes'),
  ocr_edits: long('Corrections of the recognised document data', 'LogStatisticsInfo.ocrEditTimes'),
  ocr_edit_retries: long('Retries of the correction step', 'LogStatisticsInfo.ocrEditOverTimes'),
  face_permission_refused: text(
    'true when the camera was refused in the liveness step, else false',
    'LogStatisticsInfo.hasFacePermissionRefuse',
  ),
  ocr_permission_refused: text(
    'true when the camera was refused in the document step, else false',
    'LogStatisticsInfo.hasOcrPermissionRefuse',
  ),
  permission_outcome: text(explained(PERMISSION_OUTCOMES), DERIVED),

  cause: text(`Why it ended as it did: ${oneOf(CAUSES)}`, DERIVED),
  cause_confidence: text(
    `${oneOf(CONFIDENCES)}; one step lower when a field that decided is contradicted`,
    DERIVED,
  ),
  cause_evidence: json('The columns that decided the cause, with their values', DERIVED),
  contradictions: text('Names of the checks that found fields at odds, comma separated', DERIVED),
  contradiction_count: long('How many checks found fields at odds', DERIVED),
  recoverable: text(
    'true when the same person could get through in a new session with nothing changed in the app or the service, else false; absent for cause unknown',
    DERIVED,
  ),

  log_coverage: text(
    `Which of LogInfo, LogInfoEn and LogStatisticsInfo came with content: ${explained(LOG_COVERAGES)}`,
    DERIVED,
  ),
  event_count: long('Lines in both client logs', 'LogInfo, LogInfoEn'),
  events_truncated: text('true when there were more lines than idv-events is given, else false', DERIVED),
  unknown_values: text('Values outside the documented lists, as <member>:<value>, comma separated', DERIVED),
  unknown_count: long('How many values were outside the documented lists', DERIVED),

  story: text('The session in one or two plain sentences, English', DERIVED),
  story_zh: chinese('The session in one or two plain sentences, Chinese', DERIVED),

  raw: chinese(
    'The Result as JSON, or a pending row that could not be read; left out above 256 KB. Read it by search: SQL cuts long text',
    'Result',
  ),
  raw_bytes: long('Size of that JSON in UTF-8 bytes', 'Result'),
  raw_truncated: text('true when raw was left out, else false', DERIVED),
  write_error: text(
    'Why the log store refused the full row: this one is then without raw and with its texts cut',
    'SLS',
  ),
} as const satisfies FieldTable;

export type RecordRow = RowOf<typeof RECORD_FIELDS>;
