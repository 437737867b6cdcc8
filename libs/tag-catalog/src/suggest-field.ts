import type { Catalog, TagTypeDefinition } from './catalog';
import { fieldIndex } from './fields-of';
import { suggestName } from './name';

/** Slips of the pen a suggestion forgives. */
const EDITS_MAX = 2;
/** Names compared at most: a refused message must stay cheap. */
const COMPARED_MAX = 500;

/** A sentence that helps the sender of an unknown field: the name likely meant, or the type that has it. */
export function hintField(catalog: Catalog, type: TagTypeDefinition, name: string): string {
  const close = closestName(fieldIndex(type).keys(), name);
  if (close !== null) {
    return `did you mean "${close}"?`;
  }
  const elsewhere = type.kind === 'event' ? undefined : catalog.tag(name);
  if (elsewhere !== undefined) {
    return `it is a tag of type "${elsewhere.typeName}": send it in a message of that type`;
  }
  return 'declare it with PATCH /v1/tag-types/' + type.name;
}

function closestName(candidates: Iterable<string>, name: string): string | null {
  const wanted = suggestName(name);
  let best: string | null = null;
  let bestEdits = EDITS_MAX + 1;
  let compared = 0;
  for (const candidate of candidates) {
    if (compared++ === COMPARED_MAX) {
      break;
    }
    // One edit in a name of two letters is another name.
    const editsMax = Math.min(bestEdits - 1, Math.floor(candidate.length / 3));
    const edits = candidate === wanted ? 0 : countEdits(candidate, wanted, editsMax);
    if (edits < bestEdits && edits <= editsMax) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** Levenshtein distance, or something above `max` if it is greater than `max`. */
function countEdits(a: string, b: string, max: number): number {
  if (Math.abs(a.length - b.length) > max) {
    return max + 1;
  }
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? max + 1;
}
