import type { Redis } from 'ioredis';
import type { RuleQuestion } from '../users/questions';
import type { UserPopulation } from '../users/user-population';

/**
 * One bitmap string for each value that the questions read, and for level and age one for everybody with that value or more: the
 * range keys are prebuilt. Values that no question reads are left out; it makes no question faster.
 */
export async function loadRedisUsers(
  redis: Redis,
  users: UserPopulation,
  questions: readonly RuleQuestion[],
): Promise<void> {
  const bytes = Math.ceil((users.users + 1) / 8);
  const gender = Buffer.alloc(bytes);
  const cities = bitmapsFor(
    questions.flatMap((question) => question.cities),
    bytes,
  );
  const levels = bitmapsFor(
    questions.map((question) => question.levelLow),
    bytes,
  );
  const ages = bitmapsFor(
    questions.map((question) => question.ageLow),
    bytes,
  );
  for (const block of users.blocks()) {
    for (let index = 0; index < block.length; index += 1) {
      const at = (block.start + index) >> 3;
      const bit = 0x80 >> ((block.start + index) & 7);
      if (block.gender[index] === 1) gender[at] = (gender[at] ?? 0) | bit;
      const city = cities.get(block.city[index] ?? -1);
      if (city !== undefined) city[at] = (city[at] ?? 0) | bit;
    }
    setFrom(levels, block.level, block.start);
    setFrom(ages, block.age, block.start);
  }
  await redis.set('gender:1', gender);
  for (const [city, bitmap] of cities) await redis.set(`city:${city}`, bitmap);
  for (const [level, bitmap] of levels) await redis.set(`level>=${level}`, bitmap);
  for (const [age, bitmap] of ages) await redis.set(`age>=${age}`, bitmap);
}

function bitmapsFor(values: readonly number[], bytes: number): Map<number, Buffer> {
  return new Map([...new Set(values)].map((value) => [value, Buffer.alloc(bytes)]));
}

function setFrom(bitmaps: ReadonlyMap<number, Buffer>, column: Uint8Array, start: number): void {
  for (const [low, bitmap] of bitmaps) {
    for (let index = 0; index < column.length; index += 1) {
      if ((column[index] ?? 0) < low) continue;
      const at = (start + index) >> 3;
      bitmap[at] = (bitmap[at] ?? 0) | (0x80 >> ((start + index) & 7));
    }
  }
}

/** Two BITOPs and a BITCOUNT in one round trip. */
export async function countInRedis(redis: Redis, { cities, levelLow, ageLow }: RuleQuestion): Promise<number> {
  const results = await redis
    .pipeline()
    .bitop('OR', 'cities', ...cities.map((city) => `city:${city}`))
    .bitop('AND', 'matching', 'cities', 'gender:1', `level>=${levelLow}`, `age>=${ageLow}`)
    .bitcount('matching')
    .exec();
  const [error, count] = results?.at(-1) ?? [new Error('Redis gave no answer'), null];
  if (error !== null) throw error;
  return Number(count);
}
