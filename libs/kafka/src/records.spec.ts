import { KafkaFailure } from './kafka-failure';
import { recordBytes, splitByBytes } from './records';
import type { NewRecord } from './records';

const record = (bytes: number): NewRecord => ({
  topic: 't',
  key: Buffer.from('k'),
  value: Buffer.alloc(bytes),
  headers: {},
});

describe('splitByBytes', () => {
  it('keeps the order, and every run but that of one large record within the limit', () => {
    const records = [10, 500, 20, 5_000, 30, 400, 400, 400].map(record);
    const runs = [...splitByBytes(records, 1_000)];
    expect(runs.flat()).toEqual(records);
    expect(runs.map((run) => run.length)).toEqual([3, 1, 2, 2]);
    for (const run of runs) {
      const bytes = run.reduce((sum, one) => sum + recordBytes(one), 0);
      expect(run.length === 1 || bytes <= 1_000).toBe(true);
    }
    expect([...splitByBytes([], 1_000)]).toEqual([]);
  });
});

describe('KafkaFailure', () => {
  it('tells what went wrong by the innermost error that says it', () => {
    const protocol = Object.assign(new Error('epoch'), { type: 'INVALID_PRODUCER_EPOCH', retriable: false });
    const wrapped = Object.assign(new Error('retries', { cause: protocol }), { retriable: false });
    expect(KafkaFailure.of(wrapped)).toMatchObject({ kind: 'fenced', retriable: true });
    expect(
      KafkaFailure.of(Object.assign(new Error('x'), { type: 'MESSAGE_TOO_LARGE', retriable: false })),
    ).toMatchObject({
      kind: 'tooLarge',
      retriable: false,
    });
    expect(KafkaFailure.of(new Error('what'))).toMatchObject({ kind: 'other', retriable: true, message: 'what' });
  });
});
