import fc from 'fast-check';
import { EngineState } from './engine-state';
import { recordTimes } from './record-times';
import { messageOf, NOW, testCatalog } from './testing/test-catalog';
import { applyBatch } from './apply-batch';
import { ByteReader, ByteWriter } from './storage/bytes';
import { ChunkTracker } from './storage/chunk-tracker';
import { TimeExceptions } from './columns/time-exceptions';
import { NO_TIME, TimeVector } from './columns/time-vector';
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
          recordTimes(type, written, 0, local, timeMs);
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

describe('TimeVector', () => {
  it('keeps every millisecond and every gap, whatever the span of the times', () => {
    const edge = 2 ** 32;
    const time = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(edge - 1, edge, 2 * edge - 1, 400 * edge + 5, 400 * edge + 6),
      fc.integer({ min: 400 * edge, max: 401 * edge - 1 }),
      fc.constant(NO_TIME),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 199 }), time), { maxLength: 60 }), (writes) => {
        const vector = new TimeVector(200);
        const model = new Map<number, number>();
        for (const [position, timeMs] of writes) {
          if (timeMs === NO_TIME) {
            vector.clear(position);
          } else {
            vector.set(position, timeMs);
          }
          model.set(position, timeMs);
        }
        const writer = new ByteWriter();
        vector.write(writer);
        const bytes = writer.finish();
        expect(bytes.length).toBe(vector.storedBytes);
        for (const one of [vector, TimeVector.read(new ByteReader(bytes), 200)]) {
          const times = Array.from({ length: 201 }, (_, position) => one.get(position));
          expect(times).toEqual(times.map((_, position) => model.get(position) ?? NO_TIME));
        }
      }),
    );
  });

  it('takes no position past its end, and no damaged bytes', () => {
    expect(() => {
      new TimeVector(10).set(10, 1);
    }).toThrow('past the vector');
    expect(() => TimeVector.read(new ByteReader(Buffer.from([7, 0, 0, 0, 0])), 10)).toThrow('damaged');
  });
});

describe('TimeExceptions', () => {
  it('do what a map does', () => {
    const position = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 ** 20 - 1 }));
    const step = fc.tuple(position, fc.option(fc.integer({ min: 0, max: 2 ** 45 }), { freq: 2 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const exceptions = new TimeExceptions();
        const model = new Map<number, number>();
        for (const [at, timeMs] of steps) {
          if (timeMs === null) {
            exceptions.delete(at);
            model.delete(at);
          } else {
            exceptions.set(at, timeMs);
            model.set(at, timeMs);
          }
        }
        expect(exceptions.isEmpty).toBe(model.size === 0);
        const writer = new ByteWriter();
        exceptions.write(writer);
        for (const one of [exceptions, TimeExceptions.read(new ByteReader(writer.finish()))]) {
          const wrong = steps.filter(([at]) => one.get(at) !== (model.get(at) ?? NO_TIME));
          expect(wrong).toEqual([]);
        }
      }),
    );
  });
});

describe('FieldTimes', () => {
  it('comes back from its bytes, with few exceptions and with very many', () => {
    for (const users of [50, 70_000, 150_000]) {
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
