import {
  type LookupResponse,
  type LookupsItem,
  type LookupsResponse,
  lookupsResponse,
} from '../../shared/api/responses.ts';
import type { Transaction } from '../../shared/api/transaction.ts';
import { DeadlineError } from '../../shared/errors.ts';
import { ProblemError, toProblem, toProblemError } from '../../shared/fc/response.ts';
import type { History } from '../../shared/history.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { defineEndpoint } from './define-endpoint.ts';
import { batchOf, foldById, type Item, readBatch, timesOf, validOf } from './items.ts';
import { lookUp, READ_HISTORY_MS, readHistoryInTime } from './lookup.ts';
import { enqueue, missingRow } from './queue.ts';
import type { LookupRequest } from './request.ts';

const BATCH = batchOf(50);

/**
 * Several transactions, asked about now as far as the function's time and the lookups' share of the quota allow.
 * The others are put into the queue before the response, which says for each item what was done. Each item fails on
 * its own. A throttled call slows the pacer and is made again; after several of those no other lookup is started: the
 * sweep needs the quota too, and it will ask about these transactions anyway.
 */
export const lookupsEndpoint = defineEndpoint({
  method: 'POST',
  path: '/v1/lookups',
  operationId: 'lookUpTransactions',
  summary: 'Ask about several transactions now',
  description:
    "What the function's time or the lookups' share of the quota does not allow is registered instead, and said.",
  query: {},
  body: { json: [BATCH] },
  response: { status: 200, schema: lookupsResponse, description: 'One result for each item, in order.' },
  handle: (request, { body }) => lookUpAll(request, readBatch(body, BATCH, timesOf(request))),
});

/** A lookup mostly waits; more of them would only wait longer for the pacer. */
const CONCURRENCY = 4;
/** Throttled calls in one request after which the rest is left to the sweep. */
const MAX_THROTTLED = 5;
/** With less time than this left, a lookup would hardly finish. */
const MIN_LOOKUP_MS = 2 * SECOND_MS;
/** FC's response may have 32 MB, and an item a megabyte. The bulk of an item that no longer fits is omitted. */
const MAX_RESPONSE_CHARS = 12_000_000;

type LookupOutcome =
  | { kind: 'answered'; response: LookupResponse }
  | { kind: 'postponed'; reason: 'time' | 'quota' }
  | { kind: 'problem'; error: ProblemError };

/** One transaction. However often the request lists it, it is asked about once. */
interface Lookup {
  /** Everything that its items say; later ones win. */
  readonly transaction: Transaction;
  outcome: LookupOutcome;
  /** Read once, however often the call is made again. */
  reading?: Promise<History>;
  /** When it is due, if it is in the queue. */
  dueAt?: string;
}

/** @throws ProblemError INPUT_INVALID when no item is valid */
export async function lookUpAll(request: LookupRequest, items: readonly Item[]): Promise<LookupsResponse> {
  const lookups = foldById(validOf(items)).map(
    (transaction): Lookup => ({ transaction, outcome: { kind: 'postponed', reason: 'time' } }),
  );
  await askInTime(request, lookups);
  await queueRest(request, lookups);
  return toResponse(request, items, lookups);
}

