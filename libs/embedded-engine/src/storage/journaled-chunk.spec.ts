import fc from 'fast-check';
import { ChunkTracker } from './chunk-tracker';
import { JournaledChunk } from './journaled-chunk';

const SIZE = 50;

class Numbers extends JournaledChunk {
  protected readonly cells = 1;
  readonly values = new Float64Array(SIZE);
  serialized = 0;

  constructor(tracker: ChunkTracker) {
    super('numbers', tracker);
  }

  set(position: number, value: number): void {
    this.beforeWriteAt(position);
    this.values[position] = value;
  }

  fill(value: number): void {
    this.beforeWrite();
    this.values.fill(value);
  }

  serialize(): Buffer {
    this.serialized++;
    return Buffer.from(this.values.slice().buffer);
  }

  protected readCells(position: number, out: Float64Array, at: number): void {
    out[at] = this.values[position]!;
  }

  protected writeCells(position: number, from: Float64Array, at: number): void {
    this.values[position] = from[at]!;
  }
}

function valuesOf(bytes: Buffer): number[] {
  return Array.from({ length: SIZE }, (_, index) => bytes.readDoubleLE(index * 8));
}

describe('JournaledChunk', () => {
  it('is captured as it was when the checkpoint began, and stays as it is', () => {
    const step = fc.oneof(
      { weight: 12, arbitrary: fc.tuple(fc.integer({ min: 0, max: SIZE - 1 }), fc.integer({ min: 1, max: 9 })) },
      { weight: 1, arbitrary: fc.constantFrom('fill' as const) },
      { weight: 3, arbitrary: fc.constantFrom('begin' as const, 'take' as const, 'fail' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const tracker = new ChunkTracker();
        const chunk = new Numbers(tracker);
        let model: number[] = new Array<number>(SIZE).fill(0);
        let begun: { readonly scope: ReturnType<ChunkTracker['begin']>; readonly values: number[] } | null = null;
        for (const one of steps) {
          if (one === 'begin') {
            begun ??= { scope: tracker.begin(), values: [...model] };
          } else if (one === 'take' || one === 'fail') {
            if (begun !== null) {
              const taken = one === 'take' ? tracker.take(Infinity) : [];
              taken.forEach(([, bytes]) => {
                expect(valuesOf(bytes)).toEqual(begun?.values);
              });
              expect(one === 'fail' || taken.length === begun.scope.chunks.length).toBe(true);
              tracker.end(begun.scope, one === 'fail');
              begun = null;
            }
          } else if (one === 'fill') {
            chunk.fill(7);
            model = new Array<number>(SIZE).fill(7);
          } else {
            chunk.set(...one);
            model[one[0]] = one[1];
          }
          expect([...chunk.values]).toEqual(model);
        }
      }),
    );
  });

  it('is not serialised by changes at positions until there are many', () => {
    const tracker = new ChunkTracker();
    const chunk = new Numbers(tracker);
    chunk.set(0, 1);
    tracker.begin();
    for (let change = 0; change < 4000; change++) {
      chunk.set(change % SIZE, change);
    }
    expect(chunk.serialized).toBe(0);
    for (let change = 0; change < 20_000; change++) {
      chunk.set(change % SIZE, change);
    }
    expect(chunk.serialized).toBe(1);
    const [taken] = tracker.take(Infinity);
    expect(taken === undefined ? [] : valuesOf(taken[1])).toEqual([1, ...new Array<number>(SIZE - 1).fill(0)]);
  });
});
