import type { EventRow, ReferenceUser } from '@tessera/audience';
import {
  CUID,
  ELEMENTS,
  GUID,
  MOMENT,
  NUMBER,
  ROW,
  TAG,
  TEXT,
  TIME,
  USERS_TABLE,
  dateLiteral,
  decimalLiteral,
  identifier,
  instantLiteral,
  tableOf,
  textLiteral,
  timeColumnOf,
} from '@tessera/starrocks-engine';
import type { FieldDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';

// The state of users as rows of the tables of the engine, written the obvious way.

const DAY_MS = 86_400_000;
const NULL = 'NULL';
const ROWS_MAX = 500;

/** Rows for one table. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function insertStatements({ table, columns, rows }: TableRows): readonly string[] {
  const into = `INSERT INTO ${identifier(table)} (${columns.map(identifier).join(', ')}) VALUES `;
  const statements: string[] = [];
  for (let first = 0; first < rows.length; first += ROWS_MAX) {
    const part = rows.slice(first, first + ROWS_MAX).map((row) => `(${row.join(', ')})`);
    statements.push(into + part.join(', '));
  }
  return statements;
}

export function userRows(users: readonly (readonly [guid: number, cuid: string])[]): TableRows {
  return {
    table: USERS_TABLE,
    columns: [GUID, CUID],
    rows: users.map(([guid, cuid]) => [String(guid), textLiteral(cuid)]),
  };
}

/** Users that never had a tag of the type have no row. */
export function profileRows(
  type: TagTypeDefinition,
  users: readonly (readonly [guid: number, user: ReferenceUser])[],
): TableRows {
  const rows = users
    .filter(([, user]) => type.tags.some((tag) => user.fields.has(tag.id)))
    .map(([guid, user]) => [
      String(guid),
      ...type.tags.flatMap((tag) => {
        const state = user.fields.get(tag.id)?.state;
        return [typedLiteral(tag, state?.value ?? null), timeLiteral(state?.timeMs ?? null)];
      }),
    ]);
  const columns = [GUID, ...type.tags.flatMap((tag) => [tag.name, timeColumnOf(tag)])];
  return { table: tableOf(type), columns, rows };
}

export function kvRows(
  type: TagTypeDefinition,
  users: readonly (readonly [guid: number, user: ReferenceUser])[],
): TableRows {
  const rows = users.flatMap(([guid, user]) =>
    type.tags.flatMap((tag) => {
      const state = user.fields.get(tag.id)?.state;
      if (state === undefined) return [];
      return [[String(tag.id), String(guid), ...kvLiterals(tag, state.value), timeLiteral(state.timeMs)]];
    }),
  );
  return { table: tableOf(type), columns: [TAG, GUID, NUMBER, TEXT, MOMENT, ELEMENTS, TIME], rows };
}

/** @param rows with their guids and what tells them apart. */
export function eventRows(
  type: TagTypeDefinition,
  rows: readonly { readonly guid: number; readonly number: number; readonly row: EventRow }[],
): TableRows {
  return {
    table: tableOf(type),
    columns: [GUID, TIME, ROW, ...type.properties.map(({ name }) => name)],
    rows: rows.map(({ guid, number, row }) => [
      String(guid),
      instantLiteral(row.timeMs),
      String(number),
      ...type.properties.map((property) => typedLiteral(property, row.properties.get(property.id) ?? null)),
    ]),
  };
}

function timeLiteral(timeMs: number | null): string {
  return timeMs === null ? NULL : instantLiteral(timeMs);
}

function typedLiteral(field: FieldDefinition, value: TagValue | null): string {
  if (value === null) return NULL;
  switch (field.valueType) {
    case 'bool':
    case 'int':
      return String(value);
    case 'decimal':
      return decimalLiteral(Number(value), field.scale);
    case 'string':
    case 'enum':
      return textLiteral(String(value));
    case 'date':
      return dateLiteral(Number(value));
    case 'datetime':
      return instantLiteral(Number(value));
    case 'set':
      return elementsLiteral(value);
  }
}

function elementsLiteral(value: TagValue): string {
  return `[${(value as readonly string[]).map(textLiteral).join(', ')}]`;
}

/** number, text, moment, elements. */
function kvLiterals(field: FieldDefinition, value: TagValue | null): readonly string[] {
  if (value === null) return [NULL, NULL, NULL, NULL];
  switch (field.valueType) {
    case 'bool':
    case 'int':
    case 'decimal':
      return [String(Number(value)), NULL, NULL, NULL];
    case 'string':
    case 'enum':
      return [NULL, textLiteral(String(value)), NULL, NULL];
    case 'date':
      return [NULL, NULL, instantLiteral(Number(value) * DAY_MS), NULL];
    case 'datetime':
      return [NULL, NULL, instantLiteral(Number(value)), NULL];
    case 'set':
      return [NULL, NULL, NULL, elementsLiteral(value)];
  }
}
