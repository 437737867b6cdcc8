import { memoryStorage } from '../testing/memory-storage';
import type { Dictionary } from '../columns/dictionary';
import { ChunkTracker } from '../storage/chunk-tracker';
import { SeededRandom } from '../testing/seeded-random';
import { DAY_MS, NOW, testCatalog } from '../testing/test-catalog';
import { dayOf, EventBucket } from './event-bucket';
import { EventState } from './event-state';

const catalog = testCatalog();
const purchase = catalog.type('purchase');
if (purchase === undefined) {
  throw new Error('no type purchase');
}
const [amount, sku] = purchase.properties;

interface Row {
  readonly shard: number;
  readonly local: number;
  readonly timeMs: number;
  readonly amount: number | undefined;
  readonly sku: string | undefined;
}

function readRows(events: EventState, fromMs: number | null = null, toMs = Infinity): Row[] {
  const rows: Row[] = [];
  for (let shard = 0; shard < events.shardCount; shard++) {
    for (const bucket of events.buckets(shard, fromMs, toMs)) {
      for (let row = 0; row < bucket.rows; row++) {
        const code = sku && bucket.column(sku)?.get(row);
        rows.push({
          shard,
          local: bucket.locals[row] ?? -1,
          timeMs: bucket.startMs + (bucket.timesOfDay[row] ?? -1),
          amount: amount && bucket.column(amount)?.get(row),
          sku: code === undefined || sku === undefined ? undefined : events.property(sku).dictionary.text(code),
        });
      }
    }
  }
  return rows;
}

function dictionaryOf(events: EventState): Dictionary {
  if (sku === undefined) {
    throw new Error('no property sku');
  }
  return events.property(sku).dictionary;
}

function sorted(rows: readonly Row[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

function append(events: EventState, row: Row): void {
  const values: (readonly [number, number])[] = [];
  if (row.amount !== undefined && amount !== undefined) {
    values.push([amount.id, row.amount]);
  }
  if (row.sku !== undefined && sku !== undefined) {
    values.push([sku.id, events.property(sku).encode(row.sku)]);
  }
  events.append(row.shard, row.local, row.timeMs, values);
}

describe('EventState', () => {
  it('holds the rows of a model over appends, erasures, retention and restarts', async () => {
    const seed = 31;
    const random = new SeededRandom(seed);
    let tracker = new ChunkTracker();
    let events = new EventState(purchase, { ...memoryStorage(), tracker });
    const store = new Map<string, Buffer>();
    let model: Row[] = [];
    const reload = (): void => {
      events.sweepTexts();
      const scope = tracker.begin();
      scope.removes.forEach((key) => store.delete(key));
      tracker.take(Infinity).forEach(([key, bytes]) => store.set(key, Buffer.from(bytes)));
      tracker.end(scope, false);
      tracker = new ChunkTracker();
      events = new EventState(purchase, { ...memoryStorage(), tracker });
      for (const [key, bytes] of [...store].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const parts = key.split('/');
        if (key.startsWith('d/')) {
          dictionaryOf(events).load(Number(parts[2]), bytes);
        } else {
          events.load(Number(parts[2]), Number(parts[3]), bytes);
        }
      }
    };
    for (let step = 0; step < 60; step++) {
      const kind = random.unit();
      if (kind < 0.6) {
        for (let count = random.between(1, 150); count > 0; count--) {
          const row = {
            shard: random.between(0, 2),
            local: random.pick([0, 1, 254, 255, 256, 65_535, 1_000_000]),
            timeMs: NOW - random.between(0, 9) * DAY_MS - random.pick([0, 1, DAY_MS / 2]),
            amount: random.chance(0.2) ? random.between(-5, 300) : undefined,
            sku: random.chance(0.1) ? `sku ${step}` : undefined,
          };
          append(events, row);
          model.push(row);
        }
      } else if (kind < 0.75) {
        const [shard, local] = [random.between(0, 2), random.pick([0, 255, 65_535, 7])];
        events.removeUser(shard, local);
        model = model.filter((row) => row.shard !== shard || row.local !== local);
      } else if (kind < 0.85) {
        const firstDay = dayOf(NOW) - random.between(3, 12);
        events.dropBefore(firstDay);
        model = model.filter((row) => dayOf(row.timeMs) >= firstDay);
      } else {
        reload();
      }
      expect({ seed, step, rows: sorted(readRows(events)) }).toEqual({ seed, step, rows: sorted(model) });
      const newest = model.length === 0 ? null : Math.max(...model.map((row) => row.timeMs));
      expect({ seed, step, rows: events.rows, lastMs: events.lastMs }).toEqual({
        seed,
        step,
        rows: model.length,
        lastMs: newest,
      });
    }
    reload();
    const texts = new Set(model.flatMap((row) => (row.sku === undefined ? [] : [row.sku])));
    expect(dictionaryOf(events).entries).toBe(texts.size);
  });

  it('opens the days of an interval alone, in order', () => {
    const events = new EventState(purchase, memoryStorage());
    for (const day of [20_003, 20_000, 20_002]) {
      events.append(0, 1, day * DAY_MS + 5, []);
    }
    const days = (fromMs: number | null, toMs: number): number[] =>
      events.buckets(0, fromMs, toMs).map((bucket) => bucket.day);
    expect(days(null, Infinity)).toEqual([20_000, 20_002, 20_003]);
    expect(days(20_002 * DAY_MS, 20_003 * DAY_MS)).toEqual([20_002]);
    expect(days(20_002 * DAY_MS - 1, 20_003 * DAY_MS + 1)).toEqual([20_002, 20_003]);
    expect(days(20_004 * DAY_MS, Infinity)).toEqual([]);
    expect(events.buckets(5, null, Infinity)).toEqual([]);
    events.append(0, 1, 20_001 * DAY_MS, []);
    expect(days(null, 20_002 * DAY_MS)).toEqual([20_000, 20_001]);
  });

  it('takes every trace of a user out of a bucket', () => {
    const bucket = new EventBucket(1, 0, 20_000, new ChunkTracker());
    for (let row = 0; row < 300; row++) {
      bucket.append(
        row % 3,
        20_000 * DAY_MS + row,
        row % 2 === 0 && row < 20 && amount ? [[amount.id, row + 1000]] : [],
      );
    }
    expect(bucket.removeUser(9)).toBe(0);
    expect(bucket.removeUser(1)).toBe(100);
    expect([bucket.rows, bucket.rowsOf(1), bucket.rowsOf(0).length]).toEqual([200, [], 100]);
    const restored = new EventBucket(1, 0, 20_000, new ChunkTracker(), bucket.serialize());
    for (const one of [bucket, restored]) {
      const values = Array.from({ length: 200 }, (_, row) => amount && one.column(amount)?.get(row)).filter(
        (value) => value !== undefined,
      );
      expect(values.sort()).toEqual([0, 2, 6, 8, 12, 14, 18].map((row) => row + 1000));
      one.append(1, 20_000 * DAY_MS + 7, []);
      expect([one.rows, one.rowsOf(1), one.lastMs]).toEqual([201, [200], 20_000 * DAY_MS + 299]);
    }
  });
});
