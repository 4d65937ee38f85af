import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/outcome.ts';

/**
 * Tells a service that is down, or that refuses our rights, from failures of single transactions.
 *
 * A streak lasts from one business answer to the next. Until it is over, nobody can tell whether its failures were
 * the service's fault, so their results are not committed before that, or before nothing is left to ask. A
 * throttled call is no evidence either way.
 *
 * When many calls in a row have failed, or a run has had no business answer at all, one call about an id that
 * cannot exist decides: if the service answers it, it is up, and the failures are their transactions' own.
 */
type Trouble = 'upstream_down' | 'forbidden';

const DOWN_CALLS = 20;
const DOWN_TRANSACTIONS = 3;
const FORBIDDEN_TRANSACTIONS = 3;

/** Whatever it says of its transaction, the service is up and lets us ask. */
function isBusinessAnswer({ kind }: CheckVerifyLogOutcome): boolean {
  return kind === 'answered' || kind === 'not_completed' || kind === 'invalid';
}

export class Streak {
  /** The transactions of the last calls in a row that failed. */
  #failed: string[] = [];
  #lastCode = '';
  #forbidden = new Set<string>();
  #number = 0;
  /** Some call of the run had a business answer. */
  #hasAnswered = false;
  #trouble: Trouble | undefined;
  #message = '';
  readonly #onChange: () => void;

  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  /** What to do about the trouble. */
  get message(): string {
    return this.#message;
  }

  /** The present streak. */
  get number(): number {
    return this.#number;
  }

  isOpen(number: number): boolean {
    return number === this.#number;
  }

  /** The last calls all failed, for several transactions: time to ask whether the service is up. */
  get isSuspicious(): boolean {
    return this.#failed.length >= DOWN_CALLS && new Set(this.#failed).size >= DOWN_TRANSACTIONS;
  }

  /** At the end of a run: calls failed, however few, and none had a business answer. */
  get isUndecided(): boolean {
    return this.#failed.length + this.#forbidden.size > 0 && !this.#hasAnswered;
  }

  note(transactionId: string, outcome: CheckVerifyLogOutcome): void {
    if (outcome.kind === 'throttled') return;
    if (outcome.kind === 'failed') {
      this.#lastCode = outcome.code;
      this.#failed.push(transactionId);
      if (this.#failed.length > DOWN_CALLS) this.#failed.shift();
      if (this.isSuspicious) this.#onChange();
      return;
    }
    this.#failed = [];
    if (outcome.kind === 'forbidden') {
      this.#forbidden.add(transactionId);
      if (this.#forbidden.size >= FORBIDDEN_TRANSACTIONS) this.#raiseForbidden(outcome);
    } else this.#close();
  }

  /**
   * Takes the outcome of the call that decides.
   * @param number the streak at the time of that call: a business answer since then has decided already
   */
  decide(outcome: CheckVerifyLogOutcome, number: number): void {
    if (!this.isOpen(number) || this.#failed.length + this.#forbidden.size === 0) return;
    if (isBusinessAnswer(outcome)) {
      this.#failed = [];
      this.#close();
    } else if (outcome.kind === 'forbidden') this.#raiseForbidden(outcome);
    else {
      this.#raise(
        'upstream_down',
        `Every call failed for a while, most recently with ${this.#lastCode}, and so did a call about an id that ` +
          'cannot exist: CheckVerifyLog is down. No attempt was counted; the next run asks again.',
      );
    }
  }

  #raiseForbidden({ code, message }: { code: string; message: string }): void {
    this.#raise(
      'forbidden',
      `CheckVerifyLog refuses our rights with ${code} (${message}). Give the function's role the policy ` +
        'AliyunAntCloudAuthFullAccess, and check that the account may use ID Verification in this region.',
    );
  }

  #close(): void {
    this.#hasAnswered = true;
    this.#forbidden.clear();
    this.#number += 1;
    this.#onChange();
  }

  #raise(trouble: Trouble, message: string): void {
    if (this.#trouble !== undefined) return;
    this.#trouble = trouble;
    this.#message = message;
    this.#onChange();
  }
}
