import { RedisConnection } from '@tessera/redis';
import { ProfilesUnavailableError } from '@tessera/tag-catalog';
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
const KILLED_STEPS = 120;
/** As much as some calls write. */
const LOST_BYTES_MAX = 2_000;
const TRIES_MAX = 1_200;
const PAUSE_MS = 50;
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

  it(
    'loses and doubles nothing when Redis is killed at any moment and comes back without its last writes',
    async () => {
      const connection = await RedisConnection.open([server().url]);
      await connection.ready();
      try {
        await emptied(server().url);
        const profiles = new RedisProfiles(connection, { idMemory: 1_000_000 });
        expect(await (await profiles.state()).open(new Map())).toBe(true);
        const world = new ProfileWorld(profiles, new RandomMessages(profileCatalog(), SEED));
        for (let step = 0; step < KILLED_STEPS; step++) {
          const isKilled = world.random.chance(0.2);
          const source = await world.write();
          const delivered = Promise.allSettled([world.deliver(source)]);
          if (isKilled) {
            await new Promise((resolve) => setTimeout(resolve, world.random.between(0, 8)));
            await server().kill();
            await delivered;
            await server().loseLast(world.random.between(0, LOST_BYTES_MAX));
            await server().start();
            const findings = await onceReachable(() => world.recover());
            expect({ step, findings }).toEqual({ step, findings: [] });
          }
          const [outcome] = await delivered;
          const findings = [...(outcome.status === 'fulfilled' ? outcome.value : []), ...(await world.compare())];
          expect({ step, isFine: isKilled || outcome.status === 'fulfilled', findings }).toEqual({
            step,
            isFine: true,
            findings: [],
          });
        }
        expect(world.surplusRows()).toBe(0);
      } finally {
        connection.close();
      }
    },
    TIMEOUT_MS,
  );
});

async function emptied(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

/** A client may not have noticed yet that its connection is gone. */
async function onceReachable<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const isAway = error instanceof ProfilesUnavailableError && error.reason === 'unreachable';
      if (!isAway || tries === TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
