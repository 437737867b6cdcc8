import { Catalog, declareTagType, formatInstant, parseMessage, patchTagType } from '@tessera/tag-catalog';
import type { JsonValue, MessageBatch, Parsed, SourcePosition, TagMessage } from '@tessera/tag-catalog';
import { RandomSource } from '../conformance/random/random-source';

/** One write of the workload. All of it follows from seed and index, so that writer and checker make the same. */
export type Operation =
  | { readonly kind: 'batch'; readonly batch: MessageBatch; readonly source: SourcePosition }
  | { readonly kind: 'erase'; readonly cuid: string; readonly arrivalMs: number }
  | { readonly kind: 'list'; readonly name: string; readonly cuids: readonly string[] }
  /** The catalogue becomes `catalogBefore(index + 1)`. */
  | { readonly kind: 'patch' };

const START_MS = Date.UTC(2026, 2, 1);
const DAY_MS = 86_400_000;
/** The engine's wall clock throughout. */
export const CLOCK_MS = START_MS + 20 * DAY_MS;
const USERS = 300;
export const SOURCES = 3;
const MESSAGES_MAX = 25;
/** Every so many operations the catalogue gets another tag, which messages use from then on. */
const PATCH_EVERY = 60;
/** Few enough that ids repeat. */
const IDS = 400;
const CITIES = ['oslo', 'rome', 'bonn', 'lima', ''];
const LABELS = ['x', 'y', 'z', 'é', '\u{1f600}'];

const TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'city', valueType: 'string' },
      { name: 'points', valueType: 'int' },
      { name: 'money', valueType: 'decimal', scale: 2 },
      { name: 'labels', valueType: 'set' },
    ],
  },
  { name: 'loose', kind: 'kv', tags: [{ name: 'hobby', valueType: 'string' }] },
  {
    name: 'buy',
    kind: 'event',
    properties: [
      { name: 'amount', valueType: 'int' },
      { name: 'sku', valueType: 'string' },
    ],
  },
];

/** By number of patches made. */
const catalogs: Catalog[] = [
  TYPES.reduce((catalog: Catalog, json) => valueOf(declareTagType(catalog, json)), Catalog.empty),
];

/** The catalogue of all operations below this index. */
export function catalogBefore(index: number): Catalog {
  const patches = Math.floor(index / PATCH_EVERY);
  for (let made = catalogs.length; made <= patches; made += 1) {
    const last = catalogs[made - 1] ?? Catalog.empty;
    catalogs.push(valueOf(patchTagType(last, 'person', { tags: [{ name: extraTag(made), valueType: 'int' }] })));
  }
  return catalogs[patches] ?? Catalog.empty;
}

function extraTag(patch: number): string {
  return `extra_${patch}`;
}

function valueOf(parsed: Parsed<Catalog>): Catalog {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

export const CUIDS: readonly string[] = Array.from({ length: USERS }, (_, index) => `user-${index}`);

export function operationAt(seed: number, index: number): Operation {
  if (index % PATCH_EVERY === PATCH_EVERY - 1) return { kind: 'patch' };
  const random = new RandomSource(seed * 1_000_003 + index);
  const arrivalMs = START_MS + index * 1_000;
  const kind = random.weighted({ batch: 94, erase: 5, list: 1 });
  switch (kind) {
    case 'erase':
      return { kind, cuid: random.pick(CUIDS), arrivalMs };
    case 'list':
      return { kind, name: `list ${index}`, cuids: [...random.some(CUIDS, random.between(0, USERS)), 'stranger'] };
    case 'batch': {
      const messages = Array.from({ length: random.between(1, MESSAGES_MAX) }, () =>
        makeMessage(random, index, arrivalMs),
      );
      return { kind, batch: { arrivalMs, messages }, source: { source: `topic-${index % SOURCES}`, position: index } };
    }
  }
}

/** The users an operation may change; null: any. */
export function usersOf(operation: Operation): readonly string[] | null {
  switch (operation.kind) {
    case 'batch':
      return operation.batch.messages.map((message) => message.cuid);
    case 'erase':
      return [operation.cuid];
    case 'list':
      return null;
    case 'patch':
      return [];
  }
}

function makeMessage(random: RandomSource, index: number, arrivalMs: number): TagMessage {
  const type = random.weighted({ person: 5, loose: 1, buy: 4 });
  const time = random.chance(0.3) ? {} : { time: formatInstant(arrivalMs - random.between(0, 3 * DAY_MS)) };
  const id = random.chance(0.5) ? { id: `m${random.between(0, IDS)}` } : {};
  const raw = { header: { type, cuid: random.pick(CUIDS), ...time, ...id }, body: makeBody(random, index, type) };
  const parsed = parseMessage(catalogBefore(index), raw, arrivalMs);
  if (parsed.kind !== 'message') throw new Error(`${JSON.stringify(raw)}: ${JSON.stringify(parsed)}`);
  return parsed.message;
}

function makeBody(random: RandomSource, index: number, type: 'person' | 'loose' | 'buy'): JsonValue {
  if (type === 'loose') return { hobby: random.pick(['chess', 'go', null]) };
  if (type === 'buy')
    return { amount: random.between(-9, 99), ...(random.chance(0.5) ? { sku: `sku-${random.between(0, 50)}` } : {}) };
  const fields: [string, JsonValue][] = [
    ['city', random.pick([...CITIES, null])],
    ['points', random.chance(0.7) ? { $inc: random.between(-5, 5) } : random.between(0, 1_000_000)],
    ['money', random.chance(0.7) ? { $inc: random.between(-500, 500) / 100 } : 12.5],
    [
      'labels',
      random.chance(0.8) ? { [random.pick(['$add', '$remove'])]: random.some(LABELS, 2) } : random.some(LABELS, 3),
    ],
  ];
  const patches = Math.floor(index / PATCH_EVERY);
  if (patches > 0) fields.push([extraTag(random.between(1, patches)), random.between(0, 9)]);
  return Object.fromEntries(random.some(fields, random.between(1, 4)));
}
