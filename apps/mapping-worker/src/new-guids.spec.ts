import { NewGuids } from './new-guids';

const DAY_MS = 86_400_000;

describe('NewGuids', () => {
  it('tells once a day, and begins anew at midnight', () => {
    const told: string[] = [];
    let nowMs = 10 * DAY_MS - 1;
    const counter = new NewGuids(
      1_000,
      (line) => told.push(line),
      () => nowMs,
    );
    counter.add(1_000);
    expect([counter.today, told]).toEqual([1_000, []]);
    counter.add(1);
    counter.add(500);
    expect([counter.today, told]).toEqual([1_501, [expect.stringContaining('1,001 new cuids today')]]);
    nowMs += 1;
    expect(counter.today).toBe(0);
    counter.add(1_001);
    expect(told).toHaveLength(2);
  });

  it('tells nothing without a threshold', () => {
    const told: string[] = [];
    const counter = new NewGuids(0, (line) => told.push(line));
    counter.add(1e9);
    expect([counter.today, told]).toEqual([1e9, []]);
  });
});
