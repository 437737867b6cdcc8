import { memoryStorage } from '../testing/memory-storage';
import {
  bindExpression,
  buildPlan,
  type EventRow,
  isMember,
  noReferences,
  type PlanNode,
  type UserView,
} from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid, JsonValue, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import { dayOf } from '../events/event-bucket';
import { EventState } from '../events/event-state';
import { SHARD_SIZE } from '../shard';
import { ChunkTracker } from '../storage/chunk-tracker';
import { randomExpression, randomTime, recentExpression } from '../testing/random-event-rules';
import { SeededRandom } from '../testing/seeded-random';
import { DAY_MS, NOW, testCatalog } from '../testing/test-catalog';
import { evaluateEventScan } from './evaluate-event-scan';
import { evaluateSequenceScan } from './evaluate-sequence-scan';
import { PlanLowering } from './lower-plan';

const catalog = testCatalog();
const FIRST_ROWS = 40_000;
const KEPT_DAYS = 14;

function typeOf(name: string): TagTypeDefinition {
  const type = catalog.type(name);
  if (type === undefined) {
    throw new Error(`no type ${name}`);
  }
  return type;
}

/** Events of one shard beside a plain copy of them, which `isMember` judges user by user. */
class World {
  readonly tracker = new ChunkTracker();
  readonly states = new Map<number, EventState>();
  /** By type id, then user. */
  readonly rows = new Map<number, Map<number, EventRow[]>>();
  readonly users = new Set<number>();
  keptFromMs = -Infinity;

  constructor(readonly random: SeededRandom) {
    for (const type of [typeOf('purchase'), typeOf('visit')]) {
      this.states.set(type.id, new EventState(type, { ...memoryStorage(), tracker: this.tracker }));
      this.rows.set(type.id, new Map());
    }
  }

  state(type: TagTypeDefinition): EventState {
    return this.states.get(type.id)!;
  }

  append(type: TagTypeDefinition, local: number, timeMs: number): void {
    const properties = new Map<number, TagValue>();
    const state = this.state(type);
    for (const property of type.properties) {
      const value = this.#valueOf(property.name);
      if (value !== undefined) {
        properties.set(property.id, value);
      }
    }
    const stored = [...properties].map(([id, value]): [number, number] => {
      const property = type.properties.find((candidate) => candidate.id === id)!;
      return [id, state.property(property).encode(value)];
    });
    state.append(0, local, timeMs, stored);
    const ofType = this.rows.get(type.id)!;
    const rows = ofType.get(local) ?? [];
    rows.push({ timeMs, properties });
    ofType.set(local, rows);
    this.users.add(local);
  }

  #valueOf(name: string): TagValue | undefined {
    const { random } = this;
    switch (name) {
      case 'amount':
        return random.chance(0.7) ? random.pick([-500, -1, 0, 1, 250, 300, 70_000, random.between(0, 999)]) : undefined;
      case 'sku':
        return random.chance(0.9) ? `s${random.between(0, 40)}` : undefined;
      case 'gift':
        return random.chance(0.2) ? random.chance(0.5) : undefined;
      case 'page':
        return random.pick(['x', 'y', 'z']);
      default:
        return undefined;
    }
  }

  remove(local: number): void {
    for (const state of this.states.values()) {
      state.removeUser(0, local);
    }
    this.rows.forEach((users) => users.delete(local));
    this.users.delete(local);
  }

  dropBefore(firstDay: number): void {
    this.states.forEach((state) => {
      state.dropBefore(firstDay);
    });
    for (const users of this.rows.values()) {
      users.forEach((rows, local) => {
        users.set(
          local,
          rows.filter((row) => dayOf(row.timeMs) >= firstDay),
        );
      });
    }
  }

  /** Puts rows in order, as a checkpoint does. */
  checkpoint(): void {
    const scope = this.tracker.begin();
    this.tracker.take(Infinity);
    this.tracker.end(scope, false);
  }

  expected(node: PlanNode): number[] {
    return [...this.users].filter((local) => isMember(node, this.#viewOf(local))).sort((a, b) => a - b);
  }

  #viewOf(local: number): UserView {
    const nothing = (): never => {
      throw new Error('Only events are asked for.');
    };
    return {
      guid: 0 as Guid,
      cuid: '',
      tagValue: nothing,
      tagStates: nothing,
      inList: nothing,
      inSnapshot: nothing,
      events: (type: TagTypeDefinition, fromMs: number | null, toMs: number) =>
        (this.rows.get(type.id)?.get(local) ?? [])
          .filter(({ timeMs }) => timeMs >= Math.max(fromMs ?? -Infinity, this.keptFromMs) && timeMs < toMs)
          .sort((a, b) => a.timeMs - b.timeMs),
    };
  }

  found(node: PlanNode): number[] {
    const universe = new RoaringBitmap32([...this.users]);
    const { keptFromMs } = this;
    const lowering = new PlanLowering(
      () => undefined,
      (type, property) => this.state(type).property(property).dictionary,
    );
    const lowered = lowering.lower(node);
    switch (lowered.kind) {
      case 'events': {
        const { where, interval, goal } = lowered;
        const scan = { events: this.state(lowered.eventType), shard: 0, where, interval, keptFromMs };
        return evaluateEventScan(goal, scan, universe).toArray();
      }
      case 'sequence':
        return evaluateSequenceScan(lowered.sequence, 0, (type) => ({
          events: this.state(type),
          keptFromMs,
        })).toArray();
      default:
        throw new Error(`Not a scan: ${node.kind}`);
    }
  }
}

