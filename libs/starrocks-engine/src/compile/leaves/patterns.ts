import type { Interval, PropertyTest, TagTest, ValueCondition } from '@tessera/audience';
import type { FieldDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { TAG, identifier, kvColumnOf, tableOf, tableOfTag } from '../../schema/names';
import type { ScanNode } from '../leaf';
import { PATTERN_VALUES_MAX } from './leaf-limits';
import { hullOf, intervalConditions, keptInterval } from './row-time';
import { rowsInterval } from './sequence-relation';

/** A pattern of `matches`, to be tried on a field's distinct values before the leaves can be compiled. */
export interface PatternQuestion {
  /** Names field and pattern; what the matching values are handed to the compiler under. */
  readonly key: string;
  /** RE2 syntax, unanchored. */
  readonly pattern: string;
  readonly field: FieldDefinition;
  /**
   * Selects all values that may matter, in one column: `sys_value`. Patterns on one field share it. More than `PATTERN_VALUES_MAX` rows: not all of
   * them, so no answer may be given.
   */
  readonly statement: string;
}

interface Asked {
  readonly field: FieldDefinition;
  readonly patterns: Set<string>;
  /** The SELECT but for its times. */
  readonly from: string;
  readonly where: readonly string[];
  readonly intervals: Interval[];
}

export function patternKey(fieldId: number | null, pattern: string): string {
  return `${fieldId} ${pattern}`;
}

/** What has to be asked of the store before these leaves are compiled: sorted by field, then pattern. */
export function patternQuestions(nodes: readonly ScanNode[], nowMs: number): readonly PatternQuestion[] {
  const asked = new Map<number, Asked>();
  for (const node of nodes) {
    switch (node.kind) {
      case 'profileScan':
        node.tests.forEach((test) => addTest(asked, test));
        break;
      case 'kvRead':
        addTest(asked, node.test);
        break;
      case 'eventScan':
        addRows(asked, node, node.interval, nowMs);
        break;
      case 'sequenceScan':
        node.steps.forEach((step) => addRows(asked, step, rowsInterval(node), nowMs));
        break;
    }
  }
  return [...asked.values()].sort((one, other) => one.field.id - other.field.id).flatMap(questionsOf);
}

function questionsOf({ field, patterns, from, where, intervals }: Asked): readonly PatternQuestion[] {
  const times = intervals.length === 0 ? [] : intervalConditions(hullOf(intervals));
  const statement = `SELECT DISTINCT ${from} WHERE ${[...times, ...where].join(' AND ')} LIMIT ${PATTERN_VALUES_MAX + 1}`;
  return [...patterns].sort().map((pattern) => ({ key: patternKey(field.id, pattern), pattern, field, statement }));
}

/** Null: the condition has no pattern that anything depends on. */
function patternOf(condition: ValueCondition): string | null {
  return condition.kind === 'text' && condition.op === 'matches' && condition.text !== '' ? condition.text : null;
}

function addTest(asked: Map<number, Asked>, { tag, condition }: TagTest): void {
  const pattern = patternOf(condition);
  if (pattern === null) return;
  const column = `r.${identifier(tag.kind === 'kv' ? kvColumnOf(tag) : tag.name)}`;
  const ofTag = tag.kind === 'kv' ? [`r.${identifier(TAG)} = ${tag.id}`] : [];
  const known = askedOf(asked, tag, column, tableOfTag(tag), ofTag);
  known.patterns.add(pattern);
}

function addRows(
  asked: Map<number, Asked>,
  { eventType, where }: { readonly eventType: TagTypeDefinition; readonly where: readonly PropertyTest[] },
  interval: Interval,
  nowMs: number,
): void {
  for (const { property, condition } of where) {
    const pattern = patternOf(condition);
    if (pattern === null) continue;
    const known = askedOf(asked, property, `r.${identifier(property.name)}`, tableOf(eventType), []);
    known.patterns.add(pattern);
    // Where no row can count, any values do: those of an instant that is always there for the literal.
    known.intervals.push(keptInterval(interval, eventType, nowMs) ?? { fromMs: nowMs, toMs: nowMs });
  }
}

function askedOf(
  asked: Map<number, Asked>,
  field: FieldDefinition,
  column: string,
  table: string,
  conditions: readonly string[],
): Asked {
  const known = asked.get(field.id) ?? {
    field,
    patterns: new Set(),
    from: `${column} AS ${identifier('sys_value')} FROM ${identifier(table)} AS r`,
    where: [...conditions, `${column} IS NOT NULL`],
    intervals: [],
  };
  asked.set(field.id, known);
  return known;
}
