import { Catalog, declareTagType, StoreUnavailableError } from '@tessera/tag-catalog';
import type { CatalogStore, JsonValue } from '@tessera/tag-catalog';
import type { StreamRecord } from '../ports';
import { MessageEntries } from './message-entries';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const FOREVER = new AbortController().signal;

function declared(catalog: Catalog, json: JsonValue): Catalog {
  const outcome = declareTagType(catalog, json);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors));
  return outcome.value;
}

const CITY = { name: 'city', kind: 'profile', tags: [{ name: 'n', valueType: 'int' }] };

/** Another process changes the catalogue; this one knows of it when it asks. */
class CatalogElsewhere implements CatalogStore {
  #known: Catalog;
  refreshes = 0;
  isAway = false;

  constructor(public newest: Catalog) {
    this.#known = newest;
  }

  current(): Catalog {
    return this.#known;
  }

  update(change: (catalog: Catalog) => Catalog): Promise<Catalog> {
    this.newest = change(this.newest);
    return this.refresh().then(() => this.#known);
  }

  refresh(): Promise<void> {
    this.refreshes++;
    if (this.isAway) return Promise.reject(new StoreUnavailableError('away', true));
    this.#known = this.newest;
    return Promise.resolve();
  }
}

function record(offset: number, value: string, timestampMs = NOW_MS): StreamRecord {
  return {
    offset,
    timestampMs,
    key: Buffer.from('ada'),
    value: Buffer.from(value),
    headers: { guid: Buffer.from('5') },
  };
}

const city = (offset: number, body: object, header: object = {}): StreamRecord =>
  record(offset, JSON.stringify({ header: { type: 'city', cuid: 'ada', ...header }, body }));

const reader = (catalogStore: CatalogStore): MessageEntries =>
  new MessageEntries('city', { catalogStore, messages: {}, now: () => NOW_MS });

describe('MessageEntries', () => {
  it('reads each record by itself, in its place', async () => {
    const read = await reader(new CatalogElsewhere(declared(Catalog.empty, CITY))).read(
      [city(0, { n: 1 }), city(1, { n: 'x' }), record(2, '{'), city(3, { n: 2 }, { cuid: 'ben' }), city(4, { n: 3 })],
      FOREVER,
    );
    expect(read).toMatchObject([
      { offset: 0, cuid: 'ada', guid: 5, arrivalMs: NOW_MS, content: { timeMs: NOW_MS, fields: [{ value: 1 }] } },
      { code: 'wrongType' },
      { code: 'invalidJson' },
      { code: 'keyDiffers' },
      { offset: 4 },
    ]);
  });

  it('refuses a message of another type than its topic, and timestamps that can not be', async () => {
    const catalog = declared(declared(Catalog.empty, CITY), {
      ...CITY,
      name: 'shop',
      tags: [{ name: 'm', valueType: 'int' }],
    });
    const json = '{"header":{"type":"city","cuid":"ada"},"body":{"n":1}}';
    const read = await reader(new CatalogElsewhere(catalog)).read(
      [city(0, { m: 1 }, { type: 'shop' }), record(1, json, -1), record(2, json, NOW_MS + 86_400_001)],
      FOREVER,
    );
    expect(read).toMatchObject([{ code: 'keyDiffers' }, { code: 'timeTooEarly' }, { code: 'timeInFuture' }]);
  });

  it('asks for the newest catalogue once before it refuses what that may know', async () => {
    const store = new CatalogElsewhere(declared(Catalog.empty, { ...CITY, tags: [{ name: 'm', valueType: 'int' }] }));
    store.newest = declared(Catalog.empty, CITY);
    const read = await reader(store).read([city(0, { n: 1 }), city(1, { n: 2 }), city(2, { unheard: 2 })], FOREVER);
    expect(read).toMatchObject([{ offset: 0 }, { offset: 1 }, { code: 'unknownField' }]);
    expect(store.refreshes).toBe(1);
  });

  it('waits while it can not be asked for, until nobody waits any more', async () => {
    const store = new CatalogElsewhere(declared(Catalog.empty, CITY));
    store.isAway = true;
    expect(await reader(store).read([city(0, { n: 'x' })], FOREVER)).toMatchObject([{ code: 'wrongType' }]);
    const ending = new AbortController();
    const waiting = reader(store).read([city(0, { unheard: 1 })], ending.signal);
    setTimeout(() => ending.abort(), 100);
    await expect(waiting).rejects.toThrow('aborted');
    const answered = reader(store).read([city(0, { unheard: 1 })], FOREVER);
    setTimeout(() => {
      store.isAway = false;
    }, 100);
    expect(await answered).toMatchObject([{ code: 'unknownField' }]);
  });

  it('declares fields of a type that allows it', async () => {
    const store = new CatalogElsewhere(declared(Catalog.empty, { ...CITY, autoDeclare: true }));
    const read = await reader(store).read([city(0, { fresh: true }), city(1, { fresh: false, n: 1 })], FOREVER);
    expect(read).toMatchObject([{ content: { fields: [{ value: true }] } }, { offset: 1 }]);
    expect(store.newest.type('city')?.tags.map(({ name }) => name)).toEqual(['n', 'fresh']);
  });
});
