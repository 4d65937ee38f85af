import { DeadlineError } from '../errors.ts';
import type { FcContext } from './context.ts';

/** FC's context has no remaining-time method; a function's `timeout` is in seconds. s.yaml sets 60. */
const DEFAULT_TIMEOUT_MS = 60_000;
/** Kept back to turn what was reached into an answer before the platform cuts the invocation off. */
const ANSWER_MARGIN_MS = 1_500;

/** The time one invocation has. Belongs to its request; `close` when the request is answered. */
export interface Deadline {
  /** Unix ms after which nothing may still be under way. */
  readonly atMs: number;
  readonly signal: AbortSignal;
  remainingMs(): number;
  close(): void;
}

export function startDeadline(context: FcContext, now: () => number): Deadline {
  const timeout = context.function?.timeout;
  const seconds =
    typeof timeout === 'number' && Number.isFinite(timeout) && timeout > 0 ? timeout : undefined;
  const timeoutMs = seconds === undefined ? DEFAULT_TIMEOUT_MS : seconds * 1_000;
  // A function of one or two seconds keeps half for work rather than none.
  const spanMs = Math.max(timeoutMs - ANSWER_MARGIN_MS, timeoutMs / 2);
  const atMs = now() + spanMs;
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DeadlineError("the function's own time limit was reached")),
    Math.min(spanMs, 0x7fffffff),
  );
  return {
    atMs,
    signal: controller.signal,
    remainingMs: () => Math.max(0, atMs - now()),
    close: () => clearTimeout(timer),
  };
}
