import { ReferenceStore } from '@tessera/audience';
import type { RefusedPosition, Verdict } from '@tessera/tag-catalog';
import { applyBatch } from './apply-batch';
import { applyRecord } from './apply-record';
import { EngineState } from './engine-state';
import { NumberIdentity } from './testing/number-identity';
import { RandomRecords } from './testing/random-records';
import { SeededRandom } from './testing/seeded-random';
import { storedRecord } from './testing/stored-record';
import { messageOf, NOW, testCatalog } from './testing/test-catalog';
import { EmbeddedUserView } from './user-view';

const catalog = testCatalog();
const ID_ENTRIES_MAX = 25;

function newState(): EngineState {
  return new EngineState(new NumberIdentity(), {
    idSeed: Uint32Array.of(9, 8, 7, 6),
    idEntriesMax: ID_ENTRIES_MAX,
  });
}

function codes(verdicts: readonly Verdict[]): string[] {
  return verdicts.map((verdict) => (typeof verdict === 'string' ? verdict : verdict.code));
}

/** What a user's own view shows. */
function shown(state: EngineState, cuid: string): unknown {
  const guid = state.identity.lookup(cuid);
  if (guid === 0) {
    return null;
  }
  const view = new EmbeddedUserView(state, guid, cuid, catalog.tags, () => -Infinity);
  const tags = view.tagStates().map(({ tag, value, timeMs }) => [tag.name, value, timeMs]);
  const rows = catalog.types
    .filter((type) => type.kind === 'event')
    .map((type) => view.events(type, null, Infinity).map((row) => [row.timeMs, [...row.properties].sort()]));
  return { tags, rows };
}

function expected(store: ReferenceStore, cuid: string): unknown {
  const user = store.userByCuid(cuid);
  if (user === undefined) {
    return null;
  }
  const tags = [...catalog.tags].flatMap((tag) => {
    const state = user.fields.get(tag.id)?.state;
    // A field whose only writes were void or clearing increments has neither value nor time to show.
    return state === undefined || (state.value === null && state.timeMs === null)
      ? []
      : [[tag.name, state.value, state.timeMs]];
  });
  const rows = catalog.types
    .filter((type) => type.kind === 'event')
    .map((type) =>
      [...(user.rows.get(type.id) ?? [])]
        .sort((a, b) => a.timeMs - b.timeMs)
        .map((row) => [row.timeMs, [...row.properties].sort()]),
    );
  return { tags, rows };
}

/** Texts of refusals differ. */
function positionsOf(refused: readonly RefusedPosition[]): (readonly [number, string])[] {
  return refused.map(({ position, code }) => [position, code]);
}

describe('applyBatch', () => {
  it('decides and keeps what the oracle does', async () => {
    const first = Number(process.env['ENGINE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    for (let seed = first; seed < first + 10; seed++) {
      const records = new RandomRecords(catalog, new SeededRandom(seed));
      const state = newState();
      const store = new ReferenceStore({ nowMs: () => records.nowMs, idMemory: ID_ENTRIES_MAX });
      for (let step = 0; step < 150; step++) {
        const record = records.next(state);
        if (record.kind === 'batch') {
          const { verdicts } = applyRecord(state, state.appliedSequence + 1, storedRecord(record, state));
          const outcome = await store.apply(record.batch, record.source);
          expect({ seed, step, verdicts: codes(verdicts) }).toEqual({ seed, step, verdicts: codes(outcome.verdicts) });
        } else if (record.kind === 'erase') {
          const { found } = applyRecord(state, state.appliedSequence + 1, record);
          const { erased } = await store.erase(record.cuid, record.arrivalMs, record.source);
          expect({ seed, step, found }).toEqual({ seed, step, found: erased });
        } else if (record.kind === 'bind') {
          const { verdicts } = applyRecord(state, state.appliedSequence + 1, record);
          const outcome = await store.bind(record.cuids, record.source);
          expect({ seed, step, verdicts }).toEqual({ seed, step, verdicts: outcome.verdicts });
        }
        for (const source of ['topic-0', 'topic-1']) {
          const { position, refused } = state.sources.get(source) ?? { position: null, refused: [] };
          const known = store.progressOf(source);
          expect({ seed, step, position, refused: positionsOf(refused) }).toEqual({
            ...{ seed, step, position: known?.position ?? null },
            refused: positionsOf(known?.refused ?? []),
          });
        }
        for (const cuid of RandomRecords.cuids) {
          const [is, was] = [shown(state, cuid), expected(store, cuid)];
          if (JSON.stringify(is) !== JSON.stringify(was)) {
            expect({ seed, step, cuid, is }).toEqual({ seed, step, cuid, is: was });
          }
        }
      }
    }
  });

  it('leaves no trace of a message that an operator takes out of range', () => {
    const state = newState();
    const rejected = messageOf(
      catalog,
      'person',
      'a',
      { city: 'secret', level: { $inc: Number.MAX_SAFE_INTEGER } },
      { id: '1' },
    );
    applyBatch(state, { arrivalMs: NOW, messages: [messageOf(catalog, 'person', 'b', { level: 1 })] });
    const inc = messageOf(
      catalog,
      'person',
      'b',
      { city: 'secret', level: { $inc: Number.MAX_SAFE_INTEGER } },
      { id: '1' },
    );
    const [verdict] = applyBatch(state, { arrivalMs: NOW, messages: [inc] });
    expect(verdict).toEqual({
      code: 'outOfRange',
      detail:
        'body.level: the increment would take the value past ±9007199254740991. Increment by less or set the value.',
    });
    expect(state.ids.size).toBe(0);
    const city = catalog.tag('city');
    const held = city && state.findTag(city);
    expect([held?.shardCount ?? 0, held?.dictionary.entries ?? 0]).toEqual([0, 0]);
    expect(codes(applyBatch(state, { arrivalMs: NOW, messages: [rejected] }))).toEqual(['accepted']);
  });

  it('does not count a type as used by refused messages alone', () => {
    const state = newState();
    const messages = [
      messageOf(catalog, 'person', 'a', {
        interests: { $add: Array.from({ length: 600 }, (_, value) => `a${value}`) },
      }),
      messageOf(catalog, 'person', 'a', {
        interests: { $add: Array.from({ length: 600 }, (_, value) => `b${value}`) },
      }),
      messageOf(catalog, 'flag', 'a', { marked: 'x' }),
    ];
    expect(codes(applyBatch(state, { arrivalMs: NOW, messages }))).toEqual(['accepted', 'outOfRange', 'accepted']);
    const usedUp = new EngineState(new NumberIdentity(2 ** 32 - 2), { idSeed: new Uint32Array(4), idEntriesMax: 1 });
    expect(codes(applyBatch(usedUp, { arrivalMs: NOW, messages }))).toEqual([
      'guidsExhausted',
      'guidsExhausted',
      'guidsExhausted',
    ]);
    expect([usedUp.usedTypes.size, usedUp.knownUsers]).toEqual([0, 0]);
  });

  it('gives texts that are only taken away no place in the dictionary', () => {
    const state = newState();
    const remove = messageOf(catalog, 'person', 'a', { interests: { $remove: ['never', 'there'] } });
    expect(codes(applyBatch(state, { arrivalMs: NOW, messages: [remove] }))).toEqual(['accepted']);
    const interests = catalog.tag('interests');
    expect(interests && state.findTag(interests)?.dictionary.size).toBe(0);
    expect(interests && state.findTag(interests)?.valueAt(0, 1)).toEqual([]);
  });
});
