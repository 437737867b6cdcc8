// npm run stream-kills: the standalone process on a real Kafka, both killed over and over, at any length. Exits with 1 if anything is lost, doubled or crossed.
import path from 'node:path';
import { KafkaServer } from '../support/services/kafka-server';
import { runKills } from './run-kills';
import { runStream } from './stream-run';

runKills({
  name: 'stream-kills',
  help: `Sends increments, events without ids, plain writes, erasures, offline users and broken records to tags.raw of a real Kafka while the standalone
process and Kafka are killed at random, and compares every user and every dead letter with what the records amount to.`,
  sizes: {
    messages: { least: 1, most: 1_000_000_000, standard: 100_000, meaning: 'at least; it goes on until the last kill' },
    cuids: { least: 1, most: 1_000_000, standard: 3_000 },
    partitions: { least: 1, most: 1_000, standard: 8 },
    kills: { least: 0, most: 100_000, standard: 20, meaning: 'of the process' },
    stops: { least: 0, most: 100_000, standard: 3, meaning: 'SIGTERM' },
    'kafka-kills': { least: 0, most: 100_000, standard: 3 },
  },
  create: (folder) => KafkaServer.create(folder),
  run: async (kafka, { 'kafka-kills': kafkaKills, ...sizes }, say, folder) => {
    const found = await runStream(kafka, path.join(folder, 'data'), { ...sizes, kafkaKills, say });
    const { messages, users, refused, letters, seconds } = found;
    return `${messages} records, ${users} users as they should be; ${refused} records refused, ${letters} letters of them\n${seconds} s`;
  },
});
