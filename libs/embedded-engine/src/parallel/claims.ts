/** In place of a count of a shard that somebody else had claimed. */
export const NOT_CLAIMED = -1;

/** One place for each shard below `shardCount`, in shared memory; nobody has claimed any. */
export function openClaims(shardCount: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(shardCount * Int32Array.BYTES_PER_ELEMENT));
}

/** Of all threads that claim a shard, one is told true: it does the work. */
export function claim(claims: Int32Array, shard: number): boolean {
  return Atomics.compareExchange(claims, shard, 0, 1) === 0;
}
