import type { BenchStore, TypeDeclaration } from '../store/bench-store';
import { CITY_NAMES, cuidOfUser } from './user-population';
import type { UserPopulation } from './user-population';

/** The tag type of the bench's users. */
export const BENCH_TYPE = {
  name: 'bench_user',
  kind: 'profile',
  tags: [
    { name: 'gender', valueType: 'int' },
    { name: 'city', valueType: 'string' },
    { name: 'level', valueType: 'int' },
    { name: 'age', valueType: 'int' },
    { name: 'spend', valueType: 'decimal', scale: 2 },
  ],
} satisfies TypeDeclaration;

/** Declares the type and imports every user, durable when resolved. User n of an empty store gets guid n + 1. */
export async function loadUsers(store: BenchStore, users: UserPopulation): Promise<void> {
  await store.declare(BENCH_TYPE);
  const [gender, city, level, age, spend] = [
    store.tag('gender'),
    store.tag('city'),
    store.tag('level'),
    store.tag('age'),
    store.tag('spend'),
  ];
  const bulk = await store.engine.bulkImport();
  const timeMs = Date.now();
  for (const block of users.blocks()) {
    const first = bulk.bindUsers(Array.from({ length: block.length }, (_, index) => cuidOfUser(block.start + index)));
    bulk.setNumbers(gender, first, block.gender, timeMs);
    bulk.setTexts(city, first, CITY_NAMES, block.city, timeMs);
    bulk.setNumbers(level, first, block.level, timeMs);
    bulk.setNumbers(age, first, block.age, timeMs);
    bulk.setNumbers(spend, first, block.spendCents, timeMs);
  }
  await bulk.finish();
}
