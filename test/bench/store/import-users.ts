import type { BenchUsers } from '../bench-users';
import { BENCH_TYPE } from '../users/load-users';
import { CITY_NAMES, cuidOfUser } from '../users/user-population';
import type { BenchStore } from './bench-store';

const CHUNK_USERS = 2 ** 18;

/** Fills an empty store with users, past its log; user n gets guid n + 1. Durable once resolved. */
export async function importUsers(store: BenchStore, users: BenchUsers, timeMs: number): Promise<void> {
  await store.declare(BENCH_TYPE);
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
    const first = bulk.bindUsers(Array.from({ length: end - start }, (_, at) => cuidOfUser(start + at)));
    bulk.setNumbers(gender, first, users.gender.subarray(start, end), timeMs);
    bulk.setTexts(city, first, CITY_NAMES, users.city.subarray(start, end), timeMs);
    bulk.setNumbers(level, first, users.level.subarray(start, end), timeMs);
    bulk.setNumbers(age, first, users.age.subarray(start, end), timeMs);
    bulk.setNumbers(spend, first, users.spendCents.subarray(start, end), timeMs);
  }
  await bulk.finish();
  await store.untilIndexed();
}
