import { isDeepStrictEqual } from 'node:util';
import { type LookupResponse, lookupResponse } from '../../shared/api/responses.ts';
import {
  instant,
  merchantBizId,
  safeParseTransaction,
  type Transaction,
  transactionId,
} from '../../shared/api/transaction.ts';
import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';
import { ProblemError } from '../../shared/fc/response.ts';
import { type History, readHistory, registrationOf } from '../../shared/history.ts';
import type { EarlierRecord } from '../../shared/logstores/earlier-records.ts';
import { toContents } from '../../shared/logstores/field-table.ts';
import { deriveMerchantBizId } from '../../shared/logstores/ids.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { RECORD_FIELDS } from '../../shared/logstores/records.ts';
import { givenInRecord } from '../../shared/logstores/registration.ts';
import { type RecordOutput, toRecord } from '../../shared/record/record.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { encodeOutput, writeRecords } from '../../shared/write-records.ts';
import { defineEndpoint, valid } from './define-endpoint.ts';
import { noteFailure, storeFailureOf, toUpstreamProblem } from './failures.ts';
import { timesOf } from './items.ts';
import { enqueue, isNews, mergeGiven, missingRow, newsRow } from './queue.ts';
import type { LookupRequest } from './request.ts';

/**
 * Asks about one transaction now.
 *
 * Once ID Verification has answered, the response holds that answer, even if the log store fails: `stored` says
 * whether it was written. Nothing is lost by that: an answer that is not final leaves the transaction in the queue,
 * and a final one can be asked for again for as long as the service keeps it. Reading the history, asking, and writing
 * each have their own time limit, so that a slow log store cannot use up the time for asking.
 */
export const lookupEndpoint = defineEndpoint({
  method: 'GET',
  path: '/v1/transactions/{transactionId}',
  operationId: 'lookUpTransaction',
  summary: 'Ask about one transaction now',
  description:
    'Writes the record and its events, unless a final record of the same revision is there. An answer that is not final leaves the transaction registered.',
  params: { transactionId: { schema: transactionId, description: 'The transaction.' } },
  query: {
    merchantBizId: {
      schema: merchantBizId,
      description: 'As given to Initialize; default: as registered.',
    },
    initializedAt: {
      schema: instant,
      description: 'When the session was opened; default: as registered.',
    },
  },
  response: {
    status: 200,
    schema: lookupResponse,
    description: 'What ID Verification answered, and what it means.',
  },
  problems: [
    'TRANSACTION_INVALID',
    'NOT_COMPLETED',
    'THROTTLED',
    'UPSTREAM_FORBIDDEN',
    'UPSTREAM_HTTP',
    'UPSTREAM_NETWORK',
    'UPSTREAM_CONTRACT',
    'UPSTREAM_TIMEOUT',
    'DEADLINE_NEAR',
  ],
  handle(request, { params, query }) {
    const transaction = valid(safeParseTransaction({ ...params, ...query }, timesOf(request)));
    return lookUp(request, transaction, request.deadline.signal);
  },
});

/** The history is only an addition: reading it must not cost the answer. */
export const READ_HISTORY_MS = 5 * SECOND_MS;
/** A log store that hangs must not cost the answer. */
const STORE_MS = 15 * SECOND_MS;
/** A caller is waiting; the sweep can be patient. */
const STORE_ATTEMPTS = 2;
const MIN_RETRY_NOT_COMPLETED_SECONDS = 60;

/** The history of a transaction, within its own time limit. Never throws. */
export function readHistoryInTime(
  { services: { clock, settings }, sls }: LookupRequest,
  transactionId: string,
  signal: AbortSignal,
  limitMs = READ_HISTORY_MS,
): Promise<History> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  return readHistory(sls, transactionId, { nowMs: clock.now(), windows: settings.windows, signal: limited });
}

/**
 * @param reading the history of the transaction, if it is being read already
 * @throws ProblemError for every outcome but an answer; DeadlineError when time is up
 */
