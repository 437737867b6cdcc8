import type { TagDefinition } from './catalog';
import { DECIMAL_SCALE_DEFAULT, DECIMAL_SCALE_MAX } from './decimal';
import { describeJson, isJsonObject } from './describe-json';
import type { LocatedError } from './located-error';
import { nameProblem } from './name';
import { copyJson, ObjectReader, pointer } from './object-reader';
import { readEnumValues, readLabels, readValueLabels } from './read-labels';
import { VALUE_TYPES } from './value-type';
import type { JsonValue, ValueType } from './value-type';

/** A tag or property before it has its ids; what only tags have is left at its default for properties. */
export type FieldDraft = Omit<TagDefinition, 'id' | 'typeId' | 'typeName' | 'kind'>;

const PROPERTY_KEYS = ['name', 'valueType', 'values', 'scale', 'labels', 'valueLabels', 'description'] as const;
const TAG_KEYS = [
  ...PROPERTY_KEYS,
  'ttl',
  'unit',
  'owner',
  'group',
  'impliedConditions',
  'quality',
  'freshness',
] as const;

const KEYS = { tag: new Set<string>(TAG_KEYS), property: new Set<string>(PROPERTY_KEYS) } as const;
const IMPLIED_CONDITIONS_MAX = 100;
const NO_LABELS = Object.freeze({});

/** A draft with everything optional at its default. */
export function emptyFieldDraft(name: string, valueType: ValueType): FieldDraft {
  return {
    name,
    valueType,
    scale: valueType === 'decimal' ? DECIMAL_SCALE_DEFAULT : 0,
    values: [],
    labels: NO_LABELS,
    valueLabels: NO_LABELS,
    description: '',
    ttlMs: null,
    unit: '',
    owner: '',
    group: '',
    impliedConditions: [],
    quality: null,
    freshness: '',
  };
}

/**
 * Reads one tag or property of a declaration, or of a change. `baseOf` finds the field a change speaks about: what the JSON
 * does not mention stays as it is there; value type and scale can't change; enum values given are added.
 * @returns null (and errors) if it can't be read.
 */
export function readField(
  json: unknown,
  path: string,
  shape: 'tag' | 'property',
  baseOf: (name: string) => FieldDraft | undefined,
  errors: LocatedError[],
): FieldDraft | null {
  const errorsBefore = errors.length;
  const reader = ObjectReader.open(json, path, KEYS[shape], errors);
  const name = reader === null ? null : readName(reader, 'name');
  if (reader === null || name === null) {
    return null;
  }
  const base = baseOf(name);
  const valueType = readValueType(reader, base);
  if (valueType === null) {
    return null;
  }
  const start = base ?? emptyFieldDraft(name, valueType);
  const values = readValues(reader, valueType, start.values, base === undefined);
  const field: FieldDraft = {
    name,
    valueType,
    scale: readScale(reader, valueType, base),
    values,
    labels: readLabels(reader, 'labels', start.labels),
    valueLabels: readValueLabels(reader, 'valueLabels', start.valueLabels, values),
    description: reader.text('description', start.description),
    ttlMs: reader.durationMs('ttl', start.ttlMs),
    unit: reader.text('unit', start.unit),
    owner: reader.text('owner', start.owner),
    group: reader.text('group', start.group),
    impliedConditions: readImpliedConditions(reader, start.impliedConditions),
    quality: readQuality(reader, start.quality),
    freshness: readFreshness(reader, start.freshness),
  };
  return errors.length > errorsBefore ? null : field;
}

/** A name of a tag type, tag or property; null (and an error) if it is missing or bad. */
export function readName(reader: ObjectReader, key: string): string | null {
  const name = reader.value(key);
  const problem = nameProblem(name);
  if (problem !== null || typeof name !== 'string') {
    reader.fail(key, reader.has(key) ? 'invalidName' : 'required', problem ?? 'a name is a string');
    return null;
  }
  return name;
}

