import type { EventScanNode, Interval, PropertyTest } from '@tessera/audience';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { GUID, ROW, TIME, identifier, tableOf } from '../../schema/names';
import { FALSE, allOf, conditionSql } from './condition';
import type { ConditionScope } from './condition';
import { fromSql } from './from-sql';
import type { LeafBuilder, LeafContext } from './leaf-context';
import { LongLists } from './long-lists';
import { measureCondition } from './measure';
import type { Aggregate } from './measure';
import { hullOf, intervalConditions, keptInterval } from './row-time';

const GUID_COLUMN = `r.${identifier(GUID)}`;

interface MeasureColumn {
  /** Back-quoted. */
  readonly name: string;
  readonly aggregate: Aggregate;
  /** What rows have to meet to count. */
  readonly when: readonly string[];
  readonly interval: Interval;
}

/** A condition on the measures of the relation. */
export interface EventLeaf {
  readonly sql: string;
  readonly holdsWithoutRow: boolean;
  /** False: no row can count, so the condition is `true` or `false` and the relation need not be joined. */
  readonly readsRows: boolean;
}

/** The rows of one event type, grouped to a row a user with a column for each measure. */
export class EventRelation implements LeafBuilder {
  readonly #table: string;
  readonly #lists: LongLists;
  readonly #columns = new Map<string, MeasureColumn>();

  constructor(
    readonly type: TagTypeDefinition,
    readonly alias: string,
    private readonly context: LeafContext,
  ) {
    this.#table = identifier(tableOf(type));
    this.#lists = rowLists(this.#table, context);
  }

  /** @param outer scope for conditions on the measures, which stand outside of the relation. */
  add(node: EventScanNode, outer: ConditionScope): EventLeaf {
    const interval = keptInterval(node.interval, node.eventType, this.context.nowMs);
    if (interval === null) return EventRelation.#withoutRows(node, outer);
    const where = whereConditions(node.where, this.context.scope(this.#lists));
    if (where.includes(FALSE)) return EventRelation.#withoutRows(node, outer);
    const when = [...intervalConditions(interval), ...where];
    const measured = (name: string, aggregate: Aggregate): string =>
      `${this.alias}.${this.#column(name, { aggregate, when, interval })}`;
    return { ...measureCondition(node, measured, outer), readsRows: true };
  }

  sql(): string | null {
    const columns = [...this.#columns.values()];
    const [first] = columns;
    if (first === undefined) return null;
    if (columns.length === 1) return this.#grouped([measureSql(first, null)], first.interval, [...new Set(first.when)]);
    const hull = hullOf(columns.map(({ interval }) => interval));
    const everywhere = first.when.filter((condition) => columns.every(({ when }) => when.includes(condition)));
    const times = intervalConditions(hull);
    const where = [...new Set([...times, ...everywhere])];
    const measures = columns.map((column) => {
      const rest = column.when.filter((condition) => !where.includes(condition));
      return measureSql(column, rest.length === 0 ? null : allOf(rest));
    });
    return this.#grouped(measures, hull, where);
  }

  /** @param where all conditions that every row meets, those of the interval among them. */
  #grouped(measures: readonly string[], interval: Interval, where: readonly string[]): string {
    const from = fromSql(this.#table, this.#lists.joins(intervalConditions(interval)));
    return (
      `(SELECT ${GUID_COLUMN}, ${measures.join(', ')} FROM ${from}` +
      `${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`} GROUP BY ${GUID_COLUMN})`
    );
  }

  #column(name: string, column: Omit<MeasureColumn, 'name'>): string {
    let key = name;
    for (const condition of column.when) key += `\n${condition}`;
    const known = this.#columns.get(key);
    if (known !== undefined) return known.name;
    const added = { ...column, name: identifier(`sys_m${this.#columns.size}`) };
    this.#columns.set(key, added);
    return added.name;
  }

  static #withoutRows(node: EventScanNode, outer: ConditionScope): EventLeaf {
    const { holdsWithoutRow } = measureCondition(node, () => 'NULL', outer);
    return { sql: holdsWithoutRow ? 'true' : FALSE, holdsWithoutRow, readsRows: false };
  }
}

function measureSql({ name, aggregate }: MeasureColumn, when: string | null): string {
  return `${aggregate(when)} AS ${name}`;
}

/** Long lists that rows of an event (alias `r`) are looked up in. */
export function rowLists(table: string, context: LeafContext): LongLists {
  let joins = 0;
  return new LongLists({ from: table, alias: 'r', keys: [GUID, TIME, ROW] }, context.values, (prefix) => {
    joins += 1;
    return `${prefix}${joins - 1}`;
  });
}

/** The filters on a row (alias `r`). */
export function whereConditions(where: readonly PropertyTest[], scope: ConditionScope): readonly string[] {
  return where.map(({ property, condition }) => {
    const sql = `r.${identifier(property.name)}`;
    return conditionSql(condition, { sql, spec: property, form: 'typed', fieldId: property.id }, scope);
  });
}
