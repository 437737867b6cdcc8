/** Seeded random numbers (splitmix32 into xorshift128), so that a run can be repeated from its seed. */
export class RandomSource {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.#state = new Uint32Array(4);
    let word = seed >>> 0;
    for (let index = 0; index < 4; index += 1) {
      word = (word + 0x9e3779b9) >>> 0;
      let mixed = word;
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      this.#state[index] = (mixed ^ (mixed >>> 16)) | 1;
    }
  }

  /** 0 ≤ x < 1. */
  next(): number {
    const state = this.#state;
    const [first = 0, second = 0, third = 0, last = 0] = state;
    let mixed = first ^ (first << 11);
    mixed ^= mixed >>> 8;
    state[0] = second;
    state[1] = third;
    state[2] = last;
    const drawn = (last ^ (last >>> 19) ^ mixed) >>> 0;
    state[3] = drawn;
    return drawn / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.between(0, choices.length - 1)];
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  }

  /** One of the keys, each as likely as its weight says. */
  weighted<K extends string>(weights: { readonly [key in K]: number }): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return this.pick(entries)[0];
  }

  /** So many of them, in their order; all if there are fewer. */
  some<T>(choices: readonly T[], count: number): T[] {
    return this.shuffled(choices.map((_, index) => index))
      .slice(0, count)
      .sort((left, right) => left - right)
      .flatMap((index) => choices.slice(index, index + 1));
  }

  shuffled<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let index = shuffled.length - 1; index > 0; index -= 1) {
      const other = this.between(0, index);
      const [one, two] = [shuffled[index], shuffled[other]];
      if (one !== undefined && two !== undefined) {
        shuffled[index] = two;
        shuffled[other] = one;
      }
    }
    return shuffled;
  }
}
