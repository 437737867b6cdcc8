import { MysqlCatalogStore } from '@tessera/catalog-store';
import { KafkaClient, TopicDirectory, TopicExtents } from '@tessera/kafka';
import { RedisProfiles } from '@tessera/online-profile';
import { KAFKA_BROKERS, mysqlUrl, readSettings, redisUrls, runCli, setting, text } from '@tessera/platform';
import type { Program } from '@tessera/platform';
import { RedisConnection, TYPED_READY_MS_MAX } from '@tessera/redis';
import { stuckSources } from '../profile-sources';
import type { StuckSource } from '../profile-sources';

interface Config {
  readonly brokers: readonly string[];
  readonly redisUrls: readonly [string, ...string[]];
  readonly mysqlUrl: string;
  readonly groupId: string;
}

const PROGRAM: Program<Config> = {
  title: 'Looks after the online profiles of the distributed shape.',
  usage: `npm run profiles -- <command> [--option value …]

  check    says whether the profiles can be read, and which Kafka partitions stop the workers: those of which neither Redis nor Kafka has
           everything that was committed, and those that were made anew; exits with 1 if there are any
  assume   lets the workers go on with these from the earliest record that Kafka holds: what stood before it counts as applied, whether the
           profiles have it or not; shows what it would do, and does it with --yes. Stop the ingest workers before`,
  settings: {
    brokers: KAFKA_BROKERS,
    redisUrls: redisUrls('that holds the online profiles'),
    mysqlUrl: mysqlUrl('that holds the tag catalogue'),
    groupId: setting('GROUP_ID', 'tessera-ingest', 'consumer group of the ingest workers', text('a name')),
  },
  problemsOf: () => [],
};

const COMMANDS: ReadonlySet<string> = new Set(['check', 'assume']);
/** Not written to from here. */
const NO_IDS = 1;

type Say = (line: string) => void;

async function main([command = '', ...argv]: readonly string[]): Promise<number> {
  const isKnown = COMMANDS.has(command);
  const isMeant = argv.includes('--yes');
  const rest = argv.filter((one) => one !== '--yes');
  const commandLine = readSettings(PROGRAM, isKnown ? rest : ['--help'], process.env);
  if (commandLine.kind === 'help') {
    (isKnown || command === '--help' ? process.stdout : process.stderr).write(commandLine.text);
    return isKnown || command === '--help' ? 0 : 2;
  }
  const say: Say = (line) => {
    process.stdout.write(`${line}\n`);
  };
  return withProfiles(commandLine.config, async (profiles, stuck) => {
    for (const { source, detail } of stuck) say(`${source}: ${detail}`);
    if (command === 'assume') return assume(profiles, stuck, isMeant, say);
    const { state } = await profiles.state();
    say(
      `The profiles are ${state}${state === 'open' ? '' : ': they are not read'}; ${stuck.length} Kafka partitions stop the workers`,
    );
    return stuck.length === 0 ? 0 : 1;
  });
}

async function assume(
  profiles: RedisProfiles,
  stuck: readonly StuckSource[],
  isMeant: boolean,
  say: Say,
): Promise<number> {
  if (stuck.length === 0) {
    say('No Kafka partition stops the workers: nothing to do');
    return 0;
  }
  const shown = stuck.map(({ source, first }) => `${source} from ${first} on`).join(', ');
  if (!isMeant) {
    say(`The profiles would go on with ${shown}; --yes does it`);
    return 0;
  }
  await profiles.assume(new Map(stuck.map(({ source, first }) => [source, first] as const)));
  say(`The profiles go on with ${shown}`);
  return 0;
}

async function withProfiles(
  { brokers, redisUrls: urls, mysqlUrl, groupId }: Config,
  work: (profiles: RedisProfiles, stuck: readonly StuckSource[]) => Promise<number>,
): Promise<number> {
  const client = new KafkaClient({ brokers, clientId: 'tessera-profiles', log: () => undefined });
  const [directory, extents] = [new TopicDirectory(client), new TopicExtents(client, groupId)];
  const connection = await RedisConnection.open(urls);
  const catalogStore = await MysqlCatalogStore.open(mysqlUrl);
  try {
    await connection.ready(TYPED_READY_MS_MAX);
    await catalogStore.refresh();
    const profiles = new RedisProfiles(connection, { idMemory: NO_IDS });
    const reader = {
      list: () => directory.list(),
      partitionsOf: (topic: string) => directory.partitionsOf(topic),
      extentOf: (topic: string, partition: number) => extents.of(topic, partition),
    };
    return await work(profiles, await stuckSources(profiles, reader, catalogStore.current()));
  } finally {
    connection.close();
    await Promise.allSettled([directory.close(), extents.close(), catalogStore.close()]);
  }
}

runCli(main);
