import { Pace, ReadTurns } from './pace';

describe('the pace of a question', () => {
  it('holds the state still once, and not any more after its end', () => {
    let holders = 0;
    const turns = new ReadTurns({
      pauseApply: () => {
        holders++;
        return () => {
          holders--;
        };
      },
      lastSequence: 0,
      waitFor: () => Promise.resolve(true),
    });
    const pace = new Pace(turns);
    pace.keepStill();
    pace.keepStill();
    expect(holders).toBe(1);
    pace.end();
    // As by a thread that answers after the question was given up.
    pace.keepStill();
    pace.end();
    expect(holders).toBe(0);
  });
});
