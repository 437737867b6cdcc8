import type { Bound, ValueCondition } from '@tessera/audience';
import { SET_VALUES_MAX } from '@tessera/tag-catalog';
import { textLiteral } from '../../sql/literal';
import { literalOf } from './column';
import type { Column } from './column';
import { INLINE_VALUES_MAX, INLINE_VALUES_PER_LEAF_MAX, LEAF_PARTS_MAX, LeafLimitError } from './leaf-limits';
import type { LongLists } from './long-lists';
import { monthDayParts, monthDaySql } from './month-day';

type OneOf = Extract<ValueCondition, { kind: 'oneOf' }>;
type Range = Extract<ValueCondition, { kind: 'range' }>;
type SetCondition = Extract<ValueCondition, { kind: 'set' }>;

export const TRUE = 'true';
export const FALSE = 'false';

/** What one leaf's conditions need beside the column: long lists, the budget of values in the text, answers to patterns. */
export class ConditionScope {
  #inlined = 0;
  readonly #joined: string[] = [];

  constructor(
    readonly lists: LongLists,
    /** The values of a field that match a pattern. */
    readonly matching: (fieldId: number | null, pattern: string) => readonly string[],
  ) {}

  /** Aliases of the joins that conditions of this scope look at. */
  get joined(): readonly string[] {
    return this.#joined;
  }

