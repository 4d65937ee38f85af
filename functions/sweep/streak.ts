import type { CheckVerifyLogOutcome } from '../../shared/cloudauth/types.ts';

/**
 * Tells a service that is down, or that refuses our rights, from a transaction that only has bad luck.
 *
 * An answer that speaks against the service opens a streak; one that speaks for it closes it. As long as a
 * streak is open, nobody can say which of the two it was: what such answers led to is not committed until the
 * streak is closed, or until there is nothing left to ask.
 */
export type Trouble = 'upstream_down' | 'forbidden';

const DOWN_CALLS = 20;
const DOWN_TRANSACTIONS = 3;
const FORBIDDEN_TRANSACTIONS = 3;

export class Streak {
  /** The transactions of the last calls, as far back as all of them failed. */
  #failed: string[] = [];
  #forbidden = new Set<string>();
  #number = 0;
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

  /** The streak that a result of now belongs to. */
  get number(): number {
    return this.#number;
  }

  isOpen(number: number): boolean {
    return number === this.#number;
  }

  note(transactionId: string, outcome: CheckVerifyLogOutcome): void {
    if (outcome.kind === 'failed') this.#noteFailed(transactionId, outcome.code);
    else this.#failed = [];
    if (outcome.kind === 'forbidden') this.#noteForbidden(transactionId, outcome);
    // A call that failed or was throttled says nothing about rights.
    if (outcome.kind === 'answered' || outcome.kind === 'not_completed' || outcome.kind === 'invalid') {
      this.#forbidden.clear();
      this.#number += 1;
      this.#onChange();
    }
  }

  #noteFailed(transactionId: string, code: string): void {
    this.#failed.push(transactionId);
    if (this.#failed.length > DOWN_CALLS) this.#failed.shift();
    if (this.#failed.length < DOWN_CALLS || new Set(this.#failed).size < DOWN_TRANSACTIONS) return;
    this.#raise(
      'upstream_down',
      `The last ${DOWN_CALLS} calls failed, lastly with ${code}. No attempt was counted; the next run asks again.`,
    );
  }

  #noteForbidden(transactionId: string, { code, message }: { code: string; message: string }): void {
    this.#forbidden.add(transactionId);
    if (this.#forbidden.size < FORBIDDEN_TRANSACTIONS) return;
    this.#raise(
      'forbidden',
      `CheckVerifyLog refused three transactions in a row with ${code} (${message}). Give the function's role the ` +
        'policy AliyunAntCloudAuthFullAccess, and check that the account may use ID Verification in this region.',
    );
  }

  #raise(trouble: Trouble, message: string): void {
    if (this.#trouble !== undefined) return;
    this.#trouble = trouble;
    this.#message = message;
    this.#onChange();
  }
}
