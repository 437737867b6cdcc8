import { compileCondition, type PropertyTest, type ValueCondition } from '@tessera/audience';
import type { TagTypeDefinition, TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { Dictionary } from '../columns/dictionary';
import { parseElements } from '../events/event-state';
import { codeFlags } from './code-matches';
import { rangeOf } from './event-goal';
import type { LoweredRowTest, RowLookup } from './lowered-plan';

type Property = PropertyTest['property'];

/** The dictionary of a property's texts and sets. */
export type PropertyDictionaryOf = (type: TagTypeDefinition, property: Property) => Dictionary;

/** Filters of rows as plain data. They say what the dictionaries hold now: good until the next write. */
export function lowerRowTests(
  type: TagTypeDefinition,
  where: readonly PropertyTest[],
  dictionaryOf: PropertyDictionaryOf,
): readonly LoweredRowTest[] {
  return where.map(({ property, condition }) => ({
    property,
    lookup: lookupOf(property, condition, () => dictionaryOf(type, property)),
  }));
}

/** How many stored numbers from 0 on a property's values can be. */
export function valuesMax(type: TagTypeDefinition, property: Property, dictionaryOf: PropertyDictionaryOf): number {
  switch (property.valueType) {
    case 'bool':
      return 2;
    case 'string':
    case 'enum':
    case 'set':
      return dictionaryOf(type, property).size;
    default:
      return Infinity;
  }
}

function lookupOf(property: Property, condition: ValueCondition, dictionaryOf: () => Dictionary): RowLookup {
  if (condition.kind === 'absent') {
    return { kind: 'absent' };
  }
  switch (property.valueType) {
    case 'string':
    case 'enum':
      return { kind: 'flags', flags: codeFlags(condition, property, dictionaryOf(), (text) => text) };
    case 'set':
      return { kind: 'flags', flags: codeFlags(condition, property, dictionaryOf(), parseElements) };
    case 'bool':
      return {
        kind: 'flags',
        flags: Uint8Array.of(holds(condition, property, false), holds(condition, property, true)),
      };
    default: {
      const range = rangeOf(condition);
      return range === null || range.negated
        ? { kind: 'condition', condition }
        : { kind: 'range', low: range.low, high: range.high };
    }
  }
}

function holds(condition: ValueCondition, spec: ValueSpec, value: TagValue): number {
  return Number(compileCondition(condition, spec)(value));
}
