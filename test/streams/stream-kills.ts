// npm run stream-kills: the standalone process on a real Kafka, both killed over and over, at any length. Exits with 1 if anything is lost, doubled or crossed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readWholeNumber, runCommand } from '../durability/command-line';
import { KafkaServer } from '../support/services/kafka-server';
import { runStream } from './stream-run';

const HELP = `npm run stream-kills -- [options]

Sends increments, events without ids, plain writes, erasures, offline users and broken records to tags.raw of a real Kafka while the standalone
process and Kafka are killed at random, and compares every user and every dead letter with what the records amount to.

  --messages <number>     at least; it goes on until the last kill (default 100000)
  --cuids <number>        (default 3000)
  --partitions <number>   (default 8)
  --kills <number>        of the process (default 20)
  --stops <number>        SIGTERM (default 3)
  --kafka-kills <number>  (default 3)
  --seed <number>         (default: a random one)
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '100000' },
      cuids: { type: 'string', default: '3000' },
      partitions: { type: 'string', default: '8' },
      kills: { type: 'string', default: '20' },
      stops: { type: 'string', default: '3' },
      'kafka-kills': { type: 'string', default: '3' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 20)) },
      help: { type: 'boolean', default: false },
    },
  });
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  if (values.help) {
    say(HELP);
    return 0;
  }
  const run = {
    messages: readWholeNumber('messages', values.messages, 1, 1_000_000_000),
    cuids: readWholeNumber('cuids', values.cuids, 1, 1_000_000),
    partitions: readWholeNumber('partitions', values.partitions, 1, 1_000),
    kills: readWholeNumber('kills', values.kills, 0, 100_000),
    stops: readWholeNumber('stops', values.stops, 0, 100_000),
    kafkaKills: readWholeNumber('kafka-kills', values['kafka-kills'], 0, 100_000),
    seed: readWholeNumber('seed', values.seed, 0, 2 ** 31),
  };
  const folder = await mkdtemp(path.join(tmpdir(), 'tessera-stream-'));
  const kafka = await KafkaServer.create(path.join(folder, 'kafka'));
  try {
    await kafka.start();
    say(`stream-kills: ${JSON.stringify(run)}`);
    const { messages, users, refused, letters, seconds } = await runStream(kafka, path.join(folder, 'data'), {
      ...run,
      say,
    });
    say(
      `${messages} records, ${users} users as they should be; ${refused} records refused, ${letters} letters of them`,
    );
    say(`${seconds} s`);
    return 0;
  } finally {
    await kafka.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

runCommand(main);
