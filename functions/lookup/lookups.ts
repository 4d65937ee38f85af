import { DeadlineError } from '../../shared/errors.ts';
import { type Problem, toProblem, toProblemError } from '../../shared/fc/http.ts';
import { ProblemError } from '../../shared/fc/problem.ts';
import type { PendingTransaction } from '../../shared/pending.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { enqueue, missingRow } from './enqueue.ts';
import { logFieldsOf } from './failure.ts';
import { readKnown } from './known.ts';
import { type LookupAnswer, lookUp, READ_KNOWN_MS } from './lookup.ts';
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
const LEAST_LOOKUP_MS = 2 * SECOND_MS;
/** FC's answer may have 32 MB; an item may have a megabyte. What no longer fits is left out, and said. */
const MAX_ANSWER_CHARS = 12_000_000;

type Outcome =
  | { kind: 'answered'; answer: LookupAnswer }
  | { kind: 'postponed'; reason: 'time' | 'quota' }
  | { kind: 'problem'; error: ProblemError };

/** @throws ProblemError INPUT_INVALID when no item is valid */
export async function lookUpAll(services: Services, request: LookupsRequest): Promise<LookupsAnswer> {
  const { items } = request;
  if (!items.some((item) => item.ok)) {
    throw new ProblemError('INPUT_INVALID', 'No transaction in this request is valid.', {
      issues: items.flatMap((item) => (item.ok ? [] : item.issues)),
    });
  }
  const outcomes = await askInTime(services, request);
  const queued = await queueRest(services, request, outcomes);
  return toAnswer(request, outcomes, queued);
}

async function askInTime(services: Services, request: LookupsRequest): Promise<Outcome[]> {
  const outcomes = request.items.map(
    (item): Outcome =>
      item.ok
        ? { kind: 'postponed', reason: 'time' }
        : {
            kind: 'problem',
            error: new ProblemError('INPUT_INVALID', 'This item is not valid.', { issues: item.issues }),
          },
  );
  // Kept back from the lookups: the time to put the rest into the queue.
  const reserveMs = Math.min(services.settings.callTimeoutMs, request.remainingMs() / 3);
  const stop = new AbortController();
  const timer = setTimeout(
    () => stop.abort(new DeadlineError('the time for lookups is over')),
    request.remainingMs() - reserveMs,
  );
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const isOver = () => signal.aborted || request.remainingMs() - reserveMs < LEAST_LOOKUP_MS;
  let throttled = 0;
  const settle = async (transaction: Transaction): Promise<Outcome> => {
    for (;;) {
      if (isOver()) return { kind: 'postponed', reason: 'time' };
      if (throttled >= MAX_THROTTLED) return { kind: 'postponed', reason: 'quota' };
      const outcome = await askOne(services, transaction, signal);
      if (!isThrottled(outcome)) return outcome;
      throttled += 1;
    }
  };
  try {
    await eachLimited(request.items, CONCURRENCY, async (item, index) => {
      if (item.ok) outcomes[index] = await settle(item.value);
    });
  } finally {
    clearTimeout(timer);
  }
  return outcomes;
}

function isThrottled(outcome: Outcome): boolean {
  return outcome.kind === 'problem' && outcome.error.code === 'THROTTLED';
}

async function askOne(services: Services, transaction: Transaction, signal: AbortSignal): Promise<Outcome> {
  try {
    return { kind: 'answered', answer: await lookUp(services, transaction, signal) };
  } catch (error) {
    if (error instanceof DeadlineError || signal.aborted) return { kind: 'postponed', reason: 'time' };
    return { kind: 'problem', error: toProblemError(error) };
  }
}

/**
 * Puts into the queue what was not asked about, and what was answered too early and could not be queued by itself.
 * For each item: when it is due there; undefined where it is not in the queue.
 */
async function queueRest(
  services: Services,
  { items, signal, remainingMs }: LookupsRequest,
  outcomes: readonly Outcome[],
): Promise<Map<number, string>> {
  const { clock, settings, trace } = services;
  const nowMs = clock.now();
  const dueAt = new Map<number, string>();
  const missing: Array<{ index: number; row: PendingTransaction }> = [];
  // At least half of the time that is left is for the writing.
  const readMs = Math.min(READ_KNOWN_MS, Math.floor(remainingMs() / 2));
  const reading = AbortSignal.any([signal, AbortSignal.timeout(readMs)]);
  await eachLimited(items, CONCURRENCY, async (item, index) => {
    if (!item.ok || !isUnqueued(outcomes[index])) return;
    // Without what was said at an earlier registration, this row would end in a record without its labels.
    const known = await readKnown(services.sls, item.value.transactionId, {
      nowMs,
      windows: settings.windows,
      signal: reading,
    });
    const row = missingRow(item.value, known, { nowMs, verifyDelayMs: settings.verifyDelayMs });
    if (row !== undefined) missing.push({ index, row });
    else dueAt.set(index, toIso((known.queuedAtMs ?? nowMs) + settings.verifyDelayMs));
  });
  if (missing.length === 0) return dueAt;
  const rows = missing.map(({ row }) => row);
  const { stored, error } = await enqueue(services, rows, signal);
  if (error !== undefined) Object.assign(trace.notes, logFieldsOf(error));
  for (const [place, { index }] of missing.entries()) {
    if (stored[place] === true) dueAt.set(index, toIso(nowMs + settings.verifyDelayMs));
  }
  return dueAt;
}

function isUnqueued(outcome: Outcome | undefined): boolean {
  if (outcome?.kind === 'answered') return outcome.answer.registered === false;
  return outcome?.kind === 'postponed';
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

function toAnswer(
  { items, requestId }: LookupsRequest,
  outcomes: readonly Outcome[],
  queued: ReadonlyMap<number, string>,
): LookupsAnswer {
  let chars = 0;
  const results = outcomes.map((outcome, index): LookupsItem => {
    const item = items[index];
    const id = item?.ok === true ? { transactionId: item.value.transactionId } : {};
    if (outcome.kind === 'problem') {
      return { index, ...id, outcome: 'problem', problem: toProblem(outcome.error, requestId) };
    }
    if (outcome.kind === 'answered') {
      const answer = queued.has(index) ? { ...outcome.answer, registered: true } : outcome.answer;
      const full: LookupsItem = { index, outcome: 'answered', ...answer };
      const size = JSON.stringify(full).length;
      if (chars + size > MAX_ANSWER_CHARS) return withoutBulk(index, answer);
      chars += size;
      return full;
    }
    const dueAt = queued.get(index);
    if (dueAt === undefined || id.transactionId === undefined) {
      const error = new ProblemError(
        'NOT_STORED',
        'There was no time to ask, and the log store did not take it.',
      );
      return { index, ...id, outcome: 'problem', problem: toProblem(error, requestId) };
    }
    return { index, transactionId: id.transactionId, outcome: 'queued', reason: outcome.reason, dueAt };
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
