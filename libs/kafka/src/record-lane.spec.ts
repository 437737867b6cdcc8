import { setTimeout as sleep } from 'node:timers/promises';
import { RecordLane } from './record-lane';
import type { LaneBatch } from './record-lane';
import type { ReadRecord } from './records';

const BATCH = { records: 3, bytes: 100, ageMs: 20 };

function records(from: number, count: number, bytes = 1): ReadRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    offset: from + index,
    timestampMs: 0,
    key: null,
    value: Buffer.alloc(bytes),
    headers: {},
  }));
}

class Sink {
  readonly batches: number[][] = [];
  readonly failures: unknown[] = [];
  done = 0;
  /** Thrown by the next calls. */
  errors: Error[] = [];
  #open: (() => void) | null = null;
  #isHeld = false;

  lane(batch: Partial<LaneBatch> = {}, from = 0): RecordLane {
    return new RecordLane({
      batch: { ...BATCH, ...batch },
      from,
      process: async (some, signal) => {
        this.batches.push(some.map(({ offset }) => offset));
        const error = this.errors.shift();
        if (error !== undefined) throw error;
        if (this.#isHeld) {
          await new Promise<void>((resolve, reject) => {
            this.#open = resolve;
            signal.addEventListener('abort', () => reject(new Error('stopped')));
          });
        }
      },
      onFailure: (error) => this.failures.push(error),
      onDone: () => {
        this.done += 1;
      },
    });
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#open?.();
  }

  async until(batches: number): Promise<void> {
    while (this.done < batches) await sleep(1);
  }
}

describe('RecordLane', () => {
  it('hands over what waits for long enough, or fills a batch by number or by bytes, in order', async () => {
    const sink = new Sink();
    const lane = sink.lane();
    lane.add(records(0, 2), 2);
    expect(sink.batches).toEqual([]);
    await sink.until(1);
    lane.add(records(2, 4), 6);
    await sink.until(3);
    lane.add([...records(6, 1, 60), ...records(7, 1, 60), ...records(8, 1, 500), ...records(9, 1)], 10);
    await sink.until(7);
    expect(sink.batches).toEqual([[0, 1], [2, 3, 4], [5], [6], [7], [8], [9]]);
    expect([lane.nextOffset, lane.doneOffset, lane.isFull]).toEqual([10, 10, false]);
  });

  it('has one batch in hand, and is full at two more', async () => {
    const sink = new Sink();
    const lane = sink.lane({ ageMs: 0 });
    sink.hold();
    lane.add(records(5, 5), 20);
    expect([lane.isFull, lane.doneOffset, lane.nextOffset]).toEqual([false, 5, 20]);
    lane.add(records(20, 1), 21);
    expect(lane.isFull).toBe(true);
    await sleep(10);
    expect(sink.batches).toEqual([[5, 6, 7]]);
    sink.release();
    await sink.until(2);
    expect([lane.isFull, lane.doneOffset, sink.batches[1]]).toEqual([false, 21, [8, 9, 20]]);
  });

  it('tries the same records again after a failure, before any others', async () => {
    const sink = new Sink();
    const lane = sink.lane({ ageMs: 0 });
    sink.errors = [new Error('one'), new Error('two')];
    lane.add(records(0, 3), 3);
    lane.add(records(3, 1), 4);
    expect(lane.doneOffset).toBe(0);
    await sink.until(2);
    expect(sink.batches).toEqual([[0, 1, 2], [0, 1, 2], [0, 1, 2], [3]]);
    expect(sink.failures.map(String)).toEqual(['Error: one', 'Error: two']);
  });

  it('stops when what is in hand has ended, and drops what waits', async () => {
    const sink = new Sink();
    const lane = sink.lane({ ageMs: 0 });
    sink.hold();
    lane.add(records(0, 4), 4);
    await lane.stop();
    lane.add(records(4, 4), 8);
    await sleep(30);
    expect([sink.batches, sink.failures, sink.done]).toEqual([[[0, 1, 2]], [], 0]);
    const waiting = sink.lane({ ageMs: 1 });
    waiting.add(records(0, 1), 1);
    await waiting.stop();
    await sleep(10);
    expect(sink.batches).toHaveLength(1);
  });
});
