/** A line that is rewritten on a terminal, and repeated every few seconds elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #everyMs: number;
  #shownAt = Number.NEGATIVE_INFINITY;
  #width = 0;
  /** Of a line that was passed over because the one before was too recent. */
  #pending: string | undefined;

  constructor(out: NodeJS.WriteStream, everyMs = 5_000) {
    this.#out = out;
    this.#everyMs = everyMs;
  }

  show(line: string): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r${line.padEnd(this.#width)}`);
      this.#width = line.length;
    } else if (performance.now() - this.#shownAt >= this.#everyMs) {
      this.#out.write(`${line}\n`);
      this.#shownAt = performance.now();
      this.#pending = undefined;
    } else {
      this.#pending = line;
    }
  }

  /** A line that stays. */
  say(line: string): void {
    this.end();
    this.#out.write(`${line}\n`);
  }

  end(): void {
    if (this.#out.isTTY && this.#width > 0) this.#out.write('\n');
    // The last state is always seen, however short the work was.
    if (this.#pending !== undefined) this.#out.write(`${this.#pending}\n`);
    this.#pending = undefined;
    this.#width = 0;
  }
}
