import * as z from 'zod/mini';
import type { Issue } from '../errors.ts';
import {
  LABEL_KEY,
  MAX_LABEL_LENGTH,
  MAX_LABELS,
  MERCHANT_BIZ_ID,
  TRANSACTION_ID,
} from '../logstores/ids.ts';
import type { Windows } from '../logstores/retention.ts';
import { DAY_MS, MINUTE_MS } from '../time.ts';

/**
 * A transaction as it is sent to the API: one schema for the server's validation, the command line's and the OpenAPI
 * document. Unknown members are refused, so that a misspelt `initalizedAt` is not silently lost.
 */

/** Clocks differ. */
const NEWEST_INITIALIZED_MS = 5 * MINUTE_MS;

const text = () => z.string({ error: 'must be a string' });

export const transactionId = text()
  .check(z.regex(TRANSACTION_ID, 'must be 1 to 64 of A-Z, a-z, 0-9, _ and -'))
  .register(z.globalRegistry, {
    description: 'The TransactionId that Initialize returned.',
    examples: ['08573be80f944d95ac812e019e3655a8'],
  });

export const merchantBizId = text()
  .check(z.regex(MERCHANT_BIZ_ID, 'must be 1 to 32 of A-Z, a-z and 0-9'))
  .register(z.globalRegistry, {
    description:
      'The MerchantBizId that Initialize was called with. When absent, one is derived from the transaction id, always the same.',
  });

/** A date alone is midnight UTC; a time needs a zone, since a local one would differ from machine to machine. */
const ISO_8601 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?))?$/;
const INSTANT_MESSAGE = 'must be unix milliseconds, or ISO 8601 with a zone';

export const instant = z
  .union(
    [
      z.int().check(z.minimum(0)),
      z.string().check(z.regex(/^\d{1,15}$/)),
      z.string().check(z.regex(ISO_8601)),
    ],
    { error: INSTANT_MESSAGE },
  )
  .register(z.globalRegistry, {
    description: 'Unix milliseconds, or ISO 8601 with a zone; a date alone is midnight UTC.',
    examples: [1_790_000_000_000, '2026-09-21T14:13:20Z'],
  });

const labels = z
  .record(
    z.string().check(z.regex(LABEL_KEY)),
    text().check(
      z.maxLength(MAX_LABEL_LENGTH, `must have at most ${MAX_LABEL_LENGTH} characters`),
      z.regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters'),
    ),
    { error: labelsMessage },
  )
  .check(
    z.refine((value) => Object.keys(value).length <= MAX_LABELS, `must have at most ${MAX_LABELS} members`),
  )
  .register(z.globalRegistry, {
    description: `Your own dimensions, for breakdowns: at most ${MAX_LABELS}. Never put personal data here.`,
    maxProperties: MAX_LABELS,
    examples: [{ platform: 'android', app_version: '5.2.1', channel: 'referral' }],
  });

function labelsMessage(issue: { code?: string | undefined }): string {
  return issue.code === 'invalid_key'
    ? 'must begin with a-z and have 1 to 32 of a-z, 0-9 and _'
    : 'must be an object of strings';
}

const anObject = { error: 'must be an object' };

/** An object of exactly these members. */
export const exactly = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape, anObject);

export const transactionInput = exactly({
  transactionId,
  merchantBizId: z.exactOptional(merchantBizId),
  initializedAt: z.exactOptional(instant),
  labels: z.exactOptional(labels),
}).register(z.globalRegistry, { id: 'Transaction' });

/** One item of a registration or a lookup, validated. */
export interface Transaction {
  readonly transactionId: string;
  readonly merchantBizId?: string;
  readonly initializedAtMs?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: Issue[] };

/** Checks a value against a schema; issue paths begin with `at`, as `transactions[3]`. */
export function safeParse<T>(schema: z.core.$ZodType<T>, value: unknown, at = ''): Parsed<T> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    issues: parsed.error.issues.flatMap((issue) => {
      const path = issue.path.reduce<string>(joinPath, at);
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => ({ path: joinPath(path, key), message: 'is not known here' }));
      }
      const missing = issue.code !== 'invalid_key' && valueAt(value, issue.path) === undefined;
      return [{ path, message: missing ? 'is required' : issue.message }];
    }),
  };
}

/** What bounds the time of a session. */
export interface Times extends Pick<Windows, 'initializedMs'> {
  readonly nowMs: number;
}

/** Validates one item of a registration or a lookup, its time included. */
export function safeParseTransaction(value: unknown, times: Times, at = ''): Parsed<Transaction> {
  const parsed = safeParse(transactionInput, value, at);
  if (!parsed.ok) return parsed;
  const { initializedAt, ...rest } = parsed.value;
  if (initializedAt === undefined) return { ok: true, value: rest };
  const time = safeParseInitializedAt(initializedAt, times, joinPath(at, 'initializedAt'));
  return time.ok ? { ok: true, value: { ...rest, initializedAtMs: time.value } } : time;
}

function safeParseInitializedAt(
  given: string | number,
  { nowMs, initializedMs }: Times,
  at: string,
): Parsed<number> {
  const time = safeParseInstant(given, at);
  if (!time.ok) return time;
  if (time.value < nowMs - initializedMs || time.value > nowMs + NEWEST_INITIALIZED_MS) {
    return bad(at, `must be within the last ${initializedMs / DAY_MS} days, and not in the future`);
  }
  return time;
}

/** Unix ms of a value that passed `instant`; a 31st of February still fails. */
export function safeParseInstant(given: string | number, at: string): Parsed<number> {
  if (typeof given === 'number') return { ok: true, value: given };
  if (/^\d+$/.test(given)) return { ok: true, value: Number(given) };
  const ms = Date.parse(toDateFormat(given));
  const [year = 0, month = 0, day = 0] = given.slice(0, 10).split('-').map(Number);
  // Date.parse turns 2026-02-31 into 3 March: the day must survive the round trip.
  const calendar = new Date(Date.UTC(year, month - 1, day));
  if (Number.isNaN(ms) || calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) {
    return bad(at, INSTANT_MESSAGE);
  }
  return { ok: true, value: ms };
}

/** The forms of ISO 8601 that ECMAScript does not read: a comma, and a zone without minutes or colon. */
function toDateFormat(text: string): string {
  return text
    .replace(',', '.')
    .replace(/(T.*[+-]\d{2}):?(\d{2})?$/, (_, rest, minutes = '00') => `${rest}:${minutes}`);
}

function bad(path: string, message: string): { readonly ok: false; readonly issues: Issue[] } {
  return { ok: false, issues: [{ path, message }] };
}

/** `labels`, 3 -> `labels[3]`. A name is returned to its sender only if it looks like one. */
function joinPath(base: string, part: PropertyKey): string {
  if (typeof part === 'number') return `${base}[${part}]`;
  const name = typeof part === 'string' && /^[A-Za-z0-9_$-]{1,64}$/.test(part) ? part : '?';
  return base === '' ? name : `${base}.${name}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.hasOwn(at, part) ? (at as Record<PropertyKey, unknown>)[part] : undefined;
  }
  return at;
}
