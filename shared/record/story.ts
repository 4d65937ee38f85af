import type { Disposition, Stage } from '../logstores/values.ts';
import type { Judgement } from './cause.ts';
import { CODES } from './codes.ts';
import type { Session } from './session.ts';
import { CHINESE, ENGLISH, type Words } from './story-words.ts';
import { CAUSE_WORDS, CONFIDENCE_WORDS, NO_LOG_WORDS, STAGE_WORDS } from './value-words.ts';

/** What a story is told from: the facts of the row and nothing else. */
export interface Told {
  readonly session: Session;
  readonly judgement: Judgement;
  readonly contradictionCount: number;
  readonly final: boolean;
}

export interface Story {
  readonly story: string;
  readonly story_zh: string;
}

/** One or two sentences: how far it got and past what, then how it ended and what could help. */
export function tellStory(told: Told): Story {
  return { story: tell(ENGLISH, told), story_zh: tell(CHINESE, told) };
}

/** One sentence for a transaction without a log. */
export function tellWithoutLog(
  disposition: Exclude<Disposition, 'answered'>,
  code: string,
  attempt: number | undefined,
): Story {
  const why = NO_LOG_WORDS[disposition];
  return {
    story: ENGLISH.withoutLog(why.en, code, attempt),
    story_zh: CHINESE.withoutLog(why.zh, code, attempt),
  };
}

function tell(words: Words, told: Told): string {
  const { session, contradictionCount } = told;
  const sentences = [told.final ? way(words, session) : words.provisional(way(words, session))];
  if (!isDecided(told) || contradictionCount > 0) sentences.push(end(words, told));
  return sentences.map((text) => words.sentence(text)).join(words.sentenceGap);
}

/** A finished journey with its decision needs no cause. */
function isDecided({ session, judgement }: Told): boolean {
  return session.journey === 'finished' && (judgement.cause === 'passed' || judgement.cause === 'rejected');
}

function way(words: Words, session: Session): string {
  const obstacles = words.list(obstaclesOf(words, session));
  const total = session.statistics.stayTotalMs;
  const tail = obstacles === '' ? '' : words.withObstacles(obstacles);
  switch (session.journey) {
    case 'finished':
      return `${words.finished(session.passed, session.subCode)}${tail}${total === undefined ? '' : words.onPages(total)}`;
    case 'interrupted':
      return `${gotTo(words, session)}${tail}${lastPage(words, session)}`;
    case 'not_started':
      return session.active ? words.notStartedButActive : words.notStarted;
    default:
      return `${words.unknownStatus(session.journey.slice('unknown:'.length))}${tail}${lastPage(words, session)}`;
  }
}

/** Stages in which the person has to do something, unlike the loading and guide pages. */
const TASKS: ReadonlySet<Stage> = new Set(['OCR_SCAN', 'OCR_RESULT', 'NFC_INPUT', 'NFC_READ']);

/** How far it got, and past which tasks: those seen before the furthest stage, except where it was seen last. */
function gotTo(words: Words, { stagesSeen, lastStages }: Session): string {
  const furthest = stagesSeen.at(-1);
  if (furthest === undefined) return words.gotSomewhere;
  const named = (stage: Stage) => STAGE_WORDS[stage].inStory[words.language];
  const passed = stagesSeen.filter(
    (stage) => stage !== furthest && TASKS.has(stage) && !lastStages.includes(stage),
  );
  return words.gotTo(named(furthest), words.list(passed.map(named)));
}

/** The page's name where it is known, else its stage's, else what was received; with the stay on that stage. */
function lastPage(words: Words, session: Session): string {
  const { page, pageZh, pageEn, stageEn, lastStages, statistics } = session;
  const name =
    page?.[words.language] ??
    (stageEn === undefined ? (pageEn ?? pageZh) : STAGE_WORDS[stageEn].inStory[words.language]);
  if (name === undefined) return '';
  const disagrees = page !== undefined && stageEn !== undefined && !page.mayBe.includes(stageEn);
  const stage = page?.stage ?? lastStages[0];
  const stayMs = stage === undefined ? undefined : statistics.stays.get(stage);
  return words.lastPage(name, disagrees ? stageEn : undefined, stayMs);
}

function obstaclesOf(words: Words, { statistics: s }: Session): string[] {
  const obstacles: string[] = [];
  if (s.ocrRetries) obstacles.push(words.ocrRetries(s.ocrRetries));
  if (s.ocrEdits) obstacles.push(words.ocrEdits(s.ocrEdits));
  if (s.ocrEditRetries) obstacles.push(words.ocrEditRetries(s.ocrEditRetries));
  if (s.faceRetries) obstacles.push(words.faceRetries(s.faceRetries));
  if (s.ocrPermissionRefused) obstacles.push(words.ocrRefused);
  if (s.facePermissionRefused) obstacles.push(words.faceRefused);
  return obstacles;
}

function end(words: Words, told: Told): string {
  const { session, contradictionCount } = told;
  const { cause } = told.judgement;
  const meaning = session.codeParts && CODES[session.codeParts.family]?.[words.language];
  // What was never started has not ended either.
  const ending =
    session.journey === 'not_started' && session.code === undefined
      ? words.nothingEnded
      : words.endedWith(session.code, meaning);
  const help = CAUSE_WORDS[cause].help?.[words.language];
  const doubt = contradictionCount > 0 ? words.contradicted(contradictionCount) : '';
  return `${ending}${why(words, told)}${doubt}${help === undefined ? '' : words.couldHelp(help)}`;
}

function why(words: Words, told: Told): string {
  const { cause, confidence } = told.judgement;
  if (isDecided(told)) return '';
  if (cause === 'unknown') return words.causeUnknown;
  return words.likelyCause(
    CAUSE_WORDS[cause].inStory[words.language],
    CONFIDENCE_WORDS[confidence][words.language],
  );
}
