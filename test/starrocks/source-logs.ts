import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { FieldWrite, Guid, JsonValue, ProfileEntry, TagTypeDefinition } from '@tessera/tag-catalog';
import { seededRandom } from '../streams/seeded-random';

const TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'town', valueType: 'string' },
      { name: 'visits', valueType: 'int' },
      { name: 'likes', valueType: 'set' },
    ],
  },
  { name: 'coupon', kind: 'kv', tags: [{ name: 'points', valueType: 'int' }] },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'int' }] },
];
export const ERASURES = 'sys_cguid_mapping';
export const RECORDS = 400;
const USERS = 40;
/** One in so many users is erased. */
const ERASED = 5;
const MINUTE_MS = 60_000;

/** Entries of one topic with one Kafka partition; the offset is the place. */
export type SourceLogs = ReadonlyMap<string, readonly ProfileEntry[]>;

export function logsCatalog(): Catalog {
  return TYPES.reduce<Catalog>((catalog, json) => {
    const outcome = declareTagType(catalog, json);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors));
    return outcome.value;
  }, Catalog.empty);
}

export function isErasable(guid: Guid): boolean {
  return guid % ERASED === 0;
}

/** The same for the same seed. @param startMs of the day; all times follow from it. */
export function sourceLogs(catalog: Catalog, seed: number, startMs: number): SourceLogs {
  const random = seededRandom(seed);
  const logs = new Map<string, ProfileEntry[]>();
  for (const type of catalog.types) {
    const log = Array.from({ length: RECORDS }, (_, offset): ProfileEntry => {
      const guid = (1 + random(USERS)) as Guid;
      const cuid = cuidOf(guid);
      const timeMs = startMs + offset * 1_000 - random(3) * MINUTE_MS;
      const content = { type, cuid, timeMs, id: null, fields: drawFields(type, random) };
      return { offset, cuid, guid, arrivalMs: startMs + offset * 1_000, content };
    });
    logs.set(`tags.${type.name}`, log);
  }
  const erasures: ProfileEntry[] = [];
  for (let guid = ERASED; guid <= USERS; guid += ERASED) {
    const offset = erasures.length;
    erasures.push({ offset, cuid: cuidOf(guid as Guid), guid: guid as Guid, arrivalMs: startMs, content: 'erase' });
  }
  logs.set(ERASURES, erasures);
  return logs;
}

export function cuidOf(guid: Guid): string {
  return `user ${guid}`;
}

/** Writes of a message, at random: of an event none too. */
export function drawFields(type: TagTypeDefinition, random: (limit: number) => number): readonly FieldWrite[] {
  const all = [...type.tags, ...type.properties].filter(() => random(2) === 0);
  const fields = all.length === 0 && type.kind !== 'event' ? type.tags.slice(0, 1) : all;
  return fields.map((field): FieldWrite => {
    const number = random(1_000);
    if (type.kind !== 'event' && random(8) === 0) return { op: 'clear', field };
    if (field.valueType === 'set') {
      const values = [`a${number % 5}`, `b${number % 7}`];
      return random(2) === 0 ? { op: 'add', field, values } : { op: 'set', field, value: values };
    }
    if (field.valueType === 'string') return { op: 'set', field, value: `town ${number}` };
    if (type.kind !== 'event' && random(2) === 0) return { op: 'increment', field, by: number };
    return { op: 'set', field, value: number };
  });
}
