import * as z from 'zod/mini';
import { PROBLEM_CODES } from '../fc/response.ts';
import { HISTORY_COLUMNS, type HistoryEntry, MAX_HISTORY_ROWS } from '../logstores/earlier-records.ts';
import { EVENT_FIELDS } from '../logstores/events.ts';
import type { FieldTable, RowOf } from '../logstores/field-table.ts';
import { RECORD_FIELDS } from '../logstores/records.ts';
import { transactionId } from './transaction.ts';

/**
 * What the API returns where a client has to know it: the types of the responses, and their schemas in the OpenAPI
 * document. Rows come from the field tables, so that a new column is documented, and typed, by being there.
 */
const text = z.string();
export const count = z.int().check(z.minimum(0));
export const isoTime = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/));

export function describe<T extends z.ZodMiniType>(schema: T, description: string): T {
  return schema.check(z.meta({ description })) as T;
}

/** A row as stored: every column may be absent, longs are numbers, the rest is text. */
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
    copies: describe(z.clone(count), 'How many rows say the same.'),
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
    dueAt: describe(z.clone(isoTime), 'From when the sweep asks about them.'),
  })
  .register(z.globalRegistry, { id: 'Registered' });
export type RegisterResponse = z.output<typeof registerResponse>;

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

export const lookupsResponse = z
  .strictObject({ answered: count, queued: count, problems: count, results: z.array(lookupsItem) })
  .register(z.globalRegistry, { id: 'Lookups' });
export type LookupsResponse = z.output<typeof lookupsResponse>;
export type LookupsItem = LookupsResponse['results'][number];
