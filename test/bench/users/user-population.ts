import { Random } from '../../../apps/standalone/src/sample/random';
import { WeightedChoice, zipfWeights } from '../../../apps/standalone/src/sample/weighted-choice';

export const CITIES = 300;
export const LEVELS = 10;
export const AGE_LOW = 10;
export const AGE_HIGH = 89;
/** `spend` in 1/100 stays below; 20 bits. */
export const SPEND_CENTS_END = 2 ** 20;
/** Each block is a stream of random numbers of its own, so that blocks can be made again in any order. */
export const BLOCK_USERS = 2 ** 20;

const SPEND_MEAN_CENTS = 60_000;
const AGE_EXPONENT = 1.3;
const QUANTILES = 2 ** 16;

/** Five tags of consecutive users, by column; entry n belongs to user `start` + n. */
export interface UserBlock {
  readonly start: number;
  readonly length: number;
  /** 1 or 2. */
  readonly gender: Uint8Array;
  /** 0 to CITIES − 1, by Zipf's law. */
  readonly city: Uint16Array;
  /** 1 to LEVELS. */
  readonly level: Uint8Array;
  /** AGE_LOW to AGE_HIGH, younger ones more often. */
  readonly age: Uint8Array;
  /** In 1/100, exponential; below SPEND_CENTS_END. */
  readonly spendCents: Uint32Array;
}

/** Users numbered from 0, the same for the same seed, made block by block: none of them is kept. */
export class UserPopulation {
  readonly #cities = new WeightedChoice(zipfWeights(CITIES, 1));
  readonly #ages = new Uint8Array(QUANTILES);
  readonly #spends = new Uint32Array(QUANTILES);

  constructor(
    readonly users: number,
    readonly seed: number,
  ) {
    for (let quantile = 0; quantile < QUANTILES; quantile += 1) {
      const part = (quantile + 0.5) / QUANTILES;
      this.#ages[quantile] = AGE_LOW + Math.floor((AGE_HIGH - AGE_LOW + 1) * part ** AGE_EXPONENT);
      this.#spends[quantile] = Math.floor(-SPEND_MEAN_CENTS * Math.log(1 - part));
    }
  }

  /** Every user once, in order. The columns are used again for the next block: copy what has to stay. */
  *blocks(): Generator<UserBlock> {
    const room = Math.min(BLOCK_USERS, this.users);
    const whole = {
      gender: new Uint8Array(room),
      city: new Uint16Array(room),
      level: new Uint8Array(room),
      age: new Uint8Array(room),
      spendCents: new Uint32Array(room),
    };
    for (let start = 0; start < this.users; start += BLOCK_USERS) {
      const length = Math.min(BLOCK_USERS, this.users - start);
      const block: UserBlock = {
        start,
        length,
        gender: whole.gender.subarray(0, length),
        city: whole.city.subarray(0, length),
        level: whole.level.subarray(0, length),
        age: whole.age.subarray(0, length),
        spendCents: whole.spendCents.subarray(0, length),
      };
      this.#fill(block);
      yield block;
    }
  }

  #fill({ start, length, gender, city, level, age, spendCents }: UserBlock): void {
    const random = new Random(this.seed, 1 + start / BLOCK_USERS);
    for (let index = 0; index < length; index += 1) {
      const bits = random.uint32();
      gender[index] = 1 + (bits & 1);
      level[index] = 1 + (((bits >>> 1) & 0x7fff) * LEVELS) / 2 ** 15;
      age[index] = this.#ages[bits >>> 16] ?? AGE_LOW;
      city[index] = this.#cities.draw(random);
      // Between the quantiles evenly, so that every sum of 20 bits occurs.
      const draw = random.uint32();
      const low = this.#spends[draw >>> 16] ?? 0;
      const high = this.#spends[(draw >>> 16) + 1] ?? low;
      const spend = low + Math.floor(((high - low) * (draw & 0xffff)) / 2 ** 16);
      spendCents[index] = Math.min(SPEND_CENTS_END - 1, spend);
    }
  }
}

export function cityName(city: number): string {
  return `city_${city.toString().padStart(3, '0')}`;
}

export const CITY_NAMES: readonly string[] = Array.from({ length: CITIES }, (_, city) => cityName(city));

const CUID_DIGITS = 11;

/** 16 bytes; the number is the user's. */
export function cuidOfUser(user: number): string {
  return `user-${user.toString().padStart(CUID_DIGITS, '0')}`;
}
