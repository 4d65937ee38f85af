import * as z from 'zod/mini';
import {
  exactly,
  type Parsed,
  safeParseTransaction,
  type Times,
  type Transaction,
} from '../../shared/api/transaction.ts';
import type { ParsedBody, ParsedLine } from '../../shared/fc/request.ts';
import { ProblemError } from '../../shared/fc/response.ts';
import { badRequest, parse } from './define-endpoint.ts';
import type { LookupRequest } from './request.ts';

/** One transaction of a request. Each is validated on its own: one bad item must not fail the others. */
export type Item = Parsed<Transaction>;

/** `{transactions: […]}`. The OpenAPI document describes the items; this schema does not validate them. */
export function batchOf(max: number) {
  return exactly({
    transactions: z
      .array(z.unknown(), { error: 'must be an array' })
      .check(z.minLength(1, 'must not be empty'), z.maxLength(max, `must have at most ${max} items`))
      .register(z.globalRegistry, { items: { $ref: '#/components/schemas/Transaction' } }),
  });
}
type Batch = ReturnType<typeof batchOf>;

/** The bounds of a session's time in this request. */
export function timesOf({ services: { clock, settings } }: LookupRequest): Times {
  return { nowMs: clock.now(), initializedMs: settings.windows.initializedMs };
}

/** The items of a JSON body. @throws ProblemError INPUT_INVALID when it is not a batch */
export function readBatch(body: ParsedBody, batch: Batch, times: Times): Item[] {
  if (body.kind !== 'json') throw badRequest('', 'is required');
  return parse(batch, body.value).transactions.map((item, index) =>
    safeParseTransaction(item, times, `transactions[${index}]`),
  );
}

/** The same for NDJSON, with an item on each line. */
export function readLines(lines: readonly ParsedLine[], max: number, times: Times): Item[] {
  if (lines.length === 0) throw badRequest('transactions', 'must not be empty');
  if (lines.length > max) throw badRequest('transactions', `must have at most ${max} lines`);
  return lines.map((line, index) => {
    const at = `transactions[${index}]`;
    return line.ok
      ? safeParseTransaction(line.value, times, at)
      : { ok: false, issues: [{ path: at, message: line.reason }] };
  });
}

/** The valid items. @throws ProblemError INPUT_INVALID when there is none */
export function validOf(items: readonly Item[]): Transaction[] {
  const transactions = items.flatMap((item) => (item.ok ? [item.value] : []));
  if (transactions.length > 0) return transactions;
  throw new ProblemError('INPUT_INVALID', 'No transaction in this request is valid.', {
    issues: items.flatMap((item) => (item.ok ? [] : item.issues)),
  });
}

/**
 * Each transaction of a request once, in order of its first mention. Of each field, and of each label, the last value
 * in the request counts.
 */
export function foldById(transactions: readonly Transaction[]): Transaction[] {
  const byId = new Map<string, Transaction>();
  for (const transaction of transactions) {
    const before = byId.get(transaction.transactionId);
    byId.set(transaction.transactionId, before === undefined ? transaction : merge(before, transaction));
  }
  return [...byId.values()];
}

function merge(earlier: Transaction, later: Transaction): Transaction {
  const labels = { ...earlier.labels, ...later.labels };
  return { ...earlier, ...later, ...(Object.keys(labels).length === 0 ? {} : { labels }) };
}