export async function lookUp(
  request: LookupRequest,
  asked: Transaction,
  signal: AbortSignal,
  reading = readHistoryInTime(request, asked.transactionId, signal),
): Promise<LookupResponse> {
  const { clock, pacer } = request.services;
  const { transactionId } = asked;
  // The session was opened with one MerchantBizId: the caller may give it, or the registration may hold it.
  const merchantBizId =
    asked.merchantBizId ??
    registrationOf(await reading).given.merchantBizId ??
    deriveMerchantBizId(transactionId);
  const ticket = await pacer.take(signal);
  const askedAtMs = clock.now();
  const asking = request.cloudauth.checkVerifyLog({ merchantBizId, transactionId }, { signal });
  const [history, outcome] = await Promise.all([reading, asking]);
  noteFailure(request.trace, history.error);
  if (outcome.kind === 'throttled') pacer.throttled(ticket, outcome.retryAfterMs);
  else pacer.accepted();
  const question: Question = { asked, history, askedAtMs, signal };
  if (outcome.kind === 'answered') return keepAnswer(request, question, outcome);
  if (outcome.kind === 'not_completed') throw await toNotCompleted(request, question);
  signal.throwIfAborted();
  throw toUpstreamProblem(outcome, answeredAtMs(history));
}

function answeredAtMs({ entries }: History): number | undefined {
  return entries.find((entry) => entry.disposition === 'answered')?.asked_at_ms;
}

interface Question {
  readonly asked: Transaction;
  readonly history: History;
  readonly askedAtMs: number;
  readonly signal: AbortSignal;
}

type Answered = Extract<CheckVerifyLogOutcome, { kind: 'answered' }>;

async function keepAnswer(
  request: LookupRequest,
  question: Question,
  outcome: Answered,
): Promise<LookupResponse> {
  const { asked, history, askedAtMs, signal } = question;
  const { verifyDelayMs } = request.services.settings;
  const openedMs = openedAtMs(question);
  const final = openedMs !== undefined && askedAtMs >= openedMs + verifyDelayMs;
  // A session is opened before it is registered: half an hour after that, or once the sweep has asked, its answer is
  // final whatever opening time was given.
  const heardOfAtMs = registrationOf(history).registeredAtMs;
  const isSwept = history.records.some((one) => one.source === 'sweep' && one.final && one.answered);
  const isLongKnown = heardOfAtMs !== undefined && askedAtMs >= heardOfAtMs + verifyDelayMs;
  const isSure = final && (isLongKnown || isSwept);
  const output = toOutput(request, question, { outcome, final });
  const moment = { nowMs: askedAtMs, verifyDelayMs };
  // If the queue could not be read, it may not hold what the caller gives.
  const mayBeNews = history.failed && isNews(asked, history, askedAtMs);
  const row = isSure && !mayBeNews ? newsRow(asked, history, moment) : missingRow(asked, history, moment);
  const [kept, queued] = await Promise.all([
    storeUnlessThere(request, question, output),
    queueRow(request, row, signal),
  ]);
  return {
    transactionId: asked.transactionId,
    final,
    ...kept,
    ...(isSure ? {} : { registered: queued }),
    record: output.record,
    events: output.events,
    story: output.record.story ?? '',
    history: history.entries,
    historyComplete: history.complete,
  };
}

/**
 * When the session was opened: the later of what the caller gives and what is known, so that a wrong time cannot make
 * an answer final too early. A session is opened before it is registered, so where the opening is not known the time
 * of registration will do. An earlier final record proves nothing here: it may rest on a wrong time itself.
 */
function openedAtMs({ asked, history }: Pick<Question, 'asked' | 'history'>): number | undefined {
  const registration = registrationOf(history);
  const knownMs = registration.given.initializedAtMs ?? registration.registeredAtMs;
  const givenMs = asked.initializedAtMs;
  if (knownMs === undefined || givenMs === undefined) return knownMs ?? givenMs;
  return Math.max(knownMs, givenMs);
}

