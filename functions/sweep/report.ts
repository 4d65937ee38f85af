import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/types.ts';
import type { SweepRow } from '../../shared/logstores/sweeps.ts';
import type { Disposition, RunEnd } from '../../shared/logstores/values.ts';
import { MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { RunInput, SweepSettings } from './services.ts';

/** Counts one run while it goes on; belongs to its invocation. */
export class RunReport {
  readonly #counts = {
    pulled: 0,
    pulled_groups: 0,
    asked: 0,
    calls: 0,
    throttled: 0,
    final_count: 0,
    event_count: 0,
    requeued: 0,
    handed_back: 0,
    duplicates: 0,
    unreadable: 0,
    reduced: 0,
    near_end: 0,
    invalid_cursors: 0,
  };
  readonly #answers = new Map<string, number>();
  readonly #finals = new Map<string, number>();
  #firstCallAtMs: number | undefined;
  #lastCallAtMs = 0;

  add(counts: Partial<Record<keyof RunReport['counts'], number>>): void {
    for (const [name, value] of Object.entries(counts))
      this.#counts[name as keyof RunReport['counts']] += value;
  }

  get counts() {
    return { ...this.#counts };
  }

  callBegins(atMs: number): void {
    this.#counts.calls += 1;
    this.#firstCallAtMs ??= atMs;
    this.#lastCallAtMs = atMs;
  }

  callEnds(outcome: CheckVerifyLogOutcome): void {
    increment(this.#answers, outcome.code);
    if (outcome.kind === 'throttled') this.#counts.throttled += 1;
  }

  /** A record that SLS has acknowledged. */
  addFinal(disposition: Disposition): void {
    this.#counts.final_count += 1;
    increment(this.#finals, disposition);
  }

  toRow(
    input: RunInput,
    settings: SweepSettings,
    end: { atMs: number; ended: RunEnd; message?: string | undefined; failed: boolean },
  ): SweepRow {
    const spanMs = this.#lastCallAtMs - (this.#firstCallAtMs ?? this.#lastCallAtMs);
    const reached = Math.round(((this.#counts.calls - 1) * MINUTE_MS) / Math.max(1, spanMs));
    return {
      run_id: input.runId,
      consumer: input.consumer,
      region: settings.region,
      started_at_ms: input.startedAtMs,
      ended_at_ms: end.atMs,
      duration_ms: Math.max(0, end.atMs - input.startedAtMs),
      ended: end.ended,
      ...(end.message === undefined ? {} : { message: end.message }),
      failed: String(end.failed),
      ...this.#counts,
      answers: toJson(this.#answers),
      finals: toJson(this.#finals),
      pace_asked_per_minute: Math.round(settings.pacePerSecond * 60),
      ...(spanMs < SECOND_MS ? {} : { pace_reached_per_minute: reached }),
    };
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function toJson(counts: ReadonlyMap<string, number>): string {
  return JSON.stringify(Object.fromEntries([...counts].sort()));
}
