import type { Guid } from '@tessera/tag-catalog';
import { CuidCache } from '../cuid-cache';
import { GuidSource } from './guid-source';
import type { Binding, MappingStore } from './mapping-store';
import type { SequenceAllocator } from './sequence-allocator';

export interface ResolverOptions {
  /** Memory of the cache. */
  readonly cacheMb: number;
  /** A secret safe integer, at least 0: with it nobody outside can choose cuids that fall into one place. */
  readonly seed: number;
  /** Guids leased at a time. */
  readonly leaseSize?: number;
  /** Told how many cuids were bound anew by this process. */
  readonly onBound?: (count: number) => void;
}

/** The guids of some cuids, and what has to be done before they are used. */
export interface Resolution {
  /** By place; 0 (of a lookup): none. */
  readonly guids: Uint32Array;
  /** To be written to the mapping log before any of their guids is used, and then confirmed. Each once. */
  readonly unlogged: readonly Binding[];
}

/**
 * Turns cuids into guids: from the cache, else from the mapping store, else bound to a new number. Only bindings that stand in the mapping log
 * are cached, so a guid out of the cache may be used at once.
 */
export class IdentityResolver {
  readonly #cache: CuidCache;
  readonly #source: GuidSource;
  readonly #onBound: (count: number) => void;
  /** Of the store when the cache was right for sure. */
  #erasures = 0;

  constructor(
    private readonly store: MappingStore,
    allocator: SequenceAllocator,
    options: ResolverOptions,
  ) {
    this.#cache = new CuidCache(options.cacheMb, options.seed);
    this.#source = new GuidSource(allocator, options.leaseSize);
    this.#onBound = options.onBound ?? (() => undefined);
  }

  get cache(): Pick<CuidCache, 'entries' | 'bytes' | 'hits' | 'misses' | 'evictions'> {
    return this.#cache;
  }

  /** Binds nothing. @throws MappingStoreUnavailableError, RangeError for a cuid that is none. */
  async lookup(cuids: readonly string[]): Promise<Resolution> {
    const wanted = new Wanted(cuids.length);
    this.#askCache(cuids, wanted);
    const unlogged = wanted.isComplete ? [] : await this.#askStore(wanted);
    return wanted.resolution(unlogged);
  }

  /**
   * Binds those that have no guid, in order of their first appearance.
   * @throws MappingStoreUnavailableError, SequenceUnavailableError, GuidsExhaustedError: some may be bound by then, and are found again.
   * @throws RangeError for a cuid that is none; nothing was done.
   */
  async resolve(cuids: readonly string[]): Promise<Resolution> {
    const wanted = new Wanted(cuids.length);
    this.#askCache(cuids, wanted);
    if (wanted.isComplete) return wanted.resolution([]);
    const found = await this.#askStore(wanted);
    const unbound = wanted.unbound();
    if (unbound.length === 0) return wanted.resolution(found);
    const candidates = await this.#source.take(unbound.length);
    const out = new Uint32Array(unbound.length);
    const places = await this.store.bind(unbound, candidates, out);
    // Others may have been faster.
    this.#onBound(out.reduce((count, guid, place) => (guid === candidates[place] ? count + 1 : count), 0));
    unbound.forEach((cuid, place) => {
      wanted.give(cuid, out[place]!);
    });
    const bound = this.#keepLogged(unbound, out, places);
    return wanted.resolution([...found, ...bound]);
  }

  /** The mapping log has these: they are cached from now on. */
  async confirm(bindings: readonly Binding[]): Promise<void> {
    await this.store.confirm(bindings);
    this.#cache.setMany(
      bindings.map(({ cuid }) => cuid),
      bindings.map(({ guid }) => guid),
    );
  }

  /** See {@link MappingStore.unbind}. */
  async unbind(cuid: string): Promise<readonly Guid[]> {
    this.#cache.delete(cuid);
    return this.store.unbind(cuid);
  }

  /** See {@link MappingStore.holds}. */
  holds(bindings: readonly Binding[]): Promise<boolean> {
    return this.store.holds(bindings);
  }

  /** See {@link MappingStore.confirmErased}. */
  confirmErased(cuid: string, guids: readonly Guid[]): Promise<void> {
    return this.store.confirmErased(cuid, guids);
  }

  /** To be called when others may have unbound cuids that are cached here: if anybody has, the cache is emptied. */
  async refresh(): Promise<void> {
    const erasures = await this.store.erasures();
    if (erasures !== this.#erasures) this.#cache.clear();
    this.#erasures = erasures;
  }

  #askCache(cuids: readonly string[], wanted: Wanted): void {
    if (this.#cache.getMany(cuids, wanted.guids) === 0) return;
    cuids.forEach((cuid, place) => {
      if (wanted.guids[place] === 0) wanted.add(cuid, place);
    });
  }

  /** Asks for those that the cache did not have. */
  async #askStore(wanted: Wanted): Promise<readonly Binding[]> {
    const cuids = wanted.unbound();
    const out = new Uint32Array(cuids.length);
    const unlogged = await this.store.find(cuids, out);
    cuids.forEach((cuid, place) => {
      if (out[place] !== 0) wanted.give(cuid, out[place]!);
    });
    return this.#keepLogged(cuids, out, unlogged);
  }

  /** Caches what is bound and logged; the rest that is bound. */
  #keepLogged(cuids: readonly string[], guids: Uint32Array, unlogged: readonly number[]): readonly Binding[] {
    const bindings = unlogged.map((place) => ({ cuid: cuids[place]!, guid: guids[place] as Guid }));
    const logged = guids.slice();
    for (const place of unlogged) logged[place] = 0;
    this.#cache.setMany(cuids, logged);
    return bindings;
  }
}

/** The places of one question, and those that wait for each cuid. */
class Wanted {
  readonly guids: Uint32Array;
  readonly #places = new Map<string, number[]>();

  constructor(count: number) {
    this.guids = new Uint32Array(count);
  }

  get isComplete(): boolean {
    return this.#places.size === 0;
  }

  add(cuid: string, place: number): void {
    const places = this.#places.get(cuid);
    if (places === undefined) this.#places.set(cuid, [place]);
    else places.push(place);
  }

  give(cuid: string, guid: number): void {
    for (const place of this.#places.get(cuid) ?? []) this.guids[place] = guid;
    this.#places.delete(cuid);
  }

  /** Cuids without a guid, each once, in order of their first appearance. */
  unbound(): string[] {
    return [...this.#places.keys()];
  }

  resolution(unlogged: readonly Binding[]): Resolution {
    return { guids: this.guids, unlogged };
  }
}
