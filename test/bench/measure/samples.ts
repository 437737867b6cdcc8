const CAPACITY_FIRST = 1_024;

/** Measured values, all of them kept: percentiles are exact. */
export class Samples {
  #values = new Float64Array(CAPACITY_FIRST);
  #size = 0;
  #sorted: Float64Array | null = null;

  get size(): number {
    return this.#size;
  }

  add(value: number): void {
    if (this.#size === this.#values.length) {
      const larger = new Float64Array(2 * this.#size);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#size] = value;
    this.#size += 1;
    this.#sorted = null;
  }

  /** Every sample so far, in the order of coming; a copy. */
  values(): number[] {
    return [...this.#values.subarray(0, this.#size)];
  }

  /** The least sample that at least this part (0 to 1) of all samples do not exceed; NaN without samples. */
  percentile(part: number): number {
    this.#sorted ??= this.#values.slice(0, this.#size).sort();
    const rank = Math.max(1, Math.ceil(part * this.#size));
    return this.#sorted[rank - 1] ?? Number.NaN;
  }

  get median(): number {
    return this.percentile(0.5);
  }

  get max(): number {
    return this.percentile(1);
  }
}

/** E.g. `p50 0.31, p99 1.20, max 4.02 ms (5,000 samples)`; samples are in ms. */
export function describeMs(samples: Samples): string {
  const show = (value: number): string => (value < 10 ? value.toFixed(3) : value.toFixed(1));
  const size = samples.size.toLocaleString('en-US');
  return `p50 ${show(samples.median)}, p99 ${show(samples.percentile(0.99))}, max ${show(samples.max)} ms (${size} samples)`;
}
