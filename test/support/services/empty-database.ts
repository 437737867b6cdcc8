import { createConnection } from 'mysql2/promise';

/** Drops everything that is in the database of a URL. */
export async function emptyDatabase(url: string): Promise<void> {
  const connection = await createConnection(url);
  const name = connection.escapeId(new URL(url).pathname.slice(1));
  await connection.query(`DROP DATABASE ${name}`);
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await connection.end();
}
