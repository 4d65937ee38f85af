import type { Stage } from '../logstores/values.ts';
import { toJsonText } from './json-text.ts';
import { isBlank, isObject, namesBeyond, own, parseJson, toFlag, toLong, type Unknowns } from './members.ts';
import { toStage } from './pages.ts';

/** LogStatisticsInfo, as far as it could be read; undefined where it says nothing. */
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

/** Reads LogStatisticsInfo: documented as JSON text of an object; an object is accepted too. */
export function readStatistics(value: unknown, unknowns: Unknowns): Statistics {
  const parsed = parseJson(value);
  const members = isObject(parsed) ? parsed : {};
  const names = Object.keys(members);
  if (parsed !== members && !isBlank(value)) unknowns.note(MEMBER, 'unreadable');
  for (const name of namesBeyond(MEMBERS, names)) unknowns.note(MEMBER, name);
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

/** The value converted; a value that cannot be converted is noted as unknown. */
function noted<T>(
  value: unknown,
  convert: (value: unknown) => T | undefined,
  { name, unknowns }: { name: string; unknowns: Unknowns },
): T | undefined {
  const converted = convert(value);
  if (converted === undefined && !isBlank(value)) {
    unknowns.note(name, toJsonText(value, true));
  }
  return converted;
}

/** Documented as Map<String, Long>; the official example holds numeric text. */
function readStays(value: unknown, unknowns: Unknowns): Pick<Statistics, 'stays' | 'stayTotalMs'> {
  const stays = new Map<Stage, number>();
  const parsed = parseJson(value);
  if (!isObject(parsed)) {
    if (!isBlank(value)) unknowns.note('pageStayTimeInfo', 'unreadable');
    return { stays, stayTotalMs: undefined };
  }
  let total: number | undefined;
  for (const name of Object.keys(parsed).sort()) {
    const ms = noted(parsed[name], toLong, { name, unknowns });
    const stage = toStage(name);
    if (stage === undefined) unknowns.note('pageStayTimeInfo', name);
    if (ms === undefined) continue;
    total = (total ?? 0) + ms;
    if (stage !== undefined) stays.set(stage, (stays.get(stage) ?? 0) + ms);
  }
  for (const [stage, ms] of stays) {
    if (!Number.isSafeInteger(ms)) stays.delete(stage);
  }
  return { stays, stayTotalMs: Number.isSafeInteger(total) ? total : undefined };
}
