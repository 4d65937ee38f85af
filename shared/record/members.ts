import { clip } from './storable.ts';

/**
 * How the members of an answer are read. The service is typed loosely: a number may be text, an object JSON text,
 * a member missing or of another type than documented.
 */

const MAX_SHOWN = 20;
const MAX_VALUE_LENGTH = 64;

/** What the answer holds beyond the documented values: all counted, the first ones named. */
export class Unknowns {
  count = 0;
  readonly shown: string[] = [];

  /** Counts `times` values and names them once, as `<member>:<value>`; commas, which separate names, are replaced. */
  note(member: string, value: string, times = 1): void {
    this.count += times;
    if (this.shown.length >= MAX_SHOWN) return;
    const name = `${clip(member, MAX_VALUE_LENGTH)}:${clip(value, MAX_VALUE_LENGTH)}`;
    this.shown.push(name.replaceAll(',', ';'));
  }
}

/** The names that are not known, sorted: which of them are shown must not depend on their order. */
export function namesBeyond(known: ReadonlySet<string>, names: readonly string[]): readonly string[] {
  return names.every((name) => known.has(name)) ? [] : names.filter((name) => !known.has(name)).sort();
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of the object itself, never an inherited one such as `constructor`. */
export function own(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Digits with an optional fraction: the service writes counts and milliseconds as numbers or as text. */
const DECIMAL = /^\s*\+?\d+(?:\.\d+)?\s*$/;

/**
 * A count or a duration that may be a number or numeric text, as a safe integer ≥ 0; undefined when it is
 * neither. Fractions are rounded down.
 */
export function toLong(value: unknown): number | undefined {
  const number = typeof value === 'string' ? (DECIMAL.test(value) ? Number(value) : Number.NaN) : value;
  if (typeof number !== 'number') return undefined;
  const whole = Math.floor(number);
  return Number.isSafeInteger(whole) && whole >= 0 ? whole + 0 : undefined;
}

/** Parses text, and once more if that gives text; returns anything else as it is. Undefined for invalid JSON. */
export function parseJson(value: unknown): unknown {
  let parsed = value;
  for (let layer = 0; layer < 2 && typeof parsed === 'string'; layer += 1) {
    try {
      parsed = JSON.parse(parsed);
    } catch {
      return undefined;
    }
  }
  return parsed;
}

export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** A flag in any of the forms that loosely typed services send. */
export function toFlag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  switch (typeof value === 'string' ? value.trim().toLowerCase() : value) {
    case 'true':
    case 'y':
    case '1':
    case 1:
      return true;
    case 'false':
    case 'n':
    case '0':
    case 0:
      return false;
    default:
      return undefined;
  }
}
