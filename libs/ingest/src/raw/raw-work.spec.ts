import { ReferenceStore } from '@tessera/audience';
import { Catalog, declareTagType, StoreUnavailableError } from '@tessera/tag-catalog';
import type {
  BatchOutcome,
  CatalogStore,
  JsonValue,
  MessageBatch,
  SourcePosition,
  TagStore,
} from '@tessera/tag-catalog';
import { codeOfLetter } from '../dead-letter';
import { WaitingTypes } from '../envelope/waiting-types';
import type { OutgoingRecord, StreamRecord } from '../ports';
import { RawWork } from './raw-work';

const NOW = Date.UTC(2026, 2, 10, 12);
const SENT = NOW - 60_000;
const SOURCE = 'kafka/0/tags.raw/3';
const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;

const TYPES: readonly JsonValue[] = [
  {
    name: 'city',
    kind: 'profile',
    tags: [
      { name: 'town', valueType: 'string' },
      { name: 'visits', valueType: 'int' },
    ],
  },
  { name: 'visit', kind: 'event', retentionDays: 5, properties: [{ name: 'page', valueType: 'string' }] },
  { name: 'loose', kind: 'profile', autoDeclare: true, tags: [] },
];

class MemoryCatalog implements CatalogStore {
  #catalog = TYPES.reduce<Catalog>((catalog, type) => {
    const declared = declareTagType(catalog, type);
    if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
    return declared.value;
  }, Catalog.empty);

  current(): Catalog {
    return this.#catalog;
  }

  /** Thrown instead of a change. */
  failures: Error[] = [];

  update(change: (catalog: Catalog) => Catalog): Promise<Catalog> {
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    this.#catalog = change(this.#catalog);
    return Promise.resolve(this.#catalog);
  }
}

/** The reference store; fails as the test says, before anything is applied or after it. */
class FailingStore implements TagStore {
  readonly store = new ReferenceStore({ nowMs: () => NOW });
  /** Of each call the error, and whether it comes after the work was done; null: none. */
  failures: ({ readonly error: Error; readonly isAfter: boolean } | null)[] = [];
  /** Messages of this user break the store. */
  poison = '';
  readonly sizes: number[] = [];

  apply(batch: MessageBatch, source?: SourcePosition): Promise<BatchOutcome> {
    this.sizes.push(batch.messages.length);
    if (batch.messages.some(({ cuid }) => cuid === this.poison)) return Promise.reject(new TypeError('it broke'));
    return this.#do(() => this.store.apply(batch, source));
  }

  bind(cuids: readonly string[], source?: SourcePosition): Promise<BatchOutcome> {
    return this.#do(() => this.store.bind(cuids, source));
  }

  erase(cuid: string, arrivalMs: number, source?: SourcePosition): ReturnType<TagStore['erase']> {
    if (cuid === this.poison) return Promise.reject(new TypeError('it broke'));
    return this.#do(() => this.store.erase(cuid, arrivalMs, source));
  }

  progressOf(source: string): ReturnType<TagStore['progressOf']> {
    return this.store.progressOf(source);
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    const failure = this.failures.shift();
    if (failure?.isAfter === false) throw failure.error;
    const done = await work();
    if (failure?.isAfter === true) throw failure.error;
    return done;
  }
}

class Bench {
  readonly catalogStore = new MemoryCatalog();
  readonly store = new FailingStore();
  readonly letters: OutgoingRecord[] = [];
  readonly seen: string[] = [];
  lettersFail = 0;

  /** As a process that has just been started would make it. */
  work(): RawWork {
    const isKnown = (type: string): boolean => this.catalogStore.current().type(type) !== undefined;
    return new RawWork({ topic: 'tags.raw', partition: 3 }, SOURCE, {
      store: this.store,
      catalogStore: this.catalogStore,
      types: new WaitingTypes({ isKnown, look: () => Promise.resolve() }, undefined, 300),
      letters: {
        write: (letters) => {
          if (this.lettersFail-- > 0) return Promise.reject(new Error('Kafka is away'));
          this.letters.push(...letters);
          return Promise.resolve();
        },
      },
      messages: {},
      now: () => NOW,
      observer: {
        applied: ({ records }) => this.seen.push(`batch ${records}`),
        verdict: (verdict) => this.seen.push(verdict),
        letter: (code) => this.seen.push(code),
      },
    });
  }

  get codes(): readonly (readonly [offset: string | undefined, code: string])[] {
    return this.letters.map((letter) => [
      String(letter.headers['dead.origin']).split('/').at(-1),
      codeOfLetter({ ...letter, offset: 0, timestampMs: 0 }),
    ]);
  }

  visits(cuid: string): unknown {
    const tag = this.catalogStore.current().tag('visits');
    const state = tag && this.store.store.userByCuid(cuid)?.fields.get(tag.id)?.state;
    return state?.value ?? null;
  }

  get position(): number | undefined {
    return this.store.progressOf(SOURCE)?.position;
  }
}

let next = 0;

function record(value: string | Buffer | null, key: string | null = 'ada', timestampMs = SENT): StreamRecord {
  return {
    offset: next++,
    timestampMs,
    key: key === null ? null : Buffer.from(key),
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers: {},
  };
}

