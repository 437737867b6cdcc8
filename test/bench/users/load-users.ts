import type { BulkImport } from '@tessera/embedded-engine';
import type { BenchStore, TypeDeclaration } from '../store/bench-store';
import { CITY_NAMES, cuidOfUser } from './user-population';
import type { UserBlock, UserPopulation } from './user-population';

const TAGS = [
  { name: 'gender', valueType: 'int' },
  { name: 'city', valueType: 'string' },
  { name: 'level', valueType: 'int' },
  { name: 'age', valueType: 'int' },
  { name: 'spend', valueType: 'decimal', scale: 2 },
] as const;

/** The tag type of the bench's users. */
export const BENCH_TYPE = { name: 'bench_user', kind: 'profile', tags: TAGS } satisfies TypeDeclaration;

export type BenchTag = (typeof TAGS)[number]['name'];

const ALL_TAGS: readonly BenchTag[] = TAGS.map(({ name }) => name);

/** Declares the tags and imports every user, durable when resolved. User n of an empty store gets guid n + 1. */
export async function loadUsers(
  store: BenchStore,
  users: UserPopulation,
  tags: readonly BenchTag[] = ALL_TAGS,
): Promise<void> {
  await store.declare({ ...BENCH_TYPE, tags: TAGS.filter(({ name }) => tags.includes(name)) });
  const bulk = await store.engine.bulkImport();
  const timeMs = Date.now();
  for (const block of users.blocks()) {
    const first = bulk.bindUsers(Array.from({ length: block.length }, (_, index) => cuidOfUser(block.start + index)));
    for (const tag of tags) importColumn(bulk, store, { tag, block, first, timeMs });
  }
  await bulk.finish();
  await store.untilIndexed();
}

function importColumn(
  bulk: BulkImport,
  store: BenchStore,
  { tag, block, first, timeMs }: { tag: BenchTag; block: UserBlock; first: number; timeMs: number },
): void {
  const definition = store.tag(tag);
  if (tag === 'city') bulk.setTexts(definition, first, CITY_NAMES, block.city, timeMs);
  else bulk.setNumbers(definition, first, tag === 'spend' ? block.spendCents : block[tag], timeMs);
}
