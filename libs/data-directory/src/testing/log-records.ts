import type { WriteAheadLog } from '../write-ahead-log';

/** The payload that the log's specs write as record n. */
export function payload(n: number): Buffer {
  return Buffer.from(`record ${n} ${'x'.repeat(n % 50)}`);
}

/** Appends records `from` to `to` at once and waits until all are durable. */
export async function append(log: WriteAheadLog, from: number, to: number): Promise<void> {
  const appended = range(from, to).map((n) => log.append(payload(n)));
  expect(appended.map(({ sequence }) => sequence)).toEqual(range(from, to));
  await Promise.all(appended.map(({ durable }) => durable));
}

/** The sequences replayed, each seen to carry its own payload. */
export async function replay(log: WriteAheadLog, after = 0): Promise<number[]> {
  const sequences: number[] = [];
  const { records } = await log.replay(after, (sequence, bytes) => {
    expect(bytes.toString()).toBe(payload(sequence).toString());
    sequences.push(sequence);
  });
  expect(records).toBe(sequences.length);
  return sequences;
}

/** from, from + 1, … to. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_n, index) => from + index);
}
