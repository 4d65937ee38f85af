import { setMaxListeners } from 'node:events';
import { SlsError } from '../../shared/errors.ts';
import { PENDING_LOGSTORE, SWEEP_CONSUMER_GROUP } from '../../shared/logstores/pending.ts';
import type { SweepRow } from '../../shared/logstores/sweeps.ts';
import type { RunEnd } from '../../shared/logstores/values.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { Asker } from './asker.ts';
import { Committer } from './committer.ts';
import { Feed } from './feed.ts';
import { Inquiries } from './inquiry.ts';
import { Lease } from './lease.ts';
import { conclude, RunReport } from './report.ts';
import type { RunInput, SweepServices, SweepSettings } from './services.ts';
import { Shards } from './shards.ts';
import { Streak } from './streak.ts';

/**
 * One run of the sweep, from invocation to report.
 *
 * Joining. The instance heartbeats until the consumer group gives it shards, for ten seconds at most. The holder
 * of the lowest shard with anything left is the run that works; any other ends as `busy`, and so does one that
 * had to wait for the shard and finds that its last holder left nothing to do.
 *
 * Opening. For each shard held, the run finds where to start (the checkpoint, else the beginning of the shard) and
 * where due rows end. Then it writes the checkpoint back as it is, fenced. If SLS refuses that, somebody else holds
 * the shard, and its rows are left alone.
 *
 * Working. Three parts run concurrently. The feed pulls batches of whole log groups, combines what all rows of a
 * transaction say, and starts one transaction after the other. The asker calls the service, as the pacer permits,
 * until there is a result: a final record, a row to queue again, or unfinished. The committer takes each
 * shard's batches in order as soon as they have all their results, and for each: writes records and events, appends
 * the rows to queue again, and moves the checkpoint, fenced, once SLS has acknowledged all of it. Whatever a crash
 * cuts off lies after the checkpoint and is pulled again. A lost shard takes its batches with it; the others go on.
 *
 * Ending. The first failure to read or write (`error`, `write_failed`), or the service turning everybody away
 * (`forbidden`, `upstream_down`), ends the run under that name. Without one it is `lease_lost`; else `deadline`, if
 * due rows are left; else `done`. After `write_failed` nothing more is committed. After the others, batches that have
 * all their results are, in order, up to the first that has not; results that may be the service's fault do not count.
 * At the deadline asking stops first, and calls under way get a moment more. Then complete batches are committed,
 * and a group that no run could complete is cut: its rows without a result are appended again. Reading may take
 * until asking is over, writing until some way into the margin, the report until nearly its end.
 *
 * Reporting. However the run ended: one row in `idv-sweeps` and one line in the function's log.
 */
export async function runSweep(
  services: SweepServices,
  settings: SweepSettings,
  input: RunInput,
): Promise<SweepRow> {
  return new Run(services, settings, input).run();
}

const JOIN_MS = 10 * SECOND_MS;
/** At the end of a run, for calls under way and for the last write. */
const RESERVE_SHARE = 0.1;
const MAX_RESERVE_MS = 5 * SECOND_MS;

class Run {
  readonly #services: SweepServices;
  readonly #settings: SweepSettings;
  readonly #input: RunInput;
  readonly #report = new RunReport();
  /** Aborted: no call starts any more. */
  readonly #asking = new AbortController();
  /** Aborted: calls under way are given up. */
  readonly #waiting = new AbortController();
  /** Aborted: writing is given up; rows without an acknowledgement are pulled again by another run. */
  readonly #writing = new AbortController();
  readonly #finished = new AbortController();
  readonly #lease: Lease;
  readonly #shards: Shards;
  #committer: Committer | undefined;
  #end: { ended: RunEnd; message?: string } | undefined;
  /** Another run held the shards when this one started. */
  #waited = false;

