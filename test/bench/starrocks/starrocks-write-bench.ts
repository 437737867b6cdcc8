import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTableSql, schemaDefaults, StarrocksPool, StarrocksWriter } from '@tessera/starrocks-engine';
import { StreamLoadClient, tableOf, tablesOf } from '@tessera/starrocks-engine';
import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { FieldDefinition, Guid, ProfileEntry, ProfileOutcome, TagTypeDefinition } from '@tessera/tag-catalog';
import { createConnection } from 'mysql2/promise';
import { StarrocksStandInServer } from '../../support/starrocks-standin/standin-server';
import type { Bench, BenchContext } from '../framework/bench';

export const starrocksWriteBench: Bench = {
  name: 'starrocks-write',
  title:
    'Rows into the stand-in for StarRocks: the writer by INSERT and Stream Load, and the bare driver sending the same bytes',
  peers: ['mysql2 and node:http, one statement or load after the other'],
  users: { full: 100_000, short: 3_000 },
  run: runStarrocksWriteBench,
};

type Load = Parameters<StreamLoadClient['load']>[0];
type Send = () => Promise<unknown>;

const BATCH = 1_000;
const WARM_UP = 6_000;
const ROWS_A_STATEMENT = 5_000;
const TIMEOUT_MS = 60_000;
const MS = 1_000;
const MB = 1_048_576;
const NOBODY = new AbortController().signal;
const TAGS = [
  { name: 'city', valueType: 'string' },
  { name: 'level', valueType: 'int' },
  { name: 'spend', valueType: 'decimal', scale: 2 },
  { name: 'seen', valueType: 'datetime' },
  { name: 'likes', valueType: 'set' },
];

async function runStarrocksWriteBench({ users, folder, report }: BenchContext): Promise<void> {
  const server = await StarrocksStandInServer.create(join(folder, 'starrocks'));
  await server.start();
  try {
    report.note(`A stand-in on DuckDB, not StarRocks; users with five tags, ${ROWS_A_STATEMENT} rows a statement`);
    for (const transport of ['INSERT', 'Stream Load'] as const) {
      const isInsert = transport === 'INSERT';
      // Both ends are slow at first.
      await measureBare(server, 'cold', await measureOwn(server, 'cold', WARM_UP, isInsert), isInsert);
      const own = await measureOwn(server, 'warm', users, isInsert);
      const bare = await measureBare(server, 'warm', own, isInsert);
      report.check(`${transport}: rows missing`, 2 * users - own.rows, 0);
      report.check(`${transport}, bare: rows missing`, 2 * users - bare.rows, 0);
      report.figure({ name: `${transport}: users`, value: (users / own.ms) * MS, unit: 'users/s' });
      report.figure({ name: `${transport}, bare: users`, value: (users / bare.ms) * MS, unit: 'users/s' });
      report.figure({ name: `${transport}: bytes sent`, value: own.bytes / MB, unit: 'MB' });
      report.figure({ name: `${transport} / bare`, value: bare.ms / own.ms, unit: '×' });
    }
  } finally {
    await server.remove();
  }
}

interface Own {
  readonly ms: number;
  readonly rows: number;
  readonly bytes: number;
  /** What was sent, in order. */
  readonly sent: readonly (string | Load)[];
}

/** All users through the writer, until they are durable. */
async function measureOwn(
  server: StarrocksStandInServer,
  name: string,
  users: number,
  isInsert: boolean,
): Promise<Own> {
  const catalog = catalogOf();
  const database = `own_${name}_${isInsert ? 'insert' : 'load'}`;
  const pool = await poolOf(server, database, catalog);
  const client = new StreamLoadClient({
    urls: [server.httpUrl],
    user: 'root',
    password: '',
    database,
    timeoutMs: TIMEOUT_MS,
  });
  const sent: (string | Load)[] = [];
  const writer = new StarrocksWriter<null>({
    pool: {
      rows: (sql) => pool.rows(sql),
      write: (sql) => {
        sent.push(sql);
        return pool.write(sql);
      },
      use: (work) =>
        pool.use((session) =>
          work({
            rows: (sql) => session.rows(sql),
            stream: (sql) => session.stream(sql),
            run: (sql) => session.run(sql),
            write: (sql) => {
              sent.push(sql);
              return session.write(sql);
            },
          }),
        ),
      untilVisible: (outcome) => pool.untilVisible(outcome),
    },
    timeoutMs: TIMEOUT_MS,
    streamLoad: isInsert
      ? null
      : {
          load: (load) => {
            sent.push(load);
            return client.load(load);
          },
          stateOf: (label) => client.stateOf(label),
        },
    clearsTags: true,
    tables: { demand: () => Promise.resolve(), all: () => Promise.resolve(catalog.types.map(tableOf)) },
    tombstones: { retired: () => Promise.resolve([]) },
    limits: { rows: ROWS_A_STATEMENT, bytes: 4 * MB, ageMs: 5_000, waitingBytes: 256 * MB },
    bytesOf: () => 200,
    onUnfit: (_row, why) => Promise.reject(new Error(why)),
    events: { onLoad: () => undefined, onRound: () => undefined, onFailure: () => undefined },
  });
  const origin = { topic: 'tags.customer', partition: 0 };
  const type = catalog.types[0]!;
  const batches = batchesOf(type, users);
  const startedMs = performance.now();
  const opening = await writer.open(origin);
  writer.begin(opening, opening.next);
  for (const batch of batches) await writer.take({ origin, ...batch }, opening, NOBODY);
  const flushed = writer.flush();
  while (writer.settle(opening, users) < users) await sleep(5);
  const ms = performance.now() - startedMs;
  await flushed;
  await writer.close();
  const rows = await rowsOf(pool, type);
  await pool.close();
  return { ms, rows, sent, bytes: sent.reduce((sum, one) => sum + bytesOf(one), 0) };
}

