import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import type { Plan } from '@tessera/audience';
import { SHARD_SIZE } from '@tessera/embedded-engine';
import type { Guid, JsonValue, TagMessage } from '@tessera/tag-catalog';
import { event, eventType, message, profile, tag } from './cases/build';
import { ENGINES } from './engines';
import type { EngineUnderTest } from './engine-under-test';
import { World } from './world';

/** More than one shard of users bound as they come, so that the shards' border is met as in production. */
const USERS = SHARD_SIZE + 50;
const BATCH = 16_384;
const LEVELS = 7;
const CITIES = ['oslo', 'rome', 'bonn'];
/** One user in so many bought. */
const BUYER_EVERY = 1_000;

/** User n has guid n + 1, level n mod 7 (none at 6), city n mod 3. */
function messagesOf(world: World, index: number): TagMessage[] {
  const cuid = `u${index}`;
  const level = index % LEVELS;
  const body = { city: CITIES[index % CITIES.length] ?? '', ...(level === LEVELS - 1 ? {} : { level }) };
  const raw: JsonValue[] = [message('person', cuid, body)];
  if (index % BUYER_EVERY === 0) raw.push(message('buy', cuid, { amount: index }));
  return raw.map((json) => world.read(json)).filter((read): read is TagMessage => !('code' in read));
}

function countWhere(holds: (index: number) => boolean): number {
  let count = 0;
  for (let index = 0; index < USERS; index += 1) if (holds(index)) count += 1;
  return count;
}

async function planOf(world: World, rule: JsonValue): Promise<Plan> {
  const bound = await bindExpression(rule, { catalog: world.catalog, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
  return buildPlan(bound.value, { asOfMs: world.nowMs });
}

/** Rules with what they mean for user n. */
const RULES: readonly (readonly [JsonValue, (index: number) => boolean])[] = [
  [{ all: true }, () => true],
  [tag('level', 'gte', 4), (index) => index % LEVELS === 4 || index % LEVELS === 5],
  [tag('level', 'exists', false), (index) => index % LEVELS === 6],
  [tag('city', 'in', ['oslo', 'bonn']), (index) => index % 3 !== 1],
  [event('buy', 'gte', 1), (index) => index % BUYER_EVERY === 0],
  [
    event('buy', 'gt', SHARD_SIZE - 2_000, { measure: { sum: 'amount' } }),
    (index) => index % BUYER_EVERY === 0 && index > SHARD_SIZE - 2_000,
  ],
  [
    { and: [tag('city', 'eq', 'rome'), { not: tag('level', 'lt', 3) }] },
    (index) => index % 3 === 1 && index % LEVELS >= 3,
  ],
  [
    { atLeast: 2, of: [tag('city', 'eq', 'rome'), tag('level', 'eq', 0), event('buy', 'eq', 0)] },
    (index) => Number(index % 3 === 1) + Number(index % LEVELS === 0) + Number(index % BUYER_EVERY !== 0) >= 2,
  ],
];

async function checkRules(world: World, engine: EngineUnderTest, erased: ReadonlySet<number>): Promise<void> {
  const isThere = (index: number): boolean => !erased.has(index);
  for (const [rule, means] of RULES) {
    const { root } = await planOf(world, rule);
    const { set } = await engine.engine.materialise(root);
    const [count] = (await engine.engine.counts([root])).counts;
    const expected = countWhere((index) => isThere(index) && means(index));
    expect({ rule, count, size: set.size }).toEqual({ rule, count: expected, size: expected });
    // Where one shard ends and the next begins: guid n + 1 is user n.
    const around = Array.from({ length: 80 }, (_, offset) => SHARD_SIZE - 40 + offset).filter((guid) => guid <= USERS);
    const { members } = await engine.engine.contains(root, around as Guid[]);
    const wanted = around.filter((guid) => isThere(guid - 1) && means(guid - 1));
    expect({ rule, members: around.filter((_, index) => members[index] === true) }).toEqual({ rule, members: wanted });
    const page = [...set.page(SHARD_SIZE - 41, wanted.length)];
    expect({ rule, page }).toEqual({ rule, page: wanted });
  }
}

describe.each(ENGINES.slice(1))(`$name engine with ${USERS} users`, (factory) => {
  it('counts, lists and tests the users on both sides of a shard border, and after restarts', async () => {
    const world = new World();
    world.declare(profile('person', { city: 'string', level: 'int' }).declare);
    world.declare(eventType('buy', { amount: 'int' }).declare);
    const engine = await factory.open({ catalog: () => world.catalog, nowMs: () => world.nowMs });
    try {
      for (let first = 0; first < USERS; first += BATCH) {
        const indexes = Array.from({ length: Math.min(BATCH, USERS - first) }, (_, offset) => first + offset);
        const messages = indexes.flatMap((index) => messagesOf(world, index));
        await engine.store.apply({ arrivalMs: world.nowMs, messages });
      }
      await checkRules(world, engine, new Set());
      const erased = [0, SHARD_SIZE - 2, SHARD_SIZE - 1, SHARD_SIZE, USERS - 1];
      for (const index of erased) {
        expect(await engine.store.erase(`u${index}`, world.nowMs)).toMatchObject({ erased: true });
      }
      await checkRules(world, engine, new Set(erased));
      for (const mode of engine.restarts) {
        await engine.restart(mode);
        await checkRules(world, engine, new Set(erased));
        expect(await engine.verify()).toEqual([]);
      }
    } finally {
      await engine.close();
    }
  }, 300_000);
});
