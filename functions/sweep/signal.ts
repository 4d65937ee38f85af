/** Wakes those who wait for something to change; they look for themselves what it was. */
export class ChangeSignal {
  #waiting: (() => void)[] = [];

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Resolves once `isTrue` holds. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await this.next();
  }
}
