import { describeWithServer } from '../support/services/with-server';
import { runMapping } from './mapping-run';
import { StreamServers } from './stream-servers';

const TEST_MS_MAX = 400_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describeWithServer(`Mapping workers on real servers (SEED=${SEED})`, StreamServers, (servers) => {
  it(
    'lose nothing, double nothing and give out one guid a cuid, however often they and Redis are killed',
    async () => {
      const summary = await runMapping(servers(), {
        ...{ partitions: 8, messages: 30_000, cuids: 5_000, kills: 4, redisKills: 1, seed: SEED },
        say: () => undefined,
      });
      expect(summary.messages).toBe(30_000);
      expect(summary.cuids).toBeGreaterThan(4_900);
    },
    TEST_MS_MAX,
  );
});
