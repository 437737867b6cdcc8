// npm run ingest-kills: ingest workers on real servers, killed over and over, at any length. Exits with 1 if any profile or dead letter is not as the reference engine says.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readWholeNumber, runCommand } from '../durability/command-line';
import { runIngest } from './ingest-run';
import { StreamServers } from './stream-servers';

const HELP = `npm run ingest-kills -- [options]

Sends messages of all kinds through a mapping worker and two ingest workers on a real Kafka, Redis and MariaDB, kills ingest workers and Redis at random
meanwhile, and compares every online profile and all dead letters with the reference engine.

  --messages <number>     at least (default 500000)
  --cuids <number>        (default 20000)
  --partitions <number>   (default 16)
  --kills <number>        of ingest workers (default 40)
  --stops <number>        of ingest workers, by SIGTERM (default 10)
  --redis-kills <number>  (default 10)
  --kafka-kills <number>  (default 5)
  --seed <number>         (default: a random one)
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '500000' },
      cuids: { type: 'string', default: '20000' },
      partitions: { type: 'string', default: '16' },
      kills: { type: 'string', default: '40' },
      stops: { type: 'string', default: '10' },
      'redis-kills': { type: 'string', default: '10' },
      'kafka-kills': { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 20)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const run = {
    messages: readWholeNumber('messages', values.messages, 1, 1_000_000_000),
    cuids: readWholeNumber('cuids', values.cuids, 1, 1_000_000_000),
    partitions: readWholeNumber('partitions', values.partitions, 1, 1_000),
    kills: readWholeNumber('kills', values.kills, 0, 100_000),
    stops: readWholeNumber('stops', values.stops, 0, 100_000),
    redisKills: readWholeNumber('redis-kills', values['redis-kills'], 0, 100_000),
    kafkaKills: readWholeNumber('kafka-kills', values['kafka-kills'], 0, 100_000),
    seed: readWholeNumber('seed', values.seed, 0, 2 ** 31),
  };
  const folder = await mkdtemp(path.join(tmpdir(), 'tessera-streams-'));
  const servers = await StreamServers.create(folder);
  try {
    await servers.start();
    const say = (line: string): void => {
      process.stdout.write(`${line}\n`);
    };
    say(`ingest-kills: ${JSON.stringify(run)}`);
    const { sent, users, erased, refused, letters, seconds } = await runIngest(servers, { ...run, say });
    say(
      `${sent} messages: ${users} profiles agree, ${erased} guids erased, ${refused} records refused (${letters} letters)`,
    );
    say(`${seconds} s`);
    return 0;
  } finally {
    await servers.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

runCommand(main);
