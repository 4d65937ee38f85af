import { DAY_MS, HOUR_MS, SECOND_MS } from '../time.ts';

/**
 * How long ID Verification keeps a session's log and SLS each kind of row, and all that follows: what has to outlive
 * what, and how far back everything looks. s.yaml sets the days once, for the logstores and for the functions.
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

/** No rule below covers `events` and `functions`: nothing that has to be exact reads them. */
export const DEFAULT_DAYS_KEPT = {
  source: 30,
  pending: 45,
  records: 180,
  events: 90,
  sweeps: 90,
  functions: 30,
} as const;

/** The longest retention of SLS is 3,650 days, which means for ever.
 * https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-struct-logstore (read 2026-11-23) */
export const MAX_DAYS_KEPT = 3_650;
export const MAX_SOURCE_DAYS = 365;

/** A row's event time is its writer's: up to seven days before SLS receives it, and clocks differ. */
export const LATE_EVENT_DAYS = 8;
/** How far a time in a row may lie after its receipt: a writer's clock may be some hours fast. */
export const FAST_CLOCK_DAYS = 1;
/** A session is accepted for this much longer than the service keeps it. */
const ACCEPTED_LONGER_DAYS = 1;
/** Where the errors of several clocks add up. */
const SLACK_DAYS = 4;

/** `field` has to be at least `than` plus `more` days. */
interface RetentionRule {
  readonly field: keyof RetentionDays;
  readonly than: keyof RetentionDays;
  readonly more: number;
  readonly why: string;
}

/**
 * What makes the queue lossless and the ledger exact.
 * - A row is needed until the service deletes the session's log: `source` days after the session was opened, which a
 *   fast clock may put a day after the row came. A row that is queued again is a new row and lives longer.
 * - The ledger reads the queue by event time, so it may see rows older than the queue's retention, and must find the
 *   record of each: a row without its record reads as a lost transaction.
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

/** True also where a number of days is invalid by itself, which is reported as an error of its own. */
export function obeys({ field, than, more }: RetentionRule, days: RetentionDays): boolean {
  const isValid = (given: number) => given >= 1 && given <= MAX_DAYS_KEPT;
  return !isValid(days[field]) || !isValid(days[than]) || days[field] >= days[than] + more;
}

/** @param names the settings that hold the days */
export function ruleMessage(
  { than, more, why }: RetentionRule,
  names: Readonly<Record<keyof RetentionDays, string>>,
): string {
  const least = `${names[than]}${more === 0 ? '' : ` + ${more}`}`;
  return `must be at least ${least}, for ${why}: raise it, or lower ${names[than]}`;
}

/** How far back everything looks, in ms. */
export interface Windows {
  /** How long ago a session that is registered or looked up may have been opened. */
  readonly initializedMs: number;
  /** How far a time in a row of the queue may lie before the row's receipt: at most, the session was barely accepted
   * and its row was queued again near the end of its retention. */
  readonly saneBeforeMs: number;
  /** By receive time. What was registered earlier can no longer be counted. */
  readonly pendingMs: number;
  /** By event time: everything the queue holds. */
  readonly pendingEventMs: number;
  readonly recordsMs: number;
  readonly sweepsMs: number;
}

export function windowsOf({ source, pending, records, sweeps }: RetentionDays): Windows {
  const initialized = source + ACCEPTED_LONGER_DAYS;
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
 * For readers outside the deployment, which do not know its settings: all that may be kept. SLS returns what it does
 * keep, and the sweep checks what they queue against the settings.
 */
export const WIDEST_WINDOWS = windowsOf({
  source: MAX_SOURCE_DAYS,
  pending: MAX_DAYS_KEPT,
  records: MAX_DAYS_KEPT,
  sweeps: MAX_DAYS_KEPT,
});

/** From then until now as SLS takes it. SLS accepts logs up to 15 minutes ahead of its clock, so the end is later. */
export function timeRange(fromMs: number, nowMs: number): { fromSeconds: number; toSeconds: number } {
  return {
    fromSeconds: Math.floor(fromMs / SECOND_MS),
    toSeconds: Math.floor((nowMs + HOUR_MS) / SECOND_MS),
  };
}
