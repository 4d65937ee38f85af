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

/** The transactions of a request. Each is checked for itself, for one bad item must not fail its neighbours. */
export type Item = Parsed<Transaction>;

/** `{transactions: […]}`. The document says what an item is; here the items are not looked at. */
export function batchOf(max: number) {
  return exactly({
    transactions: z
      .array(z.unknown(), { error: 'must be an array' })
      .check(z.minLength(1, 'must not be empty'), z.maxLength(max, `must have at most ${max} items`))
      .register(z.globalRegistry, { items: { $ref: '#/components/schemas/Transaction' } }),
  });
}
type Batch = ReturnType<typeof batchOf>;

/** What a session's time is judged by in this request. */
export function timesOf({ services: { clock, settings } }: LookupRequest): Times {
  return { nowMs: clock.now(), initializedMs: settings.windows.initializedMs };
}

/** The items of a body that is JSON. @throws ProblemError INPUT_INVALID when it is no such batch */
export function readBatch(body: ParsedBody, batch: Batch, times: Times): Item[] {
  if (body.kind !== 'json') throw badRequest('', 'is required');
  return parse(batch, body.value).transactions.map((item, index) =>
    safeParseTransaction(item, times, `transactions[${index}]`),
  );
}

/** The same for NDJSON, an item on each line that is not blank. */
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

/** Those that are valid. @throws ProblemError INPUT_INVALID when none is */
export function validOf(items: readonly Item[]): Transaction[] {
  const transactions = items.flatMap((item) => (item.ok ? [item.value] : []));
  if (transactions.length > 0) return transactions;
  throw new ProblemError('INPUT_INVALID', 'No transaction in this request is valid.', {
    issues: items.flatMap((item) => (item.ok ? [] : item.issues)),
  });
}

/**
 * Each transaction of a request once, in order of its first mention, with all that the request says of it: of each
 * field, and of each label, what it says last.
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
