import { Random } from '../../apps/standalone/src/sample/random';
import { WeightedChoice, zipfWeights } from '../../apps/standalone/src/sample/weighted-choice';

export const CITIES = 300;
export const LEVELS = 10;

/** Five tags of every user, by column; user n has index n. */
export interface BenchUsers {
  readonly users: number;
  /** 1 or 2. */
  readonly gender: Uint8Array;
  /** 0 to CITIES − 1, by Zipf's law. */
  readonly city: Uint16Array;
  /** 1 to LEVELS. */
  readonly level: Uint8Array;
  /** 10 to 89. */
  readonly age: Uint8Array;
  /** In 1/100; below 2^20. */
  readonly spendCents: Uint32Array;
}

export function createBenchUsers(users: number, seed: number): BenchUsers {
  const random = new Random(seed);
  const cities = new WeightedChoice(zipfWeights(CITIES, 1));
  const columns: BenchUsers = {
    users,
    gender: new Uint8Array(users),
    city: new Uint16Array(users),
    level: new Uint8Array(users),
    age: new Uint8Array(users),
    spendCents: new Uint32Array(users),
  };
  for (let index = 0; index < users; index += 1) {
    columns.gender[index] = random.between(1, 2);
    columns.city[index] = cities.draw(random);
    columns.level[index] = random.between(1, LEVELS);
    columns.age[index] = 10 + Math.floor(80 * random.unit() ** 1.3);
    columns.spendCents[index] = Math.min(2 ** 20 - 1, Math.floor(random.exponential(60_000)));
  }
  return columns;
}

export function cityName(city: number): string {
  return `city_${city.toString().padStart(3, '0')}`;
}
