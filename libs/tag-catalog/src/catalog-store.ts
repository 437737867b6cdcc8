import type { Catalog } from './catalog';

/**
 * Keeps the catalogue durably. One writer at a time: `update` runs its function on the newest catalogue and stores what it
 * returns before anyone sees it; concurrent updates queue. The function may throw to refuse.
 */
export interface CatalogStore {
  /** The newest catalogue; cheap. */
  current(): Catalog;
  /** Durable once resolved. Returns the catalogue now in force. */
  update(change: (catalog: Catalog) => Catalog): Promise<Catalog>;
}
