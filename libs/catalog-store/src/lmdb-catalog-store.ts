import type { DocumentStore } from '@tessera/data-directory';
import { Catalog, catalogFromJson, catalogToJson } from '@tessera/tag-catalog';
import type { CatalogChange, CatalogStore } from '@tessera/tag-catalog';

const CATALOG_KEY = 'catalog';

/** The catalogue as one document of the data directory. */
export class LmdbCatalogStore implements CatalogStore {
  readonly #documents: DocumentStore;
  #current: Catalog;
  #lastUpdate: Promise<unknown> = Promise.resolve();

  /** Reads the newest catalogue; an empty data directory has the empty one. */
  constructor(documents: DocumentStore) {
    this.#documents = documents;
    const stored = documents.get(CATALOG_KEY);
    this.#current = stored === undefined ? Catalog.empty : catalogFromJson(stored);
  }

  current(): Catalog {
    return this.#current;
  }

  update(change: CatalogChange): Promise<Catalog> {
    const update = this.#lastUpdate.then(() => this.#apply(change));
    // One update that is refused must not refuse the next.
    this.#lastUpdate = update.catch(() => undefined);
    return update;
  }

  async #apply(change: CatalogChange): Promise<Catalog> {
    const next = await change(this.#current);
    if (next === this.#current) return next;
    await this.#documents.put(CATALOG_KEY, catalogToJson(next));
    this.#current = next;
    return next;
  }
}
