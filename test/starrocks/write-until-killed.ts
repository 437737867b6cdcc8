// Run by writer-faults.spec.ts: node -r test/support/register-swc.cjs write-until-killed.ts <settings as JSON>
// Applies the logs to Redis and StarRocks as the ingest worker does, from where it was committed on, and dies at the fault point that it is told.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LetterWriter, ProfileWork } from '@tessera/ingest';
import type { EntryReader, Origin, StreamRecord } from '@tessera/ingest';
import { RedisProfiles } from '@tessera/online-profile';
import { RedisConnection } from '@tessera/redis';
import { StarrocksPool, StarrocksWriter, StreamLoadClient, tableOf } from '@tessera/starrocks-engine';
import type { ProfileEntry } from '@tessera/tag-catalog';
import { describeLoad } from './sent-load';
import { logsCatalog, sourceLogs } from './source-logs';

export interface KilledSettings {
  readonly redisUrl: string;
  readonly starrocksUrl: string;
  /** Null: rows go by INSERT. */
  readonly httpUrl: string | null;
  readonly database: string;
  readonly seed: number;
  readonly startMs: number;
  /** File of the positions committed. */
  readonly positions: string;
  readonly timeoutMs: number;
  /** Null: it does not die. */
  readonly fault: { readonly point: string; readonly phase: 'before' | 'after'; readonly call: number } | null;
}

const BATCH = 40;
const NOBODY = new AbortController().signal;
const settings = JSON.parse(process.argv[2] ?? '') as KilledSettings;
const calls = new Map<string, number>();

/** Dies before or after the call, if this is the one. */
async function pass<T>(point: string, call: () => Promise<T>): Promise<T> {
  const count = (calls.get(point) ?? 0) + 1;
  calls.set(point, count);
  const { fault } = settings;
  const isIt = fault?.point === point && fault.call === count;
  if (isIt && fault.phase === 'before') die(point);
  const result = await call();
  if (isIt) die(point);
  return result;
}

function die(point: string): void {
  process.stdout.write(`dies at ${point}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** What a statement is for. */
function pointOf(sql: string): string {
  const table = /(?:INTO|FROM) `(\w+)`/.exec(sql)?.[1] ?? '';
  if (table !== 'sys_positions') return `${sql.startsWith('DELETE') ? 'delete' : 'write'} ${table.split('_')[0]}`;
  if (sql.includes("'checks'")) return 'check';
  if (sql.includes("'repeats/")) return 'repeats';
  // What several topics say at once is said in one statement.
  const says = [sql.includes(', 0)') ? 'begin' : '', sql.includes(', 1)') ? 'end' : ''];
  return says.filter((word) => word !== '').join(' and ');
}

/** Positions as Kafka would keep them. */
function committed(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(settings.positions, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

function commit(positions: Readonly<Record<string, number>>): Promise<void> {
  writeFileSync(`${settings.positions}.new`, JSON.stringify(positions));
  renameSync(`${settings.positions}.new`, settings.positions);
  return Promise.resolve();
}

async function main(): Promise<void> {
  const { starrocksUrl, httpUrl, database, timeoutMs, redisUrl, seed, startMs } = settings;
  const catalog = logsCatalog();
  const logs = sourceLogs(catalog, seed, startMs);
  const pool = new StarrocksPool({ urls: [starrocksUrl], database, timeoutMs });
  const connection = await RedisConnection.open([redisUrl]);
  const profiles = new RedisProfiles(connection, { idMemory: 100_000 });
  const client =
    httpUrl === null
      ? null
      : new StreamLoadClient({ urls: [httpUrl], user: 'root', password: '', database, timeoutMs });
  const writer = new StarrocksWriter<StreamRecord>({
    pool: {
      rows: (sql) => pool.rows(sql),
      write: (sql) => pass(pointOf(sql), () => pool.write(sql)),
      use: (work) => pass('claim', () => pool.use(work)),
      untilVisible: (outcome) => pool.untilVisible(outcome),
    },
    timeoutMs,
    streamLoad:
      client === null
        ? null
        : {
            load: async (load) => {
              process.stdout.write(await describeLoad(pool, catalog, load));
              return pass(`load ${load.table.split('_')[0]}`, () => client.load(load));
            },
            stateOf: (label) => client.stateOf(label),
          },
    clearsTags: true,
    tables: { demand: () => Promise.resolve(), all: () => Promise.resolve(catalog.types.map(tableOf)) },
    tombstones: { retired: (users) => pass('tombstones', () => profiles.retired(users)) },
    limits: { rows: 200, bytes: 100_000, ageMs: 15, waitingBytes: 1_000_000 },
    bytesOf: () => 100,
    onUnfit: (_row, why) => Promise.reject(new Error(why)),
    events: {
      onLoad: () => undefined,
      onRound: () => undefined,
      onFailure: (topic, error) => process.stdout.write(`${topic}: ${String(error)}\n`),
    },
  });
  const letters = new LetterWriter({ write: () => Promise.resolve() }, Date.now, () => undefined);
  const positions = committed();
  const works = [...logs].map(([topic, log]) => ({ topic, log, origin: { topic, partition: 0 } }));
  await Promise.all(
    works.map(async ({ topic, log, origin }) => {
      const work = new ProfileWork(origin, readerOf(log), { profiles, letters, receivers: [], tagStore: writer });
      await tell(work, origin, log, async (nextOffset) => {
        positions[topic] = Math.max(positions[topic] ?? 0, nextOffset);
        await pass('commit', () => commit(positions));
      });
    }),
  );
  await writer.close();
  await pool.close();
  connection.close();
  process.stdout.write(`DONE ${JSON.stringify([...calls])}\n`);
}

async function tell(
  work: ProfileWork,
  { topic }: Origin,
  log: readonly ProfileEntry[],
  settled: (nextOffset: number) => Promise<void>,
): Promise<void> {
  const from = await work.begin({ committed: committed()[topic] ?? 0, first: 0, end: log.length });
  let done = from;
  for (; done < log.length; done += BATCH) {
    await work.process(log.slice(done, done + BATCH).map(recordOf), NOBODY);
    await sleep(10);
    await settled(await work.settle(Math.min(log.length, done + BATCH)));
  }
  for (let durable = -1; durable < log.length;) {
    durable = await work.settle(log.length);
    await settled(durable);
    await sleep(10);
  }
}

function readerOf(log: readonly ProfileEntry[]): EntryReader {
  return { read: (records) => Promise.resolve(records.map(({ offset }) => log[offset] ?? null)) };
}

function recordOf({ offset, arrivalMs }: ProfileEntry): StreamRecord {
  return { offset, timestampMs: arrivalMs, key: null, value: null, headers: {} };
}

main().catch((error: unknown) => {
  process.stdout.write(`${String(error)}\n`);
  process.exitCode = 3;
});
