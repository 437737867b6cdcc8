import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '@tessera/data-directory';
import { Catalog, declareTagType } from '@tessera/tag-catalog';
import { LmdbCatalogStore } from './index';

/** Adds a tag type with one tag; throws if it is refused. */
function declare(name: string): (catalog: Catalog) => Catalog {
  return (catalog) => {
    const parsed = declareTagType(catalog, {
      name,
      kind: 'profile',
      tags: [{ name: `${name}_level`, valueType: 'int' }],
    });
    if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join());
    return parsed.value;
  };
}

describe('LmdbCatalogStore', () => {
  let path: string;
  let directory: DataDirectory;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'tessera-catalog-'));
    directory = await DataDirectory.open(path);
  });
  afterEach(async () => {
    await directory.close();
    await rm(path, { recursive: true });
  });
  const reopen = async (): Promise<LmdbCatalogStore> => {
    await directory.close();
    directory = await DataDirectory.open(path);
    return new LmdbCatalogStore(directory.documents);
  };

  it('begins empty and keeps what was declared', async () => {
    const store = new LmdbCatalogStore(directory.documents);
    expect(store.current()).toBe(Catalog.empty);
    const updated = await store.update(declare('customer'));
    expect(store.current()).toBe(updated);
    const again = await reopen();
    expect(again.current().version).toBe(updated.version);
    expect(again.current().types).toEqual(updated.types);
    expect(again.current().tag('customer_level')?.id).toBe(updated.tag('customer_level')?.id);
  });

  it('applies concurrent changes one after the other, and a refused one not at all', async () => {
    const store = new LmdbCatalogStore(directory.documents);
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
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    const again = await reopen();
    expect(again.current().types.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(again.current().version).toBe(3);
  });

  it('shows no change before it is durable, and none that could not be stored', async () => {
    const store = new LmdbCatalogStore(directory.documents);
    const update = store.update(declare('a'));
    expect(store.current()).toBe(Catalog.empty);
    await update;
    await directory.close();
    const before = store.current();
    await expect(store.update(declare('b'))).rejects.toThrow();
    expect(store.current()).toBe(before);
    directory = await DataDirectory.open(path);
  });
});
