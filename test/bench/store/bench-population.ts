import { CITIES, cityName } from '../bench-users';
import type { BenchUsers } from '../bench-users';
import type { BenchStore, TypeDeclaration } from './bench-store';

export const POPULATION_TYPE: TypeDeclaration = {
  name: 'bench_user',
  kind: 'profile',
  tags: [
    { name: 'gender', valueType: 'int' },
    { name: 'city', valueType: 'string' },
    { name: 'level', valueType: 'int' },
    { name: 'age', valueType: 'int' },
    { name: 'spend', valueType: 'decimal', scale: 2 },
  ],
};

export const CITY_NAMES: readonly string[] = Array.from({ length: CITIES }, (_, city) => cityName(city));

const CHUNK_USERS = 2 ** 18;
const CUID_DIGITS = 11;

/** Of 16 bytes. */
export function userCuid(index: number): string {
  return `user-${index.toString().padStart(CUID_DIGITS, '0')}`;
}

/** Fills an empty store with users, past its log; user n gets guid n + 1. Durable once resolved. */
export async function importPopulation(store: BenchStore, users: BenchUsers, timeMs: number): Promise<void> {
  await store.declare(POPULATION_TYPE);
  const bulk = await store.engine.bulkImport();
  const [gender, city, level, age, spend] = [
    store.tag('gender'),
    store.tag('city'),
    store.tag('level'),
    store.tag('age'),
    store.tag('spend'),
  ];
  for (let start = 0; start < users.users; start += CHUNK_USERS) {
    const end = Math.min(start + CHUNK_USERS, users.users);
    const first = bulk.bindUsers(Array.from({ length: end - start }, (_, at) => userCuid(start + at)));
    bulk.setNumbers(gender, first, users.gender.subarray(start, end), timeMs);
    bulk.setTexts(city, first, CITY_NAMES, users.city.subarray(start, end), timeMs);
    bulk.setNumbers(level, first, users.level.subarray(start, end), timeMs);
    bulk.setNumbers(age, first, users.age.subarray(start, end), timeMs);
    bulk.setNumbers(spend, first, users.spendCents.subarray(start, end), timeMs);
  }
  await bulk.finish();
}
