type NumberArray = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** A typed array that grows: what is kept per log group costs bytes, not objects. */
export class GrowableArray {
  #values: NumberArray;
  #length = 0;

  constructor(kind: 'float64' | 'uint32' | 'uint8') {
    this.#values =
      kind === 'float64'
        ? new Float64Array(INITIAL_CAPACITY)
        : kind === 'uint32'
          ? new Uint32Array(INITIAL_CAPACITY)
          : new Uint8Array(INITIAL_CAPACITY);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  #grow(): void {
    const Kind = this.#values.constructor as new (length: number) => NumberArray;
    const bigger = new Kind(this.#values.length * 2);
    bigger.set(this.#values);
    this.#values = bigger;
  }

  /** @throws RangeError outside the array */
  at(index: number): number {
    if (index < 0 || index >= this.#length) throw new RangeError(`no element ${index}`);
    return this.#values[index] as number;
  }

  set(index: number, value: number): void {
    if (index < 0 || index >= this.#length) throw new RangeError(`no element ${index}`);
    this.#values[index] = value;
  }
}

const INITIAL_CAPACITY = 64;

/** The first index in [low, high) for which `isAtOrAfter` holds, or high; the condition must not turn back. */
export function firstIndex(low: number, high: number, isAtOrAfter: (index: number) => boolean): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (isAtOrAfter(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
