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
  /** Lookup, else the next guid. */
  bind(cuid: string): Guid;
  /** Puts the guid of `cuids[n]` into `out[n]`; 0: none. */
  lookupMany(cuids: readonly string[], out: Uint32Array): void;
  /** Puts the guid of `cuids[n]` into `out[n]`. Those that have none get the next ones in order of first appearance. */
  bindMany(cuids: readonly string[], out: Uint32Array): void;
  /** Unbinds the cuid, overwrites its record, retires the guid for ever. */
  erase(guid: Guid): void;
  cuidOf(guid: Guid): string | undefined;
  isRetired(guid: Guid): boolean;
  blockOf(guid: Guid): number;
  serializeBlock(block: number): Buffer;
  loadBlock(block: number, bytes: Buffer): void;
}
