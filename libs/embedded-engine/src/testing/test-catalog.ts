import { Catalog, declareTagType, type JsonValue, parseMessage, type TagMessage } from '@tessera/tag-catalog';

export const DAY_MS = 86_400_000;
/** A noon, far from retention's midnights. */
export const NOW = Date.UTC(2026, 10, 1, 12);

const TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'vip', valueType: 'bool' },
      { name: 'level', valueType: 'int' },
      { name: 'spend', valueType: 'decimal', scale: 2 },
      { name: 'city', valueType: 'string' },
      { name: 'plan', valueType: 'enum', values: ['free', 'paid'] },
      { name: 'born', valueType: 'date' },
      { name: 'seen', valueType: 'datetime', ttl: 'P2D' },
      { name: 'interests', valueType: 'set' },
    ],
  },
  { name: 'flag', kind: 'kv', tags: [{ name: 'marked', valueType: 'string', ttl: 'P1D' }] },
  {
    name: 'purchase',
    kind: 'event',
    retentionDays: 30,
    properties: [
      { name: 'amount', valueType: 'decimal', scale: 2 },
      { name: 'sku', valueType: 'string' },
      { name: 'gift', valueType: 'bool' },
      { name: 'parts', valueType: 'set' },
      { name: 'due', valueType: 'date' },
    ],
  },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] },
];

/** Every value type, kind and relative of time that the engine treats differently. */
export function testCatalog(): Catalog {
  return TYPES.reduce<Catalog>((catalog, json) => {
    const outcome = declareTagType(catalog, json);
    if (!outcome.ok) {
      throw new Error(JSON.stringify(outcome.errors));
    }
    return outcome.value;
  }, Catalog.empty);
}

/** The message as the catalogue reads it. */
export function messageOf(
  catalog: Catalog,
  type: string,
  cuid: string,
  body: JsonValue,
  header: { readonly timeMs?: number; readonly id?: string; readonly nowMs?: number } = {},
): TagMessage {
  const { timeMs, id, nowMs = NOW } = header;
  const time = timeMs === undefined ? {} : { time: new Date(timeMs).toISOString() };
  const parsed = parseMessage(
    catalog,
    { header: { type, cuid, ...time, ...(id === undefined ? {} : { id }) }, body },
    nowMs,
  );
  if (parsed.kind !== 'message') {
    throw new Error(JSON.stringify(parsed));
  }
  return parsed.message;
}