  /** Takes the values into the text of the leaf if there is room for them. */
  takesInline(count: number): boolean {
    if (count > INLINE_VALUES_MAX || this.#inlined + count > INLINE_VALUES_PER_LEAF_MAX) return false;
    this.#inlined += count;
    return true;
  }

  /** @throws LeafLimitError if the leaf becomes more than StarRocks takes as one expression. */
  takeParts(count: number): void {
    this.#inlined += count;
    if (this.#inlined <= LEAF_PARTS_MAX) return;
    const detail =
      `a predicate of ${this.#inlined} parts, at most ${LEAF_PARTS_MAX}: anniversaries of datetimes in a zone take some thousand ` +
      'each. Join fewer of them by "and", or use UTC.';
    throw new LeafLimitError('leafParts', LEAF_PARTS_MAX, detail);
  }

  listed(column: Column, values: OneOf['values']): string {
    return this.#join(this.lists.flag(column, values));
  }

  counted(column: Column, values: readonly string[]): string {
    return this.#join(this.lists.count(column, values));
  }

  #join({ sql, alias }: { readonly sql: string; readonly alias: string }): string {
    if (!this.#joined.includes(alias)) this.#joined.push(alias);
    return sql;
  }
}

/**
 * A condition on a column, true where it holds; NULL or false elsewhere, where the column is NULL in particular (`absent` apart). The text
 * can stand beside AND, OR and NOT without brackets.
 */
export function conditionSql(condition: ValueCondition, column: Column, scope: ConditionScope): string {
  switch (condition.kind) {
    case 'present':
      return `${column.sql} IS NOT NULL`;
    case 'absent':
      return `${column.sql} IS NULL`;
    case 'never':
      return FALSE;
    case 'oneOf':
      return oneOfSql(condition, column, scope);
    case 'range':
      return rangeSql(condition, column);
    case 'text':
      return textSql(condition, column, scope);
    case 'anniversary':
      return anniversarySql(condition, column, scope);
    case 'set':
      return setSql(condition, column, scope);
  }
}

/** All of them; the text can stand beside AND, OR and NOT. */
export function conjunction(conditions: readonly string[]): string {
  const all = allOf(conditions);
  return conditions.length > 1 && all.includes(' AND ') ? `(${all})` : all;
}

/** All of them, without brackets around. */
export function allOf(conditions: readonly string[]): string {
  if (conditions.includes(FALSE)) return FALSE;
  return withoutRepeats(conditions, TRUE).join(' AND ') || TRUE;
}

/** Any of them; the text can stand beside AND, OR and NOT. */
export function disjunction(conditions: readonly string[]): string {
  if (conditions.includes(TRUE)) return TRUE;
  const distinct = withoutRepeats(conditions, FALSE);
  if (distinct.length < 2) return distinct[0] ?? FALSE;
  return `(${distinct.join(' OR ')})`;
}

function withoutRepeats(conditions: readonly string[], neutral: string): readonly string[] {
  return conditions.filter((condition, index) => condition !== neutral && conditions.indexOf(condition) === index);
}

function oneOfSql({ values, negated }: OneOf, column: Column, scope: ConditionScope): string {
  const [only] = values;
  if (only === undefined) return negated ? `${column.sql} IS NOT NULL` : FALSE;
  if (values.length === 1) return `${column.sql} ${negated ? '<>' : '='} ${literalOf(column, only)}`;
  if (scope.takesInline(values.length)) {
    const listed = values.map((value) => literalOf(column, value)).join(', ');
    return `${column.sql} ${negated ? 'NOT IN' : 'IN'} (${listed})`;
  }
  const flag = scope.listed(column, values);
  return negated ? `(${column.sql} IS NOT NULL AND ${flag} IS NULL)` : `${flag} = 1`;
}

function rangeSql({ low, high }: Range, column: Column): string {
  const ends = [...end(low, '>', column), ...end(high, '<', column)];
  return ends.length === 0 ? `${column.sql} IS NOT NULL` : conjunction(ends);
}

function end(bound: Bound | null, sign: '<' | '>', column: Column): readonly string[] {
  return bound === null ? [] : [`${column.sql} ${sign}${bound.inclusive ? '=' : ''} ${literalOf(column, bound.value)}`];
}

function textSql(
  { op, text }: Extract<ValueCondition, { kind: 'text' }>,
  column: Column,
  scope: ConditionScope,
): string {
  // Every text contains the empty one and, as a pattern, matches it.
  if (text === '') return `${column.sql} IS NOT NULL`;
  switch (op) {
    case 'contains':
      return `locate(${textLiteral(text)}, ${column.sql}) > 0`;
    case 'startsWith':
      return `starts_with(${column.sql}, ${textLiteral(text)})`;
    case 'endsWith':
      return `ends_with(${column.sql}, ${textLiteral(text)})`;
    case 'matches':
      return oneOfSql({ kind: 'oneOf', values: scope.matching(column.fieldId, text), negated: false }, column, scope);
  }
}

function anniversarySql(
  { monthDays, timeZone }: Extract<ValueCondition, { kind: 'anniversary' }>,
  column: Column,
  scope: ConditionScope,
): string {
  if (monthDays.length === 0) return FALSE;
  const zone = column.spec.valueType === 'date' ? 'UTC' : timeZone;
  scope.takeParts(monthDays.length + monthDayParts(zone));
  return `(${monthDaySql(column.sql, zone)}) IN (${monthDays.join(', ')})`;
}

function setSql({ op, values }: SetCondition, column: Column, scope: ConditionScope): string {
  const present = `${column.sql} IS NOT NULL`;
  if (values.length === 0) return op === 'hasAny' ? FALSE : present;
  // No set has more elements than a set may have.
  if (op === 'hasAll' && values.length > SET_VALUES_MAX) return FALSE;
  if (scope.takesInline(values.length)) {
    const listed = `[${values.map(textLiteral).join(', ')}]`;
    if (op === 'hasAll') return `array_contains_all(${column.sql}, ${listed})`;
    const overlap = `arrays_overlap(${column.sql}, ${listed})`;
    return op === 'hasAny' ? overlap : `NOT ${overlap}`;
  }
  const count = scope.counted(column, values);
  switch (op) {
    case 'hasAny':
      return `${count} > 0`;
    case 'hasAll':
      return `${count} = ${values.length}`;
    case 'hasNone':
      return `(${present} AND ifnull(${count}, 0) = 0)`;
  }
}
