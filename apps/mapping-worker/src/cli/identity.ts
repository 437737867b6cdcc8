import { parseArgs } from 'node:util';
import { MysqlSequence, RedisMappingStore } from '@tessera/identity';
import { KafkaClient } from '@tessera/kafka';
import { ConfigError, readSettings, runCli } from '@tessera/platform';
import { RedisConnection, TYPED_READY_MS_MAX } from '@tessera/redis';
import { StarrocksPool, StarrocksUsers } from '@tessera/starrocks-engine';
import { parseInstant } from '@tessera/tag-catalog';
import { IdentityKeeper } from '../identity-keeper';
import { findBoundSince, sendErasures } from '../reset-identity';
import { verifyIdentity } from '../verify-identity';
import { IDENTITY } from './identity-config';
import type { IdentityConfig } from './identity-config';

const HELP = `Looks after the identity of the distributed shape.

  npm run identity -- verify [--memory-mb 1024] [--option value …]
      compares Redis, the mapping log, MySQL and, with STARROCKS_URL, the users in StarRocks: one guid a cuid, one cuid a guid; exits with 1 if not. A GB is enough for 119 million guids; of more than that
      it looks at a part after the other, and reads the log twice for each
  npm run identity -- rebuild [--option value …]   enters the whole mapping log into Redis; mapping workers may run meanwhile, they wait
  npm run identity -- reset --to <instant> [--yes] [--option value …]
      erases every user whose cuid was bound after the instant (RFC 3339, such as 2026-11-20T18:00:00Z), for instance when a faulty client had made
      cuids up: their guids are retired, and who comes again begins anew. Without --yes it only counts them. Mapping workers do the work.

Settings are those of the mapping worker (npm run mapping-worker -- --help), and STARROCKS_URL, STARROCKS_DATABASE and STARROCKS_TIMEOUT_MS.
`;

type Say = (line: string) => void;
type Command = (config: IdentityConfig, options: CommandOptions, say: Say) => Promise<number>;
const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['verify', (config, options, say) => withIdentity(config, say, (identity) => verify(config, identity, options))],
  ['rebuild', (config, _options, say) => withIdentity(config, say, rebuild)],
  ['reset', resetTo],
]);

const MEMORY_MB = { default: 1_024, least: 1, most: 65_536 };

/** What is said beside settings. */
interface CommandOptions {
  readonly to: string | undefined;
  readonly isMeant: boolean;
  readonly memoryMb: string | undefined;
}

async function main([name = '', ...argv]: readonly string[]): Promise<number> {
  const command = COMMANDS.get(name);
  if (command === undefined) {
    (name === '--help' ? process.stdout : process.stderr).write(HELP);
    return name === '--help' ? 0 : 2;
  }
  const { options, rest } = takeOptions(argv);
  const commandLine = readSettings(IDENTITY, rest, process.env);
  if (commandLine.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  return command(commandLine.config, options, (line) => {
    process.stdout.write(`${line}\n`);
  });
}

/** Takes out the options that are no settings. */
function takeOptions(argv: readonly string[]): { readonly options: CommandOptions; readonly rest: readonly string[] } {
  const known = { to: { type: 'string' }, yes: { type: 'boolean' }, 'memory-mb': { type: 'string' } } as const;
  const { values, tokens } = parseArgs({ args: [...argv], options: known, strict: false, tokens: true });
  const taken = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option' || !(token.name in known)) continue;
    taken.add(token.index);
    if (token.name !== 'yes' && token.inlineValue === false) taken.add(token.index + 1);
  }
  const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    options: { to: textOf(values.to), isMeant: values.yes === true, memoryMb: textOf(values['memory-mb']) },
    rest: argv.filter((_, index) => !taken.has(index)),
  };
}

interface Identity {
  readonly client: KafkaClient;
  readonly store: RedisMappingStore;
  readonly sequence: MysqlSequence;
  readonly say: Say;
}

function clientOf({ brokers }: IdentityConfig): KafkaClient {
  return new KafkaClient({ brokers, clientId: 'tessera-identity', log: () => undefined });
}

async function withIdentity(
  config: IdentityConfig,
  say: Say,
  work: (identity: Identity) => Promise<number>,
): Promise<number> {
  const connection = await RedisConnection.open(config.redisUrls);
  const sequence = await MysqlSequence.open(config.mysqlUrl);
  try {
    await connection.ready(TYPED_READY_MS_MAX);
    return await work({ client: clientOf(config), store: new RedisMappingStore(connection), sequence, say });
  } finally {
    await sequence.close();
    connection.close();
  }
}

async function verify(config: IdentityConfig, identity: Identity, { memoryMb: text }: CommandOptions): Promise<number> {
  const memoryMb = text === undefined ? MEMORY_MB.default : Number(text);
  if (!Number.isInteger(memoryMb) || memoryMb < MEMORY_MB.least || memoryMb > MEMORY_MB.most) {
    const limits = `${MEMORY_MB.least} to ${MEMORY_MB.most}`;
    throw new ConfigError([`--memory-mb ${text ?? ''}: needs a whole number from ${limits}`]);
  }
  const { starrocksUrls: urls, starrocksDatabase: database, starrocksTimeoutMs: timeoutMs } = config;
  const pool = urls === null ? null : new StarrocksPool({ urls, database, timeoutMs, concurrency: 1, waitingMax: 1 });
  try {
    const users = pool === null ? null : new StarrocksUsers(pool);
    const problems = await verifyIdentity({ ...identity, users, memoryMb });
    problems.forEach(identity.say);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await pool?.close();
  }
}

async function rebuild({ client, store, sequence, say }: Identity): Promise<number> {
  await new IdentityKeeper(client, store, sequence, say).rebuild();
  return 0;
}

async function resetTo(config: IdentityConfig, { to, isMeant }: CommandOptions, say: Say): Promise<number> {
  const toMs = to === undefined ? null : parseInstant(to);
  if (toMs === null) throw new ConfigError(['reset needs --to with an RFC 3339 instant, such as 2026-11-20T18:00:00Z']);
  if (toMs > Date.now()) throw new ConfigError([`--to ${to ?? ''} has not come yet`]);
  const client = clientOf(config);
  const cuids = await findBoundSince(client, toMs);
  const found = `${cuids.length.toLocaleString('en-US')} cuids have been bound since ${new Date(toMs).toISOString()}`;
  if (!isMeant) {
    say(`${found}${cuids.length === 0 ? '' : `, such as ${cuids.slice(0, 3).join(', ')}; --yes erases them`}`);
    return 0;
  }
  await sendErasures(client, cuids);
  say(`${found}; messages that erase them are sent, mapping workers do the rest`);
  return 0;
}

runCli(main);
