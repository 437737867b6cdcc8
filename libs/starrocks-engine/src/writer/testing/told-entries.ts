import type {
  FieldDefinition,
  FieldWrite,
  Guid,
  ProfileEntry,
  ProfileOutcome,
  TagTypeDefinition,
  TagValue,
} from '@tessera/tag-catalog';

export const NOON = Date.UTC(2026, 10, 20, 12, 0, 0, 123);

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
