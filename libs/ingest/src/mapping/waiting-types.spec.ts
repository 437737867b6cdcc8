import { WaitingTypes } from './waiting-types';

describe('WaitingTypes', () => {
  it('asks again for a type that comes a moment later', async () => {
    let asked = 0;
    const types = new WaitingTypes(() => Promise.resolve(new Set(++asked < 3 ? [] : ['city'])), Date.now, 2_000);
    expect(await types.has('city')).toBe(true);
    expect(asked).toBe(3);
    expect(await types.has('city')).toBe(true);
    expect(asked).toBe(3);
  });

  it('waits once for a type that does not come, and then not for a while', async () => {
    let nowMs = 0;
    let asked = 0;
    const list = (): Promise<ReadonlySet<string>> => {
      asked++;
      nowMs += 100;
      return Promise.resolve(new Set());
    };
    const types = new WaitingTypes(list, () => nowMs, 300);
    expect(await types.has('nothing')).toBe(false);
    expect(asked).toBe(3);
    expect(await types.has('nothing')).toBe(false);
    expect(asked).toBe(3);
    nowMs += 1_000;
    expect(await types.has('nothing')).toBe(false);
    expect(asked).toBe(6);
  });
});
