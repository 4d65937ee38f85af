import { type RegisterResponse, registerResponse } from '../../shared/api/responses.ts';
import { safeParseTransaction, transactionInput } from '../../shared/api/transaction.ts';
import type { ParsedBody } from '../../shared/fc/request.ts';
import { ProblemError, RETRY_AFTER_SECONDS } from '../../shared/fc/response.ts';
import { defineEndpoint } from './define-endpoint.ts';
import { batchOf, foldById, type Item, readBatch, readLines, timesOf, validOf } from './items.ts';
import { enqueue, toPending } from './queue.ts';
import type { LookupRequest } from './request.ts';

const MAX_REGISTRATIONS = 1_000;
const BATCH = batchOf(MAX_REGISTRATIONS);

export const registerEndpoint = defineEndpoint({
  method: 'POST',
  path: '/v1/transactions',
  operationId: 'registerTransactions',
  summary: 'Register transactions, so that their logs are fetched when their 30 minutes are over',
  description: 'One transaction, a batch, or NDJSON. Each item succeeds or fails on its own.',
  query: {},
  body: {
    json: [transactionInput, BATCH],
    ndjson: `One Transaction as JSON per line, at most ${MAX_REGISTRATIONS} lines.`,
    example: {
      transactionId: '08573be80f944d95ac812e019e3655a8',
      initializedAt: '2026-11-23T08:00:00Z',
      labels: { platform: 'android', app_version: '5.2.1' },
    },
  },
  response: { status: 202, schema: registerResponse, description: 'At least one was stored.' },
  problems: ['NOT_STORED'],
  handle: (request, { body }) => register(request, toItems(request, body)),
});

function toItems(request: LookupRequest, body: ParsedBody): Item[] {
  const times = timesOf(request);
  if (body.kind === 'ndjson') return readLines(body.lines, MAX_REGISTRATIONS, times);
  if (body.kind === 'json' && !isBatch(body.value)) return [safeParseTransaction(body.value, times)];
  return readBatch(body, BATCH, times);
}

function isBatch(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'transactions');
}

/**
 * Registers transactions for the sweep. What is counted as accepted has been acknowledged by the log store.
 * @throws ProblemError INPUT_INVALID when none is valid, NOT_STORED when none could be stored
 */
export async function register(request: LookupRequest, items: readonly Item[]): Promise<RegisterResponse> {
  const { clock, settings } = request.services;
  const nowMs = clock.now();
  const rows = foldById(validOf(items)).map((one) => toPending(one, nowMs));
  const { stored, error } = await enqueue(request, rows, request.deadline.signal);
  const storedIds = new Set(rows.filter((_, place) => stored[place]).map((row) => row.transactionId));
  const rejected = items.flatMap((item, index): RegisterResponse['rejected'] => {
    if (!item.ok) return [{ index, reason: 'invalid', issues: item.issues }];
    return storedIds.has(item.value.transactionId) ? [] : [{ index, reason: 'not_stored' }];
  });
  const accepted = items.length - rejected.length;
  Object.assign(request.trace.notes, { accepted, rejected: rejected.length });
  if (accepted === 0) {
    throw new ProblemError('NOT_STORED', 'The log store took none of these registrations: send them again.', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause: error,
    });
  }
  return { accepted, rejected, dueAt: new Date(nowMs + settings.verifyDelayMs).toISOString() };
}
