// npm run ingest-kills: ingest workers on real servers, killed over and over, at any length. Exits with 1 if any profile or dead letter is not as the reference engine says.
import { runIngest } from './ingest-run';
import { runKills } from './run-kills';
import { StreamServers } from './stream-servers';

runKills({
  name: 'ingest-kills',
  help: `Sends messages of all kinds through a mapping worker and two ingest workers on a real Kafka, Redis and MariaDB and the stand-in for StarRocks,
kills ingest workers and servers at random meanwhile, and compares every online profile, every row of the tables and all dead letters with the reference engine.`,
  sizes: {
    messages: { least: 1, most: 1_000_000_000, standard: 500_000, meaning: 'at least' },
    cuids: { least: 1, most: 1_000_000_000, standard: 20_000 },
    partitions: { least: 1, most: 1_000, standard: 16 },
    kills: { least: 0, most: 100_000, standard: 40, meaning: 'of ingest workers' },
    stops: { least: 0, most: 100_000, standard: 10, meaning: 'of ingest workers, by SIGTERM' },
    'redis-kills': { least: 0, most: 100_000, standard: 10 },
    'kafka-kills': { least: 0, most: 100_000, standard: 5 },
    'starrocks-kills': { least: 0, most: 100_000, standard: 10 },
  },
  create: (folder) => StreamServers.createWithStarrocks(folder),
  run: async (servers, all, say) => {
    const { 'redis-kills': redisKills, 'kafka-kills': kafkaKills, 'starrocks-kills': starrocksKills, ...sizes } = all;
    const found = await runIngest(servers, { ...sizes, redisKills, kafkaKills, starrocksKills, say });
    const { sent, users, erased, refused, letters, rows, seconds } = found;
    return `${sent} messages: ${users} profiles agree, in Redis and in the tables, ${rows} rows of events too, ${erased} guids erased, ${refused} records refused (${letters} letters)\n${seconds} s`;
  },
});
