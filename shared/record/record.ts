import { createHash } from 'node:crypto';
import type { EventRow } from '../logstores/events.ts';
import { MAX_CODE_LENGTH } from '../logstores/ids.ts';
import { ON_COLUMN, type RecordRow, STAY_COLUMN } from '../logstores/records.ts';
import { type Disposition, type LogCoverage, type Source, STAGES } from '../logstores/values.ts';
import { viewKeyOf } from '../logstores/view.ts';
import { decideCause } from './cause.ts';
import { findContradictions } from './contradictions.ts';
import { MAX_EVENTS, toEventRows } from './journal.ts';
import { type JsonTexts, toJsonText, toJsonTexts } from './json-text.ts';
import { toLong } from './members.ts';
import { permissionOutcomeOf } from './permission.ts';
import { readSession, type Session } from './session.ts';
import { type Columns, clip, present, storable } from './storable.ts';
import { tellStory, tellWithoutLog } from './story.ts';

/** One answer, or the end of asking, and what is known of the transaction. */
export interface RecordInput {
  readonly transactionId: string;
  readonly merchantBizId?: string;
  /** The one used for the call where none was given: recorded, but it does not count as given. */
  readonly derivedMerchantBizId?: string;
  /** When the newest of what was registered was given, unix ms. */
  readonly givenAtMs?: number;
  /** What was registered could not be read: the row must not come before one that has it. */
  readonly registrationUnread?: boolean;
  readonly source: Source;
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

const MAX_RAW_BYTES = 256 * 1024;
/** To be raised when the way in which `on_<stage>` is derived changes. */
const PATH_VERSION = 1;
/** A registration's labels have at most about 4 KB; a row of another writer may hold anything. */
const MAX_LABELS_LENGTH = 16 * 1024;

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

/** What a record takes from a registration. */
type Registered = Pick<
  RecordInput,
  'merchantBizId' | 'initializedAtMs' | 'registeredAtMs' | 'givenAtMs' | 'registrationUnread' | 'labels'
>;

/**
 * The same answer with what has become known of its registration since.
 * @param row as it was made, or as it was read back, with numbers as text
 * @param isWritten the row is in the logstore already: the new one is a millisecond later, so that it replaces it
 */
export function registeredAgain(
  row: RecordRow,
  registered: Registered,
  { isWritten }: { isWritten: boolean },
): RecordRow {
  const askedAtMs = toLong(Number(row.asked_at_ms) + (isWritten ? 1 : 0));
  const { columns, given } = registeredColumns(registered);
  return present<RecordRow>(row as Columns<RecordRow>, columns, {
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
  const given = {
    merchant_biz_id: storableOrAbsent(registered.merchantBizId),
    labels: labelsText(registered.labels),
    initialized_at_ms: toLong(registered.initializedAtMs),
  };
  const isAnyGiven = Object.values(given).some((value) => value !== undefined);
  return {
    columns: {
      ...given,
      registered_at_ms: toLong(registered.registeredAtMs),
      given_at_ms: isAnyGiven ? toLong(registered.givenAtMs) : undefined,
    },
    given: isAnyGiven && registered.registrationUnread !== true,
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
    const told = tellWithoutLog(input.disposition, clip(input.code, MAX_CODE_LENGTH), toLong(input.attempt));
    return { record: present<RecordRow>(head, told, rawColumns), events: [] };
  }
  const session = readSession(content.result);
  const record = present<RecordRow>(head, ...judge(session, input.final), rawColumns);
  const events = toEventRows(session.journal, {
    transaction_id: head.transaction_id,
    revision: head.revision,
    final: head.final,
  });
  return { record, events };
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
    code: clip(input.code, MAX_CODE_LENGTH),
  };
}

/** 128 bits: enough to tell the answers about one transaction apart, and short in a table. */
const HEX_DIGITS = 32;

/**
 * Identifies a content: equal for an equal transaction id and Result, whatever its key order; without a Result, for
 * an equal id, disposition and code.
 */
export function revisionOf(
  transactionId: string,
  content: { sortedResultJson: string } | { disposition: string; code: string },
): string {
  // JSON escapes lone surrogates, which UTF-8 would make equal; the tags keep the two forms apart.
  const text =
    'sortedResultJson' in content
      ? `result ${JSON.stringify(transactionId)} ${content.sortedResultJson}`
      : `none ${JSON.stringify([transactionId, content.disposition, content.code])}`;
  return createHash('sha256').update(text).digest('hex').slice(0, HEX_DIGITS);
}

/** Everything that comes from the session: the facts, and the cause and the story that are made of them. */
function judge(session: Session, final: boolean): Columns<RecordRow>[] {
  const facts = factsOf(session);
  const contradictions = findContradictions(session);
  const judgement = decideCause(session, contradictions, facts);
  const columnsOfCause = {
    cause: judgement.cause,
    cause_confidence: judgement.confidence,
    cause_evidence: JSON.stringify(judgement.evidence),
    contradictions:
      contradictions.length === 0 ? undefined : contradictions.map(({ name }) => name).join(','),
    contradiction_count: contradictions.length,
    recoverable: booleanText(judgement.recoverable),
  };
  return [
    facts,
    columnsOfCause,
    tellStory({ session, judgement, contradictionCount: contradictions.length, final }),
  ];
}

function factsOf(session: Session): Columns<RecordRow> {
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
    ...stageColumnsOf(session),
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
    events_truncated: String(journal.lineCount > MAX_EVENTS),
    unknown_values: unknowns.count === 0 ? undefined : unknowns.shown.join(','),
    unknown_count: unknowns.count,
  };
}

function stageColumnsOf({ path, statistics }: Session): Columns<RecordRow> {
  const columns: Columns<RecordRow> = {};
  for (const stage of path) columns[ON_COLUMN[stage]] = 1;
  columns.path_version = PATH_VERSION;
  for (const stage of STAGES) columns[STAY_COLUMN[stage]] = statistics.stays.get(stage);
  return columns;
}

function coverageOf({ journal, statistics }: Session): LogCoverage {
  const came = [journal.zh.lineCount > 0, journal.en.lineCount > 0, statistics.present].filter(
    Boolean,
  ).length;
  return came === 0 ? 'none' : came === 3 ? 'full' : 'partial';
}

/** Sorting keys does not change the length, so either text gives the size. */
function rawOf({ json }: Content): Columns<RecordRow> {
  if (json === undefined) return {};
  const bytes = Buffer.byteLength(json.sorted);
  const fits = bytes <= MAX_RAW_BYTES;
  return { raw: fits ? json.text : undefined, raw_bytes: bytes, raw_truncated: String(!fits) };
}

function labelsText(labels: RecordInput['labels']): string | undefined {
  if (labels === undefined || labels === null) return undefined;
  const text = typeof labels === 'string' ? storable(labels) : toJsonText(labels, true);
  return text === '' || text === '{}' || text.length > MAX_LABELS_LENGTH ? undefined : text;
}

function storableOrAbsent(text: string | undefined): string | undefined {
  return typeof text === 'string' && text !== '' ? storable(text) : undefined;
}

function booleanText(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
