/**
 * A shard is 2^20 consecutive guids. The width shapes stored data (chunk keys, local positions): changing it needs a new data format.
 * 2^20 keeps the intermediate bitmaps of one shard (16 roaring containers, at most 128 KiB) inside the L2 cache.
 */
export const SHARD_BITS = 20;
export const SHARD_SIZE = 1 << SHARD_BITS;
const LOCAL_MASK = SHARD_SIZE - 1;

/** The shard a guid lies in. Unsigned shift: guids use all 32 bits. */
export function shardOf(guid: number): number {
  return guid >>> SHARD_BITS;
}

/** The guid's position inside its shard, 0 to 2^20 − 1. */
export function localOf(guid: number): number {
  return guid & LOCAL_MASK;
}

/** The guid at a local position of a shard. */
export function guidAt(shard: number, local: number): number {
  return shard * SHARD_SIZE + local;
}
