import { compileCondition, measureSpec } from '@tessera/audience';
import type { EventScanNode, ExactCondition, Measure } from '@tessera/audience';
import type { FieldDefinition, ValueSpec } from '@tessera/tag-catalog';
import { TIME, identifier } from '../../schema/names';
import { decimalLiteral } from '../../sql/literal';
import { FALSE, allOf, conditionSql, conjunction } from './condition';
import type { ConditionScope } from './condition';

/** An aggregate over rows (alias `r`) of which only some count. @param when those that do; null: all. */
export type Aggregate = (when: string | null) => string;

/** Gives an aggregate a column of the relation, one column to equal ones, and answers with the column's SQL outside. */
export type Measured = (name: string, aggregate: Aggregate) => string;

/**
 * Sums of one user stay below this, as ordinals: 9 × 10^15 a value and fewer than 10^20 rows. LARGEINT holds 1.7 × 10^38, DECIMAL(38, s) ordinals below
 * 10^38.
 */
const SUM_LIMIT = 10n ** 36n;
/** No value of int or decimal reaches this, so no average does. */
const AVERAGE_LIMIT = 10n ** 16n;

/** The condition on a user's measure, and whether a user with no matching row meets it. */
export function measureCondition(
  node: EventScanNode,
  measured: Measured,
  scope: ConditionScope,
): { readonly sql: string; readonly holdsWithoutRow: boolean } {
  const { measure, condition, exact } = node;
  if (exact !== null) return { sql: exactSql(measure, exact, measured), holdsWithoutRow: false };
  if (condition === null) throw new Error('a scan of an event has either a condition or an exact one');
  const [name, aggregate] = aggregateOf(measure);
  const sql = measured(name, aggregate);
  const spec: ValueSpec = measureSpec(measure);
  if (measure.kind !== 'count' && measure.kind !== 'distinct') {
    const column = { sql, spec, form: 'typed', fieldId: null } as const;
    return { sql: conditionSql(condition, column, scope), holdsWithoutRow: condition.kind === 'absent' };
  }
  const holdsWithoutRow = compileCondition(condition, spec)(0);
  const column = { sql: holdsWithoutRow ? `ifnull(${sql}, 0)` : sql, spec, form: 'typed', fieldId: null } as const;
  // A count is always there.
  return { sql: condition.kind === 'absent' ? FALSE : conditionSql(condition, column, scope), holdsWithoutRow };
}

function columnOf(property: FieldDefinition): string {
  return `r.${identifier(property.name)}`;
}

function only(value: string, when: string | null): string {
  return when === null ? value : `if(${when}, ${value}, NULL)`;
}

/** A name that tells aggregates of the same rows apart, and the aggregate. */
function aggregateOf(measure: Measure): readonly [string, Aggregate] {
  switch (measure.kind) {
    case 'count':
      return ['count', (when) => (when === null ? 'count(*)' : `count(${only('1', when)})`)];
    case 'distinct':
      return [`distinct ${measure.property.id}`, distinctOf(measure.property)];
    case 'sum':
    case 'avg':
      return [`sum ${measure.property.id}`, (when) => `sum(${only(summand(measure.property), when)})`];
    case 'min':
    case 'max':
      return [
        `${measure.kind} ${measure.property.id}`,
        (when) => `${measure.kind}(${only(columnOf(measure.property), when)})`,
      ];
    case 'firstTime':
      return ['min', (when) => `min(${only(`r.${identifier(TIME)}`, when)})`];
    case 'lastTime':
      return ['max', (when) => `max(${only(`r.${identifier(TIME)}`, when)})`];
  }
}

/**
 * Whole sets are counted, by texts that no two sets share. Elements are joined twice, with two separators of one byte: the two differ exactly where
 * the separators stand, so they tell the elements, whatever is in them. Of each there is the SHA-256, because `concat` is NULL above 1,048,576 bytes
 * (`array_join` has no limit). The empty set has the empty text.
 */
function distinctOf(property: FieldDefinition): Aggregate {
  const column = columnOf(property);
  if (property.valueType !== 'set') return (when) => `count(DISTINCT ${only(column, when)})`;
  const hash = (separator: string): string => `sha2(array_join(${column}, '${separator}'), 256)`;
  const text = `if(array_length(${column}) = 0, '', concat(${hash(',')}, ${hash(';')}))`;
  return (when) => {
    const hasValue = allOf([...(when === null ? [] : [when]), `${column} IS NOT NULL`]);
    return `count(DISTINCT ${only(text, hasValue)})`;
  };
}

/** An int as LARGEINT, which its sum stays then; the sum of DECIMAL(18, s) is DECIMAL(38, s). */
function summand(property: FieldDefinition): string {
  return property.valueType === 'int' ? `CAST(${columnOf(property)} AS LARGEINT)` : columnOf(property);
}

