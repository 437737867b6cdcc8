import { compileCondition, type ValueCondition } from '@tessera/audience';
import type { ValueSpec } from '@tessera/tag-catalog';
import type { Dictionary } from '../columns/dictionary';

interface Matches {
  /** Dictionary entries looked at so far. */
  size: number;
  readonly codes: number[];
}

/** Kept as long as the plan that holds the condition. */
const found = new WeakMap<ValueCondition, WeakMap<Dictionary, Matches>>();

/** The codes of all texts that meet a condition, ascending; texts added since the last call are looked at alone. */
export function codesMatching(condition: ValueCondition, spec: ValueSpec, dictionary: Dictionary): readonly number[] {
  let byDictionary = found.get(condition);
  if (byDictionary === undefined) {
    byDictionary = new WeakMap();
    found.set(condition, byDictionary);
  }
  let matches = byDictionary.get(dictionary);
  if (matches === undefined) {
    matches = { size: 0, codes: [] };
    byDictionary.set(dictionary, matches);
  }
  if (matches.size < dictionary.size) {
    const meets = compileCondition(condition, spec);
    for (let code = matches.size; code < dictionary.size; code++) {
      if (meets(dictionary.text(code))) {
        matches.codes.push(code);
      }
    }
    matches.size = dictionary.size;
  }
  return matches.codes;
}
