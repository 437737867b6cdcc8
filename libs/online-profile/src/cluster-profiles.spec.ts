import { RedisConnection } from '@tessera/redis';
import { Redis } from 'ioredis';
import { RedisClusterNode } from '../../../test/support/services/redis-cluster-node';
import { describeWithServer } from '../../../test/support/services/with-server';
import { RedisProfiles } from './redis-profiles';
import { profileCatalog } from './testing/profile-catalog';
import { ProfileWorld } from './testing/profile-world';
import { RandomMessages } from './testing/random-messages';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const STEPS = 40;

describeWithServer(`RedisProfiles in a Cluster (SEED=${SEED})`, RedisClusterNode, (server) => {
  it('keeps what a call needs in one slot', async () => {
    const { url } = server();
    const connection = await RedisConnection.open([url, url]);
    await connection.ready();
    const client = new Redis(url);
    try {
      const profiles = new RedisProfiles(connection, { idMemory: 100_000 });
      expect(await (await profiles.state()).open(new Map())).toBe(true);
      const world = new ProfileWorld(profiles, new RandomMessages(profileCatalog(), SEED));
      for (let step = 0; step < STEPS; step++) {
        const findings = await world.deliver(await world.write());
        expect({ step, findings }).toEqual({ step, findings: [] });
      }
      expect(await world.compare()).toEqual([]);
      const keys = await client.keys('*');
      expect(keys.length).toBeGreaterThan(10);
      expect(keys.filter((key) => !/^\{tessera:profile:\d+\}/.test(key))).toEqual([]);
    } finally {
      connection.close();
      client.disconnect();
    }
  });
});
