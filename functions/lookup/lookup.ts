import { isDeepStrictEqual } from 'node:util';
import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';
import { ProblemError } from '../../shared/fc/problem.ts';
import { toContents } from '../../shared/logstores/contents.ts';
import type { EventRow } from '../../shared/logstores/events.ts';
import { deriveMerchantBizId } from '../../shared/logstores/ids.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { RECORD_FIELDS, type RecordRow } from '../../shared/logstores/records.ts';
import { givenInRecord } from '../../shared/logstores/registration.ts';
import { type RecordOutput, toRecord } from '../../shared/record/record.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { enqueue, isNews, mergeKnown, missingRow, newsRow } from './enqueue.ts';
import { logFieldsOf, type StoreFailure, storeFailureOf } from './failure.ts';
import { type EarlierAnswer, type HistoryEntry, type Known, readKnown, registrationOf } from './known.ts';
import type { Transaction } from './request-schema.ts';
import type { Services } from './services.ts';
import { toUpstreamProblem } from './upstream-problem.ts';

/**
 * One transaction, asked about now.
 *
 * An answer is given as soon as ID Verification gave one, whatever the log store does: `stored` says what became
 * of it there. Nothing is lost by that: an answer that is not final leaves the transaction in the queue, and a
 * final one can be asked for again for as long as the service keeps it. Reading what is known, asking, and writing
 * each have their own time limit, so that a slow log store cannot use up the time of the question.
 */
export interface LookupAnswer {
  transactionId: string;
  final: boolean;
  /** `already`: a final record of the same revision, with the same registration, is there. */
  stored: boolean | 'already';
  /** Why `stored` is false. */
  reason?: StoreFailure;
  /**
   * Not final, or final by what was said of the opening only: whether the transaction waits in the queue with
   * all that is said of it, from before or from now on.
   */
  registered?: boolean;
  record: RecordRow;
  events: EventRow[];
  story: string;
  history: readonly HistoryEntry[];
  /** False when the log store could not be read in full. */
  historyComplete: boolean;
}

/** Reading is only to know more; it must not cost the answer. */
export const READ_KNOWN_MS = 5 * SECOND_MS;
const RETRY_NOT_COMPLETED_LEAST_SECONDS = 60;

/** What is known of a transaction, within its own time limit. Never throws. */
export function readKnownInTime(
  { sls, clock, settings }: Services,
  transactionId: string,
  signal: AbortSignal,
  limitMs = READ_KNOWN_MS,
): Promise<Known> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  return readKnown(sls, transactionId, { nowMs: clock.now(), windows: settings.windows, signal: limited });
}

/**
 * @param reading what is known of the transaction, where that is being read already
 * @throws ProblemError for every answer of the service but a result; DeadlineError when the time is over
 */
export async function lookUp(
  services: Services,
  asked: Transaction,
  signal: AbortSignal,
  reading = readKnownInTime(services, asked.transactionId, signal),
): Promise<LookupAnswer> {
  const { clock } = services;
  const { transactionId } = asked;
  // The session was opened with one MerchantBizId; unless the caller names it, the registration may know it.
  const merchantBizId =
    asked.merchantBizId ??
    registrationOf(await reading).given.merchantBizId ??
    deriveMerchantBizId(transactionId);
  const ticket = await services.pacer.take(signal);
  const askedAtMs = clock.now();
  const asking = services.cloudauth.checkVerifyLog({ merchantBizId, transactionId }, { signal });
  const [known, outcome] = await Promise.all([reading, asking]);
  if (known.error !== undefined) Object.assign(services.trace.notes, logFieldsOf(known.error));
  if (outcome.kind === 'throttled') services.pacer.throttled(ticket, outcome.retryAfterMs);
  else services.pacer.accepted();
  const question: Question = { asked, known, askedAtMs, signal };
  if (outcome.kind === 'answered') return keepAnswer(services, question, outcome);
  if (outcome.kind === 'not_completed') throw await toNotCompleted(services, question);
  signal.throwIfAborted();
  throw toUpstreamProblem(outcome, answeredAtMs(known));
}

function answeredAtMs({ history }: Known): number | undefined {
  const at = history.find((entry) => entry.disposition === 'answered')?.asked_at_ms;
  return typeof at === 'number' ? at : undefined;
}

interface Question {
  readonly asked: Transaction;
  readonly known: Known;
  readonly askedAtMs: number;
  readonly signal: AbortSignal;
}

type Answered = Extract<CheckVerifyLogOutcome, { kind: 'answered' }>;

