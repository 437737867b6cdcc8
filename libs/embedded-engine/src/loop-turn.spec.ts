import { loopTurn, nextTurn } from './loop-turn';

function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

describe('the turn of the event loop', () => {
  it('is over for everybody once it has been worked in for long, and begins anew', async () => {
    await nextTurn();
    expect(loopTurn.isOver).toBe(false);
    work(4);
    expect(loopTurn.isOver).toBe(true);
    await nextTurn();
    await nextTurn();
    expect(loopTurn.isOver).toBe(false);
  });
});
