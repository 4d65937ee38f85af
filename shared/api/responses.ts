import * as z from 'zod/mini';
import { PROBLEM_CODES } from '../fc/response.ts';
import { HISTORY_COLUMNS, type HistoryEntry, MAX_HISTORY_ROWS } from '../logstores/earlier-records.ts';
import { EVENT_FIELDS } from '../logstores/events.ts';
import type { FieldTable, RowOf } from '../logstores/field-table.ts';
import { RECORD_FIELDS } from '../logstores/records.ts';
import { transactionId } from './transaction.ts';

/**
 * The responses of the API that a client needs: their types, and their schemas for the OpenAPI document. Rows are made
 * from the field tables, so that a new column is documented and typed without a change here.
 */
const text = z.string();
export const count = z.int().check(z.minimum(0));
export const isoTime = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/));

export function describe<T extends z.ZodMiniType>(schema: T, description: string): T {
  return schema.check(z.meta({ description })) as T;
}

/** A row as stored: any column may be absent, longs are numbers, the rest is text. */
function rowOf(fields: FieldTable) {
  return Object.fromEntries(
    Object.entries(fields).map(([column, { type, meaning, source }]) => [
      column,
      z.optional(
        describe(z.clone<z.ZodMiniType>(type === 'long' ? count : text), `${meaning}. From: ${source}.`),
      ),
    ]),
  );
}

const record = (
  z.strictObject(rowOf(RECORD_FIELDS)) as unknown as z.ZodMiniType<RowOf<typeof RECORD_FIELDS>>
).register(z.globalRegistry, { id: 'Record', description: 'A row of idv-records, as stored.' });
const event = (
  z.strictObject(rowOf(EVENT_FIELDS)) as unknown as z.ZodMiniType<RowOf<typeof EVENT_FIELDS>>
).register(z.globalRegistry, { id: 'Event', description: 'A row of idv-events, as stored.' });
const historyEntry = (
  z.strictObject({
    ...rowOf(Object.fromEntries(HISTORY_COLUMNS.map((column) => [column, RECORD_FIELDS[column]]))),
    copies: describe(z.clone(count), 'How many rows hold this same answer.'),
  }) as unknown as z.ZodMiniType<HistoryEntry>
).register(z.globalRegistry, {
  id: 'HistoryEntry',
  description: 'An earlier answer, without its content.',
});

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

/** Why the log store did not take what was written, as far as a caller can use it. */
const STORE_FAILURES = ['refused', 'quota', 'unreachable', 'timeout', 'failed'] as const;
export type StoreFailure = (typeof STORE_FAILURES)[number];

const lookupShape = {
  transactionId,
  final: describe(
    z.boolean(),
    'True when asked at least 30 minutes after the session was opened, by the later of what the caller gives and what is known: the answer will not change.',
  ),
  stored: describe(
    z.union([z.boolean(), z.literal('already')]),
    '`already`: a final record of the same revision, with the same registration, is in the log store.',
  ),
  reason: z.optional(describe(z.enum(STORE_FAILURES), 'Why `stored` is false.')),
  registered: z.optional(
    describe(
      z.boolean(),
      'Present when the answer is not final, or final only by the given opening time: whether the transaction waits for the sweep, with everything given for it.',
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

export const lookupResponse = z.strictObject(lookupShape).register(z.globalRegistry, { id: 'Lookup' });
export type LookupResponse = z.output<typeof lookupResponse>;

const rejected = z.strictObject({
  index: describe(z.clone(count), 'Place in the request, from 0; blank lines are not counted.'),
  reason: z.enum(['invalid', 'not_stored']),
  issues: z.optional(z.array(issue)),
});

export const registerResponse = z
  .strictObject({
    accepted: describe(z.clone(count), 'How many the log store has acknowledged.'),
    rejected: z.array(rejected),
    dueAt: describe(z.clone(isoTime), 'When the sweep may first ask about them.'),
  })
  .register(z.globalRegistry, { id: 'Registered' });
export type RegisterResponse = z.output<typeof registerResponse>;

const lookupsItem = z.union([
  z.strictObject({
    index: count,
    outcome: z.literal('answered'),
    omitted: z.optional(
      describe(z.array(text), 'What was left out because the whole response would be too large.'),
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

export const lookupsResponse = z
  .strictObject({ answered: count, queued: count, problems: count, results: z.array(lookupsItem) })
  .register(z.globalRegistry, { id: 'Lookups' });
export type LookupsResponse = z.output<typeof lookupsResponse>;
export type LookupsItem = LookupsResponse['results'][number];
