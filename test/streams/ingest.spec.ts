import { describeWithServer } from '../support/services/with-server';
import { runIngest } from './ingest-run';
import { StreamServers } from './stream-servers';

const TEST_MS_MAX = 400_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const WITH_STARROCKS = {
  lacks: () => StreamServers.lacks(),
  create: (folder: string) => StreamServers.createWithStarrocks(folder),
};

describeWithServer(
  `Ingest workers on real servers and the stand-in for StarRocks (SEED=${SEED})`,
  WITH_STARROCKS,
  (servers) => {
    it(
      'apply every message once, however often they and Redis are killed, and write a dead letter of every one they refuse',
      async () => {
        const summary = await runIngest(servers(), {
          ...{
            partitions: 4,
            messages: 8_000,
            cuids: 400,
            kills: 3,
            stops: 1,
            redisKills: 2,
            kafkaKills: 1,
            seed: SEED,
          },
          starrocksKills: 2,
          say: () => undefined,
        });
        expect(summary.sent).toBeGreaterThanOrEqual(8_000);
        expect(summary.users).toBeGreaterThan(300);
        expect(summary.erased).toBeGreaterThan(20);
        expect(summary.refused).toBeGreaterThan(400);
        expect(summary.rows).toBeGreaterThan(200);
      },
      TEST_MS_MAX,
    );
  },
);
