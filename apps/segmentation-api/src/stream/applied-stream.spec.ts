import { AppliedStream } from './applied-stream';

type Ends = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Kafka as it is told to be. */
class Brokers {
  mapped = new Map([[0, 0]]);
  applied = new Map([['tags.shop', new Map([[0, 0]])]]);
  readonly end = new Map([['tags.shop', new Map([[0, 0]])]]);
  looks = 0;
  failure: Error | null = null;
  isSilent = false;

  readonly stream = new AppliedStream({
    rawTopic: 'tags.raw',
    topics: () => Promise.resolve(['tags.shop']),
    mapped: { committed: () => this.#answer(new Map([['tags.raw', new Map(this.mapped)]])) },
    applied: {
      committed: () => this.#answer(this.applied),
      ends: () => this.#answer(new Map([...this.end].map(([topic, ends]) => [topic, new Map(ends)]))),
    },
  });

  #answer(ends: Ends): Promise<Ends> {
    this.looks += 1;
    if (this.isSilent) return new Promise(() => undefined);
    return this.failure === null ? Promise.resolve(ends) : Promise.reject(this.failure);
  }
}

/** Turns of a look and some more. */
const LOOKS_MS = 1_000;

describe('how far the workers are with tags.raw', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  async function settled(waiting: Promise<boolean>): Promise<boolean | 'waits'> {
    const still = Promise.resolve('waits' as const);
    await jest.advanceTimersByTimeAsync(LOOKS_MS);
    return Promise.race([waiting, still]);
  }

  it('is told when what was mapped by then is applied, and no earlier', async () => {
    const brokers = new Brokers();
    const waiting = brokers.stream.reached(new Map([[0, 5]]), 60_000);
    brokers.mapped.set(0, 4);
    brokers.end.set('tags.shop', new Map([[0, 10]]));
    expect(await settled(waiting)).toBe('waits');
    brokers.mapped.set(0, 5);
    expect(await settled(waiting)).toBe('waits');
    // What came later is not waited for.
    brokers.end.set('tags.shop', new Map([[0, 900]]));
    brokers.applied.set('tags.shop', new Map([[0, 9]]));
    expect(await settled(waiting)).toBe('waits');
    brokers.applied.set('tags.shop', new Map([[0, 10]]));
    expect(await settled(waiting)).toBe(true);
    const { looks } = brokers;
    await jest.advanceTimersByTimeAsync(LOOKS_MS);
    expect(brokers.looks).toBe(looks);
  });

  it('is not waited for longer than asked, even if Kafka says nothing', async () => {
    const brokers = new Brokers();
    const waiting = brokers.stream.reached(new Map([[0, 5]]), 500);
    expect(await settled(waiting)).toBe(false);
    brokers.isSilent = true;
    expect(await settled(brokers.stream.reached(new Map([[0, 5]]), 500))).toBe(false);
    expect(await settled(brokers.stream.reached(new Map([[7, 1]]), 500))).toBe(false);
    expect(await settled(brokers.stream.reached(new Map(), 500))).toBe(true);
  });

  it('fails while Kafka refuses, and goes on afterwards', async () => {
    const brokers = new Brokers();
    brokers.failure = new Error('no broker');
    await expect(brokers.stream.reached(new Map([[0, 1]]), 60_000)).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      retriable: true,
    });
    brokers.failure = null;
    brokers.mapped.set(0, 1);
    expect(await settled(brokers.stream.reached(new Map([[0, 1]]), 60_000))).toBe(true);
  });
});
