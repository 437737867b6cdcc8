import type { Labels, TagKind, TagTypeDefinition } from './catalog';
import { describeJson } from './describe-json';
import type { LocatedError } from './located-error';
import { ObjectReader, pointer } from './object-reader';
import { readField, readName } from './read-field';
import type { FieldDraft } from './read-field';
import { readLabels } from './read-labels';

/** A tag type as declared, before ids. */
export interface TagTypeDraft {
  readonly name: string;
  readonly kind: TagKind;
  readonly labels: Labels;
  readonly owner: string;
  readonly description: string;
  readonly autoDeclare: boolean;
  readonly retentionDays: number | null;
  /** Those listed, in order; of a change, the others stay as they are. */
  readonly fields: readonly FieldDraft[];
  /** Where each of `fields` stood, a JSON Pointer. */
  readonly fieldPaths: readonly string[];
}

const KEYS: ReadonlySet<string> = new Set([
  'name',
  'kind',
  'labels',
  'owner',
  'description',
  'autoDeclare',
  'retentionDays',
  'tags',
  'properties',
]);
const KINDS = ['profile', 'kv', 'event'] as const satisfies readonly TagKind[];
/** Some 270 years: longer than rows, which begin in 1970, can be kept. */
const RETENTION_DAYS_MAX = 100_000;

/**
 * Reads the body of a declaration (`base` null), or of a change to `base`, where what is not mentioned stays as it is.
 * @returns null (and errors) if anything is wrong.
 */
export function readTagType(
  json: unknown,
  base: TagTypeDefinition | null,
  errors: LocatedError[],
): TagTypeDraft | null {
  const errorsBefore = errors.length;
  const reader = ObjectReader.open(json, '', KEYS, errors);
  if (reader === null) {
    return null;
  }
  const name = base === null ? readName(reader, 'name') : readUnchanged(reader, 'name', base.name);
  const kind = base === null ? readKind(reader) : readUnchanged(reader, 'kind', base.kind);
  if (kind === null) {
    return null;
  }
  const [fields, fieldPaths] = readFields(reader, kind, base);
  const draft = {
    kind,
    labels: readLabels(reader, 'labels', base?.labels ?? Object.freeze({})),
    owner: reader.text('owner', base?.owner ?? ''),
    description: reader.text('description', base?.description ?? ''),
    autoDeclare: reader.flag('autoDeclare', base?.autoDeclare ?? false),
    retentionDays: readRetentionDays(reader, kind, base?.retentionDays ?? null),
    fields,
    fieldPaths,
  };
  return name === null || errors.length > errorsBefore ? null : { name, ...draft };
}

function readKind(reader: ObjectReader): TagKind | null {
  const json = reader.value('kind');
  const kind = KINDS.find((candidate) => candidate === json);
  if (kind === undefined) {
    const code = reader.has('kind') ? 'invalidKind' : 'required';
    reader.fail('kind', code, `kind is one of ${KINDS.join(', ')}; got ${describeJson(json)}`);
    return null;
  }
  return kind;
}

/** A change may repeat the name and the kind, not alter them. */
function readUnchanged<T extends string>(reader: ObjectReader, key: string, current: T): T {
  if (reader.has(key) && reader.value(key) !== current) {
    const message = `the ${key} "${current}" of a tag type can't change; leave "${key}" out, or declare a new tag type`;
    reader.fail(key, 'immutable', message);
  }
  return current;
}

function readRetentionDays(reader: ObjectReader, kind: TagKind, base: number | null): number | null {
  if (kind !== 'event' && reader.has('retentionDays')) {
    reader.fail('retentionDays', 'notAllowed', `retentionDays is for event types; tags of a ${kind} type take a "ttl"`);
    return null;
  }
  return reader.integer('retentionDays', base, 1, RETENTION_DAYS_MAX);
}

function readFields(
  reader: ObjectReader,
  kind: TagKind,
  base: TagTypeDefinition | null,
): [readonly FieldDraft[], readonly string[]] {
  const [key, otherKey, shape] =
    kind === 'event' ? (['properties', 'tags', 'property'] as const) : (['tags', 'properties', 'tag'] as const);
  if (reader.has(otherKey)) {
    reader.fail(otherKey, 'notAllowed', `a tag type of kind ${kind} has "${key}", not "${otherKey}"`);
  }
  if (base === null && !reader.has(key)) {
    reader.fail(key, 'required', `a tag type of kind ${kind} lists its ${key}, if only as []`);
  }
  const baseFields = new Map((base === null ? [] : draftsOf(base)).map((draft) => [draft.name, draft]));
  const path = pointer(reader.path, key);
  const fields: FieldDraft[] = [];
  const fieldPaths: string[] = [];
  const names = new Set<string>();
  for (const [index, item] of (reader.list(key) ?? []).entries()) {
    const fieldPath = pointer(path, index);
    const field = readField(item, fieldPath, shape, (name) => baseFields.get(name), reader.errors);
    if (field !== null && names.has(field.name)) {
      const message = `"${field.name}" is listed twice; names are unique`;
      reader.errors.push({ path: pointer(fieldPath, 'name'), code: 'duplicateName', message });
    } else if (field !== null) {
      names.add(field.name);
      fields.push(field);
      fieldPaths.push(fieldPath);
    }
  }
  return [fields, fieldPaths];
}

/** The fields of an existing type as drafts, in order. */
export function draftsOf(type: TagTypeDefinition): readonly FieldDraft[] {
  if (type.kind !== 'event') {
    return type.tags;
  }
  return type.properties.map((property) => ({
    ...property,
    ttlMs: null,
    unit: '',
    owner: '',
    group: '',
    impliedConditions: [],
    quality: null,
    freshness: '',
  }));
}
