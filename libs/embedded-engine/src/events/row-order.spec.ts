import { ChunkTracker } from '../storage/chunk-tracker';
import { EventBucket } from './event-bucket';

describe("a user's rows in a bucket", () => {
  it('are found the same way before and after ordering, after more rows, and after an erasure', () => {
    const bucket = new EventBucket(1, 0, 100, new ChunkTracker());
    const model: number[] = [];
    const append = (local: number): void => {
      bucket.append(local, bucket.startMs + model.length, []);
      model.push(local);
    };
    const check = (): void => {
      for (let local = 0; local < 60; local++) {
        const expected = model.flatMap((user, row) => (user === local ? [row] : []));
        expect([local, bucket.rowsOf(local)]).toEqual([local, expected]);
      }
    };
    for (let row = 0; row < 2000; row++) {
      append((row * 7919) % 50);
    }
    check();
    bucket.orderRows();
    expect(bucket.unorderedRows).toBe(0);
    check();
    for (let row = 0; row < 300; row++) {
      append((row * 31) % 60);
    }
    expect(bucket.unorderedRows).toBe(300);
    check();
    bucket.removeUser(7);
    expect(bucket.unorderedRows).toBe(bucket.rows);
    const kept = model.filter((local) => local !== 7);
    model.splice(0, model.length, ...kept);
    check();
    bucket.orderRows();
    check();
  });

  it('may belong to users past 2^16', () => {
    const bucket = new EventBucket(1, 0, 100, new ChunkTracker());
    [1_048_575, 3, 1_048_575, 70_000].forEach((local, row) => {
      bucket.append(local, bucket.startMs + row, []);
    });
    bucket.orderRows();
    expect([bucket.rowsOf(1_048_575), bucket.rowsOf(70_000), bucket.rowsOf(4)]).toEqual([[0, 2], [3], []]);
  });
});
