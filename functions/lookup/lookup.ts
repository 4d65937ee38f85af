import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/types.ts';
import { ProblemError } from '../../shared/fc/problem.ts';
import { deriveMerchantBizId } from '../../shared/merchant-biz-id.ts';
import type { EventRow } from '../../shared/record/event-fields.ts';
import { type RecordOutput, toRecord } from '../../shared/record/record.ts';
import type { RecordRow } from '../../shared/record/record-fields.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { enqueue, mergeKnown, missingRow } from './enqueue.ts';
import { logFieldsOf, type StoreFailure, storeFailureOf } from './failure.ts';
import { type HistoryEntry, type Known, readKnown } from './known.ts';
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
  /** `already`: a final record of the same revision is there. */
  stored: boolean | 'already';
  /** Why `stored` is false. */
  reason?: StoreFailure;
  /** Not final: whether the transaction waits in the queue, from before or from now on. */
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

/** @throws ProblemError for every answer of the service but a result; DeadlineError when the time is over. */
export async function lookUp(
  services: Services,
  asked: Transaction,
  signal: AbortSignal,
): Promise<LookupAnswer> {
  const { clock } = services;
  const reading = readKnown(services.sls, asked.transactionId, {
    nowMs: clock.now(),
    windows: services.settings.windows,
    signal: AbortSignal.any([signal, AbortSignal.timeout(READ_KNOWN_MS)]),
  });
  const { transactionId } = asked;
  // The session was opened with one MerchantBizId; unless the caller names it, the registration may know it.
  const merchantBizId =
    asked.merchantBizId ?? (await reading).session.merchantBizId ?? deriveMerchantBizId(transactionId);
  const ticket = await services.pacer.take(signal);
  const askedAtMs = clock.now();
  const asking = services.cloudauth.checkVerifyLog({ merchantBizId, transactionId }, { signal });
  const [known, outcome] = await Promise.all([reading, asking]);
  if (known.error !== undefined) Object.assign(services.trace.notes, logFieldsOf(known.error));
  if (outcome.kind === 'throttled') services.pacer.throttled(ticket, outcome.retryAfterMs);
  else services.pacer.accepted(ticket);
  const transaction = mergeKnown(asked, known);
  if (outcome.kind === 'answered') {
    return keepAnswer(services, { transaction, known, outcome, askedAtMs, signal });
  }
  if (outcome.kind === 'not_completed') throw await toNotCompleted(services, { transaction, known, signal });
  signal.throwIfAborted();
  throw toUpstreamProblem(outcome, answeredAtMs(known));
}

function answeredAtMs({ history }: Known): number | undefined {
  const at = history.find((entry) => entry.disposition === 'answered')?.asked_at_ms;
  return typeof at === 'number' ? at : undefined;
}

interface Answered {
  readonly transaction: Transaction;
  readonly known: Known;
  readonly outcome: Extract<CheckVerifyLogOutcome, { kind: 'answered' }>;
  readonly askedAtMs: number;
  readonly signal: AbortSignal;
}

async function keepAnswer(services: Services, answered: Answered): Promise<LookupAnswer> {
  const { transaction, known, signal } = answered;
  const final = isFinal(services, answered);
  const output = toOutput(services, answered, final);
  const [kept, registered] = await Promise.all([
    storeUnlessThere(services, output, known, signal),
    final ? undefined : ensureQueued(services, transaction, known, signal),
  ]);
  return {
    transactionId: transaction.transactionId,
    final,
    ...kept,
    ...(registered === undefined ? {} : { registered }),
    record: output.record,
    events: output.events,
    story: output.record.story ?? '',
    history: known.history,
    historyComplete: known.complete,
  };
}

function isFinal(services: Services, { transaction, known, askedAtMs }: Answered): boolean {
  // A session is opened before it is registered, so the registration will do where the opening is not known.
  const openedAtMs = transaction.initializedAtMs ?? known.session.registeredAtMs;
  const waitIsOver = openedAtMs !== undefined && askedAtMs >= openedAtMs + services.settings.verifyDelayMs;
  const wasFinal = known.history.some((entry) => entry.final === 'true' && entry.disposition === 'answered');
  return waitIsOver || wasFinal;
}

function toOutput(services: Services, answered: Answered, final: boolean): RecordOutput {
  const { transaction, known, outcome, askedAtMs } = answered;
  const { transactionId, merchantBizId, initializedAtMs, labels } = transaction;
  const registeredAtMs = known.session.registeredAtMs;
  return toRecord({
    transactionId,
    merchantBizId: merchantBizId ?? deriveMerchantBizId(transactionId),
    source: 'lookup',
    attempt: 1 + known.history.reduce((sum, entry) => sum + entry.copies, 0),
    region: services.settings.region,
    ...(outcome.requestId === undefined ? {} : { requestId: outcome.requestId }),
    ...(labels === undefined ? {} : { labels }),
    ...(initializedAtMs === undefined ? {} : { initializedAtMs }),
    ...(registeredAtMs === undefined ? {} : { registeredAtMs }),
    askedAtMs,
    final,
    disposition: 'answered',
    code: outcome.code,
    result: outcome.result,
  });
}

async function storeUnlessThere(
  services: Services,
  output: RecordOutput,
  known: Known,
  signal: AbortSignal,
): Promise<Pick<LookupAnswer, 'stored' | 'reason'>> {
  const { revision } = output.record;
  if (known.history.some((entry) => entry.revision === revision && entry.final === 'true')) {
    return { stored: 'already' };
  }
  try {
    await services.storeOutput(output, signal);
    return { stored: true };
  } catch (error) {
    Object.assign(services.trace.notes, logFieldsOf(error));
    return { stored: false, reason: storeFailureOf(error) };
  }
}

async function ensureQueued(
  services: Services,
  transaction: Transaction,
  known: Known,
  signal: AbortSignal,
): Promise<boolean> {
  const { verifyDelayMs } = services.settings;
  const row = missingRow(transaction, known, { nowMs: services.clock.now(), verifyDelayMs });
  if (row === undefined) return true;
  const { stored, error } = await enqueue(services, [row], signal);
  if (error !== undefined) Object.assign(services.trace.notes, logFieldsOf(error));
  return stored[0] === true;
}

/** The transaction is registered before the caller is told to come back. */
async function toNotCompleted(
  services: Services,
  { transaction, known, signal }: Pick<Answered, 'transaction' | 'known' | 'signal'>,
): Promise<ProblemError> {
  const registered = await ensureQueued(services, transaction, known, signal);
  const { verifyDelayMs } = services.settings;
  const nowMs = services.clock.now();
  const openedAtMs = transaction.initializedAtMs ?? known.session.registeredAtMs ?? nowMs;
  const waitSeconds = Math.ceil((openedAtMs + verifyDelayMs - nowMs) / SECOND_MS);
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