async function askInTime(request: LookupRequest, lookups: readonly Lookup[]): Promise<void> {
  const { services, deadline } = request;
  // Reserved for putting the rest into the queue.
  const reserveMs = Math.min(services.settings.callTimeoutMs, deadline.remainingMs() / 3);
  const stop = new AbortController();
  const timer = setTimeout(
    () => stop.abort(new DeadlineError('the time for lookups is over')),
    deadline.remainingMs() - reserveMs,
  );
  const signal = AbortSignal.any([deadline.signal, stop.signal]);
  const isOver = () => signal.aborted || deadline.remainingMs() - reserveMs < MIN_LOOKUP_MS;
  let throttled = 0;
  const settle = async (lookup: Lookup): Promise<LookupOutcome> => {
    for (;;) {
      if (isOver()) return { kind: 'postponed', reason: 'time' };
      if (throttled >= MAX_THROTTLED) return { kind: 'postponed', reason: 'quota' };
      const outcome = await askOne(request, lookup, signal);
      if (!isThrottled(outcome)) return outcome;
      throttled += 1;
    }
  };
  try {
    await eachLimited(lookups, CONCURRENCY, async (lookup) => {
      lookup.outcome = await settle(lookup);
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a task for each item, at most `limit` at a time, started in order. @throws what the first task to fail threw */
export async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items.values();
  const worker = async () => {
    // All workers take from one iterator, so that each item is taken once.
    for (const item of iterator) await task(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

function isThrottled(outcome: LookupOutcome): boolean {
  return outcome.kind === 'problem' && outcome.error.code === 'THROTTLED';
}

async function askOne(request: LookupRequest, lookup: Lookup, signal: AbortSignal): Promise<LookupOutcome> {
  const { transaction } = lookup;
  lookup.reading ??= readHistoryInTime(request, transaction.transactionId, signal);
  try {
    return { kind: 'answered', response: await lookUp(request, transaction, signal, lookup.reading) };
  } catch (error) {
    if (error instanceof DeadlineError || signal.aborted) return { kind: 'postponed', reason: 'time' };
    return { kind: 'problem', error: toProblemError(error) };
  }
}

/** Queues what was not asked about, and what was answered too early and could not be queued by its own lookup. */
async function queueRest(request: LookupRequest, lookups: readonly Lookup[]): Promise<void> {
  const { services, deadline } = request;
  const { clock } = services;
  const { verifyDelayMs } = services.settings;
  const nowMs = clock.now();
  const missing: Array<{ lookup: Lookup; row: PendingTransaction }> = [];
  // At least half of the time that is left is for the writing.
  const readUntilMs = nowMs + Math.min(READ_HISTORY_MS, Math.floor(deadline.remainingMs() / 2));
  await eachLimited(lookups.filter(isUnqueued), CONCURRENCY, async (lookup) => {
    const { transaction } = lookup;
    // Without its history, the row would say less than is known.
    let history = await lookup.reading;
    if (history === undefined || history.failed) {
      const leftMs = Math.max(0, readUntilMs - clock.now());
      history = await readHistoryInTime(request, transaction.transactionId, deadline.signal, leftMs);
    }
    const row = missingRow(transaction, history, { nowMs, verifyDelayMs });
    if (row !== undefined) missing.push({ lookup, row });
    else lookup.dueAt = toIso((history.queuedAtMs ?? nowMs) + verifyDelayMs);
  });
  if (missing.length === 0) return;
  const rows = missing.map(({ row }) => row);
  const { stored } = await enqueue(request, rows, deadline.signal);
  for (const [place, { lookup }] of missing.entries()) {
    if (stored[place] === true) lookup.dueAt = toIso(nowMs + verifyDelayMs);
  }
}

function isUnqueued({ outcome }: Lookup): boolean {
  if (outcome.kind === 'answered') return outcome.response.registered === false;
  return outcome.kind === 'postponed';
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

function toResponse(
  { requestId }: LookupRequest,
  items: readonly Item[],
  lookups: readonly Lookup[],
): LookupsResponse {
  const byId = new Map(lookups.map((lookup) => [lookup.transaction.transactionId, lookup]));
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
    const { outcome, dueAt } = byId.get(transactionId) as Lookup;
    if (outcome.kind === 'problem') return problem(index, outcome.error, transactionId);
    if (outcome.kind === 'answered') {
      const response = dueAt === undefined ? outcome.response : { ...outcome.response, registered: true };
      const full: LookupsItem = { index, outcome: 'answered', ...response };
      const size = JSON.stringify(full).length;
      if (chars + size > MAX_RESPONSE_CHARS) return withoutBulk(index, response);
      chars += size;
      return full;
    }
    if (dueAt === undefined) {
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

/** All of it is in the log store, and a lookup of this transaction alone returns it. */
function withoutBulk(index: number, response: LookupResponse): LookupsItem {
  const { raw: _, ...record } = response.record;
  return { index, outcome: 'answered', ...response, record, events: [], omitted: ['record.raw', 'events'] };
}
