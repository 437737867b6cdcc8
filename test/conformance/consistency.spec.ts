import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import type { JsonValue, MessageBatch, TagMessage } from '@tessera/tag-catalog';
import { event, eventType, message, profile, tag } from './cases/build';
import { ENGINES } from './engines';
import type { EngineFactory, EngineUnderTest } from './engine-under-test';
import { World } from './world';

const USERS = 500;
const BATCHES = 200;
const CITIES = ['oslo', 'rome', 'bonn'];

async function open(factory: EngineFactory): Promise<{ world: World; engine: EngineUnderTest }> {
  const world = new World();
  world.declare(profile('person', { city: 'string', level: 'int' }).declare);
  world.declare(eventType('buy', { amount: 'int' }).declare);
  return { world, engine: await factory.open({ catalog: () => world.catalog, nowMs: () => world.nowMs }) };
}

function batch(world: World, raw: readonly JsonValue[]): MessageBatch {
  const read = raw.map((json) => world.read(json));
  return { arrivalMs: world.nowMs, messages: read.filter((result): result is TagMessage => !('code' in result)) };
}

async function plan(world: World, rule: JsonValue): Promise<PlanNode> {
  const bound = await bindExpression(rule, { catalog: world.catalog, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
  return buildPlan(bound.value, { asOfMs: world.nowMs }).root;
}

describe.each(ENGINES)('$name engine, writes and reads at once', (factory) => {
  it('never shows half of a batch, and answers of one call are of one moment', async () => {
    const { world, engine } = await open(factory);
    const cuids = Array.from({ length: USERS }, (_, index) => `u${index}`);
    // Every batch moves everybody to one city and buys once for everybody.
    const batches = Array.from({ length: BATCHES }, (_, index) =>
      batch(
        world,
        cuids.flatMap((cuid) => [
          message('person', cuid, { city: CITIES[index % CITIES.length] ?? '' }),
          message('buy', cuid, { amount: index }),
        ]),
      ),
    );
    const nodes = await Promise.all([
      ...CITIES.map((city) => plan(world, tag('city', 'eq', city))),
      plan(world, { or: CITIES.map((city) => tag('city', 'eq', city)) }),
      plan(world, event('buy', 'gte', 1)),
    ]);
    const written = batches.map((each) => engine.store.apply(each));
    const progress = { isWriting: true };
    const done = Promise.all(written).finally(() => (progress.isWriting = false));
    const versions: number[] = [];
    while (progress.isWriting) {
      const { counts, dataVersion } = await engine.engine.counts(nodes);
      if (dataVersion !== null) versions.push(dataVersion);
      const inCities = counts.slice(0, CITIES.length);
      expect(inCities.filter((count) => count !== 0 && count !== USERS)).toEqual([]);
      expect(inCities.reduce((sum, count) => sum + count, 0)).toBe(counts[3]);
      expect(counts[4]).toBe(counts[3]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    expect(versions).toEqual([...versions].sort((left, right) => left - right));
    const [all = -1] = (await engine.engine.counts([await plan(world, event('buy', 'eq', BATCHES))])).counts;
    expect(all).toBe(USERS);
    await engine.close();
  });

  it('keeps the order of the calls, erasures among them, without waiting for any', async () => {
    const { world, engine } = await open(factory);
    const outcomes = await Promise.all([
      engine.store.apply(batch(world, [message('buy', 'x', {}), message('buy', 'y', {})])),
      engine.store.erase('x', world.nowMs),
      engine.store.apply(batch(world, [message('person', 'x', { level: 2 })])),
      engine.store.erase('stranger', world.nowMs),
      engine.store.apply(batch(world, [message('person', 'x', { level: { $inc: 1 } })])),
      engine.store.erase('y', world.nowMs),
    ]);
    expect(outcomes.map((outcome) => ('erased' in outcome ? outcome.erased : outcome.verdicts))).toEqual([
      ['accepted', 'accepted'],
      true,
      ['accepted'],
      false,
      ['accepted'],
      true,
    ]);
    expect(engine.users.user('y')).toBeUndefined();
    const members = await engine.engine.counts([
      await plan(world, { all: true }),
      await plan(world, tag('level', 'eq', 3)),
      await plan(world, event('buy', 'eq', 0)),
    ]);
    expect(members.counts).toEqual([1, 1, 1]);
    await engine.close();
  });

  it('gives positions that grow with every batch and that reads can wait for', async () => {
    const { world, engine } = await open(factory);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, level) => engine.store.apply(batch(world, [message('person', 'a', { level })]))),
    );
    const positions = outcomes.map(({ position }) => position);
    expect(new Set(positions).size).toBe(positions.length);
    expect(positions).toEqual([...positions].sort((left, right) => left - right));
    const [last = 0] = positions.slice(-1);
    expect(await engine.users.waitFor(last, 0)).toBe(true);
    expect(await engine.users.waitFor(last + 1, 20)).toBe(false);
    const waiting = engine.users.waitFor(last + 1, 5_000);
    await engine.store.apply(batch(world, [message('person', 'a', { level: 99 })]));
    expect(await waiting).toBe(true);
    await engine.close();
  });
});
