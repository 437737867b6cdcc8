import type { Catalog } from './catalog';

/** What becomes of a catalogue. */
export type CatalogChange = (catalog: Catalog) => Catalog | Promise<Catalog>;

/**
 * Keeps the catalogue durably. One writer at a time: `update` runs its function on the newest catalogue and stores what it
 * returns before anyone sees it; concurrent updates queue. The function may throw to refuse. Where several processes share a catalogue it is run
 * again when another one was faster, so it must have no effect beside what it returns. It may take its time to find out what it depends on.
 */
export interface CatalogStore {
  /** The newest catalogue this process knows; cheap. @throws StoreUnavailableError where none could be read yet. */
  current(): Catalog;
  /** Durable once resolved. Returns the catalogue now in force. @throws StoreUnavailableError */
  update(change: CatalogChange): Promise<Catalog>;
  /**
   * Where other processes change the catalogue too: fetches what they have changed before this call. Left out: nobody else changes it.
   *
   * @throws StoreUnavailableError if it can't be fetched; `current` stays as it was.
   */
  refresh?(): Promise<void>;
}
