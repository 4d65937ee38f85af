import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';
import { toContents } from '../../shared/logstores/field-table.ts';
import { PENDING_LOGSTORE } from '../../shared/logstores/pending.ts';
import { LATE_EVENT_DAYS } from '../../shared/logstores/retention.ts';
import { SWEEP_FIELDS, SWEEPS_LOGSTORE, type SweepRow } from '../../shared/logstores/sweeps.ts';
import type { Disposition, RunEnd } from '../../shared/logstores/values.ts';
import { retry } from '../../shared/retry.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import { WRITE_RETRY } from '../../shared/write-records.ts';
import type { RunInput, SweepServices, SweepSettings } from './services.ts';
import type { ShardQueue, Shards } from './shards.ts';

/** The counts of one run, while it is under way. */
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

interface Conclusion {
  readonly services: SweepServices;
  readonly settings: SweepSettings;
  readonly input: RunInput;
  readonly report: RunReport;
  readonly shards: Shards;
  readonly ended: RunEnd;
  readonly message: string | undefined;
}

/** Ends that the platform should count as failed invocations: somebody has to act. */
const FAILURES: ReadonlySet<RunEnd> = new Set(['forbidden', 'write_failed', 'error']);
const INVALID_CURSOR =
  'SLS no longer knew the checkpoint: the queue was read again from its beginning. Rows may have been lost if the ' +
  'sweep stood still for as long as idv-pending is kept.';
const REPORT_ATTEMPTS = 4;
/** Measuring the queue is worth a moment, and at most half of what is left for the report. */
const PATIENCE_MS = 8 * SECOND_MS;
const QUERY_PATIENCE_MS = 5 * SECOND_MS;
/** Per shard. If counting takes more, it is given up. */
const MAX_PULLS = 20;

/** Writes the run's report to idv-sweeps and to the log. Never throws: the run's work is done. */
export async function conclude(conclusion: Conclusion): Promise<SweepRow> {
  const { services, settings, input, report, shards } = conclusion;
  const { log, clock } = services;
  const invalid = shards.opened.filter((queue) => queue.wasInvalid).length;
  report.add({ invalid_cursors: invalid });
  if (invalid > 0) log.error('invalid cursor', { shards: invalid, message: INVALID_CURSOR });
  const standing = await standingInTime(conclusion);
  const row: SweepRow = {
    ...report.toRow(input, settings, {
      atMs: clock.now(),
      ended: conclusion.ended,
      message: conclusion.message ?? (invalid > 0 ? INVALID_CURSOR : undefined),
      failed: FAILURES.has(conclusion.ended) || invalid > 0,
    }),
    ...standing,
  };
  try {
    const logs = [
      { timeSeconds: Math.floor(clock.now() / SECOND_MS), contents: toContents(SWEEP_FIELDS, row) },
    ];
    await within(clock, input.reportUntilMs - clock.now(), (signal) =>
      retry(
        () => services.sls.putLogs(SWEEPS_LOGSTORE, logs, { signal }),
        { ...WRITE_RETRY, attempts: REPORT_ATTEMPTS, signal },
        clock,
        services.random,
      ),
    );
  } catch (error) {
    log.error('report not written', { error: String(error) });
  }
  log[row.failed === 'true' ? 'error' : 'info']('sweep', row);
  return row;
}

/** Empty where SLS does not respond in time. */
async function standingInTime(conclusion: Conclusion): Promise<Partial<SweepRow>> {
  const { services, input } = conclusion;
  const { clock, log } = services;
  const leftMs = (input.reportUntilMs - clock.now()) / 2;
  try {
    return await within(clock, Math.min(PATIENCE_MS, leftMs), (signal) => standingOf(conclusion, signal));
  } catch (error) {
    log.warn('the standing of the queue is not known', { error: String(error) });
    return {};
  }
}

/** How far the queue is done, and how many due rows are left. */
async function standingOf({ services, shards }: Conclusion, signal: AbortSignal): Promise<Partial<SweepRow>> {
  const queues = shards.kept;
  if (queues.length === 0) return {};
  const doneUntil = await Promise.all(
    queues.map(async (queue) => [queue, await queue.doneUntilMs(signal)] as const),
  );
  const others = await shards.othersDoneUntilMs(signal);
  const lagMs = Math.max(...doneUntil.map(([queue, ms]) => Math.max(0, queue.dueAtMs - ms)));
  const checkpoints = Object.fromEntries(doneUntil.map(([{ shard }, ms]) => [shard, ms]));
  const oldestMs = Math.min(...doneUntil.map(([, ms]) => ms));
  const backlog = lagMs === 0 ? 0 : await countLeft(services, doneUntil, signal);
  return {
    checkpoints: JSON.stringify(checkpoints),
    ...(others === undefined ? {} : { checkpoint_at_ms: Math.min(oldestMs, ...others) }),
    lag_ms: lagMs,
    ...(backlog === undefined ? {} : { backlog }),
  };
}

/**
 * Rows due and not done. The second that a checkpoint stands in may be done in part: its rest is pulled and counted,
 * and rows received later are counted by SQL. SQL cannot tell shards apart: with several, everything is pulled.
 */
async function countLeft(
  services: SweepServices,
  doneUntil: readonly (readonly [queue: ShardQueue, ms: number])[],
  signal: AbortSignal,
): Promise<number | undefined> {
  let left = 0;
  for (const [queue, ms] of doneUntil) {
    const untilMs = doneUntil.length === 1 ? ms + SECOND_MS : queue.dueAtMs;
    const pulled = await queue.countUntil(untilMs, MAX_PULLS, signal);
    if (pulled === undefined) return undefined;
    left += pulled;
  }
  const [only, ...others] = doneUntil;
  if (only === undefined || others.length > 0) return left;
  const [{ dueAtMs }, doneUntilMs] = only;
  const later = await countRows(services, { fromMs: doneUntilMs + SECOND_MS, toMs: dueAtMs }, signal);
  return later === undefined ? undefined : left + later;
}

/** Rows by receive time. The event time of another writer's rows may be up to seven days earlier. */
async function countRows(
  services: SweepServices,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  signal: AbortSignal,
): Promise<number | undefined> {
  const received = 'cast("__tag__:__receive_time__" as bigint)';
  const [fromSeconds, toSeconds] = [Math.floor(fromMs / SECOND_MS), Math.floor(toMs / SECOND_MS)];
  if (fromSeconds >= toSeconds) return 0;
  const { rows, complete } = await services.sls.query(
    PENDING_LOGSTORE,
    {
      query: `* | select count(*) as n from log where ${received} >= ${fromSeconds} and ${received} < ${toSeconds}`,
      fromSeconds: fromSeconds - (LATE_EVENT_DAYS * DAY_MS) / SECOND_MS,
      toSeconds: Math.floor((services.clock.now() + HOUR_MS) / SECOND_MS),
    },
    { signal: AbortSignal.any([signal, AbortSignal.timeout(QUERY_PATIENCE_MS)]) },
  );
  const count = Number(rows[0]?.n);
  return complete && Number.isSafeInteger(count) ? count : undefined;
}

/** Does `work`, whose signal is aborted after a time. */
async function within<T>(
  clock: SweepServices['clock'],
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [over, done] = [new AbortController(), new AbortController()];
  const waiting = clock.sleep(Math.max(0, ms), done.signal).then(
    () => over.abort(new Error('SLS took too long')),
    () => undefined,
  );
  try {
    return await work(over.signal);
  } finally {
    done.abort();
    await waiting;
  }
}