function exactSql(measure: Measure, exact: ExactCondition, measured: Measured): string {
  if (measure.kind === 'sum') {
    const [name, aggregate] = aggregateOf(measure);
    return sumSql(measured(name, aggregate), exact, measure.property);
  }
  if (measure.kind !== 'avg') throw new Error(`the measure ${measure.kind} has no exact condition`);
  const { property } = measure;
  const difference = (threshold: bigint): string => {
    const [value, scale] = shortest(clamp(threshold, AVERAGE_LIMIT * 10n ** BigInt(exact.scale)), exact.scale);
    return measured(`avg ${property.id} ${value} ${scale}`, differenceOf(property, value, scale));
  };
  const sql = difference(exact.low);
  switch (exact.op) {
    case 'eq':
      return `${sql} = 0`;
    case 'ne':
      return `${sql} <> 0`;
    case 'gt':
      return `${sql} > 0`;
    case 'gte':
      return `${sql} >= 0`;
    case 'lt':
      return `${sql} < 0`;
    case 'lte':
      return `${sql} <= 0`;
    case 'between':
      return conjunction([`${sql} >= 0`, `${difference(exact.high)} <= 0`]);
  }
}

/**
 * The sum of (value − threshold), whose sign is that of average − threshold; with no value it is NULL. In whole numbers for an int (each less than
 * 2 × 10^25), else in decimals of at most 9 fraction digits, 38 digits in all: exact to 10^12 rows a user.
 *
 * @param value threshold × 10^scale.
 */
function differenceOf(property: FieldDefinition, value: bigint, scale: number): Aggregate {
  const column = columnOf(property);
  if (property.valueType === 'int') {
    // Both fit into a BIGINT. Not `CAST(… AS LARGEINT) - 5`, which the planner rewrites into a sum that backends don't have.
    const whole = scale === 0 ? `CAST(${minus(column, String(value))} AS LARGEINT)` : null;
    const raised = whole ?? minus(`${summand(property)} * ${10n ** BigInt(scale)}`, String(value));
    return (when) => `sum(${only(raised, when)})`;
  }
  const common = Math.max(scale, property.scale);
  const threshold = decimalLiteral(value * 10n ** BigInt(common - scale), common);
  return (when) => `sum(${only(minus(`CAST(${column} AS DECIMAL(38, ${common}))`, threshold), when)})`;
}

function minus(value: string, literal: string): string {
  return literal.startsWith('-') ? `${value} + ${literal.slice(1)}` : `${value} - ${literal}`;
}

/** Without zeros at the end of the fraction. */
function shortest(value: bigint, scale: number): readonly [bigint, number] {
  return scale > 0 && value % 10n === 0n ? shortest(value / 10n, scale - 1) : [value, scale];
}

function clamp(value: bigint, limit: bigint): bigint {
  return value > limit ? limit : value < -limit ? -limit : value;
}

/**
 * A sum, in its property's scale, against a threshold of any size and scale: a threshold between two ordinals is moved to the next one, and
 * one beyond any sum to where all sums still lie on the same side of it.
 */
function sumSql(sql: string, exact: ExactCondition, property: FieldDefinition): string {
  const low = ordinalsAround(exact.low, exact.scale, property.scale);
  const high = ordinalsAround(exact.high, exact.scale, property.scale);
  const literal = (ordinal: bigint): string =>
    property.valueType === 'int' ? String(ordinal) : decimalLiteral(ordinal, property.scale);
  switch (exact.op) {
    case 'eq':
      return low.floor === low.ceiling ? `${sql} = ${literal(low.floor)}` : FALSE;
    case 'ne':
      return low.floor === low.ceiling ? `${sql} <> ${literal(low.floor)}` : `${sql} IS NOT NULL`;
    case 'gt':
      return `${sql} > ${literal(low.floor)}`;
    case 'gte':
      return `${sql} >= ${literal(low.ceiling)}`;
    case 'lt':
      return `${sql} < ${literal(low.ceiling)}`;
    case 'lte':
      return `${sql} <= ${literal(low.floor)}`;
    case 'between':
      return conjunction([`${sql} >= ${literal(low.ceiling)}`, `${sql} <= ${literal(high.floor)}`]);
  }
}

function ordinalsAround(
  value: bigint,
  scale: number,
  propertyScale: number,
): { readonly floor: bigint; readonly ceiling: bigint } {
  if (scale <= propertyScale) {
    const ordinal = clamp(value * 10n ** BigInt(propertyScale - scale), SUM_LIMIT);
    return { floor: ordinal, ceiling: ordinal };
  }
  const divisor = 10n ** BigInt(scale - propertyScale);
  const quotient = value / divisor;
  const rest = value % divisor;
  return {
    floor: clamp(rest < 0n ? quotient - 1n : quotient, SUM_LIMIT),
    ceiling: clamp(rest > 0n ? quotient + 1n : quotient, SUM_LIMIT),
  };
}
