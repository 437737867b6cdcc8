import { formatDate } from '@tessera/tag-catalog';
import type { ValueSpec } from '@tessera/tag-catalog';
import { dateLiteral, decimalLiteral, instantLiteral, instantText, textLiteral } from '../../sql/literal';

const DAY_MS = 86_400_000;

type Scalar = boolean | number | string;

/** Something in SQL that has a value of a catalogue type, or NULL for none. */
export interface Column {
  readonly sql: string;
  readonly spec: ValueSpec;
  /**
   * `typed`: a column of the value's own type, as in profile and event tables. `kv`: of a kv table, where whole numbers stand for
   * bools (0, 1) and decimals (× 10^scale), and a DATETIME at midnight for a date.
   */
  readonly form: 'typed' | 'kv';
  /** The tag or property; null: a measure. */
  readonly fieldId: number | null;
}

/** A value as a literal that compares with the column without a cast of the column. */
export function literalOf({ spec, form }: Column, value: Scalar): string {
  switch (spec.valueType) {
    case 'bool':
      return form === 'kv' ? String(Number(value)) : String(Boolean(value));
    case 'int':
      return String(value);
    case 'decimal':
      return form === 'kv' ? String(value) : decimalLiteral(Number(value), spec.scale);
    case 'date':
      return form === 'kv' ? instantLiteral(Number(value) * DAY_MS) : dateLiteral(Number(value));
    case 'datetime':
      return instantLiteral(Number(value));
    case 'string':
    case 'enum':
    case 'set':
      return textLiteral(String(value));
  }
}

/** How a value of the column is kept in `sys_values`: as a number or as a text that the cast of `storedSql` reads. */
export function storedValue({ spec, form }: Column, value: Scalar): number | string {
  switch (spec.valueType) {
    case 'bool':
    case 'int':
      return Number(value);
    case 'decimal':
      return form === 'kv' ? Number(value) : decimalLiteral(Number(value), spec.scale);
    case 'date':
      return form === 'kv' ? instantText(Number(value) * DAY_MS) : formatDate(Number(value));
    case 'datetime':
      return instantText(Number(value));
    case 'string':
    case 'enum':
    case 'set':
      return String(value);
  }
}

/** Type that a stored text is cast to so that it equals the column's values; null: stored as what it is compared with. */
export function storedCast({ spec, form }: Column): string | null {
  switch (spec.valueType) {
    case 'decimal':
      return form === 'kv' ? null : `DECIMAL(18, ${spec.scale})`;
    case 'date':
      return form === 'kv' ? 'DATETIME' : 'DATE';
    case 'datetime':
      return 'DATETIME';
    case 'bool':
    case 'int':
    case 'string':
    case 'enum':
    case 'set':
      return null;
  }
}

/** Whether values of the column are kept as numbers in `sys_values`. */
export function isStoredAsNumber({ spec, form }: Column): boolean {
  return spec.valueType === 'int' || spec.valueType === 'bool' || (spec.valueType === 'decimal' && form === 'kv');
}
