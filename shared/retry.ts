import type { Clock } from './time.ts';

/** How often, how long, and for which errors a call is made again. */
export interface RetryPolicy {
  /** Calls in all, the first one included. */
  readonly attempts: number;
  /** Upper bound of the first pause; it doubles with every further one. */
  readonly baseMs: number;
  /** No pause is longer, whatever the server asks for. */
  readonly capMs: number;
  /** Default: the error's own `retryable` flag; an error without one is a bug and is not retried. */
  readonly retryable?: (error: unknown) => boolean;
  /** How long the server asked to wait, if it did: the pause is then at least that, up to the cap. */
  readonly askedMs?: (error: unknown) => number | undefined;
  readonly signal?: AbortSignal;
}

/** Beyond any cap; more would make a base of 0 times Infinity NaN. */
const MAX_DOUBLINGS = 60;

function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true;
}

/**
 * The pause after the n-th failure (from 1): full jitter, evenly spread over 0 to min(cap, base * 2^(n-1)).
 * Spreading over the whole range keeps many callers that failed together from coming back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ (read 2026-11-23)
 */
export function backoffMs(
  failures: number,
  policy: Pick<RetryPolicy, 'baseMs' | 'capMs'>,
  random: () => number,
): number {
  const ceiling = Math.min(
    policy.capMs,
    policy.baseMs * 2 ** Math.min(MAX_DOUBLINGS, Math.max(0, failures - 1)),
  );
  return Math.floor(random() * ceiling);
}

/**
 * Calls `fn` until it succeeds, fails for good, or the attempts are used up; then throws its last error.
 * An abort during a pause throws the signal's reason.
 */
export async function retry<T>(
  fn: () => Promise<T>,
  policy: RetryPolicy,
  clock: Pick<Clock, 'sleep'>,
  random: () => number,
): Promise<T> {
  const { attempts, capMs, retryable = isRetryable, askedMs, signal } = policy;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fn();
    } catch (error) {
      if (attempt >= attempts || signal?.aborted || !retryable(error)) throw error;
      const asked = askedMs?.(error) ?? 0;
      const pause = Math.min(capMs, Math.max(backoffMs(attempt, policy, random), asked));
      await clock.sleep(pause, signal);
    }
  }
}
