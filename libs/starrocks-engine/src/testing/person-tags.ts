import type { JsonValue } from '@tessera/tag-catalog';

/** A tag of each value type but enum, for a profile type of specs. */
export const PERSON_TAGS: readonly JsonValue[] = [
  { name: 'vip', valueType: 'bool' },
  { name: 'level', valueType: 'int' },
  { name: 'spend', valueType: 'decimal', scale: 2 },
  { name: 'city', valueType: 'string' },
  { name: 'born', valueType: 'date' },
  { name: 'seen', valueType: 'datetime' },
  { name: 'likes', valueType: 'set' },
];
