import { compileCondition, type ValueCondition } from '@tessera/audience';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { Dictionary } from '../columns/dictionary';

interface Matches {
  generation: number;
  /** Codes below it have been looked at … */
  size: number;
  /** … and so many of those that were given out again. */
  reused: number;
  codes: number[];
  /** By code: 1 if it matches; made when it is first asked for. */
  flags: Uint8Array | null;
}

/** Kept as long as the plan that holds the condition. */
const found = new WeakMap<ValueCondition, WeakMap<Dictionary, Matches>>();

/** How a dictionary's texts are read: as they are, or as something else's text form. */
export type ReadText = (text: string) => TagValue;

const asItIs: ReadText = (text) => text;

/**
 * The codes of all texts that meet a condition; texts added since the last call are looked at alone.
 */
export function codesMatching(
  condition: ValueCondition,
  spec: ValueSpec,
  dictionary: Dictionary,
  readText: ReadText = asItIs,
): readonly number[] {
  return matchesOf(condition, spec, dictionary, readText).codes;
}

/** As `codesMatching`, as one flag for each code. */
export function codeFlags(
  condition: ValueCondition,
  spec: ValueSpec,
  dictionary: Dictionary,
  readText: ReadText,
): Uint8Array {
  const matches = matchesOf(condition, spec, dictionary, readText);
  if (matches.flags === null) {
    // Shared, so that handing them to another thread copies nothing.
    matches.flags = new Uint8Array(new SharedArrayBuffer(dictionary.size));
    for (const code of matches.codes) {
      matches.flags[code] = 1;
    }
  }
  return matches.flags;
}

function matchesOf(condition: ValueCondition, spec: ValueSpec, dictionary: Dictionary, readText: ReadText): Matches {
  let byDictionary = found.get(condition);
  if (byDictionary === undefined) {
    byDictionary = new WeakMap();
    found.set(condition, byDictionary);
  }
  let matches = byDictionary.get(dictionary);
  if (matches?.generation !== dictionary.generation) {
    matches = { generation: dictionary.generation, size: 0, reused: 0, codes: [], flags: null };
    byDictionary.set(dictionary, matches);
  }
  if (matches.size < dictionary.size || matches.reused < dictionary.reused.length) {
    matches.flags = null;
    if (condition.kind === 'oneOf' && !condition.negated) {
      // A list is looked up; everything else is asked of every text.
      matches.codes = condition.values
        .map((value) => dictionary.code(String(value)))
        .filter((code) => code !== undefined);
    } else {
      addMatches(matches, compileCondition(condition, spec), dictionary, readText);
    }
    matches.size = dictionary.size;
    matches.reused = dictionary.reused.length;
  }
  return matches;
}

function addMatches(
  matches: Matches,
  meets: (value: TagValue) => boolean,
  dictionary: Dictionary,
  readText: ReadText,
): void {
  const look = (code: number): void => {
    const text = dictionary.textOf(code);
    if (text !== undefined && meets(readText(text))) {
      matches.codes.push(code);
    }
  };
  if (matches.size > 0) {
    dictionary.reused.slice(matches.reused).forEach(look);
  }
  for (let code = matches.size; code < dictionary.size; code++) {
    look(code);
  }
}
