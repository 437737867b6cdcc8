import { UserPopulation } from './users/user-population';

export { CITIES, LEVELS, cityName } from './users/user-population';

/** Five tags of every user, by column; user n has index n. The users of `UserPopulation`, all at once. */
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

/** 9 bytes a user. */
export function createBenchUsers(users: number, seed: number): BenchUsers {
  const columns: BenchUsers = {
    users,
    gender: new Uint8Array(users),
    city: new Uint16Array(users),
    level: new Uint8Array(users),
    age: new Uint8Array(users),
    spendCents: new Uint32Array(users),
  };
  for (const { start, gender, city, level, age, spendCents } of new UserPopulation(users, seed).blocks()) {
    columns.gender.set(gender, start);
    columns.city.set(city, start);
    columns.level.set(level, start);
    columns.age.set(age, start);
    columns.spendCents.set(spendCents, start);
  }
  return columns;
}