/** Few users with very many rows, many with few; at the edges of the shard and of its ranges too. */
function randomUser(random: SeededRandom): number {
  if (random.chance(0.7)) {
    return random.pick([0, 1, 65_535, 65_536, 500_000, SHARD_SIZE - 1]);
  }
  return (random.between(0, 1500) * 699) % SHARD_SIZE;
}

async function planOf(expression: JsonValue, asOfMs: number): Promise<PlanNode> {
  const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) {
    throw new Error(JSON.stringify([expression, bound.errors]));
  }
  return buildPlan(bound.value, { asOfMs, rewrites: false }).root;
}

function change(world: World): void {
  const { random } = world;
  switch (random.between(0, 5)) {
    case 0:
      for (let count = random.between(1, 30); count > 0; count--) {
        world.remove(random.pick([...world.users]));
      }
      return;
    case 1:
      world.dropBefore(dayOf(NOW) - random.between(9, KEPT_DAYS));
      return;
    case 2:
      world.checkpoint();
      return;
    case 3:
      world.keptFromMs = random.chance(0.5) ? -Infinity : NOW - random.between(6, KEPT_DAYS) * DAY_MS;
      return;
    default:
      for (let row = random.between(1, 400); row > 0; row--) {
        const type = typeOf(random.chance(0.8) ? 'purchase' : 'visit');
        // Some lie after the questions' as-of.
        const timeMs = random.chance(0.002) ? NOW + random.between(1, DAY_MS) : randomTime(random);
        world.append(type, randomUser(random), timeMs);
      }
  }
}

async function compare(seed: number, nextExpression: (random: SeededRandom) => JsonValue): Promise<void> {
  const world = new World(new SeededRandom(seed));
  const { random } = world;
  for (let row = 0; row < FIRST_ROWS; row++) {
    world.append(typeOf(random.chance(0.8) ? 'purchase' : 'visit'), randomUser(random), randomTime(random));
  }
  let found = 0;
  for (let step = 0; step < 50; step++) {
    change(world);
    const expression = nextExpression(random);
    const node = await planOf(expression, NOW + random.pick([0, 0, 1, 5000, -DAY_MS]));
    const expected = world.expected(node);
    found += expected.length;
    // The first answer comes of the rows, later ones of what is kept since then.
    for (let ask = 0; ask < 3; ask++) {
      const members = world.found(node);
      if (JSON.stringify(members) !== JSON.stringify(expected)) {
        expect({ seed, step, ask, expression, members }).toEqual({ seed, step, ask, expression, members: expected });
      }
    }
  }
  expect(found).toBeGreaterThan(0);
  expect(world.state(typeOf('purchase')).recentTimes.bytes).toBeGreaterThan(0);
}

describe('scans of events', () => {
  it.each([1, 2, 3])('find whom a recount of the rows finds, over random changes (seed %d)', async (seed) => {
    await compare(seed, randomExpression);
  });

  it.each([4, 5, 6])('find the same by the newest rows of users (seed %d)', async (seed) => {
    await compare(seed, recentExpression);
  });
});
