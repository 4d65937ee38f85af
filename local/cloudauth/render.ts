import type { Counters, Stage, VerifyLogResult } from './session-types.ts';
import { type Ending, PAGES, type Step } from './visit.ts';

/** How a session's facts are written: the service is not consistent in this. */
export interface Manner {
  /** One line per element, or one element that is a JSON array (as in the official example). */
  readonly encoding: 'lines' | 'json';
  /** Stay times as numbers instead of numeric strings, counters as numeric strings instead of numbers. */
  readonly staysAsNumbers: boolean;
  readonly countersAsStrings: boolean;
  /** LogInfoEn and InterruptPageEn were added in September 2025. */
  readonly english: boolean;
  readonly statistics: boolean;
}

/** What follows from the steps. */
export interface Facts extends Counters {
  staysMs: Partial<Record<Stage, number>>;
  facePermissionRefused: boolean;
  ocrPermissionRefused: boolean;
  entered: Stage[];
}

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'rejected'; readonly subCode: string }
  | { readonly kind: 'ended'; readonly ending: Ending }
  /** Still going on; the page is that of the last step. */
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'not_started' };

export function factsOf(steps: readonly Step[]): Facts {
  const facts: Facts = {
    faceRetries: 0,
    ocrRetries: 0,
    ocrEdits: 0,
    ocrEditRetries: 0,
    staysMs: {},
    facePermissionRefused: false,
    ocrPermissionRefused: false,
    entered: [],
  };
  for (const { entered, left, counted, refused } of steps) {
    if (entered !== undefined) facts.entered.push(entered);
    if (left !== undefined) facts.staysMs[left.stage] = (facts.staysMs[left.stage] ?? 0) + left.stayMs;
    if (counted !== undefined) facts[counted] += 1;
    if (refused === 'face') facts.facePermissionRefused = true;
    if (refused === 'ocr') facts.ocrPermissionRefused = true;
  }
  return facts;
}

interface RenderOptions {
  readonly initializedAtMs: number;
  readonly steps: readonly Step[];
  readonly outcome: Outcome;
  readonly manner: Manner;
}

export function renderResult({ initializedAtMs, steps, outcome, manner }: RenderOptions): VerifyLogResult {
  const result: VerifyLogResult = {};
  if (outcome.kind === 'passed') Object.assign(result, { Passed: 'Y', SubCode: '200' });
  if (outcome.kind === 'rejected') Object.assign(result, { Passed: 'N', SubCode: outcome.subCode });
  result.VerifyStatus = { passed: '0', rejected: '0', ended: '1', unfinished: '1', not_started: '2' }[
    outcome.kind
  ];
  const page = pageOf(steps, outcome);
  if (page !== undefined && 'zh' in page) result.InterruptPage = page.zh;
  const code = codeOf(outcome);
  if (code !== undefined) result.VerifyErrorCode = code;
  result.LogInfo = linesOf(steps, 'zh', initializedAtMs, manner.encoding);
  result.ExtInfo = '{}';
  if (manner.statistics && outcome.kind !== 'not_started') {
    result.LogStatisticsInfo = statisticsOf(steps, manner);
  }
  if (manner.english) {
    result.LogInfoEn = linesOf(steps, 'en', initializedAtMs, manner.encoding);
    if (page !== undefined) result.InterruptPageEn = page.en;
  }
  return result;
}

function pageOf(steps: readonly Step[], outcome: Outcome) {
  if (outcome.kind === 'passed' || outcome.kind === 'rejected') return undefined;
  if (outcome.kind === 'ended') return PAGES[outcome.ending.page];
  return PAGES[steps.at(-1)?.page ?? 'unopened'];
}

function codeOf(outcome: Outcome): string | undefined {
  if (outcome.kind === 'passed') return '1000';
  if (outcome.kind === 'rejected') return '1001';
  return outcome.kind === 'ended' ? outcome.ending.code : undefined;
}

function linesOf(
  steps: readonly Step[],
  language: 'zh' | 'en',
  initializedAtMs: number,
  encoding: Manner['encoding'],
): string[] {
  const lines = steps.flatMap((step) => {
    const text = step[language];
    return text === undefined ? [] : [`${logTime(initializedAtMs + step.atMs)} ${text}`];
  });
  return encoding === 'json' && lines.length > 0 ? [JSON.stringify(lines, null, 2)] : lines;
}

/** No zone is documented; the log is written in China's time, without saying so. */
function logTime(atMs: number): string {
  return new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

function statisticsOf(steps: readonly Step[], { staysAsNumbers, countersAsStrings }: Manner): string {
  const facts = factsOf(steps);
  const count = (value: number) => (countersAsStrings ? String(value) : value);
  const stays = Object.entries(facts.staysMs).map(([stage, ms]) => [stage, staysAsNumbers ? ms : String(ms)]);
  return JSON.stringify({
    faceOverTimes: count(facts.faceRetries),
    hasFaceOverTimes: facts.faceRetries > 0,
    hasFacePermissionRefuse: facts.facePermissionRefused,
    hasOcrEdit: facts.ocrEdits > 0,
    hasOcrEditOverTimes: facts.ocrEditRetries > 0,
    hasOcrOverTimes: facts.ocrRetries > 0,
    hasOcrPermissionRefuse: facts.ocrPermissionRefused,
    ocrEditOverTimes: count(facts.ocrEditRetries),
    ocrEditTimes: count(facts.ocrEdits),
    ocrOverTimes: count(facts.ocrRetries),
    pageStayTimeInfo: Object.fromEntries(stays),
  });
}
