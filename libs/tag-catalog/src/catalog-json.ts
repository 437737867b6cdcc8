import { buildTagType, FIELD_ID_MAX, TYPE_ID_MAX } from './build-tag-type';
import { Catalog } from './catalog';
import type { TagTypeDefinition } from './catalog';
import { declarationOf } from './describe-tag-type';
import { describeJson } from './describe-json';
import { fieldsOf } from './fields-of';
import type { LocatedError } from './located-error';
import { ObjectReader, pointer } from './object-reader';
import { readTagType } from './read-tag-type';
import type { JsonValue } from './value-type';

/** Stands in every stored catalogue. A change of the form counts it up, and `catalogFromJson` keeps reading the older ones. */
export const CATALOG_FORMAT = 1;

/** A tag type in its storage form. */
export interface StoredTagType {
  readonly [key: string]: JsonValue;
  readonly id: number;
  readonly version: number;
  readonly fieldIds: readonly number[];
  readonly declaration: { readonly [key: string]: JsonValue };
}

/** The stored catalogue can't be read. A retry does not help: it was damaged, or written by a newer release. */
export class CatalogFormatError extends Error {
  override readonly name = 'CatalogFormatError';
}

/**
 * The catalogue in its storage form:
 * `{format: 1, version, nextFieldId, nextTypeId, types: [{id, version, fieldIds: [n, …], declaration: {…}}, …], retiredTypes: […]}`, where
 * `declaration` is the body that declares the type (`POST /v1/tag-types`) and `fieldIds` are the ids of its fields in their order.
 */
export function catalogToJson(catalog: Catalog): JsonValue {
  return {
    format: CATALOG_FORMAT,
    version: catalog.version,
    nextFieldId: catalog.nextFieldId,
    nextTypeId: catalog.nextTypeId,
    types: catalog.types.map(storedTagType),
    retiredTypes: catalog.retiredTypes.map(storedTagType),
  };
}

/** One tag type in its storage form, for stores that keep each by itself. */
export function storedTagType(type: TagTypeDefinition): StoredTagType {
  return {
    id: type.id,
    version: type.version,
    fieldIds: fieldsOf(type).map((field) => field.id),
    declaration: declarationOf(type),
  };
}

/**
 * Reads the storage form, checking all of it: a damaged catalogue must not start serving.
 * @throws CatalogFormatError naming the first place that is wrong.
 */
export function catalogFromJson(json: unknown): Catalog {
  const errors: LocatedError[] = [];
  const root = open(json, '', ['format', 'version', 'nextFieldId', 'nextTypeId', 'types', 'retiredTypes'], errors);
  if (root.value('format') !== CATALOG_FORMAT) {
    const found = describeJson(root.value('format'));
    throw new CatalogFormatError(`stored catalogue: format is ${found}, this release reads ${CATALOG_FORMAT}`);
  }
  const version = count(root, 'version', 0, Number.MAX_SAFE_INTEGER);
  const nextFieldId = count(root, 'nextFieldId', 1, FIELD_ID_MAX + 1);
  const nextTypeId = count(root, 'nextTypeId', 1, TYPE_ID_MAX + 1);
  const types = (root.list('types') ?? []).map((item, index) => readStoredType(item, pointer('/types', index), errors));
  const retired = (root.list('retiredTypes') ?? []).map((item, index) =>
    readStoredType(item, pointer('/retiredTypes', index), errors),
  );
  failOn(errors);
  const everyType = [...types, ...retired];
  checkUnique('type name', types.map((type) => type.name)); // prettier-ignore
  checkUnique('tag name', types.flatMap((type) => type.tags.map((tag) => tag.name))); // prettier-ignore
  checkIds('type id', everyType.map((type) => type.id), nextTypeId); // prettier-ignore
  checkIds('field id', everyType.flatMap((type) => fieldsOf(type).map((field) => field.id)), nextFieldId); // prettier-ignore
  return new Catalog(version, nextFieldId, nextTypeId, types, retired);
}

function readStoredType(json: unknown, path: string, errors: LocatedError[]): TagTypeDefinition {
  const reader = open(json, path, ['id', 'version', 'fieldIds', 'declaration'], errors);
  const id = count(reader, 'id', 1, TYPE_ID_MAX);
  const version = count(reader, 'version', 1, Number.MAX_SAFE_INTEGER);
  const inDeclaration: LocatedError[] = [];
  const draft = readTagType(reader.value('declaration'), null, inDeclaration);
  errors.push(...inDeclaration.map((error) => ({ ...error, path: `${path}/declaration${error.path}` })));
  failOn(errors);
  const fieldIds = reader.list('fieldIds') ?? [];
  const numbers = fieldIds.filter((fieldId) => typeof fieldId === 'number');
  if (draft === null || numbers.length !== fieldIds.length || numbers.length !== draft.fields.length) {
    throw new CatalogFormatError(`stored catalogue: ${path}/fieldIds does not hold one id for each field`);
  }
  return buildTagType(draft, { id, version, fieldIds: numbers });
}

function open(json: unknown, path: string, keys: readonly string[], errors: LocatedError[]): ObjectReader {
  const reader = ObjectReader.open(json, path, new Set(keys), errors);
  failOn(errors);
  if (reader === null) {
    throw new CatalogFormatError(`stored catalogue: ${path} is not an object`);
  }
  return reader;
}

function count(reader: ObjectReader, key: string, min: number, max: number): number {
  const value = reader.integer(key, null, min, max);
  failOn(reader.errors);
  if (value === null) {
    throw new CatalogFormatError(`stored catalogue: ${reader.path}/${key} is missing`);
  }
  return value;
}

function failOn(errors: readonly LocatedError[]): void {
  const [first] = errors;
  if (first !== undefined) {
    throw new CatalogFormatError(`stored catalogue: ${first.path === '' ? 'the root' : first.path}: ${first.message}`);
  }
}

function checkUnique(what: string, items: readonly (string | number)[]): void {
  const seen = new Set<string | number>();
  for (const item of items) {
    if (seen.has(item)) {
      throw new CatalogFormatError(`stored catalogue: ${what} ${JSON.stringify(item)} occurs twice`);
    }
    seen.add(item);
  }
}

function checkIds(what: string, ids: readonly number[], next: number): void {
  checkUnique(what, ids);
  const bad = ids.find((id) => !Number.isInteger(id) || id < 1 || id >= next);
  if (bad !== undefined) {
    throw new CatalogFormatError(`stored catalogue: ${what} ${bad} is not between 1 and ${next - 1}`);
  }
}
