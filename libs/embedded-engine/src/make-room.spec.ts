import type { TagMessage } from '@tessera/tag-catalog';
import { applyBatch } from './apply-batch';
import { applyRecord } from './apply-record';
import { EngineState } from './engine-state';
import { finish } from './finish';
import { roomSteps } from './make-room';
import { SHARD_SIZE } from './shard';
import { packBatch } from './storage/packed-batch';
import type { PackedBatch } from './storage/packed-batch';
import { describeState, readIndexes } from './testing/describe-state';
import { NumberIdentity } from './testing/number-identity';
import { RandomRecords } from './testing/random-records';
import { SeededRandom } from './testing/seeded-random';
import { storedRecord } from './testing/stored-record';
import { messageOf, NOW, testCatalog } from './testing/test-catalog';

const catalog = testCatalog();

/** Users lie on both sides of a border between shards. */
function newState(): EngineState {
  return new EngineState(new NumberIdentity(SHARD_SIZE - 6), { idSeed: new Uint32Array(4), idEntriesMax: 1000 });
}

function described(state: EngineState, nowMs = NOW): unknown {
  return describeState(state, catalog, RandomRecords.cuids, nowMs);
}

function packed(state: EngineState, ...messages: TagMessage[]): PackedBatch {
  return packBatch({ arrivalMs: NOW, messages }, undefined, (cuids, out) => {
    state.identity.lookupMany(cuids, out);
  });
}

function columnOf(state: EngineState, tag: string, shard: number): ArrayLike<number> | undefined {
  const definition = catalog.tag(tag);
  return definition && state.findTag(definition)?.scalarShard(shard)?.column.data;
}

describe('roomSteps', () => {
  it('changes nothing that can be asked, before the record or after it', () => {
    const first = Number(process.env['ENGINE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    for (let seed = first; seed < first + 5; seed++) {
      const records = new RandomRecords(catalog, new SeededRandom(seed));
      const [state, plain] = [newState(), newState()];
      for (let step = 0; step < 100; step++) {
        const record = storedRecord(records.next(state), state);
        for (const steps = roomSteps(state, record); steps.next().done !== true;) {
          expect({ seed, step, state: described(state) }).toEqual({ seed, step, state: described(plain) });
          expect(readIndexes(state)).toBe(readIndexes(plain));
        }
        const sequence = state.appliedSequence + 1;
        const { verdicts } = applyRecord(state, sequence, record);
        expect({ seed, step, verdicts }).toEqual({
          seed,
          step,
          verdicts: applyRecord(plain, sequence, record).verdicts,
        });
        expect({ seed, step, state: described(state) }).toEqual({ seed, step, state: described(plain) });
      }
    }
  });

  it('leaves no column to be moved when the record is applied', () => {
    const state = newState();
    const cuids = RandomRecords.cuids;
    applyBatch(state, {
      arrivalMs: NOW,
      messages: cuids.map((cuid) => messageOf(catalog, 'flag', cuid, { marked: 'x' })),
    });
    const write = (level: number): PackedBatch =>
      packed(
        state,
        ...cuids.flatMap((cuid, user) => [
          messageOf(catalog, 'person', cuid, { level, vip: true, city: `city ${user}` }),
          ...Array.from({ length: 30 }, (_, text) =>
            messageOf(catalog, 'person', cuid, { city: `${user} of ${text}` }),
          ),
          messageOf(catalog, 'person', cuid, { spend: { $inc: level } }),
        ]),
      );
    const columns = (): unknown[] =>
      [0, 1].flatMap((shard) => ['city', 'level', 'spend'].map((tag) => columnOf(state, tag, shard)));
    applyRecord(state, state.appliedSequence + 1, write(1));
    for (const level of [300, 70_000, 2 ** 40]) {
      const record = write(level);
      const before = columns();
      finish(roomSteps(state, record));
      const ready = columns();
      expect(ready.filter((column, index) => column !== before[index]).length).toBeGreaterThan(0);
      applyRecord(state, state.appliedSequence + 1, record);
      expect(columns().every((column, index) => column === ready[index])).toBe(true);
    }
  });

  it('pauses while a column moves, and makes shards that nobody sees', () => {
    const state = newState();
    applyBatch(state, {
      arrivalMs: NOW,
      messages: RandomRecords.cuids.map((cuid) => messageOf(catalog, 'flag', cuid, { marked: 'x' })),
    });
    const record = packed(state, messageOf(catalog, 'person', RandomRecords.cuids[0] ?? '', { level: 7 }));
    expect([...roomSteps(state, record)].length).toBeGreaterThan(10);
    const level = catalog.tag('level');
    expect(level && state.findTag(level)?.shardCount).toBe(0);
    expect(state.tracker.dirtyCount).toBeGreaterThan(0);
    applyRecord(state, state.appliedSequence + 1, record);
    expect(level && state.findTag(level)?.shardCount).toBe(1);
  });
});
