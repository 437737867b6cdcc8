import { Chunk, ChunkTracker } from './chunk-tracker';

class Cell extends Chunk {
  constructor(
    key: string,
    tracker: ChunkTracker,
    private value = '',
  ) {
    super(key, tracker);
  }
  write(value: string): void {
    this.beforeWrite();
    this.value = value;
  }
  serialize(): Buffer {
    return Buffer.from(this.value);
  }
}

function texts(taken: readonly (readonly [string, Buffer])[]): string[] {
  return taken.map(([key, bytes]) => `${key}=${bytes.toString()}`).sort();
}

describe('ChunkTracker', () => {
  it('captures the moment the checkpoint began, whatever is written meanwhile', () => {
    const tracker = new ChunkTracker();
    const [a, b, c] = [new Cell('a', tracker), new Cell('b', tracker), new Cell('c', tracker)];
    a.write('1');
    b.write('1');
    const scope = tracker.begin();
    a.write('2');
    a.write('3');
    c.write('1');
    expect(texts(tracker.take(Infinity))).toEqual(['a=1', 'b=1']);
    expect(tracker.take(Infinity)).toEqual([]);
    tracker.end(scope, false);
    const next = tracker.begin();
    expect(texts(tracker.take(Infinity))).toEqual(['a=3', 'c=1']);
    tracker.end(next, false);
    expect(tracker.dirtyCount).toBe(0);
  });

  it('makes everything wait for the next attempt after a failure', () => {
    const tracker = new ChunkTracker();
    const [a, b] = [new Cell('a', tracker), new Cell('b', tracker)];
    a.write('1');
    b.write('1');
    tracker.remove(b);
    const scope = tracker.begin();
    expect(scope.removes).toEqual(['b']);
    a.write('2');
    tracker.end(scope, true);
    const next = tracker.begin();
    expect(next.removes).toEqual(['b']);
    expect(texts(tracker.take(Infinity))).toEqual(['a=2']);
  });

  it('removes a chunk only after the checkpoint that still had it', () => {
    const tracker = new ChunkTracker();
    const a = new Cell('a', tracker);
    a.write('1');
    const scope = tracker.begin();
    tracker.remove(a);
    expect(scope.removes).toEqual([]);
    expect(texts(tracker.take(Infinity))).toEqual(['a=1']);
    tracker.end(scope, false);
    expect(tracker.begin().removes).toEqual(['a']);
  });

  it('hands over in slices', () => {
    const tracker = new ChunkTracker();
    for (const key of ['a', 'b', 'c']) {
      new Cell(key, tracker).write('x'.repeat(100));
    }
    tracker.begin();
    expect(tracker.take(150)).toHaveLength(2);
    expect(tracker.take(150)).toHaveLength(1);
    expect(tracker.take(150)).toHaveLength(0);
  });

  it('knows a chunk from another that took its key, also after a failure', () => {
    const tracker = new ChunkTracker();
    const old = new Cell('a', tracker);
    old.write('old');
    const scope = tracker.begin();
    tracker.remove(old);
    new Cell('a', tracker).write('new');
    tracker.end(scope, true);
    const next = tracker.begin();
    expect(next.removes).toEqual([]);
    expect(texts(tracker.take(Infinity))).toEqual(['a=new']);
  });

  it('never removes and writes a key in one checkpoint', () => {
    const tracker = new ChunkTracker();
    const old = new Cell('a', tracker);
    old.write('old');
    tracker.remove(old);
    const scope = tracker.begin();
    expect(scope.removes).toEqual(['a']);
    new Cell('a', tracker).write('new');
    tracker.end(scope, true);
    const next = tracker.begin();
    expect(next.removes).toEqual([]);
    expect(texts(tracker.take(Infinity))).toEqual(['a=new']);
  });
});
