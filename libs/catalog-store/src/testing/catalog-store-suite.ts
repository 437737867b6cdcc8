import { Catalog, catalogToJson } from '@tessera/tag-catalog';
import type { CatalogStore } from '@tessera/tag-catalog';
import { addTag, declare, randomChanges } from './random-changes';

/** Whole numbers below a limit, the same for one seed. */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/**
 * What holds for every store.
 *
 * @param open on the data that the one before has left; the first of a test finds nothing.
 */
export function itKeepsACatalogue(open: () => Promise<CatalogStore>): void {
  it('begins empty and keeps what was declared', async () => {
    const store = await open();
    expect(catalogToJson(store.current())).toEqual(catalogToJson(Catalog.empty));
    const updated = await store.update(declare('customer'));
    expect(store.current()).toBe(updated);
    const again = await open();
    expect(catalogToJson(again.current())).toEqual(catalogToJson(updated));
    expect(again.current().tag('customer_level')?.id).toBe(updated.tag('customer_level')?.id);
  });

  it('applies concurrent changes one after the other, and a refused one not at all', async () => {
    const store = await open();
    const refuse = (): Catalog => {
      throw new Error('no');
    };
    const outcomes = await Promise.allSettled([
      store.update(declare('a')),
      store.update(refuse),
      store.update(declare('b')),
      store.update(declare('a')),
      store.update(declare('c')),
    ]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true]);
    const again = await open();
    expect(again.current().types.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(again.current().version).toBe(3);
  });

  it('stores nothing where nothing changes', async () => {
    const store = await open();
    const before = await store.update(declare('a'));
    expect(await store.update((catalog) => catalog)).toBe(before);
    expect((await open()).current().version).toBe(1);
  });

  it('gives every id once, after removals too', async () => {
    const store = await open();
    const first = await store.update(declare('a'));
    await store.update((catalog) => new Catalog(catalog.version + 1, 2, 2, [], catalog.types));
    const again = await open();
    const second = await again.update(declare('a'));
    expect(second.type('a')?.id).toBe(2);
    expect(second.tag('a_level')?.id).toBe(2);
    expect((await open()).current().typeById(1)).toEqual(first.type('a'));
  });

  it('keeps exactly what random changes make', async () => {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    let store = await open();
    let expected = Catalog.empty;
    for (const [index, change] of randomChanges('r', 60, seededRandom(seed)).entries()) {
      expected = change(expected);
      await store.update(change);
      if (index % 10 === 9) store = await open();
      expect({ seed, kept: catalogToJson(store.current()) }).toEqual({ seed, kept: catalogToJson(expected) });
    }
  });

  it('runs a change on the newest catalogue', async () => {
    const store = await open();
    await Promise.all([store.update(declare('a')), store.update(addTag('a', 'x')), store.update(addTag('a', 'y'))]);
    expect(
      store
        .current()
        .type('a')
        ?.tags.map(({ name }) => name),
    ).toEqual(['a_level', 'x', 'y']);
  });
}
