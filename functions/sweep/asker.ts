import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';
import { deriveMerchantBizId } from '../../shared/logstores/ids.ts';
import type { PendingTransaction } from '../../shared/logstores/pending.ts';
import type { Disposition } from '../../shared/logstores/values.ts';
import { Pacer, type PaceTicket } from '../../shared/pace.ts';
import { toRecord } from '../../shared/record/to-record.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { encodeOutput } from '../../shared/write-records.ts';
import { type Asking, decide, dispositionWithout, isNearEnd } from './decision.ts';
import type { Inquiry, Result } from './inquiry.ts';
import type { RunReport } from './report.ts';
import type { SweepServices, SweepSettings } from './services.ts';
import type { Streak } from './streak.ts';

interface AskerOptions {
  readonly services: SweepServices;
  readonly settings: SweepSettings;
  readonly streak: Streak;
  readonly report: RunReport;
  /** After it no call begins. */
  readonly asking: AbortSignal;
  /** After it no answer is waited for. */
  readonly waiting: AbortSignal;
}

export interface Permit {
  readonly ticket: PaceTicket;
}

export const MAX_CALLS_AT_ONCE = 128;
/** The service gives ids of its own making; this is none, and says whose question it is. */
const IMPOSSIBLE_ID = 'idv-dropoff-is-the-service-up';
const MAX_PROBES = 5;

/**
 * Asks CheckVerifyLog about one transaction until this run has an end for it. Every call, a repeated one too,
 * needs a permit: a place among the calls under way, and a turn of the pacer.
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

  /** Calls per second at present: the pace, or what the calls at once allow with the latency there is. */
  get ratePerSecond(): number {
    const possible = (MAX_CALLS_AT_ONCE * SECOND_MS) / Math.max(1, this.#meanLatencyMs);
    return Math.min(this.#pacer.ratePerSecond, possible);
  }

  get meanLatencyMs(): number {
    return this.#meanLatencyMs;
  }

  /** Rejects when asking is over. */
  async permit(): Promise<Permit> {
    const { asking } = this.#options;
    await this.#slots.take(asking);
    try {
      return { ticket: await this.#pacer.take(asking) };
    } catch (error) {
      this.#slots.give();
      throw error;
    }
  }

  /** Never throws: what has no end when asking is over is `unfinished`. */
  async ask(inquiry: Inquiry, first: Permit): Promise<Result> {
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
      if (decision.kind === 'final')
        return this.#final(inquiry, step, { outcome, disposition: decision.disposition });
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
   * One question about an id that cannot exist: whether the service is up when calls fail. A service that only
   * throttles is asked again for a while.
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

  /** undefined: nobody waits for the answer any more. */
  async #call(
    { transactionId, merchantBizId }: PendingTransaction,
    { ticket }: Permit,
  ): Promise<CheckVerifyLogOutcome | undefined> {
    const { services, streak, report, waiting } = this.#options;
    const begunAtMs = services.clock.now();
    report.callBegins(begunAtMs);
    let outcome: CheckVerifyLogOutcome;
    try {
      outcome = await services.cloudauth.checkVerifyLog(
        { transactionId, merchantBizId: merchantBizId ?? deriveMerchantBizId(transactionId) },
        { signal: waiting },
      );
    } finally {
      this.#slots.give();
    }
    if (waiting.aborted && outcome.kind === 'failed') return undefined;
    const latencyMs = services.clock.now() - begunAtMs;
    this.#meanLatencyMs += (latencyMs - this.#meanLatencyMs) / 16;
    if (outcome.kind === 'throttled') this.#pacer.throttled(ticket, outcome.retryAfterMs);
    else this.#pacer.accepted();
    report.callEnds(outcome);
    streak.note(transactionId, outcome);
    return outcome;
  }

  #final(
    { version, registrationUnread }: Inquiry,
    step: Asking,
    { outcome, disposition }: { outcome: CheckVerifyLogOutcome; disposition: Disposition },
  ): Extract<Result, { kind: 'final' }> {
    const { transaction, attempt, nowMs } = step;
    const output = toRecord({
      ...identityOf(transaction),
      registrationUnread,
      source: 'sweep',
      attempt: attempt + 1,
      region: this.#options.settings.region,
      askedAtMs: nowMs,
      final: true,
      disposition,
      code: outcome.code,
      ...(outcome.requestId === undefined ? {} : { requestId: outcome.requestId }),
      ...(outcome.kind === 'answered' ? { result: outcome.result } : {}),
    });
    const againstService = outcome.kind === 'failed' || outcome.kind === 'forbidden';
    return {
      kind: 'final',
      disposition,
      output: encodeOutput(output),
      version,
      ...(againstService ? { streak: this.#options.streak.number } : {}),
    };
  }

  #requeue({ attempt }: Asking, { code }: CheckVerifyLogOutcome): Result {
    return { kind: 'requeue', attempt: attempt + 1, lastCode: code, streak: this.#options.streak.number };
  }

  /** A transaction too near its end to be handed back keeps what it would end as. */
  #unfinished(inquiry: Inquiry, attempt: number, last: CheckVerifyLogOutcome | undefined): Result {
    const { services, settings } = this.#options;
    const { transaction } = inquiry;
    const nowMs = services.clock.now();
    if (last === undefined || !isNearEnd(transaction, settings.retentionMs, nowMs)) {
      return { kind: 'unfinished' };
    }
    const step: Asking = { transaction, attempt, tries: 0, nowMs };
    const disposition = dispositionWithout(last, step, settings.retentionMs);
    return { kind: 'unfinished', lastResort: this.#final(inquiry, step, { outcome: last, disposition }) };
  }
}

/** What a record takes over from the queue. */
export function identityOf(transaction: PendingTransaction) {
  const { transactionId, merchantBizId, initializedAtMs, registeredAtMs, givenAtMs, labels } = transaction;
  return {
    transactionId,
    registeredAtMs,
    givenAtMs,
    ...(merchantBizId === undefined ? {} : { merchantBizId }),
    ...(initializedAtMs === undefined ? {} : { initializedAtMs }),
    ...(labels === undefined ? {} : { labels }),
  };
}

/**
 * At most so many calls at once. How many are really under way follows from pace and latency (the mean number
 * in a system is rate times time in it): slow answers do not lower the throughput until the bound is reached.
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

  /** The place goes straight to the next in line. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
