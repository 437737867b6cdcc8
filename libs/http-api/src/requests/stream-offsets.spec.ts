import { StreamOffsets } from './stream-offsets';

describe('StreamOffsets', () => {
  const secret = Buffer.from('a secret of the tests, 32 bytes.');
  let refreshed = 0;
  const reached = [0, 10, 0];
  const make = (): StreamOffsets =>
    new StreamOffsets(
      secret,
      () => {
        refreshed++;
        return Promise.resolve();
      },
      {
        reached: (positions) =>
          Promise.resolve([...positions].every(([partition, position]) => position <= (reached[partition] ?? 0))),
      },
    );

  it('gives back the positions of a token, in any process with the secret', () => {
    const positions = new Map([
      [0, 1],
      [5, 127],
      [6, 128],
      [300, 2 ** 53 - 1],
    ]);
    expect(make().read(make().issue(positions))).toEqual(positions);
    const many = new Map(Array.from({ length: 500 }, (_, partition) => [partition, 10 ** 12 + partition] as const));
    expect(make().read(make().issue(many))).toEqual(many);
  });

  it('gives a request that wrote nothing the positions of all that the process has written', () => {
    const offsets = make();
    expect(offsets.read(offsets.issue(new Map())).size).toBe(0);
    offsets.issue(new Map([[1, 10]]));
    offsets.issue(
      new Map([
        [1, 7],
        [2, 3],
      ]),
    );
    expect(offsets.read(offsets.issue(new Map()))).toEqual(
      new Map([
        [1, 10],
        [2, 3],
      ]),
    );
  });

  it('refuses what was never issued, and fetches what is new for what was', async () => {
    const offsets = make();
    const token = offsets.issue(new Map([[1, 10]]));
    const others = new StreamOffsets(Buffer.from('another secret of the tests, too'), () => Promise.resolve(), {
      reached: () => Promise.resolve(true),
    });
    for (const wrong of ['', 'x', `${token}A`, token.slice(1), others.issue(new Map([[1, 10]]))]) {
      await expect(offsets.waitFor(wrong)).rejects.toThrow('never issued');
    }
    expect(refreshed).toBe(0);
    await offsets.waitFor(undefined);
    expect(refreshed).toBe(0);
    await offsets.waitFor(token);
    expect(refreshed).toBe(1);
    await offsets.waitForCatalogue(token);
    expect(refreshed).toBe(2);
  });

  it('takes positions of records as they are, and refuses what is none', async () => {
    const offsets = make();
    expect(offsets.read('tags.raw:3@1207,5@88,3@9')).toEqual(
      new Map([
        [3, 1_208],
        [5, 89],
      ]),
    );
    await offsets.waitFor('tags.raw:1@9');
    await expect(offsets.waitFor('tags.raw:1@10')).rejects.toMatchObject({ status: 503 });
    await offsets.waitForCatalogue('tags.raw:1@10');
    const wrong = [
      'tags.raw:',
      'tags.raw:1',
      'tags.raw:1@',
      'tags.raw:-1@2',
      'tags.raw:1@2,',
      'tags.raw:1@9007199254740993',
      'tags.raw:1@1 ',
    ];
    for (const text of wrong) await expect(offsets.waitFor(text)).rejects.toMatchObject({ status: 400 });
  });
});
