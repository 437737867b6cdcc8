import { bindExpression, buildPlan, noReferences, ReferenceEngine, ReferenceStore } from '@tessera/audience';
import { Catalog, declareTagType, StoreUnavailableError } from '@tessera/tag-catalog';
import type {
  BatchOutcome,
  CatalogStore,
  JsonValue,
  MessageBatch,
  SourcePosition,
  TagStore,
} from '@tessera/tag-catalog';
import { ShopConflictError } from './declare-shop';
import { loadSampleShop } from './load-sample-shop';
import type { LoadProgress, LoadSampleShopResult } from './load-sample-shop';
import { readSampleState } from './sample-state';

const END_MS = Date.UTC(2026, 10, 20, 15, 30);
const CUSTOMERS = 1_100;
const SEED = 5;

class MemoryCatalogStore implements CatalogStore {
  #catalog = Catalog.empty;

  current(): Catalog {
    return this.#catalog;
  }

  async update(change: (catalog: Catalog) => Catalog): Promise<Catalog> {
    this.#catalog = change(this.#catalog);
    return this.#catalog;
  }
}

/** Dies with the given batch, like a process killed before or after making it durable. */
class DyingStore implements Pick<TagStore, 'apply'> {
  #calls = 0;

  constructor(
    private readonly store: Pick<TagStore, 'apply'>,
    private readonly dieAtCall: number,
    private readonly isApplied: boolean,
  ) {}

  async apply(batch: MessageBatch, source?: SourcePosition): Promise<BatchOutcome> {
    this.#calls += 1;
    if (this.#calls > this.dieAtCall) throw new StoreUnavailableError('dead', false);
    if (this.#calls === this.dieAtCall) {
      if (this.isApplied) await this.store.apply(batch, source);
      throw new StoreUnavailableError('killed', false);
    }
    return await this.store.apply(batch, source);
  }
}

class Shop {
  readonly catalogStore = new MemoryCatalogStore();
  readonly store = new ReferenceStore({ nowMs: () => END_MS });
  readonly documents = new Map<string, JsonValue>();
  readonly progress: LoadProgress[] = [];

  async load(
    options: {
      readonly tagStore?: Pick<TagStore, 'apply'>;
      readonly endMs?: number;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<LoadSampleShopResult> {
    return await loadSampleShop({
      catalogStore: this.catalogStore,
      tagStore: options.tagStore ?? this.store,
      documents: this.port(),
      customers: CUSTOMERS,
      seed: SEED,
      endMs: options.endMs ?? END_MS,
      nowMs: () => END_MS,
      onProgress: (progress) => this.progress.push(progress),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }

  port(): { get: (key: string) => unknown; put: (key: string, value: JsonValue) => Promise<void> } {
    return {
      get: (key) => this.documents.get(key),
      put: async (key, value) => {
        this.documents.set(key, value);
      },
    };
  }

  async counts(): Promise<readonly number[]> {
    const engine = new ReferenceEngine(this.store);
    const expressions: JsonValue[] = [
      { all: true },
      { event: 'purchase', op: 'gte', value: 1 },
      { event: 'visit', op: 'eq', value: 1 },
      { event: 'purchase', measure: { sum: 'quantity' }, op: 'gte', value: 20 },
      { tag: 'city', op: 'eq', value: 'beijing' },
    ];
    const catalog = this.catalogStore.current();
    const nodes = [];
    for (const json of expressions) {
      const bound = await bindExpression(json, { catalog, references: noReferences, timeZone: 'UTC' });
      if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
      nodes.push(buildPlan(bound.value, { asOfMs: END_MS }).root);
    }
    return (await engine.counts(nodes)).counts;
  }
}

describe('loadSampleShop', () => {
  it('loads everyone and reports its progress', async () => {
    const shop = new Shop();
    const result = await shop.load();
    expect(result).toMatchObject({ outcome: 'loaded', customers: CUSTOMERS, endMs: END_MS });
    const [universe, buyers] = await shop.counts();
    expect(universe).toBe(CUSTOMERS);
    expect(buyers).toBeGreaterThan(CUSTOMERS / 4);
    expect(shop.progress).toHaveLength(3);
    expect(shop.progress.at(-1)).toEqual({ customersDone: CUSTOMERS, customers: CUSTOMERS, messages: result.messages });
    expect(readSampleState(shop.port())).toMatchObject({ state: 'done', customers: CUSTOMERS, seed: SEED });
  });

  it('does nothing the second time', async () => {
    const shop = new Shop();
    const first = await shop.load();
    const versionBefore = shop.store.dataVersion;
    expect(await shop.load({ endMs: END_MS + 86_400_000 })).toEqual({ ...first, outcome: 'alreadyLoaded' });
    expect(shop.store.dataVersion).toBe(versionBefore);
  });

  it.each([
    { dieAtCall: 1, isApplied: false },
    { dieAtCall: 2, isApplied: false },
    { dieAtCall: 2, isApplied: true },
    { dieAtCall: 3, isApplied: true },
  ])('goes on after dying at batch $dieAtCall (applied: $isApplied), with nothing lost or doubled', async (death) => {
    const whole = new Shop();
    const wholeResult = await whole.load();
    const shop = new Shop();
    const dying = new DyingStore(shop.store, death.dieAtCall, death.isApplied);
    await expect(shop.load({ tagStore: dying })).rejects.toThrow(StoreUnavailableError);
    expect(readSampleState(shop.port())?.state).toBe('loading');
    // The next start is at another moment: the shop must still be the one that was begun.
    const result = await shop.load({ endMs: END_MS + 3_600_000 });
    expect(result).toEqual({ ...wholeResult, outcome: 'resumed' });
    expect(await shop.counts()).toEqual(await whole.counts());
  });

  it('stops between batches and goes on', async () => {
    const shop = new Shop();
    const stop = new AbortController();
    stop.abort();
    expect((await shop.load({ signal: stop.signal })).outcome).toBe('stopped');
    expect(readSampleState(shop.port())?.state).toBe('loading');
    expect((await shop.load()).outcome).toBe('resumed');
  });

  it('refuses a catalogue where its names mean something else, and declares nothing then', async () => {
    const shop = new Shop();
    await shop.catalogStore.update((catalog) => {
      const declared = declareTagType(catalog, {
        name: 'visit',
        kind: 'event',
        properties: [{ name: 'channel', valueType: 'int' }],
      });
      if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
      return declared.value;
    });
    await expect(shop.load()).rejects.toThrow(ShopConflictError);
    expect(shop.catalogStore.current().types.map((type) => type.name)).toEqual(['visit']);
  });

  it.each([0, 1.5, 50_000_001])('refuses %d customers', async (customers) => {
    const shop = new Shop();
    const request = {
      catalogStore: shop.catalogStore,
      tagStore: shop.store,
      documents: shop.port(),
      customers,
      seed: 1,
      endMs: END_MS,
    };
    await expect(loadSampleShop(request)).rejects.toThrow(/from 1 to 50000000/);
  });
});
