import { PAGES, type PageKey } from './pages.ts';
import { weighted } from './random.ts';
import type { Cause, Counters } from './session-types.ts';
import type { Ending, Visit } from './visit.ts';

/** What can be wrong with a capture. */
export interface Flaw {
  readonly code: string;
  readonly cause: Cause;
}

export interface CaptureOptions {
  readonly shoot: PageKey;
  readonly wait: PageKey;
  /** Where somebody is who has been told to try again. */
  readonly again: PageKey;
  readonly counted?: keyof Counters;
  readonly failProbability: number;
  readonly flaws: ReadonlyArray<readonly [flaw: Flaw, weight: number]>;
  /** Logs and times one attempt up to its submission. */
  attempt(): void;
}

/** How many give up after the 1st, 2nd ... failed capture: leaving is the likelier, the more often it failed. */
const GIVE_UP_AFTER = [0.1, 0.26, 0.44, 0.62];
/** One more failure, and the service itself ends the session (1014). */
const MAX_FAILURES = GIVE_UP_AFTER.length + 1;
/** From so many retries on, somebody who leaves was driven away by the camera's pictures. */
const DRIVEN_AWAY_RETRIES = 2;

/** Captures until it works; returns how it ended if it did not. */
export function capture(visit: Visit, options: CaptureOptions): Ending | undefined {
  for (let failures = 1; ; failures += 1) {
    const broken = attempt(visit, options, failures - 1);
    if (broken !== undefined) return broken;
    if (!fails(visit, options, failures)) return undefined;
    visit.popUp(options.shoot);
    const ending = afterFailure(visit, options, failures);
    if (ending !== undefined) return ending;
    visit.retry(options.again, options.counted);
    visit.wait(2_500);
  }
}

function attempt(visit: Visit, options: CaptureOptions, retries: number): Ending | undefined {
  const { shoot, wait, again } = options;
  const here = retries === 0 ? shoot : again;
  options.attempt();
  const fated = visit.fated(here);
  if (fated !== undefined) return fated;
  if (visit.happens(0.018)) return { page: here, code: '1006', cause: leftCause(options, retries) };
  if (visit.happens(0.005)) return { page: here, code: '9999', cause: 'suspected_interruption' };
  visit.wait(2_600);
  return waiting(visit, wait);
}

/** While the picture is sent and judged. */
export function waiting(visit: Visit, page: PageKey): Ending | undefined {
  const fated = visit.fated(page);
  if (fated !== undefined) return fated;
  if (visit.happens(visit.labels.country === 'ID' ? 0.022 : 0.005)) {
    visit.wait(9_000);
    return { page, code: '1005', cause: 'network' };
  }
  if (visit.happens(0.002)) return { page, code: '1002', cause: 'vendor_error' };
  return undefined;
}

function fails(visit: Visit, options: CaptureOptions, failures: number): boolean {
  // Bad light or a worn card stays bad: who failed once fails the likelier.
  const drawn = visit.happens(options.failProbability + 0.14 * (failures - 1));
  return fatedFailures(visit, options) >= failures || drawn;
}

/** Failures that a prescribed ending on this stage asks for. */
function fatedFailures({ fate }: Visit, { shoot }: CaptureOptions): number {
  return fate !== undefined && PAGES[fate.page].en === PAGES[shoot].en ? (fate.failures ?? 0) : 0;
}

function afterFailure(visit: Visit, options: CaptureOptions, failures: number): Ending | undefined {
  const retries = failures - 1;
  const page = retries === 0 ? options.shoot : options.again;
  if (visit.fate !== undefined && fatedFailures(visit, options) === failures) return visit.fate;
  if (failures >= MAX_FAILURES) return { page, code: '1014', cause: 'retry_limit' };
  if (!visit.happens(GIVE_UP_AFTER[retries] ?? 1)) return undefined;
  const flaw = weighted(visit.random, options.flaws);
  // Most leave by the door; for some the SDK reports what was wrong with their last picture.
  return visit.happens(0.7) ? { page, code: '1006', cause: leftCause(options, retries) } : { page, ...flaw };
}

function leftCause({ counted }: CaptureOptions, retries: number): Cause {
  return counted !== undefined && retries >= DRIVEN_AWAY_RETRIES ? 'capture_quality' : 'user_left';
}
