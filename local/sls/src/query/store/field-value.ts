import type { StoredRow } from '../contract.ts';
import type { IndexedField } from './index-plan.ts';

/** Java's `Long.parseLong`: what does not fit a long is no long. */
const LONG = /^[+-]?\d{1,19}$/;
/** Decimal and scientific notation; Java's `NaN` and `Infinity` are left out: no range holds them. */
const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;
const MAX_LONG = 9_223_372_036_854_775_807n;

/** The value of an indexed field in one row as text, or null if the row has none. The last of equal keys counts. */
export type ReadField = (field: IndexedField) => string | null;

/** Reads fields of one row, parsing each JSON field at most once. */
export function fieldReader(row: StoredRow): ReadField {
  const values = new Map<string, string>();
  for (const [key, value] of row.tags) values.set(`__tag__:${key}`, value);
  for (const [key, value] of row.contents) values.set(key, value);
  const parsed = new Map<string, unknown>();
  return (field) => {
    const text = values.get(field.field);
    if (text === undefined) return null;
    if (field.path.length === 0) return text;
    if (!parsed.has(field.field)) parsed.set(field.field, parseJson(text));
    return leafText(parsed.get(field.field), field.path);
  };
}

/** A long as DuckDB takes it; null if the text is none. */
export function toLong(text: string | null): bigint | null {
  if (text === null || !LONG.test(text)) return null;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value > MAX_LONG || value < -MAX_LONG - 1n ? null : value;
}

/** A double; null if the text is none. */
export function toDouble(text: string | null): number | null {
  return text !== null && DOUBLE.test(text) ? Number(text) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keys may hold dots themselves, so the path is tried with its segments joined too. */
function leafText(value: unknown, path: readonly string[]): string | null {
  if (path.length === 0) return scalarText(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  for (let taken = 1; taken <= path.length; taken += 1) {
    const key = path.slice(0, taken).join('.');
    if (!Object.hasOwn(value, key)) continue;
    const text = leafText((value as Record<string, unknown>)[key], path.slice(taken));
    if (text !== null) return text;
  }
  return null;
}

/** Only leaves are indexed: neither objects nor arrays. */
function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
