import { buildTagType, FIELD_ID_MAX, TYPE_ID_MAX, withTagType } from './build-tag-type';
import { Catalog } from './catalog';
import type { TagTypeDefinition } from './catalog';
import { declarationOf } from './describe-tag-type';
import { fieldsOf } from './fields-of';
import type { LocatedError, Parsed } from './located-error';
import { pointer } from './object-reader';
import { draftsOf, readTagType } from './read-tag-type';
import type { TagTypeDraft } from './read-tag-type';
import type { JsonValue } from './value-type';

/** Errors reported at most for one declaration. */
export const DECLARATION_ERRORS_MAX = 100;

/** Checks of a declaration that need more than the catalogue. */
export interface DeclarationChecks {
  /**
   * Checks one implied condition against the catalogue as it would be after the change. `path` is its place in the body;
   * the paths of the errors returned begin with it.
   */
  impliedCondition?(json: JsonValue, path: string, catalogAfter: Catalog): readonly LocatedError[];
}

/** A field that auto-declaration adds. */
export interface UndeclaredField {
  readonly name: string;
  readonly valueType: 'bool' | 'decimal' | 'string' | 'set';
}

/**
 * Adds a tag type (body of `POST /v1/tag-types`, see docs/messages.md for what each key takes).
 * @returns the next version of the catalogue, or every error with its place in the body; `nameTaken` is a conflict.
 */
export function declareTagType(catalog: Catalog, json: unknown, checks: DeclarationChecks = {}): Parsed<Catalog> {
  const errors: LocatedError[] = [];
  const draft = readTagType(json, null, errors);
  if (draft === null) {
    return refuse(errors);
  }
  if (catalog.type(draft.name) !== undefined) {
    const message = `a tag type "${draft.name}" exists; choose another name, or change it with PATCH`;
    errors.push({ path: '/name', code: 'nameTaken', message });
  }
  checkTagNames(catalog, draft, null, errors);
  checkRoom(catalog, 1, draft.fields.length, errors);
  if (errors.length > 0) {
    return refuse(errors);
  }
  const fieldIds = draft.fields.map((_, index) => catalog.nextFieldId + index);
  const type = buildTagType(draft, { id: catalog.nextTypeId, version: 1, fieldIds });
  return checkImplied(withTagType(catalog, type, draft.fields.length), draft, checks);
}

/**
 * Changes a tag type (body of `PATCH /v1/tag-types/{name}`): fields listed that it does not have are added; of those it has, and of
 * the type, what is mentioned changes and the rest stays. Enum values given are added, labels laid over those there
 * are. Value type, scale and kind never change (`immutable`, a conflict). A change that changes nothing returns
 * the catalogue as it is.
 */
export function patchTagType(
  catalog: Catalog,
  name: string,
  json: unknown,
  checks: DeclarationChecks = {},
): Parsed<Catalog> {
  const base = catalog.type(name);
  if (base === undefined) {
    return unknownType(name);
  }
  const errors: LocatedError[] = [];
  const draft = readTagType(json, base, errors);
  if (draft === null) {
    return refuse(errors);
  }
  checkTagNames(catalog, draft, base, errors);
  return changeType(catalog, base, draft, errors, checks);
}

/**
 * Adds fields that messages brought (MEANING section 2, Auto-declare). Fields the type has by now are skipped, whatever their
 * type: the message is then read again against the catalogue.
 */
export function autoDeclare(catalog: Catalog, typeName: string, fields: readonly UndeclaredField[]): Parsed<Catalog> {
  const base = catalog.type(typeName);
  if (base === undefined) {
    return unknownType(typeName);
  }
  if (!base.autoDeclare) {
    const message = `tag type "${typeName}" does not declare fields by itself; add them with PATCH, or set autoDeclare`;
    return { ok: false, errors: [{ path: '', code: 'notAllowed', message }] };
  }
  const known = new Set(fieldsOf(base).map((field) => field.name));
  const key = base.kind === 'event' ? 'properties' : 'tags';
  const added = new Map(fields.filter(({ name }) => !known.has(name)).map((field) => [field.name, field.valueType]));
  // Read as the PATCH that it is, so that names are checked in one place.
  return patchTagType(catalog, typeName, { [key]: [...added].map(([name, valueType]) => ({ name, valueType })) });
}

