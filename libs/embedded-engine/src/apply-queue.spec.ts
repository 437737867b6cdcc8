import { ApplyQueue } from './apply-queue';
import { nextTurn } from './loop-turn';
import type { StoredRecord } from './storage/log-codec';

const RECORD: StoredRecord = { kind: 'removeList', id: 'list' };
const APPLIED = { verdicts: [], found: true };

describe('ApplyQueue', () => {
  it('prepares each record just before it is applied, and not while somebody holds the state still', async () => {
    const done: string[] = [];
    let prepared = 0;
    const queue = new ApplyQueue({
      *prepare() {
        const record = ++prepared;
        for (const step of ['a', 'b']) {
          done.push(`${record}${step}`);
          yield;
        }
      },
      apply: (sequence) => {
        done.push(String(sequence));
        return APPLIED;
      },
    });
    const resume = queue.pause();
    const applied = [1, 2].map((sequence) => queue.add(sequence, RECORD));
    await nextTurn();
    await nextTurn();
    expect(done).toEqual([]);
    resume();
    await Promise.all(applied);
    expect(done).toEqual(['1a', '1b', '1', '2a', '2b', '2']);
  });

  it('lets the event loop turn between the steps of one record', async () => {
    let turns = 0;
    let isApplied = false;
    const queue = new ApplyQueue({
      *prepare() {
        for (let step = 0; step < 10; step++) {
          for (const end = performance.now() + 2; performance.now() < end;);
          yield;
        }
      },
      apply: () => {
        isApplied = true;
        return APPLIED;
      },
    });
    const applied = queue.add(1, RECORD);
    const count = async (): Promise<void> => {
      for (; !isApplied; turns++) {
        await nextTurn();
      }
    };
    await Promise.all([applied, count()]);
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  it('applies a record that could not be prepared', async () => {
    const queue = new ApplyQueue({
      prepare: () => ({
        next: () => {
          throw new Error('no memory');
        },
      }),
      apply: () => APPLIED,
    });
    await expect(queue.add(1, RECORD)).resolves.toBe(APPLIED);
  });
});
