import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DuckDbSession, sqlText } from '../duckdb-session';
import type { BenchStore, TypeDeclaration } from '../store/bench-store';
import { userCuid } from '../store/bench-population';
import { SKUS, skuName } from './bench-events';
import type { BenchEvents } from './bench-events';
import { CsvBuffer } from './csv-buffer';

const BUYER_TYPE: TypeDeclaration = {
  name: 'buyer',
  kind: 'profile',
  tags: [{ name: 'gender', valueType: 'int' }],
};
const PURCHASE_TYPE: TypeDeclaration = {
  name: 'purchase',
  kind: 'event',
  properties: [
    { name: 'amount', valueType: 'int' },
    { name: 'sku', valueType: 'string' },
  ],
};

const CHUNK = 2 ** 18;
const CSV_ROWS = 4_000_000;
const CSV_BYTES_A_ROW = 48;

/** User n gets guid n + 1. */
export async function importEvents(store: BenchStore, events: BenchEvents): Promise<void> {
  await store.declare(BUYER_TYPE, PURCHASE_TYPE);
  const bulk = await store.engine.bulkImport();
  const users = events.gender.length;
  for (let start = 0; start < users; start += CHUNK) {
    const end = Math.min(start + CHUNK, users);
    const first = bulk.bindUsers(Array.from({ length: end - start }, (_, at) => userCuid(start + at)));
    bulk.setNumbers(store.tag('gender'), first, events.gender.subarray(start, end), events.firstMs);
  }
  const type = store.type('purchase');
  const [amount, sku] = ['amount', 'sku'].map((name) => type.properties.find((property) => property.name === name)?.id);
  if (amount === undefined || sku === undefined) throw new Error('purchase lacks a property');
  const texts = Array.from({ length: SKUS }, (_, each) => skuName(each));
  for (let start = 0; start < events.rows; start += CHUNK) {
    const end = Math.min(start + CHUNK, events.rows);
    bulk.appendEvents(type, {
      guids: events.user.subarray(start, end).map((user) => user + 1),
      timesMs: Float64Array.from(events.afterMs.subarray(start, end), (afterMs) => events.firstMs + afterMs),
      properties: new Map([
        [amount, { values: events.amount.subarray(start, end) }],
        [sku, { values: events.sku.subarray(start, end), texts }],
      ]),
    });
  }
  await bulk.finish();
}

/**
 * The same rows in DuckDB, in memory, each column in the narrowest type that holds it; the sku by its number, which it compares faster than
 * its name.
 * @param folder for CSV files that are removed again.
 */
export async function loadDuckDbEvents(events: BenchEvents, folder: string, threads: number): Promise<DuckDbSession> {
  const duckDb = await DuckDbSession.open(threads);
  await duckDb.run('CREATE TABLE purchases (user_id UINTEGER, time_ms BIGINT, amount USMALLINT, sku UTINYINT)');
  await duckDb.run('CREATE TABLE users (user_id UINTEGER, gender UTINYINT)');
  await load(duckDb, 'purchases', events.rows, folder, (csv, row) => {
    csv.number(events.user[row] ?? 0);
    csv.number(events.firstMs + (events.afterMs[row] ?? 0));
    csv.number(events.amount[row] ?? 0);
    csv.number(events.sku[row] ?? 0);
  });
  await load(duckDb, 'users', events.gender.length, folder, (csv, user) => {
    csv.number(user);
    csv.number(events.gender[user] ?? 0);
  });
  return duckDb;
}

async function load(
  duckDb: DuckDbSession,
  table: string,
  rows: number,
  folder: string,
  write: (csv: CsvBuffer, row: number) => void,
): Promise<void> {
  const file = path.join(folder, `${table}.csv`);
  const csv = new CsvBuffer(Math.min(rows, CSV_ROWS) * CSV_BYTES_A_ROW);
  for (let start = 0; start < rows; start += CSV_ROWS) {
    csv.clear();
    for (let row = start; row < Math.min(start + CSV_ROWS, rows); row += 1) {
      write(csv, row);
      csv.endRow();
    }
    await writeFile(file, csv.bytes);
    await duckDb.run(`COPY ${table} FROM ${sqlText(file)} (FORMAT csv, HEADER false)`);
  }
  await rm(file);
}
