import { MappingStoreUnavailableError } from '@tessera/identity';
import type { MappingStore } from '@tessera/identity';
import { StoreUnavailableError } from '@tessera/tag-catalog';

/** Looks cuids up in the identity. Binds none. */
export class GuidLookup {
  constructor(private readonly store: Pick<MappingStore, 'find'>) {}

  /** The guid of each cuid, 0: it has none. A cuid may be given several times. @throws StoreUnavailableError */
  async find(cuids: readonly string[]): Promise<Uint32Array> {
    const distinct = [...new Set(cuids)];
    const found = await this.#find(distinct);
    if (distinct.length === cuids.length) return found;
    const guids = new Map(distinct.map((cuid, place) => [cuid, found[place] ?? 0] as const));
    return Uint32Array.from(cuids, (cuid) => guids.get(cuid) ?? 0);
  }

  async #find(cuids: readonly string[]): Promise<Uint32Array> {
    const out = new Uint32Array(cuids.length);
    if (cuids.length === 0) return out;
    try {
      // A binding that the mapping log may not have yet is one all the same.
      await this.store.find(cuids, out);
      return out;
    } catch (error) {
      if (!(error instanceof MappingStoreUnavailableError)) throw error;
      throw new StoreUnavailableError(`Users can't be looked up: ${error.message}`, error.retriable);
    }
  }
}
