const UINT32 = 0x1_0000_0000;

/** One step of splitmix32 (Steele, Lea, Flood 2014, in the 32-bit form): spreads a counter over all 32 bits. */
export function mix32(value: number): number {
  let mixed = (value + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/**
 * Seeded pseudo-random numbers: xoshiro128** (Blackman and Vigna 2018). The same seed and stream give the same numbers on
 * every machine; `restart` makes each customer a stream of its own, so that any part of the shop can be made without the
 * parts before it.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 1;

  constructor(seed: number, stream = 0) {
    this.restart(seed, stream);
  }

  /** Starts over as stream number `stream` of `seed`; both are integers. */
  restart(seed: number, stream: number): void {
    const base = mix32(seed ^ mix32(Math.floor(seed / UINT32)));
    this.#a = mix32(base ^ mix32(stream));
    this.#b = mix32(this.#a ^ base);
    this.#c = mix32(this.#b ^ stream);
    // An all-zero state would stay zero.
    this.#d = mix32(this.#c) | 1;
  }

  /** Uniform over 0 … 2^32 − 1. */
  uint32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** Uniform over [0, 1). */
  unit(): number {
    return this.uint32() / UINT32;
  }

  /** Uniform over the integers from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** Normal with mean 0 and deviation 1 (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()));
    return radius * Math.cos(2 * Math.PI * this.unit());
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }

  /** Poisson with the given mean; above 30 by its normal approximation. */
  poisson(mean: number): number {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.unit(); product > limit; product *= this.unit()) count += 1;
    return count;
  }
}
