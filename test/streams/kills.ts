// npm run mapping-kills: mapping workers on real servers, killed over and over, at any length. Exits with 1 if anything is lost, doubled or crossed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readWholeNumber, runCommand } from '../durability/command-line';
import { runMapping } from './mapping-run';
import { StreamServers } from './stream-servers';

const HELP = `npm run mapping-kills -- [options]

Sends messages through two mapping workers on a real Kafka, Redis and MariaDB, kills workers and Redis at random meanwhile, and checks
what has arrived: everything once, in order for each cuid, one guid a cuid, every guid in the mapping log.

  --messages <number>     (default 2000000)
  --cuids <number>        (default 300000)
  --partitions <number>   (default 64)
  --kills <number>        of workers (default 20)
  --redis-kills <number>  (default 2)
  --seed <number>         (default: a random one)
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '2000000' },
      cuids: { type: 'string', default: '300000' },
      partitions: { type: 'string', default: '64' },
      kills: { type: 'string', default: '20' },
      'redis-kills': { type: 'string', default: '2' },
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
    redisKills: readWholeNumber('redis-kills', values['redis-kills'], 0, 100_000),
    seed: readWholeNumber('seed', values.seed, 0, 2 ** 31),
  };
  const folder = await mkdtemp(path.join(tmpdir(), 'tessera-streams-'));
  const servers = await StreamServers.create(folder);
  try {
    await servers.start();
    const say = (line: string): void => {
      process.stdout.write(`${line}\n`);
    };
    say(`mapping-kills: ${JSON.stringify(run)}`);
    const { messages, cuids, logged, highestGuid, seconds } = await runMapping(servers, { ...run, say });
    say(
      `${messages} messages of ${cuids} cuids, each once and in order; one guid a cuid, all ${logged} entries of the log agree`,
    );
    say(`highest guid ${highestGuid}, ${seconds} s`);
    return 0;
  } finally {
    await servers.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

runCommand(main);
