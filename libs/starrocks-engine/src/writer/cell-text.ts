import { formatDate } from '@tessera/tag-catalog';
import { dateLiteral, decimalLiteral, instantLiteral, textLiteral } from '../sql/literal';
import type { ColumnType } from '../schema/column-type';
import { typeSql } from '../schema/column-type';
import type { Cell } from './table-load';

/** A cell in `VALUES`. Decimals are quoted: bare ones of different lengths could become DOUBLE; `selectedCell` makes them exact. */
export function cellSql(type: ColumnType, cell: Cell): string {
  if (cell === null) return 'NULL';
  switch (type.kind) {
    case 'boolean':
      return cell === true ? 'true' : 'false';
    case 'int':
    case 'bigint':
      return String(cell);
    case 'decimal':
      return `'${decimalLiteral(Number(cell), type.scale)}'`;
    case 'date':
      return dateLiteral(Number(cell));
    case 'datetime':
      return instantLiteral(Number(cell));
    case 'varchar':
    case 'bitmap':
      return textLiteral(String(cell));
    case 'strings':
      return `CAST([${elementsOf(cell).map(textLiteral).join(',')}] AS ${typeSql(type)})`;
  }
}

/** What is selected of a column of `VALUES`, whatever type its values have among themselves. */
export function selectedCell(type: ColumnType, column: string): string {
  return type.kind === 'bitmap' ? `base64_to_bitmap(${column})` : `CAST(${column} AS ${typeSql(type)})`;
}

/** A cell as JSON. */
export function cellJson(type: ColumnType, cell: Cell): string {
  if (cell === null) return 'null';
  switch (type.kind) {
    case 'boolean':
      return cell === true ? 'true' : 'false';
    case 'int':
    case 'bigint':
      return String(cell);
    case 'decimal':
      return `"${decimalLiteral(Number(cell), type.scale)}"`;
    case 'date':
      return `"${formatDate(Number(cell))}"`;
    case 'datetime':
      return `"${instantLiteral(Number(cell)).slice(1, -1)}"`;
    case 'varchar':
    case 'bitmap':
    case 'strings':
      return JSON.stringify(cell);
  }
}

function elementsOf(cell: Cell): readonly string[] {
  if (!Array.isArray(cell)) throw new TypeError('a set is an array of strings');
  return cell as readonly string[];
}