/** Takes a tag type away; its ids are never used again and go on to be found by number. An unknown name changes nothing. That it is unused is the caller's to check. */
export function removeTagType(catalog: Catalog, name: string): Catalog {
  const removed = catalog.type(name);
  if (removed === undefined) {
    return catalog;
  }
  const types = catalog.types.filter((type) => type !== removed);
  const retiredTypes = [...catalog.retiredTypes, removed];
  return new Catalog(catalog.version + 1, catalog.nextFieldId, catalog.nextTypeId, types, retiredTypes);
}

function changeType(
  catalog: Catalog,
  base: TagTypeDefinition,
  draft: TagTypeDraft,
  errors: LocatedError[],
  checks: DeclarationChecks,
): Parsed<Catalog> {
  const changed = new Map(draft.fields.map((field) => [field.name, field]));
  const existing = draftsOf(base).map((field) => changed.get(field.name) ?? field);
  const existingNames = new Set(existing.map((field) => field.name));
  const added = draft.fields.filter((field) => !existingNames.has(field.name));
  checkRoom(catalog, 0, added.length, errors);
  if (errors.length > 0) {
    return refuse(errors);
  }
  const type = buildTagType(
    { ...draft, fields: [...existing, ...added] },
    {
      id: base.id,
      version: base.version + 1,
      fieldIds: [...fieldsOf(base).map((field) => field.id), ...added.map((_, index) => catalog.nextFieldId + index)],
    },
  );
  if (JSON.stringify(declarationOf(type)) === JSON.stringify(declarationOf(base))) {
    return { ok: true, value: catalog };
  }
  return checkImplied(withTagType(catalog, type, added.length), draft, checks);
}

/** A body of millions of mistakes gets an answer of readable size. */
function refuse(errors: readonly LocatedError[]): Parsed<Catalog> {
  return { ok: false, errors: errors.slice(0, DECLARATION_ERRORS_MAX) };
}

function unknownType(name: string): Parsed<Catalog> {
  const message = `there is no tag type ${JSON.stringify(name)}; GET /v1/tag-types lists them`;
  return { ok: false, errors: [{ path: '', code: 'unknownType', message }] };
}

/** Tag names are unique over the whole catalogue; property names only within their type, which reading has checked. */
function checkTagNames(
  catalog: Catalog,
  draft: TagTypeDraft,
  base: TagTypeDefinition | null,
  errors: LocatedError[],
): void {
  if (draft.kind === 'event') {
    return;
  }
  for (const [index, field] of draft.fields.entries()) {
    const owner = catalog.tag(field.name);
    if (owner !== undefined && owner.typeId !== base?.id) {
      const message = `"${field.name}" is a tag of type "${owner.typeName}" already; tag names are unique, choose another`;
      errors.push({ path: pointer(draft.fieldPaths[index] ?? '', 'name'), code: 'nameTaken', message });
    }
  }
}

function checkRoom(catalog: Catalog, newTypes: number, newFields: number, errors: LocatedError[]): void {
  if (catalog.nextTypeId + newTypes - 1 > TYPE_ID_MAX) {
    const message = `${TYPE_ID_MAX} tag types have been declared over time, and ids are not used again; extend an existing type`;
    errors.push({ path: '', code: 'tooMany', message });
  }
  if (catalog.nextFieldId + newFields - 1 > FIELD_ID_MAX) {
    errors.push({ path: '', code: 'tooMany', message: `there are no field ids left below 2^32` });
  }
}

function checkImplied(catalogAfter: Catalog, draft: TagTypeDraft, checks: DeclarationChecks): Parsed<Catalog> {
  const errors: LocatedError[] = [];
  for (const [index, field] of draft.fields.entries()) {
    const path = pointer(draft.fieldPaths[index] ?? '', 'impliedConditions');
    for (const [at, condition] of field.impliedConditions.entries()) {
      errors.push(...(checks.impliedCondition?.(condition, pointer(path, at), catalogAfter) ?? []));
    }
  }
  return errors.length > 0 ? refuse(errors) : { ok: true, value: catalogAfter };
}
