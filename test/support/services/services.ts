import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KafkaServer } from './kafka-server';
import { MariaDbServer } from './mariadb-server';
import { MissingServiceError } from './missing-service-error';
import type { NativeServer, ServerRecord } from './native-server';
import { RedisServer } from './redis-server';

const ROOT = path.join(__dirname, '..', '..', '..');
/** One set of services for each copy of the project. */
const FOLDER = path.join(tmpdir(), `tessera-services-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}`);
const STATE_FILE = path.join(FOLDER, 'services.json');

const KINDS = {
  redis: RedisServer,
  mariadb: MariaDbServer,
  kafka: KafkaServer,
} as const;

type Kind = keyof typeof KINDS;
type State = { [kind in Kind]?: ServerRecord };

/** What processes that use the services are told, as environment variables. */
export type ServiceSettings = Record<string, string>;

/** What is said while it goes on. */
type Say = (line: string) => void;

/**
 * Starts what does not run yet, on the data that it had. Others are started although one of them is missing.
 * @returns the settings of those that run, and what is missing with the reason.
 */
export async function up(
  say: Say,
): Promise<{ readonly settings: ServiceSettings; readonly missing: readonly string[] }> {
  await mkdir(FOLDER, { recursive: true });
  const state = await readState();
  const missing: string[] = [];
  for (const kind of Object.keys(KINDS) as Kind[]) {
    try {
      const server = await serverOf(kind, state);
      if (!server.isRunning) {
        say(`Starting ${kind}…`);
        await server.start();
      }
      state[kind] = server.record;
      await writeState(state);
    } catch (error) {
      if (!(error instanceof MissingServiceError)) throw error;
      missing.push(`${kind}: ${error.message}`);
    }
  }
  return { settings: settingsOf(state), missing };
}

/** Stops all of them and deletes their data. */
export async function down(say: Say): Promise<void> {
  const state = await readState();
  for (const kind of Object.keys(KINDS) as Kind[]) {
    const record = state[kind];
    if (record === undefined) continue;
    say(`Stopping ${kind}…`);
    await KINDS[kind].of(record).remove();
  }
  await rm(FOLDER, { recursive: true, force: true });
}

async function serverOf(kind: Kind, state: State): Promise<NativeServer> {
  const record = state[kind];
  return record === undefined ? KINDS[kind].create(path.join(FOLDER, kind)) : KINDS[kind].of(record);
}

function settingsOf({ redis, mariadb, kafka }: State): ServiceSettings {
  return {
    ...(redis === undefined ? {} : { REDIS_URL: RedisServer.of(redis).url }),
    ...(mariadb === undefined ? {} : { MYSQL_URL: MariaDbServer.of(mariadb).url }),
    ...(kafka === undefined ? {} : { KAFKA_BROKERS: KafkaServer.of(kafka).broker }),
  };
}

async function readState(): Promise<State> {
  return existsSync(STATE_FILE) ? (JSON.parse(await readFile(STATE_FILE, 'utf8')) as State) : {};
}

async function writeState(state: State): Promise<void> {
  await writeFile(`${STATE_FILE}.new`, JSON.stringify(state, null, 2));
  await rename(`${STATE_FILE}.new`, STATE_FILE);
}