function readValueType(reader: ObjectReader, base: FieldDraft | undefined): ValueType | null {
  if (base !== undefined && !reader.has('valueType')) {
    return base.valueType;
  }
  const json = reader.value('valueType');
  const valueType = VALUE_TYPES.find((candidate) => candidate === json);
  if (valueType === undefined) {
    const code = reader.has('valueType') ? 'invalidValueType' : 'required';
    reader.fail('valueType', code, `valueType is one of ${VALUE_TYPES.join(', ')}; got ${describeJson(json)}`);
    return null;
  }
  if (base !== undefined && base.valueType !== valueType) {
    const message = `"${base.name}" is ${base.valueType} and can't become ${valueType}; declare a new field instead`;
    reader.fail('valueType', 'immutable', message);
    return null;
  }
  return valueType;
}

function readScale(reader: ObjectReader, valueType: ValueType, base: FieldDraft | undefined): number {
  if (reader.has('scale') && valueType !== 'decimal') {
    reader.fail('scale', 'notAllowed', `scale is for decimal only, this field is ${valueType}; leave it out`);
    return 0;
  }
  const start = base?.scale ?? (valueType === 'decimal' ? DECIMAL_SCALE_DEFAULT : 0);
  const scale = reader.has('scale') ? (reader.integer('scale', start, 0, DECIMAL_SCALE_MAX) ?? start) : start;
  if (base !== undefined && scale !== base.scale) {
    const message = `"${base.name}" has scale ${base.scale}, which can't change; declare a new field instead`;
    reader.fail('scale', 'immutable', message);
  }
  return scale;
}

function readValues(
  reader: ObjectReader,
  valueType: ValueType,
  existing: readonly string[],
  required: boolean,
): readonly string[] {
  if (valueType !== 'enum') {
    if (reader.has('values')) {
      reader.fail('values', 'notAllowed', `values are for enum only, this field is ${valueType}; leave them out`);
    }
    return existing;
  }
  if (!reader.has('values')) {
    if (required) {
      reader.fail('values', 'required', 'an enum lists its values, like ["bronze", "silver"]');
    }
    return existing;
  }
  const listed = readEnumValues(reader, 'values') ?? [];
  const known = new Set(existing);
  const added = listed.filter((value) => !known.has(value));
  return added.length === 0 ? existing : Object.freeze([...existing, ...added]);
}

function readImpliedConditions(reader: ObjectReader, base: readonly JsonValue[]): readonly JsonValue[] {
  if (!reader.mentions('impliedConditions')) {
    return base;
  }
  const items = reader.list('impliedConditions') ?? [];
  if (items.length > IMPLIED_CONDITIONS_MAX) {
    const message = `${items.length} implied conditions, at most ${IMPLIED_CONDITIONS_MAX}; join them with "and"`;
    reader.fail('impliedConditions', 'tooMany', message);
    return base;
  }
  const path = pointer(reader.path, 'impliedConditions');
  for (const [index, item] of items.entries()) {
    if (!isJsonObject(item)) {
      const message = `an implied condition is an expression like {"tag": …}, got ${describeJson(item)}`;
      reader.errors.push({ path: pointer(path, index), code: 'wrongType', message });
    }
  }
  return Object.freeze(items.map((item, index) => copyJson(item, pointer(path, index), reader.errors)));
}

function readQuality(reader: ObjectReader, base: JsonValue): JsonValue {
  if (!reader.has('quality')) {
    return reader.mentions('quality') ? null : base;
  }
  const opened = ObjectReader.open(reader.value('quality'), pointer(reader.path, 'quality'), null, reader.errors);
  for (const key of opened?.keys() ?? []) {
    if (!/^[a-z][a-zA-Z0-9]{0,63}$/.test(key) || Object.hasOwn(Object.prototype, key)) {
      opened?.fail(key, 'invalidName', 'a quality rule has a camelCase name, like "maxNullRate"');
    }
  }
  return reader.json('quality');
}

function readFreshness(reader: ObjectReader, base: string): string {
  if (!reader.mentions('freshness')) {
    return base;
  }
  // Kept as declared; only checked to be a duration.
  const durationMs = reader.durationMs('freshness', null);
  const text = reader.value('freshness');
  return durationMs !== null && typeof text === 'string' ? text : '';
}
