import fc from 'fast-check';
import { ChunkTracker } from '../storage/chunk-tracker';
import { Dictionary } from './dictionary';

const MAP_ENTRIES = 50;

/** A dictionary made of what the other one would write to disk. */
function reloaded(
  tracker: ChunkTracker,
  store: Map<string, Buffer>,
): { dictionary: Dictionary; tracker: ChunkTracker } {
  const scope = tracker.begin();
  for (const [key, bytes] of tracker.take(Infinity)) {
    store.set(key, Buffer.from(bytes));
  }
  tracker.end(scope, false);
  const next = new ChunkTracker();
  const dictionary = new Dictionary(5, next, MAP_ENTRIES);
  [...store]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .forEach(([, bytes], block) => {
      dictionary.load(block, bytes);
    });
  return { dictionary, tracker: next };
}

describe('Dictionary', () => {
  it('knows its texts over growth, sweeps and restarts', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('intern' as const), text: fc.string({ unit: 'binary', maxLength: 3 }) }),
      fc.record({ kind: fc.constant('internMany' as const), from: fc.integer({ min: 0, max: 9000 }) }),
      fc.record({ kind: fc.constant('sweep' as const), keepOneIn: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant('reload' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let tracker = new ChunkTracker();
        let dictionary = new Dictionary(5, tracker, MAP_ENTRIES);
        const store = new Map<string, Buffer>();
        const codes = new Map<string, number>();
        const intern = (text: string): void => {
          const code = dictionary.intern(text);
          expect(code).toBe(codes.get(text) ?? code);
          codes.set(text, code);
        };
        for (const one of steps) {
          if (one.kind === 'intern') {
            intern(one.text);
          } else if (one.kind === 'internMany') {
            for (let number = 0; number < 200; number++) {
              intern(`text ${one.from + number * 20}`);
            }
          } else if (one.kind === 'sweep') {
            for (const [text, code] of codes) {
              if (code % one.keepOneIn !== 0) {
                codes.delete(text);
              }
            }
            dictionary.sweep((mark) => {
              for (const code of codes.values()) {
                mark(code);
              }
            });
          } else {
            ({ dictionary, tracker } = reloaded(tracker, store));
          }
          expect(dictionary.entries).toBe(codes.size);
          const wrong = [...codes].filter(
            ([text, code]) => dictionary.code(text) !== code || dictionary.text(code) !== text,
          );
          expect(wrong).toEqual([]);
        }
        expect(new Set(codes.values()).size).toBe(codes.size);
      }),
      { numRuns: 60 },
    );
  });

  it('gives freed codes out again and forgets their texts, also on disk', () => {
    let tracker = new ChunkTracker();
    let dictionary = new Dictionary(5, tracker);
    const store = new Map<string, Buffer>();
    const [a, secret, c] = ['a', 'secret', 'c'].map((text) => dictionary.intern(text));
    ({ dictionary, tracker } = reloaded(tracker, store));
    const before = dictionary.generation;
    dictionary.sweep((mark) => [a, c].every((code) => mark(code ?? -1)));
    expect(dictionary.generation).not.toBe(before);
    expect([dictionary.code('secret'), dictionary.textOf(secret ?? -1)]).toEqual([undefined, undefined]);
    expect(() => dictionary.text(secret ?? -1)).toThrow('field 5 has no code 1');
    ({ dictionary, tracker } = reloaded(tracker, store));
    expect([...store.values()].some((bytes) => bytes.includes('secret'))).toBe(false);
    expect(dictionary.entries).toBe(2);
    expect(dictionary.intern('new')).toBe(secret);
  });

  it('is not changed by a sweep that finds every code in use, which may stop early', () => {
    const dictionary = new Dictionary(5, new ChunkTracker());
    ['a', 'b'].forEach((text) => dictionary.intern(text));
    const asked: number[] = [];
    dictionary.sweep((mark) => {
      for (const code of [0, 0, 1, 0]) {
        asked.push(code);
        if (!mark(code)) {
          break;
        }
      }
    });
    expect(asked).toEqual([0, 0, 1]);
    expect(dictionary.generation).toBe(0);
  });

  it('refuses blocks with a hole', () => {
    const tracker = new ChunkTracker();
    const dictionary = new Dictionary(5, tracker);
    for (let number = 0; number < 5000; number++) {
      dictionary.intern(String(number));
    }
    tracker.begin();
    const [, second] = [...tracker.take(Infinity)].sort(([a], [b]) => (a < b ? -1 : 1));
    const other = new Dictionary(5, new ChunkTracker());
    expect(() => {
      other.load(1, second?.[1] ?? Buffer.alloc(0));
    }).toThrow('block 1 follows on 0 codes: one is missing');
  });

  it('frees in steps, and keeps what is written between them', () => {
    const dictionary = new Dictionary(5, new ChunkTracker());
    const total = 20_000;
    for (let number = 0; number < total; number++) {
      dictionary.intern(`text ${number}`);
    }
    const steps = dictionary.sweepSteps([(mark) => mark(0), (mark) => mark(1)]);
    let pauses = 0;
    while (steps.next().done !== true) {
      // Now known to be unused, but for what is written here; the last ones are not freed before.
      dictionary.intern(`text ${total - 1 - pauses}`);
      dictionary.intern(`new ${pauses}`);
      pauses++;
    }
    expect(pauses).toBeGreaterThan(4);
    expect(dictionary.entries).toBe(2 + 2 * pauses);
    for (let pause = 0; pause < pauses; pause++) {
      for (const text of [`text ${total - 1 - pause}`, `new ${pause}`]) {
        expect(dictionary.text(dictionary.code(text) ?? -1)).toBe(text);
      }
    }
    expect(dictionary.code('text 2')).toBeUndefined();
  });

  it('finds texts by their bytes as by themselves, also once codes have changed hands', () => {
    const dictionary = new Dictionary(5, new ChunkTracker());
    const texts = [
      '',
      'a',
      'ä',
      'ab',
      'x'.repeat(32),
      'x'.repeat(33),
      '漢字',
      ...Array.from({ length: 5000 }, (_, number) => String(number)),
    ];
    const byBytes = (text: string): number => {
      const bytes = Buffer.from(`..${text}..`);
      return dictionary.internUtf8(bytes, 2, bytes.length - 4);
    };
    for (let round = 0; round < 3; round++) {
      expect(texts.filter((text) => dictionary.text(byBytes(text)) !== text)).toEqual([]);
    }
    expect(dictionary.entries).toBe(texts.length);
    dictionary.sweep((mark) => mark(byBytes('a')));
    const turned = [...texts].reverse();
    expect(turned.filter((text) => dictionary.text(byBytes(text)) !== text)).toEqual([]);
    expect(dictionary.size).toBe(texts.length);
  });
});
