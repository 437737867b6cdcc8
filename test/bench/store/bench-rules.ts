import type { JsonValue } from '@tessera/tag-catalog';
import type { Random } from '../../../apps/standalone/src/sample/random';
import { CITIES } from '../bench-users';
import type { BenchUsers } from '../bench-users';
import { CITY_NAMES } from '../users/user-population';

/** A rule over the five tags, as an expression and as a test of the columns it was made from. */
export interface BenchRule {
  readonly expression: JsonValue;
  matches(users: BenchUsers, index: number): boolean;
}

/** Five terms: gender, three of the cities, level, age, and spend where `withSpend`. */
export function drawRule(random: Random, withSpend: boolean): BenchRule {
  const gender = random.between(1, 2);
  const cities = Array.from({ length: 3 }, () => random.between(0, CITIES - 1));
  const level = random.between(2, 9);
  const age = random.between(15, 60);
  const cents = random.between(1_000, 100_000);
  const spend: readonly JsonValue[] = withSpend ? [{ tag: 'spend', op: 'gte', value: cents / 100 }] : [];
  return {
    expression: {
      and: [
        { tag: 'gender', op: 'eq', value: gender },
        { tag: 'city', op: 'in', value: cities.map((city) => CITY_NAMES[city] ?? '') },
        { tag: 'level', op: 'gte', value: level },
        { not: { tag: 'age', op: 'lt', value: age } },
        ...spend,
      ],
    },
    matches: (users, index) =>
      users.gender[index] === gender &&
      cities.includes(users.city[index] ?? -1) &&
      (users.level[index] ?? 0) >= level &&
      (users.age[index] ?? 0) >= age &&
      (!withSpend || (users.spendCents[index] ?? 0) >= cents),
  };
}

/** One city of the rare half. */
export function drawSmallRule(random: Random): BenchRule {
  const city = random.between(CITIES >> 1, CITIES - 1);
  return {
    expression: { tag: 'city', op: 'eq', value: CITY_NAMES[city] ?? '' },
    matches: (users, index) => users.city[index] === city,
  };
}

/** By looking at every user. */
export function countByColumns(users: BenchUsers, rule: BenchRule): number {
  let count = 0;
  for (let index = 0; index < users.users; index += 1) if (rule.matches(users, index)) count += 1;
  return count;
}
