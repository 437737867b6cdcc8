import { DECIMAL, ENUM, UTINYINT } from '@duckdb/node-api';
import { CITY_NAMES } from '../users/user-population';
import type { UserPopulation } from '../users/user-population';
import { DuckDbSession, sqlText } from './duckdb-session';
import type { RawColumn } from './duckdb-session';

export const DUCKDB_THREADS = 2;

/** The same users in DuckDB, in table `users`, each column in the narrowest type that holds it (an enum for the city). */
export async function loadDuckDbUsers(users: UserPopulation): Promise<DuckDbSession> {
  const duckDb = await DuckDbSession.open(DUCKDB_THREADS);
  await duckDb.run(`CREATE TYPE city_name AS ENUM (${CITY_NAMES.map(sqlText).join(', ')})`);
  await duckDb.run(
    'CREATE TABLE users (gender UTINYINT, city city_name, level UTINYINT, age UTINYINT, spend DECIMAL(9, 2))',
  );
  await duckDb.append('users', [UTINYINT, ENUM(CITY_NAMES), UTINYINT, UTINYINT, DECIMAL(9, 2)], columnsOf(users));
  return duckDb;
}

function* columnsOf(users: UserPopulation): Generator<readonly RawColumn[]> {
  for (const { gender, city, level, age, spendCents } of users.blocks()) {
    yield [gender, city, level, age, spendCents];
  }
}
