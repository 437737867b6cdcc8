import { NUMBER, TEXT, VALUES_TABLE, identifier } from '../../schema/names';
import { textLiteral } from '../../sql/literal';
import { isStoredAsNumber, storedCast, storedValue } from './column';
import type { Column } from './column';

const LIST = identifier('sys_list');
/** In a relation of values: the value itself, in the type of the column that it is joined to. */
export const VALUE = identifier('sys_value');

/** A list of distinct values that has to be in `sys_values` before the statement is sent. */
export interface ValueList {
  /** Counts up from 0 within a compiler, or among compilers that share their lists. */
  readonly slot: number;
  /** What the statement looks for in the column `sys_list`; at most 64 characters. */
  readonly id: string;
  /** Which of the columns `sys_number` and `sys_text` holds the values; the other one is NULL. */
  readonly column: typeof NUMBER | typeof TEXT;
  readonly values: readonly (number | string)[];
}

/** All long lists of a question, by the plan's own array of values (plan nodes are interned), then by the form in which they are stored. */
export class KnownLists {
  readonly byValues = new Map<readonly unknown[], Map<string, ValueList>>();
  #slots = 0;

  nextSlot(): number {
    this.#slots += 1;
    return this.#slots - 1;
  }
}

/** The long lists of a statement, each once for each form in which it is stored. */
export class ValueLists {
  readonly #idOf: (slot: number) => string;
  readonly #lists = new Set<ValueList>();

  /** @param known shared by the statements of a question, so that a list which several of them read is stored once. */
  constructor(
    idOf: (slot: number) => string,
    private readonly known = new KnownLists(),
  ) {
    this.#idOf = idOf;
  }

  get all(): readonly ValueList[] {
    return [...this.#lists];
  }

  add(column: Column, values: readonly (boolean | number | string)[]): ValueList {
    const forms = this.known.byValues.get(values) ?? new Map<string, ValueList>();
    this.known.byValues.set(values, forms);
    const form = `${isStoredAsNumber(column)} ${storedCast(column)}`;
    const known = forms.get(form);
    if (known !== undefined) {
      this.#lists.add(known);
      return known;
    }
    const slot = this.known.nextSlot();
    const list: ValueList = {
      slot,
      id: this.#idOf(slot),
      column: isStoredAsNumber(column) ? NUMBER : TEXT,
      values: values.map((value) => storedValue(column, value)),
    };
    this.#lists.add(list);
    forms.set(form, list);
    return list;
  }
}

/**
 * Distinct values with a flag per list: `sys_value`, `sys_f0`, …; a flag is 1 where the list has the value, else NULL. Repeated rows of a
 * list (an INSERT sent again) do no harm.
 */
export function valuesRelation(column: Column, lists: readonly ValueList[]): string {
  const stored = identifier(isStoredAsNumber(column) ? NUMBER : TEXT);
  const cast = storedCast(column);
  const value = cast === null ? stored : `CAST(${stored} AS ${cast})`;
  const flags = lists.map((list, index) => `max(if(${LIST} = ${textLiteral(list.id)}, 1, NULL)) AS ${flagOf(index)}`);
  const ids = lists.map((list) => textLiteral(list.id)).join(', ');
  return (
    `(SELECT ${[`${value} AS ${VALUE}`, ...flags].join(', ')} FROM ${identifier(VALUES_TABLE)} ` +
    `WHERE ${LIST} IN (${ids}) GROUP BY ${value})`
  );
}

export function flagOf(index: number): string {
  return identifier(`sys_f${index}`);
}
