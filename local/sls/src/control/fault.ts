import type { SlsErrorCode } from '../envelope/error.ts';

/** What a fault rule makes of a call: an error code, or one of the ways a network and a server can fail. */
export type FaultEffect =
  | { readonly kind: 'error'; readonly code: SlsErrorCode }
  /** reset: nothing done, connection broken. dropAck: done, connection broken. hang: nothing done, no response. */
  | { readonly kind: 'reset' | 'hang' | 'garbage' | 'dropAck' };

export interface FaultRule {
  readonly action: string;
  /** `*`: any logstore, or none. */
  readonly logstore: string;
  readonly answer: FaultEffect;
  /** How many more calls it hits; undefined: no end. */
  timesLeft?: number;
  /** The share of calls it hits. */
  readonly rate?: number;
}

/** Picks what happens to a call: of the rules that match, the first with times left, or that its rate draws, wins. */
export class FaultPlan {
  #rules: FaultRule[] = [];
  #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  replace(rules: FaultRule[]): void {
    this.#rules = rules;
  }

  reseed(seed: number): void {
    this.#random = createRandom(seed);
  }

  pick(action: string, logstore: string | undefined): FaultEffect | undefined {
    for (const rule of this.#rules) {
      if (rule.action !== '*' && rule.action !== action) continue;
      if (rule.logstore !== '*' && rule.logstore !== logstore) continue;
      if (rule.timesLeft === 0) continue;
      // A rule that its draw passes over leaves the call to the rules behind it, so that several rates add up.
      if (rule.rate !== undefined && this.#random() >= rule.rate) continue;
      if (rule.timesLeft !== undefined) rule.timesLeft -= 1;
      return rule.answer;
    }
    return undefined;
  }
}

/** A small seeded generator (mulberry32): the same seed fails the same calls. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
