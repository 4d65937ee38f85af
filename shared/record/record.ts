import type { EventRow } from '../logstores/events.ts';
import type { RecordRow } from '../logstores/records.ts';
import { viewKeyOf } from '../logstores/view.ts';
import { readAnswer } from './answer.ts';
import { decideCause } from './cause.ts';
import { findContradictions } from './contradictions.ts';
import { EVENTS_MAX, readJournal, toEventRows } from './journal.ts';
import { type JsonTexts, toJsonText, toJsonTexts } from './json-text.ts';
import { toLong } from './number.ts';
import { permissionOutcomeOf } from './permission.ts';
import { type Known, present } from './present.ts';
import { revisionOf } from './revision.ts';
import { readSession, type Session } from './session.ts';
import type { Stage } from './stages.ts';
import { readStatistics } from './statistics.ts';
import { tellStory, tellWithoutAnswer } from './story.ts';
import { clip, storable } from './text.ts';
import { createUnknowns } from './unknowns.ts';

export const DISPOSITIONS = ['answered', 'not_completed', 'invalid', 'expired', 'gave_up'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** One answer, or the end of asking, with what is known of the transaction. */
export interface RecordInput {
  readonly transactionId: string;
  readonly merchantBizId?: string;
  /** The one that was asked with where none was given: recorded, but nothing that a registration gave. */
  readonly derivedMerchantBizId?: string;
  /** When the newest of what is said of the session was given, unix ms. */
  readonly givenAtMs?: number;
  /** What was registered could not be read: the row must not stand before one that knows it. */
  readonly registrationUnread?: boolean;
  readonly source: 'lookup' | 'sweep';
  readonly attempt: number;
  readonly region: string;
  readonly requestId?: string;
  readonly labels?: Readonly<Record<string, string>> | string;
  readonly initializedAtMs?: number;
  readonly registeredAtMs?: number;
  readonly askedAtMs: number;
  readonly final: boolean;
  readonly disposition: Disposition;
  readonly code: string;
  /** The answer's Result, as parsed. Read only with disposition `answered`. */
  readonly result?: unknown;
  /** A pending row that could not be read. */
  readonly raw?: unknown;
}

export interface RecordOutput {
  readonly record: RecordRow;
  readonly events: EventRow[];
}

/** Documented return codes have at most 28 characters. */
const CODE_LENGTH = 128;
const RAW_BYTES_MAX = 256 * 1024;
/** How the pages of a session are read off its answer: another number when that changes. */
const PATH_VERSION = 1;
/** Registration bounds labels to about 4 KB; a row of another writer may hold anything. */
const LABELS_LENGTH_MAX = 16 * 1024;

/** The row for `idv-records` and the rows for `idv-events`. Never throws, whatever the Result is. */
export function toRecord(input: RecordInput): RecordOutput {
  const answered = input.disposition === 'answered';
  const content = answered ? input.result : (input.raw ?? input.result);
  const json = content === undefined ? undefined : toJsonTexts(content);
  try {
    return build(input, { result: content, json });
  } catch {
    // A value that is not JSON, such as a member that throws when read a second time. Its text is JSON.
    return build(input, { result: JSON.parse(json?.text ?? 'null'), json });
  }
}

/** What a registration gives to a record. */
type Registered = Pick<
  RecordInput,
  'merchantBizId' | 'initializedAtMs' | 'registeredAtMs' | 'givenAtMs' | 'registrationUnread' | 'labels'
>;

/**
 * The same answer with what else became known of its registration.
 * @param row as it was made, or read back: then its numbers are texts
 * @param isWritten the row stands in the logstore: a millisecond makes the new one the later of the two
 */
export function registeredAgain(
  row: RecordRow,
  registered: Registered,
  { isWritten }: { isWritten: boolean },
): RecordRow {
  const askedAtMs = toLong(Number(row.asked_at_ms) + (isWritten ? 1 : 0));
  const { columns, given } = registeredColumns(registered);
  return present<RecordRow>(row as Known<RecordRow>, columns, {
    asked_at_ms: askedAtMs,
    view_key: viewKeyOf({
      final: row.final === 'true',
      answered: row.disposition === 'answered',
      given,
      askedAtMs,
      revision: row.revision ?? '',
    }),
  });
}

function registeredColumns(registered: Registered) {
  const said = {
    merchant_biz_id: storableOrAbsent(registered.merchantBizId),
    labels: labelsText(registered.labels),
    initialized_at_ms: toLong(registered.initializedAtMs),
  };
  const saysSomething = Object.values(said).some((value) => value !== undefined);
  return {
    columns: {
      ...said,
      registered_at_ms: toLong(registered.registeredAtMs),
      given_at_ms: saysSomething ? toLong(registered.givenAtMs) : undefined,
    },
    given: saysSomething && registered.registrationUnread !== true,
  };
}

interface Content {
  readonly result: unknown;
  readonly json: JsonTexts | undefined;
}

function build(input: RecordInput, content: Content): RecordOutput {
  const head = identityOf(input, content);
  const rawColumns = rawOf(content);
  if (input.disposition !== 'answered') {
    const told = tellWithoutAnswer(input.disposition, clip(input.code, CODE_LENGTH), toLong(input.attempt));
    return { record: present<RecordRow>(head, told, rawColumns), events: [] };
  }
  const session = sessionOf(content.result);
  const record = present<RecordRow>(head, ...judge(session, input.final), rawColumns);
  const events = toEventRows(session.journal, {
    transaction_id: head.transaction_id,
    revision: head.revision,
    final: head.final,
  });
  return { record, events };
}

function sessionOf(result: unknown): Session {
  const unknowns = createUnknowns();
  const answer = readAnswer(result, unknowns);
  return readSession(answer, {
    statistics: readStatistics(answer.statistics, unknowns),
    journal: readJournal(answer.logInfo, answer.logInfoEn),
    unknowns,
  });
}

function identityOf(input: RecordInput, { json }: Content) {
  const answered = input.disposition === 'answered';
  const revision = revisionOf(
    input.transactionId,
    answered && json !== undefined
      ? { sortedResultJson: json.sorted }
      : { disposition: input.disposition, code: input.code },
  );
  const askedAtMs = toLong(input.askedAtMs);
  const { columns, given } = registeredColumns(input);
  return {
    transaction_id: storable(input.transactionId),
    merchant_biz_id: columns.merchant_biz_id ?? storableOrAbsent(input.derivedMerchantBizId),
    revision,
    view_key: viewKeyOf({ final: input.final, answered, given, askedAtMs, revision }),
    source: input.source,
    attempt: toLong(input.attempt),
    region: input.region,
    request_id: storableOrAbsent(input.requestId),
    labels: columns.labels,
    initialized_at_ms: columns.initialized_at_ms,
    registered_at_ms: columns.registered_at_ms,
    given_at_ms: columns.given_at_ms,
    asked_at_ms: askedAtMs,
    final: String(input.final),
    disposition: input.disposition,
    code: clip(input.code, CODE_LENGTH),
  };
}

/** Everything that the session itself says, the facts first: the cause and the story are made of them. */
function judge(session: Session, final: boolean): Known<RecordRow>[] {
  const facts = factsOf(session);
  const contradictions = findContradictions(session);
  const verdict = decideCause(session, contradictions, facts);
  const judgement = {
    cause: verdict.cause,
    cause_confidence: verdict.confidence,
    cause_evidence: JSON.stringify(verdict.evidence),
    contradictions:
      contradictions.length === 0 ? undefined : contradictions.map(({ name }) => name).join(','),
    contradiction_count: contradictions.length,
    recoverable: booleanText(verdict.recoverable),
  };
  return [
    facts,
    judgement,
    tellStory({ session, verdict, contradictionCount: contradictions.length, final }),
  ];
}

function factsOf(session: Session): Known<RecordRow> {
  const { statistics, journal, unknowns } = session;
  return {
    journey: session.journey,
    passed: session.passed,
    sub_code: session.subCode,
    verify_error_code: session.code,
    stage: session.stage,
    stage_reached: session.stageReached,
    interrupt_page: session.pageZh,
    interrupt_page_en: session.pageEn,
    ...pathColumns(session),
    stay_loading_ms: statistics.stays.get('LOADING'),
    stay_guide_ms: statistics.stays.get('GUIDE'),
    stay_ocr_scan_ms: statistics.stays.get('OCR_SCAN'),
    stay_ocr_result_ms: statistics.stays.get('OCR_RESULT'),
    stay_nfc_input_ms: statistics.stays.get('NFC_INPUT'),
    stay_nfc_read_ms: statistics.stays.get('NFC_READ'),
    stay_face_ms: statistics.stays.get('FACE'),
    stay_total_ms: statistics.stayTotalMs,
    span_ms: journal.spanMs,
    hidden_ms: session.hiddenMs,
    face_retries: statistics.faceRetries,
    ocr_retries: statistics.ocrRetries,
    ocr_edits: statistics.ocrEdits,
    ocr_edit_retries: statistics.ocrEditRetries,
    face_permission_refused: booleanText(statistics.facePermissionRefused),
    ocr_permission_refused: booleanText(statistics.ocrPermissionRefused),
    permission_outcome: permissionOutcomeOf(session),
    log_coverage: coverageOf(session),
    event_count: journal.lineCount,
    events_truncated: String(journal.lineCount > EVENTS_MAX),
    unknown_values: unknowns.count === 0 ? undefined : unknowns.shown.join(','),
    unknown_count: unknowns.count,
  };
}

function pathColumns({ path }: Session) {
  const on = (stage: Stage) => (path.includes(stage) ? 1 : undefined);
  return {
    on_loading: on('LOADING'),
    on_guide: on('GUIDE'),
    on_ocr_scan: on('OCR_SCAN'),
    on_ocr_result: on('OCR_RESULT'),
    on_nfc_input: on('NFC_INPUT'),
    on_nfc_read: on('NFC_READ'),
    on_face: on('FACE'),
    path_version: PATH_VERSION,
  };
}

function coverageOf({ journal, statistics }: Session): string {
  const came = [journal.zh.lineCount > 0, journal.en.lineCount > 0, statistics.present].filter(
    Boolean,
  ).length;
  return came === 0 ? 'none' : came === 3 ? 'full' : 'partial';
}

/** Sorted keys change no length, so either text gives the size. */
function rawOf({ json }: Content): Known<RecordRow> {
  if (json === undefined) return {};
  const bytes = Buffer.byteLength(json.sorted);
  const fits = bytes <= RAW_BYTES_MAX;
  return { raw: fits ? json.text : undefined, raw_bytes: bytes, raw_truncated: String(!fits) };
}

function labelsText(labels: RecordInput['labels']): string | undefined {
  if (labels === undefined || labels === null) return undefined;
  const text = typeof labels === 'string' ? storable(labels) : toJsonText(labels, true);
  return text === '' || text === '{}' || text.length > LABELS_LENGTH_MAX ? undefined : text;
}

function storableOrAbsent(text: string | undefined): string | undefined {
  return typeof text === 'string' && text !== '' ? storable(text) : undefined;
}

function booleanText(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
