import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { composeDown, composeUp, freePorts, hasDocker } from './docker-services';
import type { DockerPorts } from './docker-services';
import { KafkaServer } from './kafka-server';
import { MariaDbServer } from './mariadb-server';
import { MissingServiceError } from './missing-service-error';
import type { NativeServer, ServerRecord } from './native-server';
import { RedisServer } from './redis-server';

const ROOT = path.join(__dirname, '..', '..', '..');
/** One set of services for each copy of the project. */
const NAME = `tessera-services-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}`;
const FOLDER = path.join(tmpdir(), NAME);
const STATE_FILE = path.join(FOLDER, 'services.json');

const KINDS = {
  redis: RedisServer,
  mariadb: MariaDbServer,
  kafka: KafkaServer,
} as const;

type Kind = keyof typeof KINDS;
/** What runs: processes of this machine, or containers. */
type State = { [kind in Kind]?: ServerRecord } & { docker?: DockerPorts };

/** What processes that use the services are told, as environment variables. */
export type ServiceSettings = Record<string, string>;

/** What is said while it goes on. */
type Say = (line: string) => void;

/**
 * Starts what does not run yet, on the data that it had: as containers where a Docker engine answers, otherwise as processes. Others are started
 * although one of them is missing.
 * @returns the settings of those that run, and what is missing with the reason.
 */
export async function up(
  say: Say,
): Promise<{ readonly settings: ServiceSettings; readonly missing: readonly string[] }> {
  await mkdir(FOLDER, { recursive: true });
  const state = await readState();
  if (isUnused(state) && (await hasDocker())) state.docker = await freePorts();
  if (state.docker !== undefined && (await startContainers(state.docker, say))) {
    await writeState(state);
    return { settings: settingsOf(state), missing: [] };
  }
  delete state.docker;
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
  if (state.docker !== undefined) {
    say('Stopping the containers…');
    await composeDown(NAME, state.docker);
  }
  for (const kind of Object.keys(KINDS) as Kind[]) {
    const record = state[kind];
    if (record === undefined) continue;
    say(`Stopping ${kind}…`);
    await KINDS[kind].of(record).remove();
  }
  await rm(FOLDER, { recursive: true, force: true });
}

function isUnused(state: State): boolean {
  return Object.keys(state).length === 0;
}

/** @returns false if they could not be started; nothing of them is left then. */
async function startContainers(ports: DockerPorts, say: Say): Promise<boolean> {
  try {
    say('Starting containers…');
    await composeUp(NAME, ports);
    return true;
  } catch (error) {
    say(
      `Docker can't run them, so they are started as processes: ${error instanceof Error ? error.message : String(error)}`,
    );
    await composeDown(NAME, ports).catch(() => undefined);
    return false;
  }
}

async function serverOf(kind: Kind, state: State): Promise<NativeServer> {
  const record = state[kind];
  return record === undefined ? KINDS[kind].create(path.join(FOLDER, kind)) : KINDS[kind].of(record);
}

function settingsOf({ redis, mariadb, kafka, docker }: State): ServiceSettings {
  if (docker !== undefined) {
    return {
      REDIS_URL: `redis://127.0.0.1:${docker.redis}`,
      MYSQL_URL: `mysql://root@127.0.0.1:${docker.mariadb}/tessera`,
      KAFKA_BROKERS: `127.0.0.1:${docker.kafka}`,
    };
  }
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
