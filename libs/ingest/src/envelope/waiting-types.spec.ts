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

  it('waits once for a type that does not come, and then looks for it without waiting', async () => {
    let nowMs = 0;
    let asked = 0;
    const list = (): Promise<ReadonlySet<string>> => {
      asked++;
      nowMs += 1_000;
      return Promise.resolve(new Set(names));
    };
    const names = new Set<string>();
    const types = new WaitingTypes(list, () => (nowMs += 300), 5_000);
    expect(await types.has('late')).toBe(false);
    expect(asked).toBeGreaterThan(2);
    const before = asked;
    expect(await types.has('late')).toBe(false);
    expect(asked).toBe(before + 1);
    names.add('late');
    expect(await types.has('late')).toBe(true);
    expect(asked).toBe(before + 2);
  });
});