function toOutput(
  request: LookupRequest,
  { asked, history, askedAtMs }: Question,
  { outcome, final }: { outcome: Answered; final: boolean },
): RecordOutput {
  const { transactionId } = asked;
  const { given, givenAtMs, registeredAtMs } = mergeGiven(asked, history, askedAtMs);
  return toRecord({
    transactionId,
    ...given,
    derivedMerchantBizId: deriveMerchantBizId(transactionId),
    ...(givenAtMs === undefined ? {} : { givenAtMs }),
    ...(registeredAtMs === undefined ? {} : { registeredAtMs }),
    registrationUnread: history.failed,
    source: 'lookup',
    attempt: 1 + history.entries.reduce((sum, entry) => sum + entry.copies, 0),
    region: request.services.settings.region,
    ...(outcome.requestId === undefined ? {} : { requestId: outcome.requestId }),
    askedAtMs,
    final,
    disposition: 'answered',
    code: outcome.code,
    result: outcome.result,
  });
}

async function storeUnlessThere(
  request: LookupRequest,
  { asked, history, askedAtMs, signal }: Question,
  output: RecordOutput,
): Promise<Pick<LookupResponse, 'stored' | 'reason'>> {
  const { clock, random, settings } = request.services;
  const { revision } = output.record;
  const row = Object.fromEntries(toContents(RECORD_FIELDS, output.record));
  const view = viewOf(history);
  const isView =
    view?.final === true &&
    view.revision === revision &&
    isDeepStrictEqual(view.given, givenInRecord(row, settings.windows.saneBeforeMs));
  // What the caller gives may settle which of several earlier values counts: then it has to be written.
  if (isView && !registrationOf(history).add(asked, askedAtMs)) return { stored: 'already' };
  // If a final record of the same answer is there, so are its events, which are written first.
  const hasEvents = history.records.some((one) => one.final && one.revision === revision);
  try {
    await writeRecords(request.sls, [encodeOutput(hasEvents ? { ...output, events: [] } : output)], {
      clock,
      random,
      signal: AbortSignal.any([signal, AbortSignal.timeout(STORE_MS)]),
      attempts: STORE_ATTEMPTS,
    });
    return { stored: true };
  } catch (error) {
    noteFailure(request.trace, error);
    return { stored: false, reason: storeFailureOf(error) };
  }
}

/** Of the records that were read, the one that the view shows. */
function viewOf({ records }: History): EarlierRecord | undefined {
  const [first, ...others] = records;
  return others.reduce((best, one) => (one.viewKey > (best?.viewKey ?? '') ? one : best), first);
}

/** Returns whether the transaction is in the queue now. Without a row to add it was before. */
async function queueRow(
  request: LookupRequest,
  row: PendingTransaction | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (row === undefined) return true;
  const { stored } = await enqueue(request, [row], signal);
  return stored[0] === true;
}

/** Registers the transaction before the caller is told to come back. */
async function toNotCompleted(request: LookupRequest, question: Question): Promise<ProblemError> {
  const { asked, history, signal } = question;
  const { verifyDelayMs } = request.services.settings;
  const nowMs = request.services.clock.now();
  const registered = await queueRow(request, missingRow(asked, history, { nowMs, verifyDelayMs }), signal);
  const openedMs = openedAtMs(question) ?? nowMs;
  const waitSeconds = Math.ceil((openedMs + verifyDelayMs - nowMs) / SECOND_MS);
  const minutes = Math.round(verifyDelayMs / MINUTE_MS);
  return new ProblemError(
    'NOT_COMPLETED',
    registered
      ? `The session is under way; it is registered and asked for about ${minutes} minutes after.`
      : 'The session is under way, and the log store did not take its registration: ask again, or register it.',
    {
      retryAfterSeconds: Math.max(waitSeconds, MIN_RETRY_NOT_COMPLETED_SECONDS),
      logFields: { registered },
    },
  );
}
