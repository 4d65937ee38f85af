import { type Journey, RUNG_FINISHED, RUNG_NOT_OPENED, STAGES, type Stage } from '../logstores/values.ts';
import { CODES, type CodeParts, toCodeParts } from './codes.ts';
import { type Journal, readJournal } from './journal.ts';
import { toJsonText } from './json-text.ts';
import { isObject, namesBeyond, own, Unknowns } from './members.ts';
import { PAGE_NOT_STARTED, type Page, rungOf, toPage, toStage } from './pages.ts';
import { readStatistics, type Statistics } from './statistics.ts';
import { clip } from './storable.ts';

/** What an answer says about one session, read but not yet judged. */
export interface Session {
  readonly journey: Journey;
  readonly passed: string | undefined;
  readonly subCode: string | undefined;
  /** VerifyErrorCode as received, and its documented family. */
  readonly code: string | undefined;
  readonly codeParts: CodeParts | undefined;
  /** The last page: both names as received, and what is known of them. */
  readonly pageZh: string | undefined;
  readonly pageEn: string | undefined;
  readonly page: Page | undefined;
  readonly stageEn: Stage | undefined;
  /** Stage of the last page for the row: the English page's, else the Chinese one's, else `unknown:<page>`. */
  readonly stage: string | undefined;
  /** Known stages of the last page: none, one, or two that differ. */
  readonly lastStages: readonly Stage[];
  /** Stages with a stay above 0, a log line or a last page, in the order of the ladder. */
  readonly stagesSeen: readonly Stage[];
  /** Stages that somebody is known to have been on, in the order of the ladder. */
  readonly path: readonly Stage[];
  readonly stageReached: number | undefined;
  /** Page stays or log lines, or a last page that only an opened session has. */
  readonly active: boolean;
  readonly hiddenMs: number | undefined;
  readonly statistics: Statistics;
  readonly journal: Journal;
  readonly unknowns: Unknowns;
}

const JOURNEY_BY_STATUS: ReadonlyMap<string, Journey> = new Map<string, Journey>([
  ['0', 'finished'],
  ['1', 'interrupted'],
  ['2', 'not_started'],
]);

/** Documented values have at most 20 characters; longer ones are unknown anyway, and complete in `raw`. */
const MAX_SCALAR_LENGTH = 128;

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
export function readSession(result: unknown): Session {
  const unknowns = new Unknowns();
  const members = readMembers(result, unknowns);
  const text = (name: string) => scalarText(own(members, name));
  const statistics = readStatistics(own(members, 'LogStatisticsInfo'), unknowns);
  const journal = readJournal(own(members, 'LogInfo'), own(members, 'LogInfoEn'));
  const journey = readJourney(text('VerifyStatus'), unknowns);
  const code = text('VerifyErrorCode');
  const codeParts = code === undefined ? undefined : toCodeParts(code.trim());
  if (code !== undefined && codeParts === undefined) unknowns.note('VerifyErrorCode', code);
  if (journal.unreadCount > 0) {
    unknowns.note('LogInfo', `${journal.unreadCount} unreadable lines`, journal.unreadCount);
  }
  const place = readPlace(text('InterruptPage'), text('InterruptPageEn'), unknowns);
  const stagesSeen = seenStages(statistics, journal, place);
  const seen = rungOfLast(stagesSeen);
  // LOADING is the only English page that a session never opened can have.
  const active = seen > rungOf('LOADING') || hasStay(statistics) || journal.lineCount > 0;
  return {
    // Named one by one: a spread is slow, and this runs for every session.
    pageZh: place.pageZh,
    pageEn: place.pageEn,
    page: place.page,
    stageEn: place.stageEn,
    stage: place.stage,
    lastStages: place.lastStages,
    journey,
    passed: readPassed(text('Passed'), unknowns),
    subCode: text('SubCode'),
    code,
    codeParts,
    stagesSeen,
    path: pathOf({ journey, statistics, journal, place }),
    stageReached: stageReachedBy({ journey, seen, active, place }),
    active,
    hiddenMs:
      journal.spanMs === undefined || statistics.stayTotalMs === undefined
        ? undefined
        : Math.max(0, journal.spanMs - statistics.stayTotalMs),
    statistics,
    journal,
    unknowns,
  };
}

