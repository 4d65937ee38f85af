import { toJsonText } from './json-text.ts';
import { clip } from './text.ts';
import { noteUnknown, type Unknowns } from './unknowns.ts';

/** The members of a Result, each as text where the document says text; nothing is interpreted yet. */
export interface Answer {
  readonly status: string | undefined;
  readonly passed: string | undefined;
  readonly subCode: string | undefined;
  readonly code: string | undefined;
  readonly page: string | undefined;
  readonly pageEn: string | undefined;
  readonly logInfo: unknown;
  readonly logInfoEn: unknown;
  readonly statistics: unknown;
}

/** Documented values have at most 20 characters; what is longer is unknown anyway and whole in `raw`. */
const SCALAR_LENGTH = 128;

const MEMBERS: ReadonlySet<string> = new Set([
  'VerifyStatus',
  'Passed',
  'SubCode',
  'VerifyErrorCode',
  'InterruptPage',
  'InterruptPageEn',
  'LogInfo',
  'LogInfoEn',
  'LogStatisticsInfo',
  'ExtInfo',
]);

/** Reads a Result of any shape: a member of another type than documented is read as its text. */
export function readAnswer(result: unknown, unknowns: Unknowns): Answer {
  const members = isObject(result) ? result : {};
  if (result !== undefined && result !== null && members !== result) {
    noteUnknown(unknowns, 'Result', toJsonText(result, true));
  }
  for (const name of namesBeyond(MEMBERS, Object.keys(members))) noteUnknown(unknowns, 'Result', name);
  return {
    status: scalarText(own(members, 'VerifyStatus')),
    passed: scalarText(own(members, 'Passed')),
    subCode: scalarText(own(members, 'SubCode')),
    code: scalarText(own(members, 'VerifyErrorCode')),
    page: scalarText(own(members, 'InterruptPage')),
    pageEn: scalarText(own(members, 'InterruptPageEn')),
    logInfo: own(members, 'LogInfo'),
    logInfoEn: own(members, 'LogInfoEn'),
    statistics: own(members, 'LogStatisticsInfo'),
  };
}

/** The names that are not known, sorted: which of them are shown must not hang on their order. */
export function namesBeyond(known: ReadonlySet<string>, names: readonly string[]): readonly string[] {
  return names.every((name) => known.has(name)) ? [] : names.filter((name) => !known.has(name)).sort();
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of the object itself: never one that it inherits, such as `constructor`. */
export function own(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Text of a value that should be text; undefined when there is nothing to read. */
function scalarText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = clip(typeof value === 'object' ? toJsonText(value, true) : String(value), SCALAR_LENGTH);
  return text.trim() === '' ? undefined : text;
}
