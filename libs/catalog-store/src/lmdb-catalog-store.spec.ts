import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '@tessera/data-directory';
import { Catalog } from '@tessera/tag-catalog';
import { LmdbCatalogStore } from './index';
import { itKeepsACatalogue } from './testing/catalog-store-suite';
import { declare } from './testing/random-changes';

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

  itKeepsACatalogue(async () => {
    await directory.close();
    directory = await DataDirectory.open(path);
    return new LmdbCatalogStore(directory.documents);
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
