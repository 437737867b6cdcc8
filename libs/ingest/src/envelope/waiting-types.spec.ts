import { WaitingTypes } from './waiting-types';
import type { TypeList } from './waiting-types';

/** A list that knows what it has been told, and counts how often it was asked to look. */
class TestList implements TypeList {
  looked = 0;
  readonly #known = new Set<string>();

  constructor(private readonly onLook: (list: TestList) => void) {}

  isKnown(type: string): boolean {
    return this.#known.has(type);
  }

  learn(type: string): void {
    this.#known.add(type);
  }

  forget(type: string): void {
    this.#known.delete(type);
  }

  look(): Promise<void> {
    this.looked++;
    this.onLook(this);
    return Promise.resolve();
  }
}

describe('WaitingTypes', () => {
  it('asks again for a type that comes a moment later', async () => {
    const list = new TestList((self) => {
      if (self.looked === 3) self.learn('city');
    });
    const types = new WaitingTypes(list, undefined, 2_000);
    expect(await types.has('city')).toBe(true);
    expect(list.looked).toBe(3);
    expect(await types.has('city')).toBe(true);
    expect(list.looked).toBe(3);
  });

  it('waits once for a type that does not come, and then looks for it without waiting', async () => {
    let nowMs = 0;
    const list = new TestList(() => (nowMs += 1_000));
    const types = new WaitingTypes(list, () => (nowMs += 300), 5_000);
    expect(await types.has('late')).toBe(false);
    expect(list.looked).toBeGreaterThan(2);
    const before = list.looked;
    expect(await types.has('late')).toBe(false);
    expect(list.looked).toBe(before + 1);
    list.learn('late');
    expect(await types.has('late')).toBe(true);
    expect(list.looked).toBe(before + 1);
  });

  it('goes on looking when the wall clock is set back', async () => {
    const list = new TestList((self) => {
      if (self.looked > 1) self.learn('late');
    });
    const types = new WaitingTypes(list, undefined, 600);
    const wallMs = Date.now();
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => wallMs);
    const asked = types.has('early');
    clock.mockImplementation(() => wallMs - 3_600_000);
    try {
      expect(await types.has('late')).toBe(true);
      expect(await asked).toBe(false);
    } finally {
      clock.mockRestore();
    }
  });

  it('no longer has a type that was removed', async () => {
    let nowMs = 0;
    const list = new TestList(() => (nowMs += 1_000));
    list.learn('city');
    const types = new WaitingTypes(list, () => (nowMs += 300), 1_000);
    expect(await types.has('city')).toBe(true);
    list.forget('city');
    expect(await types.has('city')).toBe(false);
  });

  it('says of no type that it is not there while that can not be known', async () => {
    const list = new TestList(() => {
      throw new Error('away');
    });
    const types = new WaitingTypes(list, undefined, 0);
    await expect(types.has('city')).rejects.toThrow('away');
    await expect(types.has('city')).rejects.toThrow('away');
  });
});
