import type { Issue } from '../../shared/errors.ts';
import type { ParsedBody } from '../../shared/fc/body.ts';
import { RETRY_AFTER_SECONDS } from '../../shared/fc/http.ts';
import { ProblemError } from '../../shared/fc/problem.ts';
import { badRequest, valid } from './bad-request.ts';
import { enqueue, toPending } from './enqueue.ts';
import { logFieldsOf } from './failure.ts';
import { foldById } from './fold.ts';
import {
  MAX_REGISTRATIONS,
  type Parsed,
  registrationBatch,
  safeParse,
  safeParseTransaction,
  type Times,
  type Transaction,
} from './request-schema.ts';
import type { Services } from './services.ts';

export interface Rejected {
  /** Place in the request, from 0; for NDJSON the line, blank lines not counted. */
  index: number;
  reason: 'invalid' | 'not_stored';
  issues?: readonly Issue[];
}

export interface RegisterAnswer {
  /** How many were stored. */
  accepted: number;
  rejected: Rejected[];
  /** From when the sweep asks about them, ISO 8601. */
  dueAt: string;
}

/**
 * Registers transactions for the sweep. What is counted as accepted has been acknowledged by the log store.
 * @throws ProblemError INPUT_INVALID when none is valid, NOT_STORED when none could be stored
 */
export async function register(
  services: Services,
  items: readonly Parsed<Transaction>[],
  signal: AbortSignal,
): Promise<RegisterAnswer> {
  const rejected: Rejected[] = [];
  const valid: Array<{ index: number; transaction: Transaction }> = [];
  for (const [index, item] of items.entries()) {
    if (item.ok) valid.push({ index, transaction: item.value });
    else rejected.push({ index, reason: 'invalid', issues: item.issues });
  }
  if (valid.length === 0) {
    throw new ProblemError('INPUT_INVALID', 'No transaction in this request is valid.', {
      issues: rejected.flatMap((item) => item.issues ?? []),
    });
  }
  const nowMs = services.clock.now();
  // One row for each transaction: the sweep would ask once for each.
  const rows = foldById(valid.map(({ transaction }) => transaction)).map((one) => toPending(one, nowMs));
  const { stored, error } = await enqueue(services, rows, signal);
  const storedIds = new Set(rows.filter((_, place) => stored[place]).map((row) => row.transactionId));
  for (const { index, transaction } of valid) {
    if (!storedIds.has(transaction.transactionId)) rejected.push({ index, reason: 'not_stored' });
  }
  const accepted = items.length - rejected.length;
  Object.assign(services.trace.notes, { accepted, rejected: rejected.length });
  if (error !== undefined) Object.assign(services.trace.notes, logFieldsOf(error));
  if (accepted === 0) {
    throw new ProblemError('NOT_STORED', 'The log store took none of these registrations: send them again.', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause: error,
    });
  }
  rejected.sort((one, other) => one.index - other.index);
  return { accepted, rejected, dueAt: new Date(nowMs + services.settings.verifyDelayMs).toISOString() };
}

/** @throws ProblemError INPUT_INVALID when the body is none of the three shapes */
export function toRegistrationItems(body: ParsedBody, times: Times): Parsed<Transaction>[] {
  switch (body.kind) {
    case 'none':
      throw badRequest('', 'is required');
    case 'ndjson':
      return toLineItems(body.lines, times);
    case 'json':
      return isBatch(body.value)
        ? toBatchItems(registrationBatch, body.value, times)
        : [safeParseTransaction(body.value, times)];
  }
}

function toLineItems(
  lines: Extract<ParsedBody, { kind: 'ndjson' }>['lines'],
  times: Times,
): Parsed<Transaction>[] {
  if (lines.length === 0) throw badRequest('transactions', 'must not be empty');
  if (lines.length > MAX_REGISTRATIONS) {
    throw badRequest('transactions', `must have at most ${MAX_REGISTRATIONS} lines`);
  }
  return lines.map((line, index) => {
    const at = `transactions[${index}]`;
    return line.ok
      ? safeParseTransaction(line.value, times, at)
      : { ok: false, issues: [{ path: at, message: line.reason }] };
  });
}

/** The items of `{transactions: [...]}`, each checked for itself. */
export function toBatchItems(
  schema: typeof registrationBatch,
  value: unknown,
  times: Times,
): Parsed<Transaction>[] {
  return valid(safeParse(schema, value)).transactions.map((item, index) =>
    safeParseTransaction(item, times, `transactions[${index}]`),
  );
}

function isBatch(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'transactions');
}
