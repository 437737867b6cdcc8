const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Which of `groups` these bytes belong to, for ever: FNV-1a (Fowler, Noll, Vo) with its upper half mixed in. */
export function groupOf(bytes: Uint8Array, groups: number): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  hash ^= hash >>> 16;
  return (hash >>> 0) % groups;
}
