/** Items of an IN list: longer ones make statements slow to plan. */
export const IN_ITEMS_MAX = 1_000;

/** The items in order, in arrays of at most `size`. */
export function chunksOf<T>(items: readonly T[], size = IN_ITEMS_MAX): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let from = 0; from < items.length; from += size) chunks.push(items.slice(from, from + size));
  return chunks;
}
