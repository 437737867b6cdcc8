import { MysqlCatalogStore } from '@tessera/catalog-store';
import { MysqlSequence } from '@tessera/identity';
import { ConfigError, readSettings, runCli } from '@tessera/platform';
import type { StarrocksUrls } from '@tessera/platform';
import {
  applyMigration,
  dropLeftover,
  isUnknownDatabase,
  leftoversOf,
  planMigration,
  readSchema,
  StarrocksError,
  StarrocksPool,
  tablesOf,
  versionProblem,
} from '@tessera/starrocks-engine';
import type { CurrentSchema, MigrationStep, TableDefinition } from '@tessera/starrocks-engine';
import type { Catalog } from '@tessera/tag-catalog';
import { schemaOptionsOf } from '../starrocks-schema';
import { MIGRATE } from './migrate-config';
import type { MigrateConfig } from './migrate-config';

interface Target {
  readonly catalog: Catalog;
  readonly wanted: readonly TableDefinition[];
  readonly nowMs: number;
}

interface FoundCluster {
  /** Null: there is no such database. */
  readonly current: CurrentSchema | null;
  /** Why it can't be written to; null: it can. */
  readonly problem: string | null;
}

type Say = (line: string) => void;
const FLAGS: ReadonlySet<string> = new Set(['--dry-run', '--drop-removed']);

async function main(argv: readonly string[]): Promise<number> {
  const flags = new Set(argv.filter((one) => FLAGS.has(one)));
  const rest = argv.filter((one) => !FLAGS.has(one));
  const commandLine = readSettings(MIGRATE, rest, process.env);
  if (commandLine.kind === 'help') {
    process.stdout.write(commandLine.text);
    return 0;
  }
  const say: Say = (line) => {
    process.stdout.write(`${line}\n`);
  };
  const target = await readTarget(commandLine.config);
  const isDryRun = flags.has('--dry-run');
  return migrate(commandLine.config, target, { say, isDryRun, dropsRemoved: flags.has('--drop-removed') });
}

/** What MySQL says the tables are to be. */
async function readTarget(config: MigrateConfig): Promise<Target> {
  const { mysqlUrl: url } = config;
  const store = await MysqlCatalogStore.open(url);
  const sequence = await MysqlSequence.open(url);
  try {
    const catalog = store.current();
    const nowMs = Date.now();
    const options = schemaOptionsOf(config);
    return { catalog, wanted: tablesOf(catalog, options, { nowMs, nextGuid: await sequence.next() }), nowMs };
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError([error.message]);
    throw error;
  } finally {
    await Promise.all([store.close(), sequence.close()]);
  }
}

interface Manner {
  readonly say: Say;
  readonly isDryRun: boolean;
  readonly dropsRemoved: boolean;
}

async function migrate(config: MigrateConfig, target: Target, manner: Manner): Promise<number> {
  const { starrocksDatabase: database, starrocksTimeoutMs: timeoutMs } = config;
  const urls = config.starrocksMigrationUrls ?? config.starrocksUrls;
  const pool = new StarrocksPool({ urls, database, timeoutMs, concurrency: 1 });
  try {
    const current = await schemaOf(pool, database);
    const problem = await withoutDatabase(urls, versionProblem);
    if (manner.isDryRun) return print({ current, problem }, database, target, manner);
    if (problem !== null) throw new StarrocksError(problem, 'refused');
    if (current === null) await createDatabase(urls, database, manner.say);
    return await apply(pool, database, target, manner);
  } finally {
    await pool.close();
  }
}

/** Null: there is no such database. */
async function schemaOf(pool: StarrocksPool, database: string): Promise<CurrentSchema | null> {
  try {
    return await pool.read((session) => readSchema(session, database));
  } catch (error) {
    if (isUnknownDatabase(error)) return null;
    throw error;
  }
}

/** As a script: what is not a statement is a comment. */
function print(
  { current: found, problem }: FoundCluster,
  database: string,
  { wanted, catalog }: Target,
  { say, dropsRemoved }: Manner,
): number {
  const current = found ?? new Map<string, never>();
  const { steps, refusals } = planMigration(current, wanted);
  const leftovers = leftoversOf(current, catalog);
  const all = [...steps, ...(dropsRemoved ? leftovers.map(dropLeftover) : [])];
  if (found === null)
    say(`-- the database is not there yet\nCREATE DATABASE IF NOT EXISTS \`${database}\`;\nUSE \`${database}\`;\n`);
  for (const step of all) say(scriptOf(step));
  if (all.length === 0)
    say(`-- nothing to do: the tables of ${database} are as version ${catalog.version} of the catalogue asks for`);
  const problems = [...(problem === null ? [] : [problem]), ...refusals.map((refusal) => refusal.problem)];
  for (const one of problems) say(`-- not possible: ${one}`);
  if (!dropsRemoved) for (const table of leftovers) say(`-- ${noteOf(table)}`);
  return problems.length === 0 ? 0 : 1;
}

function scriptOf({ kind, table, reason, statement }: MigrationStep): string {
  return `-- ${kind} ${table}: ${reason}\n${statement};\n`;
}

function noteOf(table: string): string {
  return `the table ${table} belongs to a removed tag type; --drop-removed drops it`;
}

async function createDatabase(urls: StarrocksUrls, database: string, say: Say): Promise<void> {
  say(`create database ${database}`);
  await withoutDatabase(urls, (pool) => pool.run(`CREATE DATABASE IF NOT EXISTS \`${database}\``));
}

async function withoutDatabase<T>(urls: StarrocksUrls, work: (pool: StarrocksPool) => Promise<T>): Promise<T> {
  const pool = new StarrocksPool({ urls, database: null, concurrency: 1 });
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}

async function apply(pool: StarrocksPool, database: string, target: Target, manner: Manner): Promise<number> {
  const { catalog, wanted, nowMs } = target;
  const { say, dropsRemoved } = manner;
  return pool.use(async (session) => {
    const { done, schema, problems } = await applyMigration(session, { database, wanted, nowMs }, { say });
    const leftovers = leftoversOf(schema, catalog);
    for (const table of leftovers) {
      if (dropsRemoved) {
        const { reason, statement } = dropLeftover(table);
        say(`drop table ${table}: ${reason}`);
        await session.run(statement);
      } else {
        say(noteOf(table));
      }
    }
    const count = done === 1 ? '1 statement' : `${done} statements`;
    say(`${count} done: the tables of ${database} are as version ${catalog.version} of the catalogue asks for`);
    for (const problem of problems) say(`but ${problem}`);
    return problems.length === 0 ? 0 : 1;
  });
}

runCli(main);
