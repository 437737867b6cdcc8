import { addressOf, Frontends, readAccount } from './frontends';

describe('Frontends', () => {
  const urls = ['mysql://u:p%40ss@one:9031', 'mysql://u:p%40ss@two', 'mysql://u:p%40ss@[::1]:9033'];

  it('are read with one account for all', () => {
    expect(readAccount(urls)).toEqual({ user: 'u', password: 'p@ss' });
    expect(new Frontends(urls).inTurn().map(addressOf)).toEqual(['one:9031', 'two:9030', '[::1]:9033']);
  });

  it('are tried in turn, those that failed last, until some time has passed or they answer', () => {
    let nowMs = 1_000;
    const frontends = new Frontends(urls, () => nowMs);
    const hosts = (): string[] => frontends.inTurn().map(({ host }) => host);
    const [one] = frontends.inTurn();
    if (one === undefined) throw new Error('there are three');
    expect([hosts(), hosts(), hosts()]).toEqual([
      ['two', '::1', 'one'],
      ['::1', 'one', 'two'],
      ['one', 'two', '::1'],
    ]);
    frontends.failed(one);
    expect([hosts(), hosts(), hosts()].map((all) => all[2])).toEqual(['one', 'one', 'one']);
    nowMs += 500;
    expect([hosts(), hosts(), hosts()].filter((all) => all[2] === 'one')).toHaveLength(1);
    // Longer, the second time.
    frontends.failed(one);
    nowMs += 999;
    expect([hosts(), hosts(), hosts()].map((all) => all[2])).toEqual(['one', 'one', 'one']);
    frontends.answers(one);
    expect([hosts(), hosts(), hosts()].filter((all) => all[2] === 'one')).toHaveLength(1);
  });
});
