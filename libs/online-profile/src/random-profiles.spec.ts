import { RedisConnection } from '@tessera/redis';
import { Redis } from 'ioredis';
import { RedisServer } from '../../../test/support/services/redis-server';
import { describeWithServer } from '../../../test/support/services/with-server';
import { RedisProfiles } from './redis-profiles';
import { profileCatalog } from './testing/profile-catalog';
import { ProfileWorld } from './testing/profile-world';
import { RandomMessages } from './testing/random-messages';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const WORLDS = 3;
const STEPS = 200;
const TIMEOUT_MS = 240_000;

describeWithServer(`RedisProfiles beside the oracle (SEED=${SEED})`, RedisServer, (server) => {
  it(
    'decides as the oracle does, however often and in whatever batches it is told',
    async () => {
      const connection = await RedisConnection.open([server().url]);
      await connection.ready();
      const client = new Redis(server().url);
      try {
        for (let seed = SEED; seed < SEED + WORLDS; seed++) {
          await client.flushall();
          const profiles = new RedisProfiles(connection, { idMemory: 1_000_000 });
          expect(await (await profiles.state()).open(new Map())).toBe(true);
          const world = new ProfileWorld(profiles, new RandomMessages(profileCatalog(), seed));
          for (let step = 0; step < STEPS; step++) {
            const source = await world.write();
            const findings = [...(await world.deliver(source)), ...(await world.compare())];
            expect({ seed, step, findings }).toEqual({ seed, step, findings: [] });
          }
          expect({ seed, surplusRows: world.surplusRows() }).toEqual({ seed, surplusRows: 0 });
        }
      } finally {
        connection.close();
        client.disconnect();
      }
    },
    TIMEOUT_MS,
  );
});
