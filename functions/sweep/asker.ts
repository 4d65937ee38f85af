import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';
import { deriveMerchantBizId } from '../../shared/logstores/ids.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import type { Disposition } from '../../shared/logstores/values.ts';
import { Pacer, type PaceTicket } from '../../shared/pace.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { type Asking, decide, dispositionWithout, isNearEnd } from './decision.ts';
import { type FinalResult, finalResult, type Inquiry, identityOf, type Result } from './inquiry.ts';
import type { RunReport } from './report.ts';
import type { SweepServices, SweepSettings } from './services.ts';
import type { Streak } from './streak.ts';

interface AskerOptions {
  readonly services: SweepServices;
  readonly settings: SweepSettings;
  readonly streak: Streak;
  readonly report: RunReport;
  /** Aborted when no call may start any more. */
  readonly asking: AbortSignal;
  /** Aborted when calls under way are given up. */
  readonly waiting: AbortSignal;
}

export const MAX_CALLS_AT_ONCE = 128;
/** No id that the service would generate; its log shows whose call this was. */
const IMPOSSIBLE_ID = 'idv-dropoff-is-the-service-up';
const MAX_PROBES = 5;

/**
 * Calls CheckVerifyLog about one transaction until this run has a result for it. Every call, a repeated one too,
 * needs a permit: a slot among the calls under way, and a ticket of the pacer.
 */
export class Asker {
  readonly #options: AskerOptions;
  readonly #pacer: Pacer;
  readonly #slots = new Slots(MAX_CALLS_AT_ONCE);
  #meanLatencyMs = 0;

  constructor(options: AskerOptions) {
    this.#options = options;
    const { pacePerSecond, limitPerSecond } = options.settings;
    const { clock } = options.services;
    this.#pacer = new Pacer({ ratePerSecond: pacePerSecond, limitPerSecond, clock });
  }

