import type { Guid } from '@tessera/tag-catalog';

/** One cuid and its guid. */
export interface Binding {
  readonly cuid: string;
  readonly guid: Guid;
}

/**
 * The association cuid → guid that all processes share. A binding begins as *unlogged*: it holds, but the mapping log may not have it
 * yet, and nobody may use its guid before the log has it. Whoever writes it there (several may) says so with `confirm`.
 *
 * Every method may be repeated after a failure. cuids are 1 to 128 bytes of well-formed UTF-8, each at most once in a call.
 * @throws MappingStoreUnavailableError if the store can't be reached, or does not hold what it once held.
 */
export interface MappingStore {
  /**
   * Puts the guid of `cuids[n]` into `out[n]`; 0: it has none.
   * @returns places of those whose binding is unlogged.
   */
  find(cuids: readonly string[], out: Uint32Array): Promise<readonly number[]>;

  /**
   * Binds `cuids[n]` to `candidates[n]` unless it has a guid already; first come, first served. Puts the guid it then has into `out[n]`.
   * @returns places of those whose binding is unlogged: the new ones, and those that somebody else bound a moment ago.
   */
  bind(cuids: readonly string[], candidates: Uint32Array, out: Uint32Array): Promise<readonly number[]>;

  /**
   * Whether the store still has all these bindings. To be asked after they were written to the mapping log and before what was
   * written counts: a store that lost its newest writes would bind the cuids to other guids (docs/decisions/0020-bindings-and-their-log.md).
   */
  holds(bindings: readonly Binding[]): Promise<boolean>;

  /** The mapping log has these bindings. */
  confirm(bindings: readonly Binding[]): Promise<void>;

  /**
   * Takes the binding of a cuid away.
   * @returns the guids whose retirement the mapping log may not have yet: that of the binding, and those of earlier calls not confirmed.
   */
  unbind(cuid: string): Promise<readonly Guid[]>;

  /** How many were unbound so far: as long as it stays the same, what was found is still right. */
  erasures(): Promise<number>;

  /** The mapping log has the retirement of these guids of the cuid. */
  confirmErased(cuid: string, guids: readonly Guid[]): Promise<void>;
}

/** Nothing was done, or it is not known whether; the same may be asked again later. */
export class MappingStoreUnavailableError extends Error {
  override readonly name = 'MappingStoreUnavailableError';
  readonly retriable = true;

  /**
   * @param reason `unreachable`: no connection or no answer; `empty`: the store was emptied and is being filled from the mapping
   * log; `behind`: it was restarted and is being brought up to date with the log.
   */
  constructor(
    readonly reason: 'unreachable' | 'empty' | 'behind',
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}
