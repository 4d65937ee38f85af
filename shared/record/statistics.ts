import type { Stage } from '../logstores/records.ts';
import { isObject, namesBeyond, own } from './answer.ts';
import { toJsonText } from './json-text.ts';
import { toLong } from './number.ts';
import { toStage } from './stages.ts';
import { noteUnknown, type Unknowns } from './unknowns.ts';

/** LogStatisticsInfo, as far as it could be read; absent means "not said". */
export interface Statistics {
  /** True when anything could be read at all. */
  readonly present: boolean;
  readonly faceRetries: number | undefined;
  readonly ocrRetries: number | undefined;
  readonly ocrEdits: number | undefined;
  readonly ocrEditRetries: number | undefined;
  readonly hasFaceRetries: boolean | undefined;
  readonly hasOcrRetries: boolean | undefined;
  readonly hasOcrEdits: boolean | undefined;
  readonly hasOcrEditRetries: boolean | undefined;
  readonly facePermissionRefused: boolean | undefined;
  readonly ocrPermissionRefused: boolean | undefined;
  readonly stays: ReadonlyMap<Stage, number>;
  /** Pages unknown to us included; undefined without any stay, or beyond what a long holds. */
  readonly stayTotalMs: number | undefined;
}

const MEMBER = 'LogStatisticsInfo';
const MEMBERS: ReadonlySet<string> = new Set([
  'faceOverTimes',
  'hasFaceOverTimes',
  'hasFacePermissionRefuse',
  'hasOcrEdit',
  'hasOcrEditOverTimes',
  'hasOcrOverTimes',
  'hasOcrPermissionRefuse',
  'ocrEditOverTimes',
  'ocrEditTimes',
  'ocrOverTimes',
  'pageStayTimeInfo',
]);

/** Reads LogStatisticsInfo: documented as JSON text of an object; an object is taken too. */
export function readStatistics(value: unknown, unknowns: Unknowns): Statistics {
  const parsed = parseJson(value);
  const members = isObject(parsed) ? parsed : {};
  const names = Object.keys(members);
  if (parsed !== members && !isBlank(value)) noteUnknown(unknowns, MEMBER, 'unreadable');
  for (const name of namesBeyond(MEMBERS, names)) noteUnknown(unknowns, MEMBER, name);
  const count = (name: string) => noted(own(members, name), toLong, { name, unknowns });
  const flag = (name: string) => noted(own(members, name), toFlag, { name, unknowns });
  return {
    present: names.length > 0,
    faceRetries: count('faceOverTimes'),
    ocrRetries: count('ocrOverTimes'),
    ocrEdits: count('ocrEditTimes'),
    ocrEditRetries: count('ocrEditOverTimes'),
    hasFaceRetries: flag('hasFaceOverTimes'),
    hasOcrRetries: flag('hasOcrOverTimes'),
    hasOcrEdits: flag('hasOcrEdit'),
    hasOcrEditRetries: flag('hasOcrEditOverTimes'),
    facePermissionRefused: flag('hasFacePermissionRefuse'),
    ocrPermissionRefused: flag('hasOcrPermissionRefuse'),
    ...readStays(own(members, 'pageStayTimeInfo'), unknowns),
  };
}

interface Note {
  readonly name: string;
  readonly unknowns: Unknowns;
}

/** The value converted; one that is there and cannot be is noted. */
function noted<T>(value: unknown, convert: (value: unknown) => T | undefined, note: Note): T | undefined {
  const converted = convert(value);
  if (converted === undefined && !isBlank(value)) {
    noteUnknown(note.unknowns, note.name, toJsonText(value, true));
  }
  return converted;
}

/** Documented as Map<String, Long>; the official example holds numeric text. */
function readStays(value: unknown, unknowns: Unknowns): Pick<Statistics, 'stays' | 'stayTotalMs'> {
  const stays = new Map<Stage, number>();
  const parsed = parseJson(value);
  if (!isObject(parsed)) {
    if (!isBlank(value)) noteUnknown(unknowns, 'pageStayTimeInfo', 'unreadable');
    return { stays, stayTotalMs: undefined };
  }
  let total: number | undefined;
  for (const name of Object.keys(parsed).sort()) {
    const ms = noted(parsed[name], toLong, { name, unknowns });
    const stage = toStage(name);
    if (stage === undefined) noteUnknown(unknowns, 'pageStayTimeInfo', name);
    if (ms === undefined) continue;
    total = (total ?? 0) + ms;
    if (stage !== undefined) stays.set(stage, (stays.get(stage) ?? 0) + ms);
  }
  for (const [stage, ms] of stays) {
    if (!Number.isSafeInteger(ms)) stays.delete(stage);
  }
  return { stays, stayTotalMs: Number.isSafeInteger(total) ? total : undefined };
}

/** Text is parsed, once more when it holds text; anything else is itself. Undefined for what is no JSON. */
function parseJson(value: unknown): unknown {
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

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** A flag in any of the forms that loosely typed services send. */
function toFlag(value: unknown): boolean | undefined {
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