/** The same statements, or loads, into another database. */
async function measureBare(
  server: StarrocksStandInServer,
  name: string,
  { sent }: Own,
  isInsert: boolean,
): Promise<{ readonly ms: number; readonly rows: number }> {
  const catalog = catalogOf();
  const database = `bare_${name}_${isInsert ? 'insert' : 'load'}`;
  const pool = await poolOf(server, database, catalog);
  const connection = await createConnection({ uri: server.mysqlUrl, database });
  const backend = await backendOf(server, database);
  const sends = sent.map((one): Send =>
    typeof one === 'string' ? () => connection.query(one) : () => bareLoad(backend, database, one),
  );
  const startedMs = performance.now();
  for (const send of sends) await send();
  const ms = performance.now() - startedMs;
  await connection.end();
  const rows = await rowsOf(pool, catalog.types[0]!);
  await pool.close();
  return { ms, rows };
}

function catalogOf(): Catalog {
  const declared = declareTagType(Catalog.empty, { name: 'customer', kind: 'profile', tags: TAGS });
  if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
  return declared.value;
}

async function poolOf(server: StarrocksStandInServer, database: string, catalog: Catalog): Promise<StarrocksPool> {
  const admin = new StarrocksPool({ urls: [server.mysqlUrl], database: null });
  await admin.run(`CREATE DATABASE \`${database}\``);
  await admin.close();
  const pool = new StarrocksPool({ urls: [server.mysqlUrl], database, timeoutMs: TIMEOUT_MS });
  const options = { ...schemaDefaults(database), replication: 1, buckets: 1, bitmapBuckets: 1 };
  for (const table of tablesOf(catalog, options, { nowMs: Date.now(), nextGuid: 1 })) {
    await pool.run(createTableSql(table));
  }
  return pool;
}

interface Told {
  readonly entries: readonly ProfileEntry[];
  readonly records: readonly null[];
  readonly outcomes: readonly ProfileOutcome[];
}

function batchesOf(type: TagTypeDefinition, users: number): readonly Told[] {
  const batches: Told[] = [];
  for (let first = 0; first < users; first += BATCH) {
    const places = Array.from({ length: Math.min(BATCH, users - first) }, (_, place) => first + place);
    const entries = places.map((place): ProfileEntry => {
      const cuid = `cuid-${String(place).padStart(28, '0')}`;
      const content = { type, cuid, timeMs: place, id: null, fields: [] };
      return { offset: place, cuid, guid: (place + 1) as Guid, arrivalMs: place, content };
    });
    const outcomes = places.map((place): ProfileOutcome => {
      const fields = type.tags.map((field) => ({
        field,
        value: valueOf(field, place),
        timeMs: 1_700_000_000_000 + place,
      }));
      return { verdict: 'accepted', fields };
    });
    batches.push({ entries, records: places.map(() => null), outcomes });
  }
  return batches;
}

function valueOf({ valueType }: FieldDefinition, place: number): string | number | readonly string[] {
  if (valueType === 'string') return `city ${place % 300}`;
  if (valueType === 'set') return [`tag ${place % 7}`, `tag ${place % 11}x`];
  return valueType === 'datetime' ? 1_700_000_000_000 + place : place % 10_000;
}

async function rowsOf(pool: StarrocksPool, type: TagTypeDefinition): Promise<number> {
  let rows = 0;
  for (const table of ['sys_users', tableOf(type)]) {
    const [row] = await pool.rows(`SELECT count(*) AS n FROM \`${table}\``);
    rows += Number(row?.['n']);
  }
  return rows;
}

function bytesOf(sent: string | Load): number {
  return typeof sent === 'string' ? Buffer.byteLength(sent) : sent.body.length;
}

/** Where the frontend sends loads on to. */
function backendOf(server: StarrocksStandInServer, database: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: AUTHORIZATION, Expect: '100-continue', 'Content-Length': 2, label: 'where' };
    const asked = request(`${server.httpUrl}/api/${database}/sys_users/_stream_load`, { method: 'PUT', headers });
    asked.on('response', (response) => {
      response.resume();
      asked.destroy();
      resolve(new URL(response.headers.location ?? server.httpUrl).origin.replace(/\/\/[^@]*@/, '//'));
    });
    asked.on('error', reject);
    asked.flushHeaders();
  });
}

const AUTHORIZATION = `Basic ${Buffer.from('root:').toString('base64')}`;

function bareLoad(backend: string, database: string, { table, label, headers, body }: Load): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${backend}/api/${database}/${table}/_stream_load`, {
      method: 'PUT',
      headers: {
        ...headers,
        Authorization: AUTHORIZATION,
        Expect: '100-continue',
        label,
        'Content-Length': body.length,
      },
    });
    sent.on('continue', () => sent.end(body));
    sent.on('error', reject);
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (text.includes('Success')) resolve();
        else reject(new Error(text));
      });
    });
    sent.flushHeaders();
  });
}
