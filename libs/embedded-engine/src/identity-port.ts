import type { Guid } from '@tessera/tag-catalog';

/** What the engine needs of an identity store: dense guids from 1 up, one for each cuid until it is erased, kept in memory and stored by block. */
export interface IdentityPort {
  readonly highestGuid: number;
  readonly bytes: number;
  /** Cuids bound now. */
  readonly bound: number;
  /** Guids per stored block. */
  readonly blockSize: number;
  lookup(cuid: string): Guid | 0;
  /** Writes the guid of each cuid to `out`, 0 for none. */
  lookupMany(cuids: readonly string[], out: Uint32Array): void;
  /** Lookup, else the next guid. */
  bind(cuid: string): Guid;
  /** Unbinds the cuid, overwrites its record, retires the guid for ever. */
  erase(guid: Guid): void;
  cuidOf(guid: Guid): string | undefined;
  isRetired(guid: Guid): boolean;
  blockOf(guid: Guid): number;
  serializeBlock(block: number): Buffer;
  loadBlock(block: number, bytes: Buffer): void;
}
