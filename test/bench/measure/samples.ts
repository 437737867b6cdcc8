import { spreadOf } from '../framework/statistics';
import type { Spread } from '../framework/statistics';

const CAPACITY_FIRST = 1_024;

/** Measured values, all of them kept: percentiles are exact. */
export class Samples {
  #values = new Float64Array(CAPACITY_FIRST);
  #size = 0;

  /** In the order of coming; a view until the next one is added. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#size);
  }

  add(value: number): void {
    if (this.#size === this.#values.length) {
      const larger = new Float64Array(2 * this.#size);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#size] = value;
    this.#size += 1;
  }

  /** NaN everywhere without samples. */
  spread(): Spread {
    return spreadOf(this.values);
  }
}
