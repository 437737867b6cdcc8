import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { once } from 'node:events';
import path from 'node:path';
import { cityName, CITIES } from './bench-users';
import type { BenchUsers } from './bench-users';
import { DuckDbSession, sqlText } from './duckdb-session';

const LINES_PER_WRITE = 20_000;

/**
 * The same users in DuckDB, each column in the narrowest type that holds it (an enum for the city).
 * @param folder for a CSV file that is removed again.
 */
export async function loadDuckDb(users: BenchUsers, folder: string, threads: number): Promise<DuckDbSession> {
  const file = path.join(folder, 'users.csv');
  await writeCsv(users, file);
  const duckDb = await DuckDbSession.open(threads);
  const cities = Array.from({ length: CITIES }, (_, city) => sqlText(cityName(city))).join(', ');
  await duckDb.run(`CREATE TYPE city_name AS ENUM (${cities})`);
  await duckDb.run(
    'CREATE TABLE users (gender UTINYINT, city city_name, level UTINYINT, age UTINYINT, spend DECIMAL(9, 2))',
  );
  await duckDb.run(
    `INSERT INTO users SELECT gender, city, level, age, spend FROM read_csv(${sqlText(file)}, header = false, columns = {
       gender: 'UTINYINT', city: 'VARCHAR', level: 'UTINYINT', age: 'UTINYINT', spend: 'DECIMAL(9, 2)'})`,
  );
  await rm(file);
  return duckDb;
}

async function writeCsv(users: BenchUsers, file: string): Promise<void> {
  const stream = createWriteStream(file);
  for (let start = 0; start < users.users; start += LINES_PER_WRITE) {
    const end = Math.min(start + LINES_PER_WRITE, users.users);
    let text = '';
    for (let index = start; index < end; index += 1) {
      const spend = ((users.spendCents[index] ?? 0) / 100).toFixed(2);
      text += `${users.gender[index] ?? 0},${cityName(users.city[index] ?? 0)},${users.level[index] ?? 0},${users.age[index] ?? 0},${spend}\n`;
    }
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
}
