import { eventScanNode, ReferenceEngine, ReferenceStore, sequenceScanNode } from '@tessera/audience';
import type { PropertyTest, SequenceScanNode } from '@tessera/audience';
import { Catalog, declareTagType, formatInstant, parseMessage } from '@tessera/tag-catalog';
import type { JsonValue, TagTypeDefinition } from '@tessera/tag-catalog';
import { RandomSource } from '../conformance/random/random-source';
import { compareLeaves } from './check-leaves';
import { StarrocksStore } from './starrocks-store';

const SEED = Number(process.env['SEQUENCE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 2, 15);

const TYPES: readonly JsonValue[] = [
  { name: 'kept', kind: 'event', retentionDays: 10, properties: [{ name: 'note', valueType: 'string' }] },
  { name: 'step', kind: 'event', properties: [{ name: 'kind', valueType: 'int' }] },
];

const CATALOG = TYPES.reduce<Catalog>((catalog, json) => {
  const declared = declareTagType(catalog, json);
  if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
  return declared.value;
}, Catalog.empty);

function typeOf(name: string): TagTypeDefinition {
  const type = CATALOG.type(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  return type;
}

describe('rows and the time', () => {
  process.stderr.write(`rows in time: SEQUENCE_SEED=${SEED}\n`);
  let starrocks: StarrocksStore;
  let nowMs = START_MS;

  beforeAll(async () => {
    starrocks = await StarrocksStore.open();
  });

  afterAll(async () => {
    await starrocks.close();
  });

  async function send(
    store: ReferenceStore,
    type: string,
    cuid: string,
    timeMs: number,
    body: JsonValue,
  ): Promise<void> {
    const parsed = parseMessage(CATALOG, { header: { type, cuid, time: formatInstant(timeMs) }, body }, nowMs);
    if (parsed.kind !== 'message') throw new Error(JSON.stringify(parsed));
    const { verdicts } = await store.apply({ arrivalMs: nowMs, messages: [parsed.message] });
    expect(verdicts).toEqual(['accepted']);
  }

  it('past the retention count nowhere, to the millisecond, whatever the as-of', async () => {
    nowMs = START_MS + 5 * 3_600_000;
    const store = new ReferenceStore({ nowMs: () => nowMs });
    // 3 days on, the last midnight less 10 days is 7 days before the start.
    const limitMs = START_MS - 7 * DAY_MS;
    const timesMs = [limitMs - 1, limitMs, limitMs + 1, START_MS - 9 * DAY_MS];
    for (const [index, timeMs] of timesMs.entries()) {
      await send(store, 'kept', `u${index}`, timeMs, { note: 'x' });
      await send(store, 'kept', `u${index}`, START_MS - DAY_MS, { note: 'y' });
      await send(store, 'kept', 'all', timeMs, { note: 'x' });
    }
    nowMs += 3 * DAY_MS;
    await starrocks.fill(CATALOG, store);
    const eventType = typeOf('kept');
    const [property] = eventType.properties;
    const where: PropertyTest[] = [{ property: property!, condition: { kind: 'text', op: 'matches', text: 'x|y' } }];
    const intervals = [
      { fromMs: null, toMs: nowMs + 1 },
      { fromMs: limitMs - 1, toMs: limitMs + 1 },
      { fromMs: limitMs - DAY_MS, toMs: limitMs },
      { fromMs: null, toMs: START_MS - 8 * DAY_MS },
    ];
    const counts = intervals.flatMap((interval) =>
      [0, 1, 2].map((value) =>
        eventScanNode({
          eventType,
          where,
          interval,
          measure: { kind: 'count' },
          condition: { kind: 'oneOf', values: [value], negated: false },
          exact: null,
        }),
      ),
    );
    const sequences = intervals.map((interval) => {
      const steps = [
        { eventType, where },
        { eventType, where: [] },
      ];
      return sequenceScanNode({ steps, withinMs: null, interval, rowsBeforeMs: nowMs + 1 });
    });
    expect(await compareLeaves(starrocks, new ReferenceEngine(store), [...counts, ...sequences], nowMs)).toEqual([]);
  });

  it('follow one another in sequences of 2 to 10 steps, rows of equal times and long ways round included', async () => {
    const random = new RandomSource(SEED);
    nowMs = START_MS + DAY_MS;
    const store = new ReferenceStore({ nowMs: () => nowMs });
    for (let user = 0; user < 40; user += 1) {
      for (let row = random.between(1, 30); row > 0; row -= 1) {
        const isKept = random.chance(0.3);
        const body = isKept ? { note: random.pick(['a', 'b']) } : { kind: random.between(0, 2) };
        await send(store, isKept ? 'kept' : 'step', `u${user}`, START_MS + random.between(0, 16), body);
      }
    }
    await starrocks.fill(CATALOG, store);
    const nodes = Array.from({ length: 60 }, () => randomSequence(random));
    const oracle = new ReferenceEngine(store);
    const sizes = await Promise.all(nodes.map(async (node) => (await oracle.materialise(node)).set.size));
    expect(sizes.filter((size) => size > 0 && size < 40).length).toBeGreaterThan(10);
    for (let first = 0; first < nodes.length; first += 6) {
      expect(await compareLeaves(starrocks, oracle, nodes.slice(first, first + 6), nowMs)).toEqual([]);
    }
  });
});

function randomSequence(random: RandomSource): SequenceScanNode {
  const [kept, step] = [typeOf('kept'), typeOf('step')];
  const steps = Array.from({ length: random.pick([2, 2, 3, 3, 4, 5, 10]) }, () => {
    const eventType = random.chance(0.25) ? kept : step;
    const [property] = eventType.properties;
    const value = eventType === kept ? random.pick(['a', 'b']) : random.between(0, 2);
    const isAny = random.chance(0.4) || property === undefined;
    const where: PropertyTest[] = isAny
      ? []
      : [{ property, condition: { kind: 'oneOf', values: [value], negated: random.chance(0.3) } }];
    return { eventType, where };
  });
  const fromMs = random.chance(0.4) ? START_MS + random.between(0, 14) : null;
  const toMs = random.chance(0.3) ? START_MS + random.between(4, 17) : START_MS + DAY_MS + 1;
  const withinMs = random.chance(0.7) ? random.between(1, 12) : null;
  return sequenceScanNode({ steps, withinMs, interval: { fromMs, toMs }, rowsBeforeMs: START_MS + DAY_MS + 1 });
}
