import { Catalog, declareTagType, patchTagType, removeTagType } from '@tessera/tag-catalog';
import { applyRecord } from '../apply-record';
import { EngineState } from '../engine-state';
import { describeState } from '../testing/describe-state';
import { RandomRecords } from '../testing/random-records';
import { SeededRandom } from '../testing/seeded-random';
import { readMessages, storedRecord } from '../testing/stored-record';
import { messageOf, NOW, testCatalog } from '../testing/test-catalog';
import { decodeRecord, encodeRecord, type LogRecord } from './log-codec';
import { isOperator } from './message-shape';
import { NumberIdentity } from '../testing/number-identity';

const catalog = testCatalog();

/** Bitmaps have no fields to compare; of an id that is not checked the log keeps nothing. */
function plain(record: LogRecord): unknown {
  if (record.kind === 'batch') {
    const messages = record.batch.messages.map((message) => ({
      ...message,
      id: message.type.kind === 'event' || message.fields.some(({ op }) => isOperator(op)) ? message.id : null,
    }));
    return { ...record, batch: { ...record.batch, messages } };
  }
  return record.kind === 'putList' ? { ...record, guids: record.guids.toArray() } : record;
}

/** What was asked for, read back from its bytes. */
function readBack(bytes: Buffer, known: Catalog): LogRecord {
  const stored = decodeRecord(bytes, known);
  return stored.kind === 'packed' ? { kind: 'batch', batch: readMessages(stored), source: stored.source } : stored;
}

describe('log records', () => {
  it('come back as they were written, of every kind, operator and value type', () => {
    const state = new EngineState(new NumberIdentity(), { idSeed: new Uint32Array(4), idEntriesMax: 1 });
    state.bind('user 0 é');
    const records = new RandomRecords(catalog, new SeededRandom(3));
    const kinds = new Map<string, number>();
    for (let number = 0; number < 2000; number++) {
      const record = records.next(state);
      kinds.set(record.kind, (kinds.get(record.kind) ?? 0) + 1);
      expect(plain(readBack(encodeRecord(storedRecord(record)), catalog))).toEqual(plain(record));
    }
    expect([...kinds.keys()].sort()).toEqual(['batch', 'bind', 'erase', 'putList', 'removeList', 'retention']);
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
      source: { source: 's', position: -5, each: numbers.map((_, index) => index - 5 - numbers.length) },
    };
    expect(readBack(encodeRecord(storedRecord(record)), catalog)).toEqual(record);
  });

  it('say what they cannot be read for', () => {
    const record: LogRecord = {
      kind: 'batch',
      batch: { arrivalMs: NOW, messages: [messageOf(catalog, 'person', 'a', { level: 5 })] },
      source: undefined,
    };
    const bytes = encodeRecord(storedRecord(record));
    expect(() => decodeRecord(bytes, Catalog.empty)).toThrow('tag type 1, which the catalogue does not know');
    expect(() => decodeRecord(Buffer.from([9]), catalog)).toThrow('of a kind this version does not know');
    for (let length = 1; length < bytes.length; length++) {
      expect(() => readBack(bytes.subarray(0, length), catalog)).toThrow();
    }
  });
});

describe('a catalogue that changed since the log was written', () => {
  function changed(): Catalog {
    const steps: ((now: Catalog) => ReturnType<typeof patchTagType>)[] = [
      (now) =>
        patchTagType(now, 'person', {
          tags: [
            { name: 'plan', values: ['free', 'paid', 'gold'] },
            { name: 'seen', ttl: 'PT1H' },
            { name: 'shoe_size', valueType: 'int' },
          ],
        }),
      (now) =>
        patchTagType(now, 'purchase', { retentionDays: 3, properties: [{ name: 'coupon', valueType: 'string' }] }),
      (now) => declareTagType(now, { name: 'extra', kind: 'kv', tags: [{ name: 'extra_tag', valueType: 'set' }] }),
    ];
    const patched = steps.reduce<Catalog>((now, step) => {
      const outcome = step(now);
      if (!outcome.ok) {
        throw new Error(JSON.stringify(outcome.errors));
      }
      return outcome.value;
    }, catalog);
    return removeTagType(patched, 'visit');
  }

  it('replays to the same state and verdicts', () => {
    const [live, replayed] = [1, 2].map(
      () => new EngineState(new NumberIdentity(), { idSeed: new Uint32Array(4), idEntriesMax: 50 }),
    );
    if (live === undefined || replayed === undefined) {
      throw new Error('two states are made');
    }
    const records = new RandomRecords(catalog, new SeededRandom(8));
    const later = changed();
    for (let sequence = 1; sequence <= 200; sequence++) {
      const record = records.next(live);
      const stored = storedRecord(record, live);
      const bytes = encodeRecord(stored);
      const { verdicts } = applyRecord(live, sequence, stored);
      expect(applyRecord(replayed, sequence, decodeRecord(bytes, later)).verdicts).toEqual(verdicts);
    }
    const { nowMs } = records;
    expect(describeState(replayed, catalog, RandomRecords.cuids, nowMs)).toEqual(
      describeState(live, catalog, RandomRecords.cuids, nowMs),
    );
  });
});
