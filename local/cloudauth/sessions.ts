import { walk } from './journey.ts';
import { officialSession } from './official-example.ts';
import { drawLabels, SCENARIOS, type Scenario } from './profile.ts';
import { between, chance, hex, type Random, seededRandom, weighted } from './random.ts';
import { type Facts, factsOf, type Manner, type Outcome, renderResult } from './render.ts';
import {
  type ProductCode,
  type Session,
  type SessionTruth,
  STAGES,
  type VerifyLogResult,
} from './session-types.ts';
import { PAGES, type Step, Visit } from './visit.ts';

/**
 * Sessions drawn from a seed, each with what really happened in it. The same seed and count give the same sessions;
 * only the times at which they were opened depend on the clock. They contain the official example and, from 42
 * sessions on, every documented journey, page and error code.
 */
interface DrawOptions {
  readonly seed: number | string;
  readonly count: number;
  /** Unix ms; the sessions were opened in the 24 hours before. */
  readonly nowMs: number;
  /** The share that is younger than 30 minutes. */
  readonly youngShare?: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** From this age on the service has the whole log. */
const COMPLETE_AFTER_MS = 30 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** No session is this close to 30 minutes of age: none crosses that line while it is being registered. */
const MARGIN_MS = 4 * MINUTE_MS;

/** Oldest first. */
export function drawSessions({ seed, count, nowMs, youngShare = 0.08 }: DrawOptions): Session[] {
  const random = seededRandom(`sessions ${seed}`);
  const young = Math.min(count - 1, Math.ceil(count * youngShare));
  const sessions = Array.from({ length: count }, (_, index) => {
    const initializedAtMs = openingOf({ seed, index, nowMs, isYoung: index >= count - young });
    if (index === 0) return officialSession(initializedAtMs);
    // At most half are prescribed: even a small draw has some that are random.
    const scenario = index <= count / 2 ? SCENARIOS[index - 1] : undefined;
    return drawSession({ random, index, initializedAtMs, scenario });
  });
  return sessions.sort((a, b) => a.initializedAtMs - b.initializedAtMs);
}

interface Opening {
  readonly seed: number | string;
  readonly index: number;
  readonly nowMs: number;
  readonly isYoung: boolean;
}

/**
 * How many random numbers an old session's age takes depends on the hour, so each opening has a generator of its
 * own. The log has whole seconds: the fraction of a second at which a session begins decides how long it seems, so
 * that depends on the seed alone too.
 */
function openingOf({ seed, index, nowMs, isYoung }: Opening): number {
  const random = seededRandom(`opening ${seed} ${index}`);
  const phaseMs = between(random, 0, SECOND_MS - 1);
  const openedMs = nowMs - (isYoung ? youngAge(random) : oldAge(random, nowMs));
  return Math.floor(openedMs / SECOND_MS) * SECOND_MS + phaseMs;
}

/** The service's answer about a session at a given time. */
export function resultAt(session: Session, nowMs: number): VerifyLogResult {
  const ageMs = nowMs - session.initializedAtMs;
  if (ageMs >= COMPLETE_AFTER_MS) return session.result;
  return session.unfinished.findLast(({ fromAgeMs }) => fromAgeMs <= ageMs)?.result ?? session.result;
}

function youngAge(random: Random): number {
  return between(random, MINUTE_MS, COMPLETE_AFTER_MS - MARGIN_MS);
}

/** More people come by day than by night, in China's time. */
function oldAge(random: Random, nowMs: number): number {
  for (;;) {
    const ageMs = between(random, COMPLETE_AFTER_MS + MARGIN_MS, DAY_MS - MARGIN_MS);
    const hour = ((nowMs - ageMs + 8 * 60 * MINUTE_MS) % DAY_MS) / (60 * MINUTE_MS);
    const busy = 0.55 - 0.45 * Math.cos(((hour - 3) / 24) * 2 * Math.PI);
    if (chance(random, busy)) return ageMs;
  }
}

interface SessionDraft {
  readonly random: Random;
  readonly index: number;
  readonly initializedAtMs: number;
  readonly scenario: Scenario | undefined;
}

function drawSession({ random, index, initializedAtMs, scenario }: SessionDraft): Session {
  const labels = { ...drawLabels(random), ...scenario?.labels };
  const transactionId = labels.country === 'HK' ? `hksb${hex(random, 28)}` : hex(random, 32);
  const merchantBizId = hex(random, 32);
  const { steps, outcome } = play(random, labels, scenario);
  const manner = mannerOf(random, index, labels.product_code);
  const render = (shown: readonly Step[], as: Outcome) =>
    renderResult({ initializedAtMs, steps: shown, outcome: as, manner });
  return {
    transactionId,
    merchantBizId,
    initializedAtMs,
    labels,
    result: render(steps, outcome),
    truth: truthOf(steps, outcome, manner),
    unfinished: cutsOf(steps.length).map((shown) => ({
      fromAgeMs: steps[shown - 1]?.atMs ?? 0,
      result: render(steps.slice(0, shown), { kind: shown === 0 ? 'not_started' : 'unfinished' }),
    })),
  };
}

function play(random: Random, labels: Session['labels'], scenario: Scenario | undefined) {
  const fate = scenario?.fate;
  if (fate === 'not_started' || (fate === undefined && chance(random, 0.05))) {
    return { steps: [], outcome: { kind: 'not_started' } satisfies Outcome };
  }
  const rejects = chance(random, 0.055) || fate === 'rejected';
  const subCode = weighted(random, [
    ['201', 14],
    ['204', 34],
    ['205', 30],
    ['206', 22],
  ]);
  // A session that is to be rejected has to reach its end.
  const script = fate === undefined ? undefined : fate === 'rejected' ? {} : { fate };
  const visit = new Visit(random, labels, script);
  const ending = walk(visit);
  const outcome: Outcome =
    ending !== undefined
      ? { kind: 'ended', ending }
      : rejects
        ? { kind: 'rejected', subCode }
        : { kind: 'passed' };
  return { steps: visit.steps, outcome };
}

/** Mostly by index, for every seed to have them all. */
function mannerOf(random: Random, index: number, product: ProductCode): Manner {
  return {
    encoding: index % 7 === 3 ? 'json' : 'lines',
    staysAsNumbers: index % 3 === 1,
    countersAsStrings: index % 10 === 4,
    // The Chinese list has no page for a chip: only the English field can name it.
    english: !chance(random, 0.03) || product === 'ID_NFC',
    statistics: !chance(random, 0.02),
  };
}

/** How many steps an unfinished log shows: at most half. */
function cutsOf(steps: number): number[] {
  return [...new Set([0, Math.floor(steps / 4), Math.floor(steps / 2)])];
}

function truthOf(steps: readonly Step[], outcome: Outcome, manner: Manner): SessionTruth {
  const { entered, ...facts } = factsOf(steps);
  const ending = outcome.kind === 'ended' ? outcome.ending : undefined;
  const finished = outcome.kind === 'passed' || outcome.kind === 'rejected';
  return {
    ...facts,
    journey: finished ? 'finished' : ending === undefined ? 'not_started' : 'interrupted',
    stage: ending === undefined ? undefined : PAGES[ending.page].en,
    entered: [...new Set(entered)],
    stageReached: finished ? 8 : Math.max(0, ...entered.map((stage) => STAGES.indexOf(stage) + 1)),
    cause: ending?.cause ?? (finished ? outcome.kind : 'never_opened'),
    passed: finished ? outcome.kind === 'passed' : undefined,
    verifyErrorCode: finished ? (outcome.kind === 'passed' ? '1000' : '1001') : ending?.code,
    permissionOutcome: permissionOutcome(facts, finished, ending?.page),
    zhEvents: steps.filter(({ zh }) => zh !== undefined).length,
    enEvents: manner.english ? steps.filter(({ en }) => en !== undefined).length : 0,
    encoding: manner.encoding,
    statistics: manner.statistics && outcome.kind !== 'not_started',
    official: false,
  };
}

function permissionOutcome(
  facts: Omit<Facts, 'entered'>,
  finished: boolean,
  page: string | undefined,
): SessionTruth['permissionOutcome'] {
  if (!facts.facePermissionRefused && !facts.ocrPermissionRefused) return 'none';
  if (finished) return 'recovered';
  return page === 'facePermission' || page === 'ocrPermission' ? 'left_there' : 'left_later';
}