async function keepAnswer(services: Services, question: Question, outcome: Answered): Promise<LookupAnswer> {
  const { asked, known, askedAtMs, signal } = question;
  const { verifyDelayMs } = services.settings;
  const openedMs = openedAtMs(question);
  const final = openedMs !== undefined && askedAtMs >= openedMs + verifyDelayMs;
  // A session is opened before we hear of it: half an hour after that, or once the sweep has asked, nobody's word is
  // needed.
  const heardOfAtMs = registrationOf(known).registeredAtMs;
  const isSwept = known.answers.some((one) => one.source === 'sweep' && one.final && one.answered);
  const isLongKnown = heardOfAtMs !== undefined && askedAtMs >= heardOfAtMs + verifyDelayMs;
  const isSure = final && (isLongKnown || isSwept);
  const output = toOutput(services, question, { outcome, final });
  const moment = { nowMs: askedAtMs, verifyDelayMs };
  // Where the queue could not be read, nobody knows whether it says as much as the caller.
  const mayBeNews = known.failed && isNews(asked, known, askedAtMs);
  const row = isSure && !mayBeNews ? newsRow(asked, known, moment) : missingRow(asked, known, moment);
  const [kept, queued] = await Promise.all([
    storeUnlessThere(services, question, output),
    queueRow(services, row, signal),
  ]);
  return {
    transactionId: asked.transactionId,
    final,
    ...kept,
    ...(isSure ? {} : { registered: queued }),
    record: output.record,
    events: output.events,
    story: output.record.story ?? '',
    history: known.history,
    historyComplete: known.complete,
  };
}

/**
 * The later of what the caller says and what is known, so that a wrong word cannot make an answer final too early.
 * A session is opened before it is registered, so the registration will do where the opening is not known. An
 * earlier final record says nothing here: it may rest on such a word itself.
 */
function openedAtMs({ asked, known }: Pick<Question, 'asked' | 'known'>): number | undefined {
  const registration = registrationOf(known);
  const knownMs = registration.given.initializedAtMs ?? registration.registeredAtMs;
  const saidMs = asked.initializedAtMs;
  if (knownMs === undefined || saidMs === undefined) return knownMs ?? saidMs;
  return Math.max(knownMs, saidMs);
}

function toOutput(
  services: Services,
  { asked, known, askedAtMs }: Question,
  { outcome, final }: { outcome: Answered; final: boolean },
): RecordOutput {
  const { transactionId } = asked;
  const { given, givenAtMs, registeredAtMs } = mergeKnown(asked, known, askedAtMs);
  return toRecord({
    transactionId,
    ...given,
    derivedMerchantBizId: deriveMerchantBizId(transactionId),
    ...(givenAtMs === undefined ? {} : { givenAtMs }),
    ...(registeredAtMs === undefined ? {} : { registeredAtMs }),
    registrationUnread: known.failed,
    source: 'lookup',
    attempt: 1 + known.history.reduce((sum, entry) => sum + entry.copies, 0),
    region: services.settings.region,
    ...(outcome.requestId === undefined ? {} : { requestId: outcome.requestId }),
    askedAtMs,
    final,
    disposition: 'answered',
    code: outcome.code,
    result: outcome.result,
  });
}

async function storeUnlessThere(
  services: Services,
  { asked, known, askedAtMs, signal }: Question,
  output: RecordOutput,
): Promise<Pick<LookupAnswer, 'stored' | 'reason'>> {
  const { revision } = output.record;
  const row = Object.fromEntries(toContents(RECORD_FIELDS, output.record));
  const view = viewOf(known);
  const isView =
    view?.final === true &&
    view.revision === revision &&
    isDeepStrictEqual(view.given, givenInRecord(row, services.settings.windows.saneBeforeMs));
  // Where the caller decides between what others said, that has to be kept, even if it was seen already.
  if (isView && !registrationOf(known).add(asked, askedAtMs)) return { stored: 'already' };
  // The lines of the same answer may be there already: they are written before its record.
  const hasEvents = known.answers.some((one) => one.final && one.revision === revision);
  try {
    await services.storeOutput(hasEvents ? { ...output, events: [] } : output, signal);
    return { stored: true };
  } catch (error) {
    Object.assign(services.trace.notes, logFieldsOf(error));
    return { stored: false, reason: storeFailureOf(error) };
  }
}
/** The record that everybody sees, of those that were read. */
function viewOf({ answers }: Known): EarlierAnswer | undefined {
  const [first, ...others] = answers;
  return others.reduce((best, one) => (one.viewKey > (best?.viewKey ?? '') ? one : best), first);
}

/** Whether the transaction waits in the queue now; without a row to add it did before. */
async function queueRow(
  services: Services,
  row: PendingTransaction | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (row === undefined) return true;
  const { stored, error } = await enqueue(services, [row], signal);
  if (error !== undefined) Object.assign(services.trace.notes, logFieldsOf(error));
  return stored[0] === true;
}

/** The transaction is registered before the caller is told to come back. */
async function toNotCompleted(services: Services, question: Question): Promise<ProblemError> {
  const { asked, known, signal } = question;
  const { verifyDelayMs } = services.settings;
  const nowMs = services.clock.now();
  const registered = await queueRow(services, missingRow(asked, known, { nowMs, verifyDelayMs }), signal);
  const openedMs = openedAtMs(question) ?? nowMs;
  const waitSeconds = Math.ceil((openedMs + verifyDelayMs - nowMs) / SECOND_MS);
  const minutes = Math.round(verifyDelayMs / MINUTE_MS);
  return new ProblemError(
    'NOT_COMPLETED',
    registered
      ? `The session is under way; it is registered and asked for about ${minutes} minutes after.`
      : 'The session is under way, and the log store did not take its registration: ask again, or register it.',
    {
      retryAfterSeconds: Math.max(waitSeconds, RETRY_NOT_COMPLETED_LEAST_SECONDS),
      logFields: { registered },
    },
  );
}
