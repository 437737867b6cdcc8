import type { Labels } from './catalog';
import { describeJson, quote } from './describe-json';
import { ObjectReader, pointer, readText } from './object-reader';

/** A language tag as labels use it: `en`, `zh`, `pt-BR`, `zh-Hant-TW`. */
const LANGUAGE_PATTERN = /^[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8}){0,3}$/;

interface ValueLabels {
  readonly [value: string]: Labels;
}

/** Labels under `key` laid over the ones there are: a language that is listed is set, `null` takes its label away. */
export function readLabels(reader: ObjectReader, key: string, base: Labels): Labels {
  if (!reader.has(key)) {
    return reader.mentions(key) ? Object.freeze({}) : base;
  }
  const inner = ObjectReader.open(reader.value(key), pointer(reader.path, key), null, reader.errors);
  return inner === null ? base : overlayLabels(inner, base);
}

function overlayLabels(reader: ObjectReader, base: Labels): Labels {
  const labels = new Map(Object.entries(base));
  for (const language of reader.keys()) {
    if (!LANGUAGE_PATTERN.test(language)) {
      const message = `${quote(language)} is not a language tag; write labels as {"en": "…", "zh": "…"}`;
      reader.fail(language, 'invalidLanguage', message);
    } else if (!reader.has(language)) {
      labels.delete(language);
    } else {
      const text = readText(reader.value(language), pointer(reader.path, language), reader.errors);
      labels.set(language, text ?? '');
    }
  }
  return Object.freeze(Object.fromEntries(labels));
}

/** Labels of enum values, `{value: {language: text}}`, laid over the ones there are; `null` takes those of a value away. */
export function readValueLabels(
  reader: ObjectReader,
  key: string,
  base: ValueLabels,
  values: readonly string[],
): ValueLabels {
  if (!reader.has(key)) {
    return reader.mentions(key) ? Object.freeze({}) : base;
  }
  const inner = ObjectReader.open(reader.value(key), pointer(reader.path, key), null, reader.errors);
  if (inner === null) {
    return base;
  }
  const known = new Set(values);
  const labels = new Map(Object.entries(base));
  for (const value of inner.keys()) {
    if (!known.has(value)) {
      inner.fail(value, 'notListed', `${quote(value)} is not among the values; label listed values only`);
    } else if (!inner.has(value)) {
      labels.delete(value);
    } else {
      labels.set(value, readLabels(inner, value, labels.get(value) ?? {}));
    }
  }
  return Object.freeze(Object.fromEntries(labels));
}

/** The texts of a list of enum values: strings, distinct, at least one; null (and errors) otherwise. */
export function readEnumValues(reader: ObjectReader, key: string): readonly string[] | null {
  const items = reader.list(key);
  if (items === null) {
    return null;
  }
  if (items.length === 0) {
    reader.fail(key, 'required', `an enum lists at least one value under "${key}", like ["bronze", "silver"]`);
    return null;
  }
  const path = pointer(reader.path, key);
  const errorsBefore = reader.errors.length;
  const distinct = new Set<string>();
  for (const [index, item] of items.entries()) {
    const text = readText(item, pointer(path, index), reader.errors);
    if (text !== null && distinct.has(text)) {
      const message = `${describeJson(text)} is listed twice; enum values are distinct`;
      reader.errors.push({ path: pointer(path, index), code: 'duplicateValue', message });
    }
    if (text !== null) {
      distinct.add(text);
    }
  }
  return reader.errors.length > errorsBefore ? null : [...distinct];
}
