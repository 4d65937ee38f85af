/** How far back `perSecond` goes. */
const MAX_SECONDS = 600;

/** Counts calls as they arrive: in total, per calendar second, and the most in any sliding second. */
export class Arrivals {
  #calls = 0;
  #peak = 0;
  readonly #lastSecondMs: number[] = [];
  readonly #perSecond: number[] = [];
  #newestSecond = 0;

  add(atMs: number): void {
    this.#calls += 1;
    this.#lastSecondMs.push(atMs);
    dropOlder(this.#lastSecondMs, atMs);
    this.#peak = Math.max(this.#peak, this.#lastSecondMs.length);
    this.#addToSecond(Math.floor(atMs / 1000));
  }

  #addToSecond(second: number): void {
    if (this.#perSecond.length === 0) this.#newestSecond = second - 1;
    // A clock that is set back counts into the newest second.
    const quiet = Math.min(second - this.#newestSecond, MAX_SECONDS);
    for (let i = 0; i < quiet; i += 1) this.#perSecond.push(0);
    this.#newestSecond = Math.max(this.#newestSecond, second);
    const last = this.#perSecond.length - 1;
    this.#perSecond[last] = (this.#perSecond[last] ?? 0) + 1;
    this.#perSecond.splice(0, this.#perSecond.length - MAX_SECONDS);
  }

  report(): { calls: number; perSecond: readonly number[]; peakQps: number } {
    return { calls: this.#calls, perSecond: [...this.#perSecond], peakQps: this.#peak };
  }
}

/**
 * At most `qps` admitted calls in any sliding second. Refused calls do not count: a caller above the limit still
 * gets `qps` calls a second through. Which window the service uses is not documented.
 */
export class Quota {
  readonly #admittedMs: number[] = [];

  admit(atMs: number, qps: number): boolean {
    dropOlder(this.#admittedMs, atMs);
    if (this.#admittedMs.length >= qps) return false;
    this.#admittedMs.push(atMs);
    return true;
  }
}

/** Drops times that are a second old or older. */
function dropOlder(timesMs: number[], nowMs: number): void {
  while (timesMs[0] !== undefined && timesMs[0] <= nowMs - 1000) timesMs.shift();
}
