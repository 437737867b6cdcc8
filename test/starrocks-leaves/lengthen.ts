import { eventScanNode, inputsOf, kvReadNode, profileScanNode, sequenceScanNode, unionNode } from '@tessera/audience';
import type { PlanNode, PropertyTest, TagTest, ValueCondition } from '@tessera/audience';
import type { ValueSpec } from '@tessera/tag-catalog';

const FILLERS = 1_100;
/** So many lists of a thousand leave no room for another one in the SQL of a leaf. */
const FULL_LISTS = 5;

/** The leaves of a node, all lists of values in them too long to stand in the SQL; the rest of the node is lost. */
export function lengthen(node: PlanNode): PlanNode {
  switch (node.kind) {
    case 'profileScan':
      return profileScanNode(node.tagType, [
        ...node.tests.slice(0, 1).flatMap(fullTests),
        ...node.tests.map(lengthenTest),
      ]);
    case 'kvRead':
      return kvReadNode(lengthenTest(node.test));
    case 'eventScan': {
      const { eventType, where, interval, measure, condition, exact } = node;
      const spec = 'property' in measure ? measure.property : TIME;
      const isCount = measure.kind === 'count' || measure.kind === 'distinct';
      const longer = condition === null || isCount ? condition : lengthenCondition(condition, spec);
      return eventScanNode({ eventType, where: where.map(lengthenWhere), interval, measure, condition: longer, exact });
    }
    case 'sequenceScan': {
      const steps = node.steps.map(({ eventType, where }) => ({ eventType, where: where.map(lengthenWhere) }));
      return sequenceScanNode({ ...node, steps });
    }
    case 'intersect':
    case 'union':
    case 'threshold':
    case 'difference':
      return unionNode(inputsOf(node).map(lengthen));
    case 'universe':
    case 'empty':
    case 'listRead':
    case 'snapshotRead':
      return node;
  }
}

/** Tests that everybody passes, with as many values as the SQL takes; none for a type without lists. */
function fullTests({ tag, validAfterMs }: TagTest): readonly TagTest[] {
  const fill = (list: number): ValueCondition | null => {
    switch (tag.valueType) {
      case 'set':
        return { kind: 'set', op: 'hasNone', values: thousand((index) => `nothing ${list} ${index}`) };
      case 'string':
      case 'enum':
        return { kind: 'oneOf', negated: true, values: thousand((index) => `nothing ${list} ${index}`) };
      case 'int':
      case 'decimal':
      case 'date':
      case 'datetime':
        return { kind: 'oneOf', negated: true, values: thousand((index) => 60_000 + list * 1_000 + index) };
      case 'bool':
        return null;
    }
  };
  return Array.from({ length: FULL_LISTS }, (_, list) => fill(list)).flatMap((condition) =>
    condition === null ? [] : [{ tag, condition, validAfterMs, includeMissing: true }],
  );
}

function thousand<T>(make: (index: number) => T): readonly T[] {
  return Array.from({ length: 1_000 }, (_, index) => make(index));
}

const TIME: ValueSpec = { valueType: 'datetime', scale: 0, values: [] };

function lengthenTest(test: TagTest): TagTest {
  return { ...test, condition: lengthenCondition(test.condition, test.tag) };
}

function lengthenWhere({ property, condition }: PropertyTest): PropertyTest {
  return { property, condition: lengthenCondition(condition, property) };
}

function lengthenCondition(condition: ValueCondition, spec: ValueSpec): ValueCondition {
  if (condition.kind === 'set' && condition.op !== 'hasAll') {
    return { ...condition, values: [...condition.values, ...fillers((index) => `element ${index}`)] };
  }
  if (condition.kind !== 'oneOf') return condition;
  switch (spec.valueType) {
    case 'string':
    case 'enum':
      return { ...condition, values: [...condition.values, ...fillers((index) => `text ${index}`)] };
    case 'int':
    case 'decimal':
    case 'date':
    case 'datetime':
      return { ...condition, values: [...condition.values, ...fillers((index) => 40_000 + index)] };
    case 'bool':
    case 'set':
      return condition;
  }
}

function fillers<T>(make: (index: number) => T): readonly T[] {
  return Array.from({ length: FILLERS }, (_, index) => make(index));
}
