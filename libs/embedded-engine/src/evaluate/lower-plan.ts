import type { Bound, EventScanNode, PlanNode, SequenceScanNode, TagTest, ValueCondition } from '@tessera/audience';
import type { TagDefinition } from '@tessera/tag-catalog';
import type { Dictionary } from '../columns/dictionary';
import { codesMatching } from './code-matches';
import { lowerRowTests, type PropertyDictionaryOf, valuesMax } from './lower-row-tests';
import type { Lookup, LoweredNode, LoweredTest } from './lowered-plan';

/** The dictionary of a tag; undefined: nothing is held of it. */
export type DictionaryOf = (tag: TagDefinition) => Dictionary | undefined;

type OneOf = Extract<ValueCondition, { readonly kind: 'oneOf' }>;
const NOBODY: Lookup = { kind: 'nobody' };
const PRESENT: Lookup = { kind: 'present' };

/** Lowers plans of one question: equal nodes become one object. */
export class PlanLowering {
  readonly #lowered = new Map<string, LoweredNode>();

  constructor(
    private readonly dictionaryOf: DictionaryOf,
    private readonly propertyDictionaryOf: PropertyDictionaryOf,
  ) {}

  lower(node: PlanNode): LoweredNode {
    let lowered = this.#lowered.get(node.key);
    if (lowered === undefined) {
      lowered = this.#make(node);
      this.#lowered.set(node.key, lowered);
    }
    return lowered;
  }

  #make(node: PlanNode): LoweredNode {
    const { key } = node;
    switch (node.kind) {
      case 'universe':
        return { kind: 'universe', key };
      case 'empty':
      case 'snapshotRead':
        return { kind: 'empty', key };
      case 'profileScan':
        return { kind: 'tests', key, tests: node.tests.map((test) => this.#test(test)) };
      case 'kvRead':
        return { kind: 'tests', key, tests: [this.#test(node.test)] };
      case 'eventScan':
        return this.#eventScan(node);
      case 'sequenceScan':
        return this.#sequence(node);
      case 'listRead':
        return { kind: 'list', key, listId: node.listId };
      case 'intersect':
      case 'union':
        return { kind: node.kind, key, inputs: node.inputs.map((input) => this.lower(input)) };
      case 'difference':
        return { kind: 'difference', key, left: this.lower(node.left), right: this.lower(node.right) };
      case 'threshold': {
        const inputs = node.inputs.map((input) => this.lower(input));
        return { kind: 'threshold', key, atLeast: node.atLeast, inputs };
      }
    }
  }

  #eventScan(node: EventScanNode): LoweredNode {
    const { key, eventType, interval, measure, condition, exact } = node;
    const dictionaryOf = this.propertyDictionaryOf;
    return {
      kind: 'events',
      key,
      eventType,
      interval,
      where: lowerRowTests(eventType, node.where, dictionaryOf),
      goal: {
        measure,
        condition,
        exact,
        valuesMax: measure.kind === 'distinct' ? valuesMax(eventType, measure.property, dictionaryOf) : Infinity,
      },
    };
  }

  #sequence({ key, steps, withinMs, interval, rowsBeforeMs }: SequenceScanNode): LoweredNode {
    const lowered = steps.map(({ eventType, where }) => ({
      eventType,
      where: lowerRowTests(eventType, where, this.propertyDictionaryOf),
    }));
    return { kind: 'sequence', key, sequence: { steps: lowered, withinMs, interval, rowsBeforeMs } };
  }

  #test(test: TagTest): LoweredTest {
    const { tag, condition, validAfterMs } = test;
    const negated =
      condition.kind === 'absent' ||
      (condition.kind === 'oneOf' && condition.negated) ||
      (condition.kind === 'set' && condition.op === 'hasNone');
    return {
      typeId: tag.typeId,
      tagId: tag.id,
      isSet: tag.valueType === 'set',
      lookup: lookupOf(tag, condition, this.dictionaryOf(tag)),
      negated,
      // Nobody has a value that is absent: wanted are those without one.
      includeMissing: test.includeMissing || condition.kind === 'absent',
      validAfterMs,
    };
  }
}

function lookupOf(tag: TagDefinition, condition: ValueCondition, dictionary: Dictionary | undefined): Lookup {
  switch (condition.kind) {
    case 'present':
    case 'absent':
      return PRESENT;
    case 'oneOf':
      return { kind: 'numbers', numbers: listedNumbers(tag, condition, dictionary) };
    case 'range':
      return isTextBound(condition.low) || isTextBound(condition.high)
        ? matching(tag, condition, dictionary)
        : { kind: 'between', low: leastOf(condition.low), high: greatestOf(condition.high) };
    case 'text':
      return matching(tag, condition, dictionary);
    case 'anniversary': {
      const { valueType, scale, values } = tag;
      return { kind: 'condition', condition, spec: { valueType, scale, values } };
    }
    case 'set':
      return elementsOf(condition, dictionary);
    case 'never':
      return NOBODY;
  }
}

function matching(tag: TagDefinition, condition: ValueCondition, dictionary: Dictionary | undefined): Lookup {
  return dictionary === undefined ? NOBODY : { kind: 'numbers', numbers: codesMatching(condition, tag, dictionary) };
}

const listed = new WeakMap<OneOf, OneOf>();

/** The stored numbers of the values that a condition lists, whether it wants or excludes them. */
function listedNumbers(tag: TagDefinition, condition: OneOf, dictionary: Dictionary | undefined): readonly number[] {
  if (tag.valueType !== 'string' && tag.valueType !== 'enum') {
    return condition.values.map(Number);
  }
  if (dictionary === undefined) {
    return [];
  }
  let wanted = condition;
  if (condition.negated) {
    // Kept beside the condition, so that what is found out about it is found again.
    wanted = listed.get(condition) ?? { ...condition, negated: false };
    listed.set(condition, wanted);
  }
  return codesMatching(wanted, tag, dictionary);
}

function elementsOf(
  condition: Extract<ValueCondition, { readonly kind: 'set' }>,
  dictionary: Dictionary | undefined,
): Lookup {
  const codes = condition.values.map((value) => dictionary?.code(value)).filter((code) => code !== undefined);
  if (condition.op !== 'hasAll') {
    return { kind: 'anyElement', codes };
  }
  return codes.length < condition.values.length ? NOBODY : { kind: 'allElements', codes };
}

function isTextBound(bound: Bound | null): boolean {
  return typeof bound?.value === 'string';
}

function leastOf(bound: Bound | null): number {
  return bound === null ? -Infinity : Number(bound.value) + (bound.inclusive ? 0 : 1);
}

function greatestOf(bound: Bound | null): number {
  return bound === null ? Infinity : Number(bound.value) - (bound.inclusive ? 0 : 1);
}