  /** Calls per second at present: the pace, or what `MAX_CALLS_AT_ONCE` allows at the present latency. */
  get ratePerSecond(): number {
    const possible = (MAX_CALLS_AT_ONCE * SECOND_MS) / Math.max(1, this.#meanLatencyMs);
    return Math.min(this.#pacer.ratePerSecond, possible);
  }

  get meanLatencyMs(): number {
    return this.#meanLatencyMs;
  }

  /** Rejects when asking is over. */
  async permit(): Promise<PaceTicket> {
    const { asking } = this.#options;
    await this.#slots.take(asking);
    try {
      return await this.#pacer.take(asking);
    } catch (error) {
      this.#slots.release();
      throw error;
    }
  }

  /** Never throws: a transaction without a result when asking is over is `unfinished`. */
  async ask(inquiry: Inquiry, first: PaceTicket): Promise<Result> {
    let permit = first;
    let { attempt } = inquiry.transaction;
    let tries = 0;
    let last: CheckVerifyLogOutcome | undefined;
    for (;;) {
      const outcome = await this.#call(inquiry.transaction, permit);
      if (outcome === undefined) return this.#unfinished(inquiry, attempt, last);
      if (outcome.kind !== 'throttled') last = outcome;
      tries += outcome.kind === 'failed' ? 1 : 0;
      const { transaction } = inquiry;
      const step: Asking = { transaction, attempt, tries, nowMs: this.#options.services.clock.now() };
      const { settings: limits, services } = this.#options;
      const decision = decide(outcome, step, { limits, random: services.random });
      if (decision.kind === 'final') return this.#final(inquiry, step, outcome, decision.disposition);
      if (decision.kind === 'requeue') return this.#requeue(step, outcome);
      if (decision.newAttempt) {
        attempt += 1;
        tries = 0;
      }
      try {
        if (decision.afterMs > 0) await services.clock.sleep(decision.afterMs, this.#options.asking);
        permit = await this.permit();
      } catch {
        return this.#unfinished(inquiry, attempt, last);
      }
    }
  }

  /**
   * One call about an id that cannot exist, to learn whether the service is up when other calls fail. It is repeated
   * for a while if it is throttled.
   */
  async probe(signal: AbortSignal): Promise<CheckVerifyLogOutcome> {
    const { services, report, asking } = this.#options;
    for (let tries = 1; ; tries += 1) {
      const ticket = await this.#pacer.take(asking).catch(() => undefined);
      report.callBegins(services.clock.now());
      const outcome = await services.cloudauth.checkVerifyLog(
        { transactionId: IMPOSSIBLE_ID, merchantBizId: deriveMerchantBizId(IMPOSSIBLE_ID) },
        { signal },
      );
      report.callEnds(outcome);
      if (outcome.kind !== 'throttled') return outcome;
      if (ticket !== undefined) this.#pacer.throttled(ticket, outcome.retryAfterMs);
      if (ticket === undefined || tries === MAX_PROBES) return outcome;
    }
  }

  /** Returns undefined if the call was given up. */
  async #call(
    { transactionId, merchantBizId }: PendingTransaction,
    ticket: PaceTicket,
  ): Promise<CheckVerifyLogOutcome | undefined> {
    const { services, streak, report, waiting } = this.#options;
    const startedAtMs = services.clock.now();
    report.callBegins(startedAtMs);
    let outcome: CheckVerifyLogOutcome;
    try {
      outcome = await services.cloudauth.checkVerifyLog(
        { transactionId, merchantBizId: merchantBizId ?? deriveMerchantBizId(transactionId) },
        { signal: waiting },
      );
    } finally {
      this.#slots.release();
    }
    if (waiting.aborted && outcome.kind === 'failed') return undefined;
    const latencyMs = services.clock.now() - startedAtMs;
    this.#meanLatencyMs += (latencyMs - this.#meanLatencyMs) / 16;
    if (outcome.kind === 'throttled') this.#pacer.throttled(ticket, outcome.retryAfterMs);
    else this.#pacer.accepted();
    report.callEnds(outcome);
    streak.note(transactionId, outcome);
    return outcome;
  }

  #final(
    { version, registrationUnread }: Inquiry,
    { transaction, attempt, nowMs }: Asking,
    outcome: CheckVerifyLogOutcome,
    disposition: Disposition,
  ): FinalResult {
    const result = finalResult(version, {
      ...identityOf(transaction),
      registrationUnread,
      attempt: attempt + 1,
      region: this.#options.settings.region,
      askedAtMs: nowMs,
      disposition,
      code: outcome.code,
      ...(outcome.requestId === undefined ? {} : { requestId: outcome.requestId }),
      ...(outcome.kind === 'answered' ? { result: outcome.result } : {}),
    });
    const isFailure = outcome.kind === 'failed' || outcome.kind === 'forbidden';
    return isFailure ? { ...result, streak: this.#options.streak.number } : result;
  }

  #requeue({ attempt }: Asking, { code }: CheckVerifyLogOutcome): Result {
    return { kind: 'requeue', attempt: attempt + 1, lastCode: code, streak: this.#options.streak.number };
  }

  /** A transaction too near its end to be handed back has a last resort. */
  #unfinished(inquiry: Inquiry, attempt: number, last: CheckVerifyLogOutcome | undefined): Result {
    const { services, settings } = this.#options;
    const { transaction } = inquiry;
    const nowMs = services.clock.now();
    if (last === undefined || !isNearEnd(transaction, settings.retentionMs, nowMs)) {
      return { kind: 'unfinished' };
    }
    const step: Asking = { transaction, attempt, tries: 0, nowMs };
    const disposition = dispositionWithout(last, step, settings.retentionMs);
    return { kind: 'unfinished', lastResort: this.#final(inquiry, step, last, disposition) };
  }
}

/**
 * Bounds the number of calls under way. The actual number is rate times latency, so slow answers do not lower the
 * throughput until the bound is reached.
 */
class Slots {
  readonly #size: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Resolves, first come first served, when there is room. Rejects when the signal is aborted first. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#taken < this.#size) {
      this.#taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((other) => other !== enter);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(enter);
    });
  }

  /** The slot goes straight to the next in line. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
