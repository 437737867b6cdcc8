import { LocalIdentity } from '@tessera/identity';
import { Catalog } from '@tessera/tag-catalog';
import { EngineState } from '../engine-state';
import { RandomRecords } from '../testing/random-records';
import { SeededRandom } from '../testing/seeded-random';
import { messageOf, NOW, testCatalog } from '../testing/test-catalog';
import { decodeRecord, encodeRecord, type LogRecord } from './log-codec';

const catalog = testCatalog();

/** Bitmaps have no fields to compare. */
function plain(record: LogRecord): unknown {
  return record.kind === 'putList' ? { ...record, guids: record.guids.toArray() } : record;
}

describe('log records', () => {
  it('come back as they were written, of every kind, operator and value type', () => {
    const state = new EngineState(new LocalIdentity({ seed: 1 }), { idSeed: new Uint32Array(4), idEntriesMax: 1 });
    state.bind('user 0 é');
    const records = new RandomRecords(catalog, new SeededRandom(3));
    const kinds = new Map<string, number>();
    for (let number = 0; number < 2000; number++) {
      const record = records.next(state);
      kinds.set(record.kind, (kinds.get(record.kind) ?? 0) + 1);
      expect(plain(decodeRecord(encodeRecord(record), catalog))).toEqual(plain(record));
    }
    expect([...kinds.keys()].sort()).toEqual(['batch', 'erase', 'putList', 'removeList', 'retention']);
  });

  it('keep numbers at every limit', () => {
    const level = catalog.tag('level');
    const type = catalog.type('person');
    if (level === undefined || type === undefined) {
      throw new Error('no tag level');
    }
    const numbers = [
      0,
      1,
      -1,
      2 ** 46 - 1,
      2 ** 46,
      -(2 ** 46) + 1,
      -(2 ** 46),
      Number.MAX_SAFE_INTEGER,
      -Number.MAX_SAFE_INTEGER,
    ];
    const messages = numbers.map((value) => ({
      type,
      cuid: 'é'.repeat(64),
      timeMs: NOW - 86_400_000 * 20_000,
      id: 'i'.repeat(128),
      fields: [
        { op: 'set' as const, field: level, value },
        { op: 'increment' as const, field: level, by: value },
      ],
    }));
    const record: LogRecord = {
      kind: 'batch',
      batch: { arrivalMs: NOW, messages },
      source: { source: 's', position: -5 },
    };
    expect(decodeRecord(encodeRecord(record), catalog)).toEqual(record);
  });

  it('say what they cannot be read for', () => {
    const record: LogRecord = {
      kind: 'batch',
      batch: { arrivalMs: NOW, messages: [messageOf(catalog, 'person', 'a', { level: 5 })] },
      source: undefined,
    };
    const bytes = encodeRecord(record);
    expect(() => decodeRecord(bytes, Catalog.empty)).toThrow('tag type 1, which the catalogue does not know');
    expect(() => decodeRecord(Buffer.from([9]), catalog)).toThrow('of a kind this version does not know');
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decodeRecord(bytes.subarray(0, length), catalog)).toThrow();
    }
  });
});
