import type { BenchStore } from '../store/bench-store';
import { CITY_NAMES } from '../users/user-population';
import { visitorCuid } from './visitor-messages';
import type { VisitorMessages } from './visitor-messages';

const IMPORT_CHUNK = 2 ** 18;

/** Every user as the model has them at first, written long ago, so that the timed messages overwrite. */
export async function importVisitors(
  store: BenchStore,
  { users, levels, cities, spendCents }: VisitorMessages,
): Promise<void> {
  const bulk = await store.engine.bulkImport();
  const [level, city, spend] = [store.tag('level'), store.tag('city'), store.tag('spend')];
  for (let start = 0; start < users; start += IMPORT_CHUNK) {
    const end = Math.min(start + IMPORT_CHUNK, users);
    const first = bulk.bindUsers(Array.from({ length: end - start }, (_, at) => visitorCuid(start + at)));
    bulk.setNumbers(level, first, levels.subarray(start, end), 0);
    bulk.setTexts(city, first, CITY_NAMES, cities.subarray(start, end), 0);
    bulk.setNumbers(spend, first, spendCents.subarray(start, end), 0);
  }
  await bulk.finish();
  await store.untilIndexed();
}
