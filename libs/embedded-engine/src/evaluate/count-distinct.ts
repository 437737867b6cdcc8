import type { FieldDefinition } from '@tessera/tag-catalog';
import { type RowScan, scanRows } from './row-scan';

const PAIRS_MIN = 4096;
/** A user (20 bits) and a value below it fit one safe integer. */
const VALUE_MAX = 2 ** 32;

/** Calls `visit` with every user of the shard that has a value in the rows, and how many different ones. */
export function countDistinct(
  scan: RowScan,
  property: FieldDefinition,
  visit: (local: number, distinct: number) => void,
): void {
  const pairs = gatherPairs(scan, property);
  if (pairs === null) {
    countInSets(scan, property, visit);
    return;
  }
  pairs.sort();
  for (let from = 0; from < pairs.length;) {
    const local = Math.floor(pairs[from]! / VALUE_MAX);
    const next = (local + 1) * VALUE_MAX;
    let distinct = 0;
    let before = -1;
    for (; from < pairs.length && pairs[from]! < next; from++) {
      if (pairs[from] !== before) {
        before = pairs[from]!;
        distinct++;
      }
    }
    visit(local, distinct);
  }
}

/** User and value of each row in one number; null: a value does not fit (negative, or 2^32 and more). */
function gatherPairs(scan: RowScan, property: FieldDefinition): Float64Array | null {
  let pairs = new Float64Array(PAIRS_MIN);
  let count = 0;
  let misfits = 0;
  scanRows(scan, property, (local, _timeMs, stored) => {
    if (stored === undefined) {
      return;
    }
    if (count === pairs.length) {
      const grown = new Float64Array(count * 2);
      grown.set(pairs);
      pairs = grown;
    }
    misfits += stored >= 0 && stored < VALUE_MAX ? 0 : 1;
    pairs[count++] = local * VALUE_MAX + stored;
  });
  return misfits === 0 ? pairs.subarray(0, count) : null;
}

function countInSets(scan: RowScan, property: FieldDefinition, visit: (local: number, distinct: number) => void): void {
  const seen = new Map<number, Set<number>>();
  scanRows(scan, property, (local, _timeMs, stored) => {
    if (stored === undefined) {
      return;
    }
    const values = seen.get(local);
    if (values === undefined) {
      seen.set(local, new Set([stored]));
    } else {
      values.add(stored);
    }
  });
  for (const [local, values] of seen) {
    visit(local, values.size);
  }
}