function readMembers(result: unknown, unknowns: Unknowns): Readonly<Record<string, unknown>> {
  const members = isObject(result) ? result : {};
  if (result !== undefined && result !== null && members !== result) {
    unknowns.note('Result', toJsonText(result, true));
  }
  for (const name of namesBeyond(MEMBERS, Object.keys(members))) unknowns.note('Result', name);
  return members;
}

/** Text of a value that should be text; undefined when there is nothing to read. */
function scalarText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = clip(typeof value === 'object' ? toJsonText(value, true) : String(value), MAX_SCALAR_LENGTH);
  return text.trim() === '' ? undefined : text;
}

/** True when the code is documented to end in a result, or short of one. */
export function codeEnds(session: Session, ends: 'result' | 'interruption'): boolean {
  return session.codeParts !== undefined && CODES[session.codeParts.family]?.ends === ends;
}

function readJourney(status: string | undefined, unknowns: Unknowns): Journey {
  const known = status === undefined ? undefined : JOURNEY_BY_STATUS.get(status.trim());
  if (known !== undefined) return known;
  if (status !== undefined) unknowns.note('VerifyStatus', status);
  return `unknown:${status ?? ''}`;
}

/** Y and N in either case are Y and N; anything else stays as received. */
function readPassed(passed: string | undefined, unknowns: Unknowns): string | undefined {
  if (passed === undefined) return undefined;
  const plain = passed.trim().toUpperCase();
  if (plain === 'Y' || plain === 'N') return plain;
  unknowns.note('Passed', passed);
  return passed;
}

type Place = Pick<Session, 'pageZh' | 'pageEn' | 'page' | 'stageEn' | 'stage' | 'lastStages'>;

function readPlace(pageZh: string | undefined, pageEn: string | undefined, unknowns: Unknowns): Place {
  const page = pageZh === undefined ? undefined : toPage(pageZh);
  const stageEn = pageEn === undefined ? undefined : toStage(pageEn);
  if (pageZh !== undefined && page === undefined) unknowns.note('InterruptPage', pageZh);
  if (pageEn !== undefined && stageEn === undefined) unknowns.note('InterruptPageEn', pageEn);
  const named = pageEn ?? pageZh;
  const known = pageEn === undefined ? page?.stage : stageEn;
  const lastStages: Stage[] = stageEn === undefined ? [] : [stageEn];
  if (page !== undefined && page.stage !== stageEn) lastStages.push(page.stage);
  return {
    pageZh,
    pageEn,
    page,
    stageEn,
    stage: known ?? (named === undefined ? undefined : `unknown:${named}`),
    lastStages,
  };
}

function seenStages({ stays }: Statistics, { stages }: Journal, { page, stageEn }: Place): Stage[] {
  const pageStage = page === undefined || page.zh === PAGE_NOT_STARTED ? undefined : page.stage;
  return STAGES.filter(
    (stage) => (stays.get(stage) ?? 0) > 0 || stages.has(stage) || stage === pageStage || stage === stageEn,
  );
}

/**
 * A page stay, a log line or a last page is evidence; LOADING as the last page is so only for an interrupted session,
 * since one that was never opened has it too.
 */
function pathOf({
  journey,
  statistics: { stays },
  journal: { stages },
  place: { lastStages },
}: Pick<Session, 'journey' | 'statistics' | 'journal'> & { place: Place }): Stage[] {
  return STAGES.filter(
    (stage) =>
      (stays.get(stage) ?? 0) > 0 ||
      stages.has(stage) ||
      (lastStages.includes(stage) && (stage !== 'LOADING' || journey === 'interrupted')),
  );
}

function rungOfLast(stages: readonly Stage[]): number {
  const last = stages.at(-1);
  return last === undefined ? RUNG_NOT_OPENED : rungOf(last);
}

function stageReachedBy({
  journey,
  seen,
  active,
  place,
}: Pick<Session, 'journey' | 'active'> & { seen: number; place: Place }): number | undefined {
  const notStarted = place.page?.zh === PAGE_NOT_STARTED;
  switch (journey) {
    case 'finished':
      return RUNG_FINISHED;
    case 'interrupted':
      // An interrupted session had been opened.
      return Math.max(seen, rungOf('LOADING'));
    case 'not_started':
      return active ? seen : RUNG_NOT_OPENED;
    default:
      return seen > 0 ? seen : notStarted ? RUNG_NOT_OPENED : undefined;
  }
}

function hasStay(statistics: Statistics): boolean {
  return statistics.stayTotalMs === undefined ? statistics.stays.size > 0 : statistics.stayTotalMs > 0;
}
