import { CATALOG_FORMAT, CatalogFormatError, catalogFromJson, storedTagType } from '@tessera/tag-catalog';
import type { Catalog } from '@tessera/tag-catalog';
import type { MysqlRow, MysqlSession } from '@tessera/mysql';

/** A row of `tag_type` (docs/formats/mysql.md). */
export interface TagTypeRow {
  readonly id: number;
  readonly name: string;
  readonly kind: string;
  readonly version: number;
  /** Version of the catalogue that removed it; null: it is in use. */
  readonly retiredIn: number | null;
  /** JSON. */
  readonly fieldIds: string;
  readonly declaration: string;
}

/** The row of `tag_catalog`. */
export interface CatalogRow {
  readonly format: number;
  readonly version: number;
  readonly nextFieldId: number;
  readonly nextTypeId: number;
}

/** A catalogue and the rows that hold it. */
export interface StoredCatalog {
  readonly catalog: Catalog;
  readonly types: ReadonlyMap<number, TagTypeRow>;
}

// One statement sees one moment, whatever the isolation level.
const READ = `SELECT c.format, c.version AS catalog_version, c.next_field_id, c.next_type_id,
  t.id, t.name, t.kind, t.version, t.retired_in, t.field_ids, t.declaration
  FROM tag_catalog c LEFT JOIN tag_type t ON TRUE WHERE c.id = 1`;
const READ_VERSION = 'SELECT version FROM tag_catalog WHERE id = 1';
const RAISE = 'UPDATE tag_catalog SET version = ?, next_field_id = ?, next_type_id = ? WHERE id = 1 AND version = ?';
const PUT =
  'REPLACE INTO tag_type (id, name, kind, version, retired_in, field_ids, declaration) VALUES (?, ?, ?, ?, ?, ?, ?)';
const REMOVE = 'DELETE FROM tag_type WHERE id = ?';

/** @throws CatalogFormatError if there is none. */
export async function readVersion(session: MysqlSession): Promise<number> {
  const [row] = await session.rows(READ_VERSION);
  if (row === undefined) throw missing();
  return Number(row['version']);
}

/** The whole catalogue as it is at one moment. @throws CatalogFormatError */
export async function readCatalog(session: MysqlSession): Promise<StoredCatalog> {
  const rows = await session.rows(READ);
  const [first] = rows;
  if (first === undefined) throw missing();
  const types = rows.filter((row) => row['id'] !== null).map(tagTypeRow);
  return assemble(
    {
      format: Number(first['format']),
      version: Number(first['catalog_version']),
      nextFieldId: Number(first['next_field_id']),
      nextTypeId: Number(first['next_type_id']),
    },
    new Map(types.map((type) => [type.id, type])),
  );
}

/**
 * The rows of a catalogue that follows on a stored one.
 *
 * @returns it as it will be read back. @throws CatalogFormatError if it could not be.
 */
export function storedFrom(base: StoredCatalog, next: Catalog): StoredCatalog {
  const { version, nextFieldId, nextTypeId } = next;
  if (version <= base.catalog.version) throw new RangeError('a changed catalogue has a higher version');
  const types = new Map<number, TagTypeRow>();
  const add = (type: Catalog['types'][number], retiredIn: number | null): void => {
    const { id, fieldIds, declaration } = storedTagType(type);
    const row = { fieldIds: JSON.stringify(fieldIds), declaration: JSON.stringify(declaration) };
    types.set(id, { id, name: type.name, kind: type.kind, version: type.version, retiredIn, ...row });
  };
  for (const type of next.types) add(type, null);
  for (const type of next.retiredTypes) add(type, base.types.get(type.id)?.retiredIn ?? version);
  return assemble({ format: CATALOG_FORMAT, version, nextFieldId, nextTypeId }, types);
}

/**
 * Writes what differs, if the stored catalogue is still the one that `next` follows on. To be called in a transaction.
 *
 * @returns false: somebody else was faster, nothing was written.
 */
export async function writeChanges(session: MysqlSession, base: StoredCatalog, next: StoredCatalog): Promise<boolean> {
  const { version, nextFieldId, nextTypeId } = next.catalog;
  const { changed } = await session.run(RAISE, [version, nextFieldId, nextTypeId, base.catalog.version]);
  if (changed === 0) return false;
  for (const row of next.types.values()) {
    if (isSame(row, base.types.get(row.id))) continue;
    await session.run(PUT, [row.id, row.name, row.kind, row.version, row.retiredIn, row.fieldIds, row.declaration]);
  }
  for (const id of base.types.keys()) if (!next.types.has(id)) await session.run(REMOVE, [id]);
  return true;
}

function tagTypeRow(row: MysqlRow): TagTypeRow {
  return {
    id: Number(row['id']),
    name: String(row['name']),
    kind: String(row['kind']),
    version: Number(row['version']),
    retiredIn: row['retired_in'] === null ? null : Number(row['retired_in']),
    fieldIds: String(row['field_ids']),
    declaration: String(row['declaration']),
  };
}

/** Types in the order of their ids, that of declaration; removed ones in the order of removal. */
function assemble(row: CatalogRow, types: ReadonlyMap<number, TagTypeRow>): StoredCatalog {
  const sorted = [...types.values()].sort(
    (left, right) => (left.retiredIn ?? 0) - (right.retiredIn ?? 0) || left.id - right.id,
  );
  const catalog = catalogFromJson({
    ...row,
    types: sorted.filter(({ retiredIn }) => retiredIn === null).map(storedForm),
    retiredTypes: sorted.filter(({ retiredIn }) => retiredIn !== null).map(storedForm),
  });
  for (const type of [...catalog.types, ...catalog.retiredTypes]) {
    const { name, kind } = types.get(type.id) ?? {};
    if (name !== type.name || kind !== type.kind) {
      const shown = `tag_type ${type.id} has the name "${name}" and the kind "${kind}"`;
      throw new CatalogFormatError(`stored catalogue: ${shown}, its declaration "${type.name}" and "${type.kind}"`);
    }
  }
  return { catalog, types };
}

function storedForm({ id, version, fieldIds, declaration }: TagTypeRow): object {
  return { id, version, fieldIds: parseColumn(id, fieldIds), declaration: parseColumn(id, declaration) };
}

function parseColumn(id: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CatalogFormatError(`stored catalogue: tag_type ${id} holds what is not JSON`, { cause: error });
  }
}

function isSame(left: TagTypeRow, right: TagTypeRow | undefined): boolean {
  return (
    left.name === right?.name &&
    left.kind === right.kind &&
    left.version === right.version &&
    left.retiredIn === right.retiredIn &&
    left.fieldIds === right.fieldIds &&
    left.declaration === right.declaration
  );
}

function missing(): CatalogFormatError {
  return new CatalogFormatError('stored catalogue: the row of tag_catalog is missing');
}
