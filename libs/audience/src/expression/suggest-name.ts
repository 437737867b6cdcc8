const SUGGESTED_LENGTH_MAX = 66;

/**
 * Edits (insert, delete, replace, swap neighbours) between two texts, or `limit + 1` if there are more than `limit`
 * (optimal string alignment distance, the row-wise dynamic programme cut off at the limit).
 */
export function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let edits = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1);
      current.push(edits);
      least = Math.min(least, edits);
    }
    if (least > limit) return limit + 1;
    beforeLast = last;
    last = current;
  }
  return Math.min(last[right.length] ?? 0, limit + 1);
}

/** The candidate that was probably meant: the nearest within 2 edits (1 for names of up to 4 characters), or null. */
export function closestName(name: string, candidates: Iterable<string>): string | null {
  if (name.length === 0 || name.length > SUGGESTED_LENGTH_MAX) return null;
  let limit = name.length <= 4 ? 1 : 2;
  let closest: string | null = null;
  for (const candidate of candidates) {
    const edits = editDistance(name.toLowerCase(), candidate, limit);
    if (edits > limit || (closest !== null && edits === limit)) continue;
    closest = candidate;
    limit = edits;
    if (edits === 0) break;
  }
  return closest;
}
