import type { Issue } from '../errors.ts';
import { DAY_MS } from '../time.ts';

/**
 * How long the service keeps a session's log and SLS each kind of row, and all that follows from it: what has to
 * outlive what, and how far back everything looks. s.yaml says the days once, for the logstores and for the
 * functions; nothing else in here or elsewhere is a number of its own.
 */
export interface RetentionDays {
  /** A session's log, by ID Verification. */
  readonly source: number;
  /** Rows of the queue. */
  readonly pending: number;
  readonly records: number;
  /** Reports of the sweep's runs. */
  readonly sweeps: number;
}

/** `events` and `functions`: nothing that has to be right reads them, so no rule holds them. */
export const DEFAULT_DAYS_KEPT = {
  source: 30,
  pending: 45,
  records: 180,
  events: 90,
  sweeps: 90,
  functions: 30,
} as const;

/** The longest that SLS keeps anything is 3,650 days, which stand for ever.
 * https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-struct-logstore (read 2026-11-23) */
export const MAX_DAYS_KEPT = 3_650;
export const MAX_SOURCE_DAYS = 365;

/** A row's event time is its writer's: up to seven days before SLS receives it, and clocks differ. */
export const LATE_EVENT_DAYS = 8;
/** A time that a writer says may be so much after its row came: a clock may be some hours fast. */
export const FAST_CLOCK_DAYS = 1;
/** A session is taken for so much longer than the service keeps it. */
const TAKEN_LONGER_DAYS = 1;
/** For what is summed over several clocks. */
const SLACK_DAYS = 4;

/** `field` has to be at least `than` and `more` days. */
interface RetentionRule {
  readonly field: keyof RetentionDays;
  readonly than: keyof RetentionDays;
  readonly more: number;
  readonly why: string;
}

/**
 * What makes the queue lossless and the ledger exact.
 * - A row counts until its session is over for the service: that is the source's days after it was opened, which a
 *   fast clock may put a day after the row came. A row that is queued again is a new row and lives longer.
 * - The ledger reads the queue by event time, so it may look that much further back than the queue keeps, and must
 *   find the record of every row it finds; a record without which a row is there reads as a lost transaction.
 * - How far the sweep has come stands in its reports: without them every row would seem to wait.
 */
export const RETENTION_RULES: readonly RetentionRule[] = [
  {
    field: 'pending',
    than: 'source',
    more: FAST_CLOCK_DAYS,
    why: 'a transaction must wait in the queue for as long as ID Verification may answer for it',
  },
  {
    field: 'records',
    than: 'pending',
    more: LATE_EVENT_DAYS,
    why: 'the ledger takes a transaction whose record is gone for one that was lost',
  },
  {
    field: 'sweeps',
    than: 'pending',
    more: 0,
    why: 'the ledger reads in them how far the sweep has come',
  },
];

/** False only where the rule is broken by days that can be: what is none has an error of its own, and one is enough. */
export function obeys({ field, than, more }: RetentionRule, days: RetentionDays): boolean {
  const canBe = (given: number) => given >= 1 && given <= MAX_DAYS_KEPT;
  return !canBe(days[field]) || !canBe(days[than]) || days[field] >= days[than] + more;
}

/** @param names what the operator knows the days by */
export function ruleMessage(
  { than, more, why }: RetentionRule,
  names: Readonly<Record<keyof RetentionDays, string>>,
): string {
  const least = `${names[than]}${more === 0 ? '' : ` + ${more}`}`;
  return `must be at least ${least}, for ${why}: raise it, or lower ${names[than]}`;
}

export function retentionIssues(
  days: RetentionDays,
  names: Readonly<Record<keyof RetentionDays, string>>,
): Issue[] {
  return RETENTION_RULES.filter((rule) => !obeys(rule, days)).map((rule) => ({
    path: names[rule.field],
    message: ruleMessage(rule, names),
  }));
}

/** How far back everything looks, in ms. */
export interface Windows {
  /** When a session that is registered or looked up may have been opened: a day more than the service keeps it. */
  readonly initializedMs: number;
  /** A time said in a row of the queue counts if it is at most so much older than the row: a session that was just
   * taken, in a row that was queued again near its end. */
  readonly saneBeforeMs: number;
  /** By receive time: of what was registered before, nobody can say how much it was. */
  readonly pendingMs: number;
  /** By event time: everything the queue holds. */
  readonly pendingEventMs: number;
  readonly recordsMs: number;
  readonly sweepsMs: number;
}

export function windowsOf({ source, pending, records, sweeps }: RetentionDays): Windows {
  const initialized = source + TAKEN_LONGER_DAYS;
  return {
    initializedMs: initialized * DAY_MS,
    saneBeforeMs: (initialized + pending + SLACK_DAYS) * DAY_MS,
    pendingMs: pending * DAY_MS,
    pendingEventMs: (pending + LATE_EVENT_DAYS) * DAY_MS,
    recordsMs: records * DAY_MS,
    sweepsMs: sweeps * DAY_MS,
  };
}

/**
 * For readers outside the deployment, which cannot know its settings: all that may be kept. SLS itself then answers
 * what it does keep, and the sweep judges again, by the settings, what they queue.
 */
export const WIDEST_WINDOWS = windowsOf({
  source: MAX_SOURCE_DAYS,
  pending: MAX_DAYS_KEPT,
  records: MAX_DAYS_KEPT,
  sweeps: MAX_DAYS_KEPT,
});
