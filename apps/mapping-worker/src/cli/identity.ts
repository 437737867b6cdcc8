import { MysqlSequence, RedisMappingStore } from '@tessera/identity';
import { KafkaClient } from '@tessera/kafka';
import { readSettings } from '@tessera/platform';
import { RedisConnection } from '@tessera/redis';
import { MAPPING_WORKER } from '../config';
import { IdentityKeeper } from '../identity-keeper';
import { verifyIdentity } from '../verify-identity';
import { runCli } from './run-cli';

const HELP = `Looks after the identity of the distributed shape.

  npm run identity -- verify [--option value …]    compares Redis, the mapping log and MySQL: one guid a cuid, one cuid a guid; exits with 1 if not
  npm run identity -- rebuild [--option value …]   enters the whole mapping log into Redis; mapping workers may run meanwhile, they wait

Settings are those of the mapping worker (npm run mapping-worker -- --help).
`;

async function main([command, ...argv]: readonly string[]): Promise<number> {
  if (command !== 'rebuild' && command !== 'verify') {
    (command === '--help' ? process.stdout : process.stderr).write(HELP);
    return command === '--help' ? 0 : 2;
  }
  const commandLine = readSettings(MAPPING_WORKER, argv, process.env);
  if (commandLine.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const { brokers, redisUrls, mysqlUrls } = commandLine.config;
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const client = new KafkaClient({ brokers, clientId: 'tessera-identity', log: () => undefined });
  const connection = await RedisConnection.open(redisUrls);
  const sequence = await MysqlSequence.open(mysqlUrls[0]);
  try {
    await connection.ready();
    const store = new RedisMappingStore(connection);
    if (command === 'verify') {
      const problems = await verifyIdentity(client, store, sequence, say);
      problems.forEach(say);
      return problems.length === 0 ? 0 : 1;
    }
    await new IdentityKeeper(client, store, sequence, say).rebuild();
    return 0;
  } finally {
    await sequence.close();
    connection.close();
  }
}

runCli(main);
