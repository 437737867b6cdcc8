import { quote } from '@tessera/tag-catalog';

/** `Array.isArray` without its `any`. */
export function isJsonArray(json: unknown): json is readonly unknown[] {
  return Array.isArray(json);
}

/** Says in a few words what stands there, however large or deep it is. */
export function showJson(json: unknown): string {
  if (typeof json === 'string') return quote(json);
  if (isJsonArray(json)) return json.length === 0 ? 'an empty array' : `an array of ${json.length}`;
  if (json === null) return 'null';
  if (typeof json === 'number' || typeof json === 'boolean') return String(json);
  return json === undefined ? 'nothing' : 'an object';
}
