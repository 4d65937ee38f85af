import type { Clock } from '../../shared/time.ts';

/** A clock that jumps to the next sleeper as soon as nothing else can run: minutes pass in milliseconds. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #sleepers: { atMs: number; order: number; wake: () => void }[] = [];

  constructor(startMs = 1_790_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return Math.floor(this.#nowMs);
  }

  /** Puts the clock elsewhere without waking anybody, as an operator or NTP may. */
  set(atMs: number): void {
    this.#nowMs = atMs;
  }

  /** As a timer of Node: whole milliseconds, at least one. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = {
        atMs: this.#nowMs + Math.max(1, Math.floor(ms)),
        order: this.#order++,
        wake: resolve,
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        const at = this.#sleepers.indexOf(sleeper);
        if (at >= 0) this.#sleepers.splice(at, 1);
        reject(signal.reason);
      });
    });
  }

  /** Runs until `work` is settled, and returns what it gave. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return work;
      this.#sleepers.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.#sleepers.shift();
      if (next === undefined) throw new Error('nobody sleeps and the work is not done');
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
  }
}
