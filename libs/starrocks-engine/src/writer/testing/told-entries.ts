import type {
  FieldDefinition,
  FieldWrite,
  Guid,
  ProfileEntry,
  ProfileOutcome,
  TagTypeDefinition,
  TagValue,
} from '@tessera/tag-catalog';
import { catalogOf } from './writer-at-work';
import { PERSON_TAGS } from '../../testing/person-tags';

/** A type of each kind. */
export const CATALOG = catalogOf([
  {
    name: 'person',
    kind: 'profile',
    tags: [...PERSON_TAGS, { name: 'group', valueType: 'string' }, { name: 'order', valueType: 'int' }],
  },
  {
    name: 'flag',
    kind: 'kv',
    tags: [
      { name: 'marked', valueType: 'string' },
      { name: 'points', valueType: 'int' },
      { name: 'since', valueType: 'date' },
    ],
  },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] },
]);
export const PERSON = typeOf('person');
export const FLAG = typeOf('flag');
export const VISIT = typeOf('visit');

export const NOON = Date.UTC(2026, 10, 20, 12, 0, 0, 123);

function typeOf(name: string): TagTypeDefinition {
  const type = CATALOG.type(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  return type;
}

/** An entry, and what the online profiles say became of it. */
export interface Told {
  readonly entry: ProfileEntry;
  readonly outcome: ProfileOutcome;
}

/**
 * A message of the user `user <number>` as many milliseconds after `NOON` as its offset says.
 * @param values by name of the field; null: it is cleared.
 */
export function told(
  type: TagTypeDefinition,
  offset: number,
  user: number,
  values: Readonly<Record<string, TagValue | null>>,
  verdict: ProfileOutcome['verdict'] = 'accepted',
): Told {
  const fields = Object.entries(values).map(([name, value]) => ({ field: fieldOf(type, name), value }));
  const writes = fields.map(({ field, value }): FieldWrite => {
    return value === null ? { op: 'clear', field } : { op: 'set', field, value };
  });
  const cuid = cuidOf(user);
  const content = { type, cuid, timeMs: NOON + offset, id: null, fields: writes };
  const states = type.kind === 'event' ? [] : fields.map((one) => ({ ...one, timeMs: NOON + offset }));
  return {
    entry: { offset, cuid, guid: user as Guid, arrivalMs: NOON, content },
    outcome: { verdict, fields: states },
  };
}

/** Of the mapping log. */
export function erased(offset: number, user: number): Told {
  return {
    entry: { offset, cuid: cuidOf(user), guid: user as Guid, arrivalMs: NOON, content: 'erase' },
    outcome: { verdict: 'accepted', fields: [] },
  };
}

function cuidOf(user: number): string {
  return `user ${user} 𝄞`;
}

function fieldOf(type: TagTypeDefinition, name: string): FieldDefinition {
  const found = [...type.tags, ...type.properties].find((one) => one.name === name);
  if (found === undefined) throw new Error(`${type.name} has no ${name}`);
  return found;
}
