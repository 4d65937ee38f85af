import { DeadlineError } from '../../shared/errors.ts';
import { type Problem, toProblem, toProblemError } from '../../shared/fc/http.ts';
import { ProblemError } from '../../shared/fc/problem.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { enqueue, missingRow } from './enqueue.ts';
import { logFieldsOf } from './failure.ts';
import { foldById } from './fold.ts';
import type { Known } from './known.ts';
import { type LookupAnswer, lookUp, READ_KNOWN_MS, readKnownInTime } from './lookup.ts';
import type { Parsed, Transaction } from './request-schema.ts';
import type { Services } from './services.ts';
import { eachLimited } from './workers.ts';

/**
 * Several transactions, asked about now as far as the function's time and the lookups' share of the quota go.
 * What they did not allow is put into the queue before the answer, and the answer says of each which it was. One
 * item's failure is its own. A throttled call slows the pacer and is made again; when the quota is still short after
 * several of those, no other lookup is begun: the sweep needs the quota too, and it will ask for these in any case.
 */
export type LookupsItem =
  | ({ index: number; outcome: 'answered'; omitted?: readonly string[] } & LookupAnswer)
  | { index: number; transactionId: string; outcome: 'queued'; reason: 'time' | 'quota'; dueAt: string }
  | { index: number; transactionId?: string; outcome: 'problem'; problem: Problem };

export interface LookupsAnswer {
  answered: number;
  queued: number;
  problems: number;
  results: LookupsItem[];
}

interface LookupsRequest {
  readonly items: readonly Parsed<Transaction>[];
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly remainingMs: () => number;
}

/** Waiting is what a lookup does most; more than this only lengthens the queue before the pacer. */
const CONCURRENCY = 4;
/** Throttled calls in one request after which the rest is left to the sweep. */
const MAX_THROTTLED = 5;
/** A lookup that has less than this left would hardly come back. */
const MIN_LOOKUP_MS = 2 * SECOND_MS;
/** FC's answer may have 32 MB; an item may have a megabyte. What no longer fits is left out, and said. */
const MAX_ANSWER_CHARS = 12_000_000;

type Outcome =
  | { kind: 'answered'; answer: LookupAnswer }
  | { kind: 'postponed'; reason: 'time' | 'quota' }
  | { kind: 'problem'; error: ProblemError };

/** One transaction, as often as the request may list it: it is asked about once. */
interface Question {
  /** All that its items say, the later over the earlier. */
  transaction: Transaction;
  outcome: Outcome;
  /** Read once, however often the call is made again. */
  reading?: Promise<Known>;
  /** When it is due in the queue, where it is there. */
  dueAt?: string;
}

/** @throws ProblemError INPUT_INVALID when no item is valid */
export async function lookUpAll(services: Services, request: LookupsRequest): Promise<LookupsAnswer> {
  const { items } = request;
  if (!items.some((item) => item.ok)) {
    throw new ProblemError('INPUT_INVALID', 'No transaction in this request is valid.', {
      issues: items.flatMap((item) => (item.ok ? [] : item.issues)),
    });
  }
  const questions = toQuestions(items);
  await askInTime(services, request, [...questions.values()]);
  await queueRest(services, request, [...questions.values()]);
  return toAnswer(request, questions);
}

function toQuestions(items: LookupsRequest['items']): Map<string, Question> {
  const transactions = foldById(items.flatMap((item) => (item.ok ? [item.value] : [])));
  return new Map(
    transactions.map((transaction) => [
      transaction.transactionId,
      { transaction, outcome: { kind: 'postponed', reason: 'time' } },
    ]),
  );
}

async function askInTime(
  services: Services,
  request: LookupsRequest,
  questions: readonly Question[],
): Promise<void> {
  // Kept back from the lookups: the time to put the rest into the queue.
  const reserveMs = Math.min(services.settings.callTimeoutMs, request.remainingMs() / 3);
  const stop = new AbortController();
  const timer = setTimeout(
    () => stop.abort(new DeadlineError('the time for lookups is over')),
    request.remainingMs() - reserveMs,
  );
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const isOver = () => signal.aborted || request.remainingMs() - reserveMs < MIN_LOOKUP_MS;
  let throttled = 0;
  const settle = async (question: Question): Promise<Outcome> => {
    for (;;) {
      if (isOver()) return { kind: 'postponed', reason: 'time' };
      if (throttled >= MAX_THROTTLED) return { kind: 'postponed', reason: 'quota' };
      const outcome = await askOne(services, question, signal);
      if (!isThrottled(outcome)) return outcome;
      throttled += 1;
    }
  };
  try {
    await eachLimited(questions, CONCURRENCY, async (question) => {
      question.outcome = await settle(question);
    });
  } finally {
    clearTimeout(timer);
  }
}