  constructor(services: SweepServices, settings: SweepSettings, input: RunInput) {
    this.#services = services;
    this.#settings = settings;
    this.#input = input;
    // Every call under way listens: so many listeners are not a leak.
    setMaxListeners(0, this.#asking.signal, this.#waiting.signal, this.#writing.signal);
    const onLost = () => this.#committer?.dropLost();
    this.#lease = new Lease({ ...services, ...settings, consumer: input.consumer, onLost });
    this.#shards = new Shards({ services, settings, input, lease: this.#lease });
  }

  async run(): Promise<SweepRow> {
    let ended: RunEnd = 'error';
    this.#setDeadlines();
    try {
      ended = (await this.#join()) ? await this.#work() : 'busy';
    } catch (error) {
      this.#stop('error', messageOf(error));
      this.#services.log.error('run failed', { error: messageOf(error) });
    }
    this.#stop(ended);
    this.#finished.abort();
    await this.#lease.close();
    this.#writing.abort(new Error('the run is over'));
    return conclude({
      services: this.#services,
      settings: this.#settings,
      input: this.#input,
      report: this.#report,
      shards: this.#shards,
      ended: this.#end?.ended ?? ended,
      message: this.#end?.message,
    });
  }

  /** Returns whether this is the run that works. */
  async #join(): Promise<boolean> {
    const untilMs = Math.min(this.#services.clock.now() + JOIN_MS, this.#input.endAtMs);
    const atOnce = await this.#lease.acquire(0, () => true);
    this.#waited = !atOnce;
    if (!atOnce && !(await this.#lease.acquire(untilMs, () => true))) return false;
    this.#lease.keep();
    await this.#shards.load(this.#asking.signal);
    // The shard's last holder wrote a checkpoint while this run waited, so the work is done.
    if (!atOnce && this.#shards.newestCheckpointAtMs >= this.#input.startedAtMs) return false;
    const lowest = await this.#shards.lowestUndrained(this.#asking.signal);
    if (lowest === undefined) return true;
    return this.#lease.acquire(untilMs, (shards) => shards.includes(lowest));
  }

  async #work(): Promise<RunEnd> {
    const { feed, committer, streak, asker } = this.#parts();
    const committing = committer.run();
    committing.catch((error: unknown) => this.#stop('write_failed', messageOf(error)));
    await feed.run().catch((error: unknown) => this.#stop('error', messageOf(error)));
    await committer.changed.until(() => committer.isSettled);
    if (this.#end === undefined && streak.isUndecided) await this.#decide(streak, asker);
    committer.close(this.#end === undefined ? 'finish' : 'trouble');
    await committing;
    if (feed.silentShards.length > 0) {
      this.#stop(
        'error',
        `SLS returned nothing from shard ${feed.silentShards.join(', ')} although more is due`,
      );
    }
    if (streak.trouble !== undefined) return streak.trouble;
    if (this.#shards.hasLostAny) return 'lease_lost';
    if (!this.#shards.allDone) return 'deadline';
    return this.#waited && this.#report.counts.pulled === 0 ? 'busy' : 'done';
  }

  /** Decides whether failing calls are the service's fault. */
  async #decide(streak: Streak, asker: Asker): Promise<void> {
    const { number } = streak;
    streak.decide(await asker.probe(this.#writing.signal), number);
  }

  #parts() {
    const { reserveMs, askUntilMs } = this.#times;
    const wholeMs = this.#input.endAtMs - this.#input.startedAtMs - reserveMs;
    const [services, settings, report] = [this.#services, this.#settings, this.#report];
    const [shards, lease] = [this.#shards, this.#lease];
    const inquiries = new Inquiries();
    let deciding = false;
    const streak: Streak = new Streak(() => {
      if (streak.trouble !== undefined) this.#stop(streak.trouble, streak.message);
      committer.changed.notify();
      if (!streak.isSuspicious || deciding || this.#end !== undefined) return;
      deciding = true;
      void this.#decide(streak, asker).finally(() => {
        deciding = false;
      });
    });
    const asking = this.#asking.signal;
    const asker: Asker = new Asker({
      services,
      settings,
      streak,
      report,
      asking,
      waiting: this.#waiting.signal,
    });
    const signal = this.#writing.signal;
    const committer = new Committer({ services, report, lease, streak, inquiries, signal });
    this.#committer = committer;
    const fail = (error: unknown) => this.#stop('error', messageOf(error));
    const feed = new Feed({
      services,
      settings,
      report,
      shards,
      lease,
      asker,
      committer,
      inquiries,
      asking,
      fail,
      askUntilMs,
      wholeMs,
    });
    return { feed, committer, streak, asker };
  }

  /** The first reason counts. After it, nothing is asked and no call is waited for. */
  #stop(ended: RunEnd, message?: string): void {
    this.#end ??= message === undefined ? { ended } : { ended, message };
    this.#asking.abort();
    this.#waiting.abort();
    this.#committer?.changed.notify();
  }

  get #times() {
    const { startedAtMs, endAtMs } = this.#input;
    const reserveMs = Math.min((endAtMs - startedAtMs) * RESERVE_SHARE, MAX_RESERVE_MS);
    return { reserveMs, askUntilMs: endAtMs - reserveMs };
  }

  #setDeadlines(): void {
    const { reserveMs, askUntilMs } = this.#times;
    this.#abortAt(askUntilMs, this.#asking);
    this.#abortAt(askUntilMs + reserveMs / 2, this.#waiting);
    this.#abortAt(this.#input.cutOffAtMs, this.#writing);
  }

  #abortAt(atMs: number, controller: AbortController): void {
    const { clock } = this.#services;
    clock.sleep(Math.max(0, atMs - clock.now()), this.#finished.signal).then(
      () => {
        controller.abort(new Error('time is up: SLS took too long'));
        this.#committer?.changed.notify();
      },
      () => undefined,
    );
  }
}

/** What a deployment creates, by the error code that SLS returns when it is missing. */
const DEPLOYED: Readonly<Record<string, string>> = {
  ConsumerGroupNotExist: `the consumer group ${SWEEP_CONSUMER_GROUP} of ${PENDING_LOGSTORE}`,
  LogStoreNotExist: 'a logstore',
  ProjectNotExist: 'the project',
};

function messageOf(error: unknown): string {
  if (error instanceof SlsError && DEPLOYED[error.serverCode] !== undefined) {
    return (
      `SLS no longer knows ${DEPLOYED[error.serverCode]} (${error.message}). Run \`npx s deploy\`, which creates ` +
      'it again. Until then nothing is asked; what is queued waits. The checkpoint is lost with the group: the ' +
      'next run starts at the oldest row there is, and asks once more about what was answered before.'
    );
  }
  return error instanceof Error ? error.message : String(error);
}
