import { NO_TIME, TimeVector } from './time-vector';

const CAPACITY = 2 ** 18;
const LATE = 2 ** 41;

describe('TimeVector', () => {
  it('moves in steps, and changes no time', () => {
    const vector = new TimeVector(CAPACITY);
    vector.set(3, LATE);
    vector.set(150_000, LATE + 1);
    for (const [position, timeMs] of [
      [CAPACITY - 1, LATE],
      [0, 2 * LATE],
    ] as const) {
      expect(vector.hasRoom(position, timeMs)).toBe(false);
      let pauses = 0;
      for (const steps = vector.roomSteps(position, timeMs); steps.next().done !== true; pauses++) {
        expect([vector.get(3), vector.get(150_000)]).toEqual([LATE, LATE + 1]);
      }
      expect(pauses).toBeGreaterThan(1);
      expect(vector.hasRoom(position, timeMs)).toBe(true);
      expect([0, 3, 4, 150_000, CAPACITY - 1].map((at) => vector.get(at))).toEqual([
        NO_TIME,
        LATE,
        NO_TIME,
        LATE + 1,
        NO_TIME,
      ]);
    }
    vector.set(0, 2 * LATE);
    expect([vector.get(0), vector.get(1)]).toEqual([2 * LATE, NO_TIME]);
  });
});
