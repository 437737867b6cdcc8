import { ChunkTracker } from '../storage/chunk-tracker';
import { EventBucket } from './event-bucket';

/** Rows of a user as their times of day, which these specs make different for each row. */
function timesOf(bucket: EventBucket, local: number): number[] {
  return bucket.rowsOf(local).map((row) => bucket.timesOfDay[row] ?? -1);
}

describe("a user's rows in a bucket", () => {
  it('are found in order of arrival before and after ordering, after more rows, an erasure and a restart', () => {
    let bucket = new EventBucket(1, 0, 100, new ChunkTracker());
    let model: { readonly local: number; readonly time: number }[] = [];
    let count = 0;
    const append = (local: number): void => {
      // Not ascending: rows of one user stay in order of arrival all the same.
      const time = (count++ * 7717) % 50_000;
      bucket.append(local, bucket.startMs + time, []);
      model.push({ local, time });
    };
    const check = (): void => {
      for (let local = 0; local < 60; local++) {
        const expected = model.flatMap((row) => (row.local === local ? [row.time] : []));
        expect([local, timesOf(bucket, local)]).toEqual([local, expected]);
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
    expect(bucket.removeUser(7)).toBe(model.filter(({ local }) => local === 7).length);
    model = model.filter(({ local }) => local !== 7);
    check();
    bucket.orderRows();
    expect([bucket.unorderedRows, bucket.locals.length]).toEqual([0, bucket.rows]);
    check();
    append(3);
    append(59);
    const stored = bucket.serialize();
    check();
    bucket = new EventBucket(1, 0, 100, new ChunkTracker(), stored);
    expect([bucket.rows, bucket.unorderedRows]).toEqual([model.length, 0]);
    check();
  });

  it('may belong to users past 2^16', () => {
    const bucket = new EventBucket(1, 0, 100, new ChunkTracker());
    [1_048_575, 3, 1_048_575, 70_000].forEach((local, row) => {
      bucket.append(local, bucket.startMs + row, []);
    });
    bucket.orderRows();
    expect([timesOf(bucket, 1_048_575), timesOf(bucket, 70_000), timesOf(bucket, 4)]).toEqual([[0, 2], [3], []]);
  });

  it('are taken out of a bucket that a checkpoint has still to store', () => {
    const tracker = new ChunkTracker();
    const bucket = new EventBucket(1, 0, 100, tracker);
    [5, 3, 5, 1, 3, 5].forEach((local, row) => {
      bucket.append(local, bucket.startMs + row, []);
    });
    const scope = tracker.begin();
    // Stores the old rows first, which puts them in order.
    bucket.removeUser(3);
    const [[, stored] = []] = tracker.take(Infinity);
    tracker.end(scope, false);
    expect([timesOf(bucket, 5), timesOf(bucket, 3), timesOf(bucket, 1)]).toEqual([[0, 2, 5], [], [3]]);
    const old = new EventBucket(1, 0, 100, new ChunkTracker(), stored);
    expect([timesOf(old, 5), timesOf(old, 3), timesOf(old, 1)]).toEqual([[0, 2, 5], [1, 4], [3]]);
  });
});
