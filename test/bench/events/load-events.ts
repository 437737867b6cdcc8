import { BIGINT, UINTEGER, USMALLINT, UTINYINT } from '@duckdb/node-api';
import { DuckDbSession } from '../peers/duckdb-session';
import type { RawColumn } from '../peers/duckdb-session';
import type { BenchStore, TypeDeclaration } from '../store/bench-store';
import { cuidOfUser } from '../users/user-population';
import { SKUS, skuName } from './bench-events';
import type { BenchEvents } from './bench-events';

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

/** User n gets guid n + 1. */
export async function importEvents(store: BenchStore, events: BenchEvents): Promise<void> {
  await store.declare(BUYER_TYPE, PURCHASE_TYPE);
  const bulk = await store.engine.bulkImport();
  const users = events.gender.length;
  for (let start = 0; start < users; start += CHUNK) {
    const end = Math.min(start + CHUNK, users);
    const first = bulk.bindUsers(Array.from({ length: end - start }, (_, at) => cuidOfUser(start + at)));
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
  await store.untilIndexed();
}

/**
 * The same rows in DuckDB, in memory, each column in the narrowest type that holds it; the sku by its number, which it compares faster than
 * its name.
 */
export async function loadDuckDbEvents(events: BenchEvents, threads: number): Promise<DuckDbSession> {
  const duckDb = await DuckDbSession.open(threads);
  await duckDb.run('CREATE TABLE purchases (user_id UINTEGER, time_ms BIGINT, amount USMALLINT, sku UTINYINT)');
  await duckDb.run('CREATE TABLE users (user_id UINTEGER, gender UTINYINT)');
  await duckDb.append('purchases', [UINTEGER, BIGINT, USMALLINT, UTINYINT], purchaseColumns(events));
  await duckDb.append('users', [UINTEGER, UTINYINT], userColumns(events));
  return duckDb;
}

function* purchaseColumns({ rows, user, afterMs, firstMs, amount, sku }: BenchEvents): Generator<readonly RawColumn[]> {
  for (let start = 0; start < rows; start += CHUNK) {
    const end = Math.min(start + CHUNK, rows);
    const timesMs = BigInt64Array.from({ length: end - start }, (_, at) =>
      BigInt(firstMs + (afterMs[start + at] ?? 0)),
    );
    yield [user.subarray(start, end), timesMs, amount.subarray(start, end), sku.subarray(start, end)];
  }
}

function* userColumns({ gender }: BenchEvents): Generator<readonly RawColumn[]> {
  for (let start = 0; start < gender.length; start += CHUNK) {
    const end = Math.min(start + CHUNK, gender.length);
    yield [Uint32Array.from({ length: end - start }, (_, at) => start + at), gender.subarray(start, end)];
  }
}
