import { groupOf } from '@tessera/redis';
import type { Guid } from '@tessera/tag-catalog';

/** Groups of users by cuid; each lies in one slot of a Redis Cluster. Not to be changed once something is stored. */
export const GROUPS = 32;
/** A bucket of a group holds the users of this many consecutive guids, of which one in `GROUPS` is in the group: 64. Not to be changed either. */
const BUCKET_GUIDS = 64 * GROUPS;

/** Bytes of a place: the bucket in 4, the field in it in 2. */
export const PLACE_BYTES = 6;

/** A cuid stays in its group for ever, whatever guid it has: what is remembered of it by cuid lies beside its record. */
export function groupOfCuid(cuid: string): number {
  return groupOf(Buffer.from(cuid), GROUPS);
}

export function bucketOf(guid: Guid): number {
  return Math.floor(guid / BUCKET_GUIDS);
}

export function fieldOf(guid: Guid): number {
  return guid % BUCKET_GUIDS;
}
