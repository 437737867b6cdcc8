// npm run mapping-kills: mapping workers on real servers, killed over and over, at any length. Exits with 1 if anything is lost, doubled or crossed.
import { runMapping } from './mapping-run';
import { runKills } from './run-kills';
import { StreamServers } from './stream-servers';

runKills({
  name: 'mapping-kills',
  help: `Sends messages through two mapping workers on a real Kafka, Redis and MariaDB, kills workers and Redis at random meanwhile, and checks
what has arrived: everything once, in order for each cuid, one guid a cuid, every guid in the mapping log.`,
  sizes: {
    messages: { least: 1, most: 1_000_000_000, standard: 2_000_000 },
    cuids: { least: 1, most: 1_000_000_000, standard: 300_000 },
    partitions: { least: 1, most: 1_000, standard: 64 },
    kills: { least: 0, most: 100_000, standard: 20, meaning: 'of workers' },
    'redis-kills': { least: 0, most: 100_000, standard: 2 },
  },
  create: (folder) => StreamServers.create(folder),
  run: async (servers, { 'redis-kills': redisKills, ...sizes }, say) => {
    const { messages, cuids, logged, highestGuid, seconds } = await runMapping(servers, { ...sizes, redisKills, say });
    return (
      `${messages} messages of ${cuids} cuids, each once and in order; one guid a cuid, all ${logged} entries of the log agree\n` +
      `highest guid ${highestGuid}, ${seconds} s`
    );
  },
});
