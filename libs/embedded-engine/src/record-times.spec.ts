import fc from 'fast-check';
import { EngineState } from './engine-state';
import { recordTimes } from './record-times';
import { messageOf, NOW, testCatalog } from './testing/test-catalog';
import { applyBatch } from './apply-batch';
import { ByteReader, ByteWriter } from './storage/bytes';
import { ChunkTracker } from './storage/chunk-tracker';
import { FieldTimes, SharedTimes } from './columns/write-times';
import { NumberIdentity } from './testing/number-identity';

const catalog = testCatalog();
const TAGS = ['vip', 'level', 'spend', 'city', 'plan', 'born', 'seen', 'interests'];

function newState(): EngineState {
  return new EngineState(new NumberIdentity(), { idSeed: new Uint32Array(4), idEntriesMax: 10 });
}

describe('recordTimes', () => {
  it('keeps for every field the time it was last written, whatever is shared', () => {
    const write = fc.record({
      local: fc.integer({ min: 0, max: 2 }),
      tags: fc.uniqueArray(fc.integer({ min: 0, max: TAGS.length - 1 }), { minLength: 1, maxLength: TAGS.length }),
      timeMs: fc.integer({ min: 0, max: 5 }),
      erase: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const state = newState();
        const definitions = TAGS.map((name) => catalog.tag(name));
        const type = state.type(definitions[0]?.typeId ?? 0);
        const tags = definitions.map((definition) => definition && type.tag(definition));
        const model = new Map<string, number>();
        for (const { local, tags: chosen, timeMs, erase } of writes) {
          if (erase && timeMs === 0) {
            for (const [index, tag] of tags.entries()) {
              tag?.shard(0)?.times.erase(local);
              model.delete(`${index} ${local}`);
            }
            type.eraseTimes(0, local);
            continue;
          }
          const written = chosen.map((index) => tags[index]).filter((tag) => tag !== undefined);
          written.forEach((tag) => tag.shardForWrite(0));
          recordTimes(type, written, { shard: 0, local, timeMs });
          chosen.forEach((index) => model.set(`${index} ${local}`, timeMs));
          for (const [index, tag] of tags.entries()) {
            for (let user = 0; user < 3; user++) {
              expect([index, user, tag?.shard(0)?.times.get(user)]).toEqual([
                index,
                user,
                model.get(`${index} ${user}`),
              ]);
            }
          }
        }
      }),
    );
  });

  it('keeps one time a user where most fields move together, and none once the user is erased', () => {
    const state = newState();
    const send = (cuid: string, body: Record<string, number | string | boolean>, timeMs: number): void => {
      const message = messageOf(catalog, 'person', cuid, body, { timeMs });
      applyBatch(state, { arrivalMs: NOW, messages: [message] });
    };
    send('a', { vip: true, level: 1, spend: 2, city: 'x' }, 1000);
    send('a', { vip: true, level: 1 }, 2000);
    const timesOf = (name: string): FieldTimes | undefined => {
      const tag = catalog.tag(name);
      return tag && state.findTag(tag)?.shard(0)?.times;
    };
    // Two of four moved: the shared time moved with them.
    expect(['vip', 'level', 'spend', 'city'].map((name) => timesOf(name)?.usesShared(1))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    send('a', { city: 'y' }, 3000);
    expect(['vip', 'level', 'spend', 'city'].map((name) => timesOf(name)?.get(1))).toEqual([2000, 2000, 1000, 3000]);
    send('a', { spend: 3, city: 'y' }, 2000);
    expect(['vip', 'level', 'spend', 'city'].map((name) => timesOf(name)?.get(1))).toEqual([2000, 2000, 2000, 3000]);
    state.erase(state.identity.lookup('a') || neverThere());
    const type = state.types.get(catalog.tag('vip')?.typeId ?? 0);
    expect(type?.sharedTimes(0).get(1)).toBeUndefined();
    expect(['vip', 'level', 'spend', 'city'].map((name) => timesOf(name)?.get(1))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

function neverThere(): never {
  throw new Error('The user is not known.');
}

describe('FieldTimes', () => {
  it('comes back from its bytes, with few exceptions and with very many', () => {
    for (const users of [50, 70_000]) {
      const shared = new SharedTimes(1, 0, new ChunkTracker());
      const times = new FieldTimes(shared);
      for (let user = 0; user < users; user++) {
        shared.set(user, 1000);
        times.set(user, user % 10 === 0 ? 1000 : 2000 + user);
      }
      const writer = new ByteWriter();
      times.write(writer);
      const restored = new FieldTimes(shared);
      restored.read(new ByteReader(writer.finish()));
      for (let user = 0; user < users; user += 7) {
        const expected = [user % 10 === 0 ? 1000 : 2000 + user, user % 10 === 0];
        expect([restored.get(user), restored.usesShared(user)]).toEqual(expected);
        expect([times.get(user), times.usesShared(user)]).toEqual(expected);
      }
      expect([restored.get(users), restored.usesShared(users)]).toEqual([undefined, false]);
    }
  });
});
