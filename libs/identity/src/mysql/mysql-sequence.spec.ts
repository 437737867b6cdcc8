import { emptyDatabase } from '../../../../test/support/services/empty-database';
import { MariaDbServer } from '../../../../test/support/services/mariadb-server';
import { describeWithServer } from '../../../../test/support/services/with-server';
import { GuidsExhaustedError } from '../guids-exhausted-error';
import { GuidSource } from '../resolve/guid-source';
import { SequenceUnavailableError } from '../resolve/sequence-allocator';
import { MysqlSequence } from './mysql-sequence';

describeWithServer('MysqlSequence', MariaDbServer, (server) => {
  let opened: MysqlSequence[];

  beforeEach(async () => {
    await server().start();
    opened = [];
    await emptyDatabase(server().url);
  });

  afterEach(async () => {
    await Promise.all(opened.map((one) => one.close()));
  });

  async function open(): Promise<MysqlSequence> {
    const made = await MysqlSequence.open(server().url);
    opened.push(made);
    return made;
  }

  it('leases blocks one behind the other, from 1 up', async () => {
    const sequence = await open();
    expect(await sequence.lease(10)).toEqual({ first: 1, count: 10 });
    expect(await sequence.lease(5)).toEqual({ first: 11, count: 5 });
    expect(await (await open()).next()).toBe(16);
  });

  it('gives no guid to two of many that lease at once', async () => {
    const blocks = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const sequence = await open();
        return Promise.all(Array.from({ length: 20 }, (_, index) => sequence.lease(index + 1)));
      }),
    );
    const guids = blocks
      .flat()
      .flatMap(({ first, count }) => Array.from({ length: count }, (_, index) => first + index));
    expect(new Set(guids).size).toBe(guids.length);
    expect(Math.max(...guids)).toBe(guids.length);
  });

  it('starts above the guids that the mapping log has, and never goes back', async () => {
    const sequence = await open();
    await sequence.startAbove(1_000);
    await sequence.startAbove(10);
    expect(await sequence.lease(1)).toEqual({ first: 1_001, count: 1 });
  });

  it('refuses what would reach 2^32 − 1, and goes on with less', async () => {
    const sequence = await open();
    await sequence.startAbove(2 ** 32 - 2 - 10);
    await expect(sequence.lease(11)).rejects.toBeInstanceOf(GuidsExhaustedError);
    expect(await sequence.lease(10)).toEqual({ first: 2 ** 32 - 11, count: 10 });
    await expect(sequence.lease(1)).rejects.toBeInstanceOf(GuidsExhaustedError);
  });

  it('says that no guid can be had while the server is away, and goes on behind the last lease when it is back', async () => {
    const sequence = await open();
    await sequence.lease(10);
    await server().kill();
    await expect(sequence.lease(1)).rejects.toBeInstanceOf(SequenceUnavailableError);
    await server().start();
    expect((await sequence.lease(1)).first).toBe(11);
  });

  it('hands out single guids across leases, each once, to callers that ask at once', async () => {
    const source = new GuidSource(await open(), 7);
    const taken = await Promise.all([3, 10, 1, 25, 8].map((count) => source.take(count)));
    const guids = taken.flatMap((some) => [...some]);
    expect(new Set(guids).size).toBe(47);
    for (const some of taken) expect([...some]).toEqual([...some].sort((a, b) => a - b));
  });
});
