import type { Random } from './random';

/** Draws an index with probability proportional to its weight in constant time (Walker's alias method). */
export class WeightedChoice {
  readonly #keep: Float64Array;
  readonly #alias: Uint32Array;

  /** @param weights at least one, none negative, not all zero. */
  constructor(weights: readonly number[]) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0)) throw new RangeError('WeightedChoice needs at least one weight above 0');
    const scaled = weights.map((weight) => (weight * weights.length) / total);
    this.#keep = new Float64Array(weights.length).fill(1);
    this.#alias = new Uint32Array(weights.length);
    const small: number[] = [];
    const large: number[] = [];
    scaled.forEach((weight, index) => (weight < 1 ? small : large).push(index));
    for (;;) {
      const poor = small.pop();
      const rich = large.pop();
      // What is left over on either side is 1 but for rounding.
      if (poor === undefined || rich === undefined) break;
      this.#keep[poor] = scaled[poor] ?? 1;
      this.#alias[poor] = rich;
      const rest = (scaled[rich] ?? 0) + (scaled[poor] ?? 0) - 1;
      scaled[rich] = rest;
      (rest < 1 ? small : large).push(rich);
    }
  }

  draw(random: Random): number {
    const position = random.unit() * this.#keep.length;
    const index = Math.floor(position);
    return position - index < (this.#keep[index] ?? 1) ? index : (this.#alias[index] ?? index);
  }
}

/** Weights 1, 1/2^exponent, 1/3^exponent … : few are frequent, many are rare. */
export function zipfWeights(length: number, exponent: number): number[] {
  return Array.from({ length }, (_, rank) => 1 / (rank + 1) ** exponent);
}
