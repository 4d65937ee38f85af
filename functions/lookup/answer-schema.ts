import * as z from 'zod/mini';
import { PROBLEM_CODES } from '../../shared/fc/problem.ts';
import { EVENT_FIELDS } from '../../shared/logstores/events.ts';
import type { FieldTable } from '../../shared/logstores/field-table.ts';
import { RECORD_FIELDS } from '../../shared/logstores/records.ts';
import { STORE_FAILURES } from './failure.ts';
import { HISTORY_COLUMNS, MAX_HISTORY_ROWS } from './known.ts';
import { transactionId } from './request-schema.ts';

/**
 * What we answer, for the OpenAPI document. Rows come from the field tables, so that a new column is documented
 * by being there.
 */
const text = z.string();
const count = z.int().check(z.minimum(0));
const isoTime = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/));

function describe<T extends z.ZodMiniType>(schema: T, description: string): T {
  return schema.check(z.meta({ description })) as T;
}

/** A row as stored: every column may be absent, longs are numbers, the rest is text. */
function rowSchema(fields: FieldTable, columns: readonly string[] = Object.keys(fields)) {
  const shape: Record<string, z.ZodMiniType> = {};
  for (const column of columns) {
    const field = fields[column];
    if (field === undefined) throw new Error(`no such column: ${column}`);
    const value = field.type === 'long' ? count : text;
    shape[column] = z.optional(
      describe(z.clone(value) as z.ZodMiniType, `${field.meaning}. From: ${field.source}.`),
    );
  }
  return shape;
}

const issue = z.strictObject({ path: text, message: text });

export const problem = z
  .strictObject({
    type: text,
    title: text,
    status: z.int().check(z.minimum(400), z.maximum(599)),
    detail: text,
    code: z.enum(PROBLEM_CODES),
    requestId: text,
    retryAfterSeconds: z.optional(count),
    issues: z.optional(z.array(issue)),
  })
  .register(z.globalRegistry, {
    id: 'Problem',
    description: 'RFC 9457. `code` is stable; the texts are for people.',
  });

const record = z
  .strictObject(rowSchema(RECORD_FIELDS))
  .register(z.globalRegistry, { id: 'Record', description: 'A row of idv-records, as stored.' });
const event = z
  .strictObject(rowSchema(EVENT_FIELDS))
  .register(z.globalRegistry, { id: 'Event', description: 'A row of idv-events, as stored.' });
const historyEntry = z
  .strictObject({
    ...rowSchema(RECORD_FIELDS, HISTORY_COLUMNS),
    copies: describe(z.clone(count), 'How many rows say the same.'),
  })
  .register(z.globalRegistry, { id: 'HistoryEntry', description: 'An earlier answer, without its content.' });

const lookupShape = {
  transactionId,
  final: describe(
    z.boolean(),
    'True when asked at least 30 minutes after the session was opened, by the later of what the caller says and what is known: it will not change.',
  ),
  stored: describe(
    z.union([z.boolean(), z.literal('already')]),
    '`already`: a final record of the same revision, with the same registration, is in the log store.',
  ),
  reason: z.optional(describe(z.enum(STORE_FAILURES), 'Why `stored` is false.')),
  registered: z.optional(
    describe(
      z.boolean(),
      'Not final, or final only by what was said of the opening: whether the transaction waits for the sweep, with all that is said of it.',
    ),
  ),
  record,
  events: z.array(event),
  story: text,
  history: describe(z.array(historyEntry), 'Newest first; copies of one answer are one entry.'),
  historyComplete: describe(
    z.boolean(),
    `False when the log store could not be read in full, or has more records than are read (the newest ${MAX_HISTORY_ROWS}).`,
  ),
};

export const lookupAnswer = z.strictObject(lookupShape).register(z.globalRegistry, { id: 'Lookup' });

const rejected = z.strictObject({
  index: describe(z.clone(count), 'Place in the request, from 0; blank lines are not counted.'),
  reason: z.enum(['invalid', 'not_stored']),
  issues: z.optional(z.array(issue)),
});

export const registerAnswer = z
  .strictObject({
    accepted: describe(z.clone(count), 'How many the log store has acknowledged.'),
    rejected: z.array(rejected),
    dueAt: describe(z.clone(isoTime), 'From when the sweep asks about them.'),
  })
  .register(z.globalRegistry, { id: 'Registered' });

const lookupsItem = z.union([
  z.strictObject({
    index: count,
    outcome: z.literal('answered'),
    omitted: z.optional(
      describe(z.array(text), 'What was left out because the whole answer would be too large.'),
    ),
    ...lookupShape,
  }),
  z.strictObject({
    index: count,
    transactionId,
    outcome: z.literal('queued'),
    reason: z.enum(['time', 'quota']),
    dueAt: isoTime,
  }),
  z.strictObject({
    index: count,
    transactionId: z.optional(transactionId),
    outcome: z.literal('problem'),
    problem,
  }),
]);

export const lookupsAnswer = z
  .strictObject({ answered: count, queued: count, problems: count, results: z.array(lookupsItem) })
  .register(z.globalRegistry, { id: 'Lookups' });

export const sweepAnswer = z
  .strictObject({
    requestId: describe(z.string(), 'The request id of the run, by which its logs are found.'),
  })
  .register(z.globalRegistry, { id: 'SweepStarted' });

const LEDGER_COUNTS = {
  registered: 'Distinct transactions registered in the period: the sum of the ten that follow.',
  finished: 'Final, and the person came through to the end.',
  interrupted: 'Final, and the session broke off.',
  notStarted: 'Final, and the session was never begun.',
  unknown: 'Final, with a status that is not documented.',
  notCompleted: 'Final: still not completed after all attempts.',
  invalid: 'Final: ID Verification does not know it, or the row could not be read.',
  expired: 'Final: older than what ID Verification keeps.',
  gaveUp: 'Final: no answer after all attempts.',
  waiting: 'The sweep has not come to it yet.',
  residual: 'The sweep has passed it and there is no final record. Must be 0.',
  unreadable: 'Rows of the queue without a transaction id; beside the sum.',
  unregistered: 'Transactions with a record that were never registered; beside the sum.',
} as const;

export const ledgerAnswer = z
  .strictObject({
    from: describe(z.clone(isoTime), 'Beginning of the period.'),
    to: describe(z.clone(isoTime), 'End of the period, not included.'),
    ...Object.fromEntries(
      Object.entries(LEDGER_COUNTS).map(([name, meaning]) => [name, describe(z.clone(count), meaning)]),
    ),
    complete: describe(
      z.boolean(),
      'False when the log store answered in part only: the counts are then not exact.',
    ),
  })
  .register(z.globalRegistry, { id: 'Ledger' });

export const healthAnswer = z
  .strictObject({ status: z.literal('ok') })
  .register(z.globalRegistry, { id: 'Health' });
