import type { RoaringBitmap32 } from '@tessera/bitmap';
import { ScalarShard } from '../tags/scalar-shard';
import type { SetShard } from '../tags/set-shard';
import type { TagState } from '../tags/tag-state';

/** Up to so many numbers in a row are counted in an array with a place for each; more are sorted. */
const SPAN_MAX = 2 ** 22;

/** Values by stored number (dictionary codes, ordinals, 0 and 1), ascending, each with how often it stands. */
export interface ValueCounts {
  readonly values: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  /** Users with a value. */
  readonly users: number;
}

/** Users of one shard; undefined: all of them. */
export type UsersOf = (shard: number) => RoaringBitmap32 | undefined;

/** Called for every value of a user, a set's elements one by one. */
export type ValueVisitor = (stored: number) => void;

/**
 * Visits the values of some users.
 * @param validAfterMs values written at this time or earlier are left out; null: none is.
 * @returns how many of the users have a value.
 */
export function visitValues(tag: TagState, usersOf: UsersOf, validAfterMs: number | null, visit: ValueVisitor): number {
  let users = 0;
  for (let index = 0; index < tag.shardCount; index++) {
    const shard = tag.shard(index);
    if (shard !== undefined) {
      users += visitShard(shard, usersOf(index), validAfterMs, visit);
    }
  }
  return users;
}

function visitShard(
  shard: ScalarShard | SetShard,
  members: RoaringBitmap32 | undefined,
  validAfterMs: number | null,
  visit: ValueVisitor,
): number {
  const locals = members?.toUint32Array();
  const isScalar = shard instanceof ScalarShard;
  const length = isScalar ? shard.column.length : shard.length;
  const end = locals?.length ?? length;
  let users = 0;
  for (let index = 0; index < end; index++) {
    const local = locals === undefined ? index : locals[index]!;
    const value = shard.get(local);
    if (value === undefined || (validAfterMs !== null && (shard.times.get(local) ?? Infinity) <= validAfterMs)) {
      continue;
    }
    users++;
    if (typeof value === 'number') {
      visit(value);
    } else {
      value.forEach(visit);
    }
  }
  return users;
}

/** Counts the values of some users; arguments as of `visitValues`. */
export function countValues(tag: TagState, usersOf: UsersOf, validAfterMs: number | null): ValueCounts {
  const { least, greatest } = spanOf(tag);
  return greatest - least < SPAN_MAX
    ? countInArray(tag, usersOf, validAfterMs, least, greatest)
    : countBySorting(tag, usersOf, validAfterMs);
}

/** Limits of all the tag's values, of all users. */
function spanOf(tag: TagState): { readonly least: number; readonly greatest: number } {
  if (!tag.isOrdinal) {
    return { least: 0, greatest: Math.max(1, tag.dictionary.size - 1) };
  }
  let least = Infinity;
  let greatest = -Infinity;
  for (let index = 0; index < tag.shardCount; index++) {
    const shard = tag.scalarShard(index);
    if (shard === undefined) {
      continue;
    }
    const { data, missing, length } = shard.column;
    for (let local = 0; local < length; local++) {
      const value = data[local]!;
      if (value !== missing) {
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
      }
    }
  }
  return least > greatest ? { least: 0, greatest: 0 } : { least, greatest };
}

function countInArray(
  tag: TagState,
  usersOf: UsersOf,
  validAfterMs: number | null,
  least: number,
  greatest: number,
): ValueCounts {
  const places = new Uint32Array(greatest - least + 1);
  const users = visitValues(tag, usersOf, validAfterMs, (stored) => {
    places[stored - least]!++;
  });
  let distinct = 0;
  for (const count of places) {
    distinct += count === 0 ? 0 : 1;
  }
  const values = new Float64Array(distinct);
  const counts = new Uint32Array(distinct);
  let filled = 0;
  for (let place = 0; place < places.length; place++) {
    if (places[place] !== 0) {
      values[filled] = place + least;
      counts[filled++] = places[place]!;
    }
  }
  return { values, counts, users };
}

function countBySorting(tag: TagState, usersOf: UsersOf, validAfterMs: number | null): ValueCounts {
  let gathered = new Float64Array(1024);
  let count = 0;
  const users = visitValues(tag, usersOf, validAfterMs, (stored) => {
    if (count === gathered.length) {
      const grown = new Float64Array(count * 2);
      grown.set(gathered);
      gathered = grown;
    }
    gathered[count++] = stored;
  });
  const sorted = gathered.subarray(0, count).sort();
  const counts = new Uint32Array(count);
  let filled = 0;
  for (let from = 0; from < count;) {
    const value = sorted[from]!;
    let to = from + 1;
    while (to < count && sorted[to] === value) {
      to++;
    }
    // Never ahead of what is read.
    sorted[filled] = value;
    counts[filled++] = to - from;
    from = to;
  }
  return { values: sorted.subarray(0, filled), counts: counts.subarray(0, filled), users };
}
