import { SlsError, type SlsErrorCode } from './error.ts';

type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array';

/** What one field of a JSON body must be. */
export interface FieldRule {
  type: JsonType;
  required?: true;
  /** Bounds of a number, or of the length of a string or an array. */
  min?: number;
  max?: number;
  pattern?: RegExp;
  oneOf?: readonly string[];
}

export type FieldRules = Readonly<Record<string, FieldRule>>;
export type JsonObject = Record<string, unknown>;

/** Whether a value is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists what is wrong with the fields of an object; unknown fields are let through, null counts as absent. */
export function violations(value: JsonObject, rules: FieldRules, prefix = ''): string[] {
  const found: string[] = [];
  for (const [name, rule] of Object.entries(rules)) {
    const field = `${prefix}${name}`;
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given === undefined || given === null) {
      if (rule.required) found.push(`${field} is required`);
      continue;
    }
    const problem = violation(given, rule);
    if (problem !== undefined) found.push(`${field} ${problem}`);
  }
  return found;
}

function violation(value: unknown, rule: FieldRule): string | undefined {
  if (!isOfType(value, rule.type)) return `must be of type ${rule.type}`;
  const size = sizeOf(value);
  if (size !== undefined && size < (rule.min ?? -Infinity)) return `must not be below ${rule.min}`;
  if (size !== undefined && size > (rule.max ?? Infinity)) return `must not be above ${rule.max}`;
  if (typeof value !== 'string') return undefined;
  if (rule.pattern !== undefined && !rule.pattern.test(value)) return 'has a form that is not allowed';
  if (rule.oneOf !== undefined && !rule.oneOf.includes(value))
    return `must be one of ${rule.oneOf.join(', ')}`;
  return undefined;
}

function isOfType(value: unknown, type: JsonType): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isJsonObject(value);
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'number') return Number.isFinite(value);
  return typeof value === type;
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
}

/** Raises the violations as one error. */
export function refuseViolations(found: readonly string[], code: SlsErrorCode): void {
  if (found.length > 0) throw new SlsError(code, found.join('; '));
}

/**
 * Reads a body as JSON.
 * @throws SlsError with `code` when it is none
 */
export function parseJson(body: Buffer, code: SlsErrorCode): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    throw new SlsError(code, 'The body is not valid json string.');
  }
}

/**
 * Reads a body as a JSON object that follows the rules.
 * @throws SlsError with `code`, all violations in one message
 */
export function parseJsonObject(body: Buffer, rules: FieldRules, code: SlsErrorCode): JsonObject {
  const value = parseJson(body, code);
  if (!isJsonObject(value)) throw new SlsError(code, 'The body is not a json object.');
  refuseViolations(violations(value, rules), code);
  return value;
}

/**
 * Reads a query parameter as a whole number.
 * @throws SlsError with `code` when it is none or out of bounds
 */
export function parseInteger(
  text: string | undefined,
  bounds: { name: string; min: number; max: number; code: SlsErrorCode },
): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= bounds.min && value <= bounds.max)) {
    throw new SlsError(bounds.code, `Parameter ${bounds.name} should be in [${bounds.min}-${bounds.max}].`);
  }
  return value;
}
