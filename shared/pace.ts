import { type Clock, SECOND_MS } from './time.ts';

/**
 * Decides when the next call may start. There is one pacer per run of the sweep, and one per instance of the lookup.
 *
 * Starts are spread evenly by absolute due times, so that a late timer costs nothing: lost time is made up for
 * by starts that follow each other a little closer, never in a burst, and a sliding second never holds more
 * than the pace allows (nor more than the limit, where one is given).
 *
 * A throttled call reveals the true limit. The pace then falls to just under the rate that was accepted in the
 * last second, or to half when that was not enough and a call started since then is throttled within two seconds;
 * calls under way at the time of the fall do not count. The ceiling found this way is remembered for a minute: up to
 * it the pace recovers within about a second, above it it climbs so slowly that a refused probe is rare. A ceiling
 * from less than a second of work is a guess and is probed at once, as is a forgotten one.
 */
interface PacerOptions {
  readonly ratePerSecond: number;
  /** What the service allows in any second. */
  readonly limitPerSecond?: number;
  readonly clock: Clock;
}

/** One permitted start; handed back to the pacer if the call was throttled. */
export interface PaceTicket {
  readonly number: number;
}

/** A sliding second, with room for network jitter. */
const WINDOW_MS = 1_050;
/** How much fuller it may get while lost time is made up for. */
const WINDOW_SLACK = 1.08;
/** Starts may follow each other this much closer while lost time is made up for. */
const CLOSEST_SPACING = 0.75;
const CATCH_UP_MS = SECOND_MS;
/** Timers have a resolution of 1 ms: below this spacing only the window bounds how much is made up for. */
const MIN_SPACING_MS = 4;

const JUST_UNDER = 0.95;
const AGAIN_MS = 2 * SECOND_MS;
const CEILING_MEMORY_MS = 60 * SECOND_MS;
/** Share of the ceiling regained per second below it. */
const RECOVERY_PER_SECOND = 1;
/** Above a remembered ceiling: at most 1 % a second, and the 5 % given up are regained over at least 150 calls. */
const PROBE_PER_SECOND = 0.01;
const PROBE_PER_CALL = (1 - JUST_UNDER) / 150;
/** Above a guessed or forgotten ceiling: share of the full pace. */
const FREE_CLIMB_PER_SECOND = 0.1;
/** Throttled while recovering: the ceiling was too high, but the accepted rate says little about it. */
const CEILING_DECAY = 0.9;
const MIN_RATE_SHARE = 0.02;
const MIN_RATE = 0.5;
/** The unit of Retry-After is not documented, so it is not trusted beyond this. */
const MAX_PAUSE_MS = 10 * SECOND_MS;

interface Ceiling {
  perSecond: number;
  readonly sinceMs: number;
  readonly guessed: boolean;
}