function message(cuid: string, type: string, body: object, header: object = {}, timestampMs = SENT): StreamRecord {
  return record(JSON.stringify({ header: { type, cuid, ...header }, body }), cuid, timestampMs);
}

const inc = (cuid: string, by = 1): StreamRecord => message(cuid, 'city', { visits: { $inc: by } });

describe('RawWork', () => {
  let bench: Bench;

  beforeEach(() => {
    next = 0;
    bench = new Bench();
  });

  it('applies messages, erasures and offline users in their order', async () => {
    await bench
      .work()
      .process(
        [
          inc('ada', 5),
          inc('ben'),
          message('ada', 'sys_erase', {}),
          inc('ada'),
          message('cleo', 'sys_offline_cuid', {}),
          inc('cleo'),
        ],
        NEVER,
      );
    expect([bench.visits('ada'), bench.visits('ben'), bench.visits('cleo')]).toEqual([1, 1, 1]);
    expect(bench.store.store.users()).toHaveLength(3);
    expect(bench.seen.filter((one) => one.startsWith('batch'))).toEqual([
      'batch 2',
      'batch 1',
      'batch 1',
      'batch 1',
      'batch 1',
    ]);
    expect([bench.position, bench.letters]).toEqual([5, []]);
  });

  it('sends what it can not use to the dead letters, each with its code, and goes on', async () => {
    const records = [
      record(null),
      record('{"header":{"type":"city","cuid":"ada"},"body":{}}', null),
      record('x'.repeat(1_000_001)),
      record('no JSON'),
      record('{"header":{"type":"city","cuid":"ada"},"body":{"town":', 'ada'),
      record(
        Buffer.from([
          ...Buffer.from('{"header":{"type":"city","cuid":"ada"},"body":{"town":"'),
          0xff,
          0x22,
          0x7d,
          0x7d,
        ]),
      ),
      record('{"header":{"type":"city","cuid":"ben"},"body":{"visits":1}}'),
      record('{"header":{"type":"city","cuid":"ada"},"body":{"visits":1},"header":{"type":"city","cuid":"ben"}}'),
      message('ada', 'sys_other', {}),
      message('ada', 'nobody_knows', {}),
      message('ada', 'city', {}),
      message('ada', 'city', { visits: 'many' }),
      message('ada', 'city', { colour: 'red' }),
      message('ada', 'city', { visits: 1 }, { time: 'yesterday' }),
      message('ada', 'city', { visits: 1 }, { time: new Date(SENT + DAY_MS + 1).toISOString() }),
      message('ada', 'city', { visits: 1 }, {}, NOW + DAY_MS + 1),
      message('ada', 'city', { visits: 1 }, {}, -1),
      message('ada', 'visit', {}, { time: new Date(NOW - 7 * DAY_MS).toISOString() }),
      message('ada', 'city', { visits: { $inc: Number.MAX_SAFE_INTEGER } }),
      message('ada', 'city', { visits: { $inc: 1 } }),
      message('ada', 'loose', { 'Bad Name': 1 }),
      message('ada', 'loose', { shoe_size: 41 }),
    ];
    await bench.work().process(records, NEVER);
    expect(bench.codes.toSorted(([left], [right]) => Number(left) - Number(right))).toEqual(
      [
        ...[
          'emptyValue',
          'missingKey',
          'tooLarge',
          'invalidMessage',
          'invalidJson',
          'invalidUtf8',
          'keyDiffers',
          'keyDiffers',
        ],
        ...['reservedType', 'unknownType', 'emptyBody', 'wrongType', 'unknownField', 'invalidTime', 'timeInFuture'],
        ...['timeInFuture', 'timeTooEarly', 'expired', undefined, 'outOfRange', 'invalidName', undefined],
      ].flatMap((code, offset) => (code === undefined ? [] : [[String(offset), code]])),
    );
    expect(bench.visits('ada')).toBe(Number.MAX_SAFE_INTEGER);
    expect(bench.catalogStore.current().tag('shoe_size')?.valueType).toBe('decimal');
    expect(bench.position).toBe(records.length - 1);
  });

  it('waits for a type that is declared a moment later', async () => {
    const done = bench.work().process([message('ada', 'late', { fact: true })], NEVER);
    setTimeout(() => {
      const late = { name: 'late', kind: 'profile', tags: [{ name: 'fact', valueType: 'bool' }] };
      void bench.catalogStore.update((catalog) => {
        const declared = declareTagType(catalog, late);
        return declared.ok ? declared.value : catalog;
      });
    }, 50);
    await done;
    expect([bench.letters, bench.store.store.users().length]).toEqual([[], 1]);
  });

  it('takes the timestamp of the record for the time of arrival', async () => {
    await bench
      .work()
      .process([message('ada', 'visit', {}), message('ada', 'visit', {}, {}, SENT - 4 * DAY_MS)], NEVER);
    const type = bench.catalogStore.current().type('visit');
    const user = bench.store.store.userByCuid('ada');
    expect(type && user?.rows.get(type.id)?.map(({ timeMs }) => timeMs)).toEqual([SENT, SENT - 4 * DAY_MS]);
  });

  it.each([
    ['before', false],
    ['after', true],
  ])('counts each record once when the store fails %s it has applied them', async (_when, isAfter) => {
    const records = [
      inc('ada'),
      inc('ben'),
      message('ada', 'sys_erase', {}),
      inc('ada', 7),
      message('ada', 'visit', {}),
    ];
    for (let call = 0; call < 3; call++) {
      bench = new Bench();
      bench.store.failures = [
        ...new Array<null>(call).fill(null),
        { error: new StoreUnavailableError('the disk is full', true), isAfter },
      ];
      const work = bench.work();
      await expect(work.process(records, NEVER)).rejects.toThrow('the disk is full');
      // By the same process, and by one that was started since, from where it says.
      const start = await bench.work().begin();
      await (call === 0 ? work : bench.work()).process(
        records.filter(({ offset }) => offset >= (start?.from ?? 0)),
        NEVER,
      );
      expect([bench.visits('ada'), bench.visits('ben'), bench.position]).toEqual([7, 1, 4]);
    }
  });

  it('writes letters before the position moves, and again if nobody knows whether they were', async () => {
    const records = [inc('ada'), record('no JSON'), inc('ada', Number.MAX_SAFE_INTEGER), inc('ben')];
    bench.lettersFail = 1;
    await expect(bench.work().process(records, NEVER)).rejects.toThrow('Kafka is away');
    expect(bench.position).toBeUndefined();
    await bench.work().process(records, NEVER);
    expect(bench.codes).toEqual([
      ['1', 'invalidMessage'],
      ['2', 'outOfRange'],
    ]);
    const start = await bench.work().begin();
    expect(start).toEqual({ from: 2, firstNew: 4 });
    await bench.work().process(records.slice(2), NEVER);
    expect(bench.codes.slice(2)).toEqual([['2', 'outOfRange']]);
    expect([bench.visits('ada'), bench.visits('ben')]).toEqual([1, 1]);
    next = 4;
    await bench.work().process([inc('ben')], NEVER);
    expect(await bench.work().begin()).toEqual({ from: 4, firstNew: 5 });
  });

  it('isolates what breaks the store, and applies the rest', async () => {
    bench.store.poison = 'mallory';
    const records = Array.from({ length: 100 }, (_, index) => inc(index === 42 || index === 77 ? 'mallory' : 'ada'));
    await bench.work().process([...records, message('mallory', 'sys_erase', {}), inc('ada')], NEVER);
    expect(bench.codes).toEqual([
      ['42', 'notApplied'],
      ['77', 'notApplied'],
      ['100', 'notApplied'],
    ]);
    expect([bench.visits('ada'), bench.position]).toEqual([99, 101]);
    expect(bench.store.sizes.length).toBeLessThan(40);
  });

  it('isolates a message that can not even be read, and waits for a catalogue that takes no changes now', async () => {
    const records = [inc('ada'), message('ada', 'loose', { shoe_size: 41 }), inc('ada')];
    bench.catalogStore.failures = [new StoreUnavailableError('the disk is full', true)];
    await expect(bench.work().process(records, NEVER)).rejects.toThrow('the disk is full');
    expect(bench.position).toBeUndefined();
    bench.catalogStore.failures = [new TypeError('it broke')];
    await bench.work().process(records, NEVER);
    expect([bench.codes, bench.visits('ada'), bench.position]).toEqual([[['1', 'notApplied']], 2, 2]);
  });

  it('refuses a topic at whose stored position stands something else', async () => {
    const records = [inc('ada'), inc('ben')];
    await bench.work().process(records, NEVER);
    next = 1;
    const other = [inc('carl'), inc('ada')];
    await expect(bench.work().process(other, NEVER)).rejects.toThrow('was made anew');
    expect([bench.visits('ada'), bench.position]).toEqual([1, 1]);
    // What it was is taken, with what follows.
    await bench.work().process([...records.slice(1), ...other.slice(1)], NEVER);
    expect([bench.visits('ada'), bench.visits('ben'), bench.position]).toEqual([2, 1, 2]);
  });

  it('writes the letters of what the store has refused when it can, once all is applied', async () => {
    const records = [inc('ada'), inc('ada', Number.MAX_SAFE_INTEGER), inc('ben')];
    bench.lettersFail = 1;
    const work = bench.work();
    await expect(work.process(records, NEVER)).rejects.toThrow('Kafka is away');
    expect([bench.visits('ben'), bench.position, bench.letters]).toEqual([1, 2, []]);
    await work.process(records, NEVER);
    expect([bench.visits('ben'), bench.codes]).toEqual([1, [['1', 'outOfRange']]]);
  });

  it('gives up when nobody waits for it any more', async () => {
    const stop = new AbortController();
    const done = bench.work().process([inc('ada'), message('ada', 'never_declared', {})], stop.signal);
    stop.abort();
    await expect(done).rejects.toThrow();
    expect([bench.position, bench.letters]).toEqual([undefined, []]);
  });
});
