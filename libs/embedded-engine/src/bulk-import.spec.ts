import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import type { TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { EmbeddedEngine } from './embedded-engine';
import { SHARD_SIZE } from './shard';
import { NumberIdentity } from './testing/number-identity';
import { TemporaryDirectory } from './testing/temporary-directory';
import { messageOf, NOW, testCatalog } from './testing/test-catalog';

const catalog = testCatalog();
const FIRST = SHARD_SIZE - 3;

function typeOf(name: string): TagTypeDefinition {
  return catalog.type(name) ?? fail(name);
}

function tagOf(name: string): TagDefinition {
  return typeOf('person').tags.find((tag) => tag.name === name) ?? fail(name);
}

function fail(name: string): never {
  throw new Error(`No ${name} in the test catalogue.`);
}

async function count(engine: EmbeddedEngine, expression: unknown): Promise<number | undefined> {
  const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) {
    throw new Error(JSON.stringify(bound.errors));
  }
  return (await engine.counts([buildPlan(bound.value, { asOfMs: NOW }).root])).counts[0];
}

describe('BulkImport', () => {
  let temporary: TemporaryDirectory;
  let engine: EmbeddedEngine;

  async function open(): Promise<void> {
    const directory = await temporary.open();
    const identity = new NumberIdentity(FIRST - 1);
    engine = await EmbeddedEngine.open({ directory, catalog: () => catalog, identity, clock: () => NOW });
  }

  beforeEach(async () => {
    temporary = await TemporaryDirectory.make();
    await open();
  });
  afterEach(async () => {
    await temporary.remove();
  });

  it('fills columns over shards, durable once finished, with the log going on behind it', async () => {
    await engine.apply({ arrivalMs: NOW, messages: [messageOf(catalog, 'person', 'early', { level: 1 })] });
    const load = await engine.bulkImport();
    const message = messageOf(catalog, 'person', 'a', { level: 1 });
    await expect(engine.apply({ arrivalMs: NOW, messages: [message] })).rejects.toThrow('An import is under way');
    const first = load.bindUsers(['a', 'b', 'c', 'd', 'e']);
    expect(first).toBe(FIRST + 1);
    expect(() => load.bindUsers(['x', 'a'])).toThrow('The cuid a is bound already');
    expect(load.bindUsers([])).toBe(FIRST + 6);
    load.setNumbers(tagOf('level'), first, Uint8Array.from([3, 4, 5, 6, 7]), NOW - 1000);
    load.setNumbers(tagOf('spend'), first, [100, NaN, 300, 400, NaN], NOW - 1000);
    load.setTexts(tagOf('city'), first, ['rome', 'oslo'], [0, 1, NaN, 1, 1], NOW - 1000);
    expect(() => {
      load.setTexts(tagOf('city'), first, ['rome'], [3], NOW);
    }).toThrow('Value 0 is code 3, but there are 1 texts.');
    const purchase = typeOf('purchase');
    const [amount, sku] = purchase.properties;
    load.appendEvents(purchase, {
      guids: [first, first, first + 4],
      timesMs: [NOW - 5, NOW - 4, NOW - 3],
      properties: new Map([
        [amount?.id ?? 0, { values: [150, 50, NaN] }],
        [sku?.id ?? 0, { values: [1, 0, 1], texts: ['s0', 's1'] }],
      ]),
    });
    await load.finish();
    expect(() => load.bindUsers([])).toThrow('The import is finished');
    const check = async (): Promise<void> => {
      expect(await count(engine, { tag: 'level', op: 'gte', value: 4 })).toBe(4);
      expect(await count(engine, { tag: 'spend', op: 'gt', value: 1 })).toBe(2);
      expect(await count(engine, { tag: 'city', op: 'eq', value: 'oslo' })).toBe(3);
      const bought = { event: 'purchase', measure: { sum: 'amount' }, op: 'gte', value: 2 };
      expect(await count(engine, bought)).toBe(1);
      expect(
        engine
          .user('a')
          ?.tagStates()
          .map(({ value }) => value),
      ).toEqual([3, 100, 'rome']);
      expect(engine.verify()).toMatchObject({ findings: [], users: 6, eventRows: 3 });
    };
    await check();
    await engine.apply({ arrivalMs: NOW, messages: [messageOf(catalog, 'person', 'late', { level: 2 })] });
    await engine.abandon();
    await open();
    expect(
      engine
        .user('late')
        ?.tagStates()
        .map(({ value }) => value),
    ).toEqual([2]);
    expect(engine.verify()).toMatchObject({ findings: [], users: 7 });
  });

  it('leaves no trace if it is not finished', async () => {
    await engine.apply({ arrivalMs: NOW, messages: [messageOf(catalog, 'person', 'early', { level: 1 })] });
    const load = await engine.bulkImport();
    load.setNumbers(tagOf('level'), load.bindUsers(['a']), [3], NOW);
    await engine.abandon();
    await open();
    expect(engine.user('a')).toBeUndefined();
    expect(engine.user('early')).toBeDefined();
  });
});