export class Pacer {
  readonly #base: number;
  readonly #min: number;
  readonly #limit: number;
  readonly #clock: Clock;
  #rate: number;
  #ceiling: Ceiling | undefined;
  #grownAtMs: number | undefined;
  #dueAtMs: number | undefined;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #fellAtMs = Number.NEGATIVE_INFINITY;
  /** Tickets below this number were issued before the pace last fell. */
  #firstSinceFall = 0;
  #nextNumber = 0;
  #firstStartAtMs: number | undefined;
  #starts: number[] = [];
  #accepted: number[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ ratePerSecond, limitPerSecond, clock }: PacerOptions) {
    this.#base = ratePerSecond;
    this.#rate = ratePerSecond;
    this.#min = Math.min(ratePerSecond, Math.max(MIN_RATE, ratePerSecond * MIN_RATE_SHARE));
    this.#limit = limitPerSecond ?? Number.POSITIVE_INFINITY;
    this.#clock = clock;
  }

  /** Calls per second at present. */
  get ratePerSecond(): number {
    this.#grow(this.#clock.now());
    return this.#rate;
  }

  /** Resolves, first come first served, when the call may start. Rejects when the signal is aborted first. */
  take(signal?: AbortSignal): Promise<PaceTicket> {
    const mine = this.#turn.then(() => this.#waitForStart(signal));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** The service accepted a call, whatever it returned. */
  accepted(): void {
    const nowMs = this.#clock.now();
    this.#accepted.push(nowMs);
    dropUntil(this.#accepted, nowMs - SECOND_MS);
  }

  throttled(ticket: PaceTicket, retryAfterMs = 0): void {
    const nowMs = this.#clock.now();
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + Math.min(retryAfterMs, MAX_PAUSE_MS));
    if (ticket.number < this.#firstSinceFall) return;
    this.#grow(nowMs);
    dropUntil(this.#accepted, nowMs - SECOND_MS);
    const acceptedRate = this.#accepted.length * JUST_UNDER;
    const again = nowMs - this.#fellAtMs < AGAIN_MS;
    const rate = this.#within(again ? this.#rate / 2 : Math.min(this.#rate, acceptedRate));
    this.#ceiling = {
      perSecond: Math.max(rate, this.#within(this.#ceilingFrom(acceptedRate))),
      sinceMs: nowMs,
      guessed: !again && nowMs - (this.#firstStartAtMs ?? nowMs) < SECOND_MS,
    };
    this.#rate = rate;
    this.#fellAtMs = nowMs;
    this.#firstSinceFall = this.#nextNumber;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#roomAtMs(rate));
    // This pause is intended, so it is not made up for.
    this.#dueAtMs = Math.max(this.#dueAtMs ?? nowMs, nowMs, this.#pausedUntilMs);
  }

  /** When the last second will hold no more starts than the rate: before that, the service's second is still full. */
  #roomAtMs(rate: number): number {
    const blocking = this.#starts.at(-Math.max(1, Math.floor(rate)));
    return (blocking ?? Number.NEGATIVE_INFINITY) + SECOND_MS;
  }

  #ceilingFrom(acceptedRate: number): number {
    const old = this.#ceiling?.perSecond;
    if (old === undefined) return acceptedRate;
    // When nothing at all is accepted, somebody else is using the whole quota: that says nothing about its size.
    if (acceptedRate === 0) return old;
    const wasRecovering = this.#rate < CEILING_DECAY * old;
    return wasRecovering ? Math.max(acceptedRate, CEILING_DECAY * old) : acceptedRate;
  }

  #within(rate: number): number {
    return Math.min(this.#base, Math.max(this.#min, rate));
  }

  async #waitForStart(signal: AbortSignal | undefined): Promise<PaceTicket> {
    for (;;) {
      signal?.throwIfAborted();
      const nowMs = this.#clock.now();
      const waitMs = Math.ceil(this.#nextStartAtMs(nowMs) - nowMs);
      if (waitMs <= 0) return this.#start(nowMs);
      // A long wait is split: the pace may change meanwhile.
      await this.#clock.sleep(Math.min(waitMs, SECOND_MS), signal);
    }
  }

  #start(nowMs: number): PaceTicket {
    const spacingMs = SECOND_MS / this.#rate;
    this.#dueAtMs = Math.max((this.#dueAtMs ?? nowMs) + spacingMs, nowMs - CATCH_UP_MS + spacingMs);
    this.#firstStartAtMs ??= nowMs;
    this.#starts.push(nowMs);
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    return { number };
  }

  #nextStartAtMs(nowMs: number): number {
    const newest = this.#starts.at(-1);
    if (newest !== undefined && nowMs < newest) this.#forgetTimes(nowMs);
    this.#grow(nowMs);
    dropUntil(this.#starts, nowMs - WINDOW_MS);
    const spacingMs = (SECOND_MS / this.#rate) * CLOSEST_SPACING;
    const last = this.#starts.at(-1);
    const closest = last === undefined || spacingMs < MIN_SPACING_MS ? nowMs : last + spacingMs;
    return Math.max(this.#dueAtMs ?? nowMs, closest, this.#windowFreeAtMs(nowMs), this.#pausedUntilMs);
  }

  #windowFreeAtMs(nowMs: number): number {
    const slack = this.#ceiling === undefined ? WINDOW_SLACK : 1;
    const even = (this.#rate * WINDOW_MS) / SECOND_MS;
    const paced = Math.max(Math.ceil(even), Math.floor(even * slack));
    const room = Math.max(1, Math.min(paced, Math.floor(this.#limit)));
    const blocking = this.#starts.at(-room);
    return blocking === undefined ? nowMs : blocking + WINDOW_MS;
  }

  /** The clock was set back: waiting for the old due times could take hours. */
  #forgetTimes(nowMs: number): void {
    this.#starts = [];
    this.#accepted = [];
    this.#dueAtMs = nowMs;
    this.#grownAtMs = nowMs;
    this.#pausedUntilMs = Math.min(this.#pausedUntilMs, nowMs + MAX_PAUSE_MS);
    this.#fellAtMs = Math.min(this.#fellAtMs, nowMs);
  }

  #grow(nowMs: number): void {
    const seconds = Math.max(0, nowMs - (this.#grownAtMs ?? nowMs)) / SECOND_MS;
    this.#grownAtMs = nowMs;
    const ceiling = this.#ceiling;
    if (ceiling === undefined) return;
    if (this.#rate < ceiling.perSecond) {
      const regained = ceiling.perSecond * RECOVERY_PER_SECOND * seconds;
      this.#rate = Math.min(ceiling.perSecond, this.#rate + regained);
      return;
    }
    const free = ceiling.guessed || nowMs - ceiling.sinceMs >= CEILING_MEMORY_MS;
    const gentle = ceiling.perSecond * Math.min(PROBE_PER_SECOND, PROBE_PER_CALL * this.#rate);
    ceiling.perSecond += (free ? this.#base * FREE_CLIMB_PER_SECOND : gentle) * seconds;
    this.#rate = Math.min(this.#base, ceiling.perSecond);
    if (this.#rate === this.#base) this.#ceiling = undefined;
  }
}

function dropUntil(timesMs: number[], oldestMs: number): void {
  let count = 0;
  while (count < timesMs.length && (timesMs[count] ?? 0) <= oldestMs) count += 1;
  if (count > 0) timesMs.splice(0, count);
}
