import { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';
import { applyBatch } from './apply-batch';
import { EngineState } from './engine-state';
import { ListState } from './lists/list-state';
import { messageOf, NOW, testCatalog } from './testing/test-catalog';
import { verifyState } from './verify-state';
import { NumberIdentity } from './testing/number-identity';

const catalog = testCatalog();

function newState(): EngineState {
  const state = new EngineState(new NumberIdentity(), { idSeed: new Uint32Array(4), idEntriesMax: 10 });
  const messages = [
    messageOf(catalog, 'person', 'a', { city: 'rome', level: 4, interests: ['x'] }),
    messageOf(catalog, 'person', 'b', { level: 4 }),
    messageOf(catalog, 'purchase', 'a', { amount: 1 }),
  ];
  applyBatch(state, { arrivalMs: NOW, messages });
  return state;
}

function shardOfTag(
  state: EngineState,
  name: string,
): NonNullable<ReturnType<NonNullable<ReturnType<EngineState['findTag']>>['shard']>> {
  const tag = catalog.tag(name);
  const shard = tag && state.findTag(tag)?.shard(0);
  if (shard === undefined) {
    throw new Error(`nobody has ${name}`);
  }
  return shard;
}

/** What verify has to say once something has been bent. */
function findingsAfter(bend: (state: EngineState) => void): readonly string[] {
  const state = newState();
  expect(verifyState(state)).toEqual({ findings: [], users: 2, tagShards: 3, eventRows: 1 });
  bend(state);
  return verifyState(state).findings;
}

describe('verifyState', () => {
  it('finds values, times, rows and list entries of users that are not known', () => {
    const findings = findingsAfter((state) => {
      state.universe(0).remove(1);
      state.lists.set('l', new ListState('l', 'l', '', new RoaringBitmap32([1]), state.tracker));
    });
    expect(findings).toEqual([
      'guid 1: bound but not known',
      'l/l: user 1 is in the list but is not known',
      expect.stringMatching(/^t\/\d+\/00000: user 1 has a value but is not known/),
      expect.stringMatching(/user 1 has a write time but is not known/),
      expect.stringMatching(/user 1 has a value but is not known/),
      expect.stringMatching(/user 1 has a write time but is not known/),
      expect.stringMatching(/user 1 has a value but is not known/),
      expect.stringMatching(/user 1 has a write time but is not known/),
      expect.stringMatching(/^e\/.* row 0: user 1 is not known/),
    ]);
  });

  it('finds guids whose cuid leads elsewhere, and counts that are off', () => {
    const findings = findingsAfter((state) => {
      state.identity.erase(2 as Guid);
    });
    expect(findings.slice(0, 2)).toEqual([
      'guid 2: retired but known',
      '1 guids bound, identity counts 1, the universe 2',
    ]);
  });

  it('finds an index that has not followed its column', () => {
    const findings = findingsAfter((state) => {
      const shard = shardOfTag(state, 'level');
      if ('column' in shard) {
        shard.column.set(2, 9);
      }
    });
    expect(findings).toEqual([expect.stringMatching(/column and index differ in users with values up to 4/)]);
  });

  it('finds write times and texts that are gone', () => {
    const findings = findingsAfter((state) => {
      const [city, level] = [catalog.tag('city'), catalog.tag('level')];
      state.types.get(level?.typeId ?? 0)?.eraseTimes(0, 2);
      const held = city && state.findTag(city);
      held?.dictionary.sweep(() => undefined);
    });
    expect(findings).toEqual([
      expect.stringMatching(/code 0 has no text in the dictionary/),
      expect.stringMatching(/the write time of user 2 is missing/),
    ]);
  });
});