function isThrottled(outcome: Outcome): boolean {
  return outcome.kind === 'problem' && outcome.error.code === 'THROTTLED';
}

async function askOne(services: Services, question: Question, signal: AbortSignal): Promise<Outcome> {
  const { transaction } = question;
  question.reading ??= readKnownInTime(services, transaction.transactionId, signal);
  try {
    return { kind: 'answered', answer: await lookUp(services, transaction, signal, question.reading) };
  } catch (error) {
    if (error instanceof DeadlineError || signal.aborted) return { kind: 'postponed', reason: 'time' };
    return { kind: 'problem', error: toProblemError(error) };
  }
}

/** Puts into the queue what was not asked about, and what was answered too early and could not be queued by itself. */
async function queueRest(
  services: Services,
  { signal, remainingMs }: LookupsRequest,
  questions: readonly Question[],
): Promise<void> {
  const { clock, settings, trace } = services;
  const { verifyDelayMs } = settings;
  const nowMs = clock.now();
  const missing: Array<{ question: Question; row: PendingTransaction }> = [];
  // At least half of the time that is left is for the writing.
  const readUntilMs = nowMs + Math.min(READ_KNOWN_MS, Math.floor(remainingMs() / 2));
  await eachLimited(questions.filter(isUnqueued), CONCURRENCY, async (question) => {
    const { transaction } = question;
    // Without what was said at an earlier registration, the row would say less than is known.
    let known = await question.reading;
    if (known === undefined || known.failed) {
      const leftMs = Math.max(0, readUntilMs - clock.now());
      known = await readKnownInTime(services, transaction.transactionId, signal, leftMs);
    }
    const row = missingRow(transaction, known, { nowMs, verifyDelayMs });
    if (row !== undefined) missing.push({ question, row });
    else question.dueAt = toIso((known.queuedAtMs ?? nowMs) + verifyDelayMs);
  });
  if (missing.length === 0) return;
  const rows = missing.map(({ row }) => row);
  const { stored, error } = await enqueue(services, rows, signal);
  if (error !== undefined) Object.assign(trace.notes, logFieldsOf(error));
  for (const [place, { question }] of missing.entries()) {
    if (stored[place] === true) question.dueAt = toIso(nowMs + verifyDelayMs);
  }
}

function isUnqueued({ outcome }: Question): boolean {
  if (outcome.kind === 'answered') return outcome.answer.registered === false;
  return outcome.kind === 'postponed';
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

function toAnswer(
  { items, requestId }: LookupsRequest,
  questions: ReadonlyMap<string, Question>,
): LookupsAnswer {
  let chars = 0;
  const problem = (index: number, error: ProblemError, transactionId?: string): LookupsItem => ({
    index,
    ...(transactionId === undefined ? {} : { transactionId }),
    outcome: 'problem',
    problem: toProblem(error, requestId),
  });
  const results = items.map((item, index): LookupsItem => {
    if (!item.ok) {
      return problem(
        index,
        new ProblemError('INPUT_INVALID', 'This item is not valid.', { issues: item.issues }),
      );
    }
    const { transactionId } = item.value;
    const question = questions.get(transactionId);
    const { outcome, dueAt } = question ?? {};
    if (outcome?.kind === 'problem') return problem(index, outcome.error, transactionId);
    if (outcome?.kind === 'answered') {
      const answer = dueAt === undefined ? outcome.answer : { ...outcome.answer, registered: true };
      const full: LookupsItem = { index, outcome: 'answered', ...answer };
      const size = JSON.stringify(full).length;
      if (chars + size > MAX_ANSWER_CHARS) return withoutBulk(index, answer);
      chars += size;
      return full;
    }
    if (outcome === undefined || dueAt === undefined) {
      const text = 'There was no time to ask, and the log store did not take it.';
      return problem(index, new ProblemError('NOT_STORED', text), transactionId);
    }
    return { index, transactionId, outcome: 'queued', reason: outcome.reason, dueAt };
  });
  return {
    answered: results.filter((result) => result.outcome === 'answered').length,
    queued: results.filter((result) => result.outcome === 'queued').length,
    problems: results.filter((result) => result.outcome === 'problem').length,
    results,
  };
}

/** The whole is in the log store, or comes with a lookup of this one alone. */
function withoutBulk(index: number, answer: LookupAnswer): LookupsItem {
  const { raw: _, ...record } = answer.record;
  return { index, outcome: 'answered', ...answer, record, events: [], omitted: ['record.raw', 'events'] };
}
