import { SharedTimes } from '../columns/write-times';
import { ChunkTracker } from '../storage/chunk-tracker';
import { SeededRandom } from '../testing/seeded-random';
import { ImmediateIndexBuilder } from './index-builder';
import { ScalarShard } from './scalar-shard';
import { buildScalarIndex, scalarIndexOf } from './build-scalar-index';
import { SetShard } from './set-shard';

/** More changes than the index is told of one by one. */
const MANY = 70_000;

const builder = new ImmediateIndexBuilder();

function shared(): SharedTimes {
  return new SharedTimes(1, 0, new ChunkTracker());
}

function positions<T>(model: ReadonlyMap<number, T>, meets: (value: T) => boolean): number[] {
  return [...model].flatMap(([local, value]) => (meets(value) ? [local] : [])).sort((a, b) => a - b);
}

describe.each([
  ['codes', false, 6],
  ['very many codes', false, 50_000],
  ['ordinals', true, 40],
  ['ordinals far apart', true, 2 ** 33],
])('ScalarShard of %s', (_, ordinal, span) => {
  it('answers as its model does, however often and late the index is read', () => {
    const seed = 11;
    const random = new SeededRandom(seed);
    let shard = new ScalarShard(1, 0, { ordinal, builder }, new ChunkTracker(), shared());
    const model = new Map<number, number>();
    const change = (times: number): void => {
      for (let count = 0; count < times; count++) {
        const local = random.between(0, 100_000);
        if (random.chance(0.2)) {
          shard.clear(local);
          model.delete(local);
        } else {
          const value = random.between(0, span) - (ordinal && random.chance(0.1) ? 100 : 0);
          shard.set(local, value);
          model.set(local, value);
        }
      }
    };
    const check = (): void => {
      expect(shard.present.toArray()).toEqual(positions(model, () => true));
      const [a, b, c] = [0, 1, 2].map(() => random.between(0, span));
      for (const wanted of [[a], [a, b, c, span + 1]]) {
        const numbers = wanted.filter((value) => value !== undefined);
        expect(shard.oneOf(numbers).operand().bitmap.toArray()).toEqual(
          positions(model, (value) => numbers.includes(value)),
        );
      }
      if (ordinal) {
        const [low = 0, high = 0] = [a ?? 0, b ?? 0].sort((left, right) => left - right);
        expect(shard.between(low, high).operand().bitmap.toArray()).toEqual(
          positions(model, (value) => value >= low && value <= high),
        );
      }
      expect(shard.verify()).toEqual([]);
    };
    // Built late, then told of few changes, of too many, and of few again.
    for (const times of [5000, 10, 1, MANY * 2, 300, 0]) {
      change(times);
      check();
    }
    change(100);
    const behind = shard.serialize();
    shard = new ScalarShard(1, 0, { ordinal, builder }, new ChunkTracker(), shared(), behind);
    check();
    shard = new ScalarShard(1, 0, { ordinal, builder }, new ChunkTracker(), shared(), shard.serialize());
    check();
    change(100);
    check();
    // An index that is built while values go on changing, and one that is dropped meanwhile.
    shard.beginBuild();
    const index = buildScalarIndex(shard.column, ordinal);
    change(500);
    check();
    shard.finishBuild(scalarIndexOf(index.parts));
    expect(shard.changedSinceIndex.count).toBeGreaterThan(100);
    check();
    shard.beginBuild();
    shard.dropIndex();
    change(10);
    shard.finishBuild(index);
    check();
  });

  it('tells what differs from the column', () => {
    const shard = new ScalarShard(1, 0, { ordinal, builder }, new ChunkTracker(), shared());
    for (const [local, value] of [1, 2, 1].entries()) {
      shard.set(local, value);
    }
    shard.buildIndex();
    expect(shard.verify()).toEqual([]);
    shard.column.set(0, 2);
    expect(shard.verify()).toEqual([
      't/1/00000: column and index differ in users with ' + (ordinal ? 'values up to 1' : 'code 1'),
      ...(ordinal ? [] : ['t/1/00000: column and index differ in users with code 2']),
    ]);
  });
});

describe('SetShard', () => {
  it('answers as its model does, however often and late the index is read', () => {
    const random = new SeededRandom(12);
    let shard = new SetShard(1, 0, new ChunkTracker(), shared());
    const model = new Map<number, readonly number[]>();
    const change = (times: number): void => {
      for (let count = 0; count < times; count++) {
        const local = random.between(0, 80_000);
        if (random.chance(0.2)) {
          shard.clear(local);
          model.delete(local);
        } else {
          const codes = Array.from({ length: 12 }, (_, code) => code).filter(() => random.chance(0.15));
          shard.set(local, Uint32Array.from(codes));
          model.set(local, codes);
        }
      }
    };
    const check = (): void => {
      expect(shard.present.toArray()).toEqual(positions(model, () => true));
      expect(shard.withElement(3)?.toArray() ?? []).toEqual(positions(model, (codes) => codes.includes(3)));
      expect(shard.withElement(99)).toBeUndefined();
      expect(shard.withAny([1, 5, 99]).toArray()).toEqual(
        positions(model, (codes) => codes.includes(1) || codes.includes(5)),
      );
      expect(shard.withAny([]).size).toBe(0);
      expect(shard.verify()).toEqual([]);
      const seen = new Set<number>();
      shard.eachCode((code) => seen.add(code).size > 0);
      expect([...seen].sort((a, b) => a - b)).toEqual([...new Set([...model.values()].flat())].sort((a, b) => a - b));
    };
    for (const times of [3000, 10, 1, MANY * 2, 300, 0]) {
      change(times);
      check();
    }
    change(100);
    shard = new SetShard(1, 0, new ChunkTracker(), shared(), shard.serialize());
    check();
    shard = new SetShard(1, 0, new ChunkTracker(), shared(), shard.serialize());
    change(100);
    check();
    expect([...(shard.get(7) ?? [])]).toEqual(model.get(7) ?? []);
  });
});
