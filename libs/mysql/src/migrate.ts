import type { Migration } from './migrations';
import { DatabaseTooNewError, isNoSuchTable } from './mysql-errors';
import type { MysqlSession } from './mysql-session';

/** Named locks are of the whole server: the name says for which database. */
const LOCK = "CONCAT('tessera:', SHA1(DATABASE()))";
const LOCK_SECONDS_MAX = 30;
const CREATE = `CREATE TABLE IF NOT EXISTS schema_version (
  version INT UNSIGNED NOT NULL PRIMARY KEY,
  name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE=InnoDB`;

/**
 * Brings the tables to the newest version. Several processes may do so at once: one works, the others wait for it. The connection must not be used
 * again after a failure: closing it lets go of the lock.
 *
 * @throws DatabaseTooNewError. Error if the lock can't be had.
 */
export async function migrate(session: MysqlSession, migrations: readonly Migration[]): Promise<void> {
  if ((await versionOf(session, migrations.length)) === migrations.length) return;
  const [lock] = await session.rows(`SELECT GET_LOCK(${LOCK}, ${LOCK_SECONDS_MAX}) AS taken`);
  if (lock?.['taken'] !== 1) throw new Error(`another process has been changing the tables for ${LOCK_SECONDS_MAX} s`);
  await session.run(CREATE);
  // Again: somebody else may have done it until the lock was ours.
  const before = await versionOf(session, migrations.length);
  for (const [index, { name, statements }] of migrations.entries()) {
    if (index < before) continue;
    for (const statement of statements) await session.run(statement);
    await session.run('INSERT INTO schema_version (version, name) VALUES (?, ?)', [index + 1, name]);
  }
  await session.rows(`SELECT RELEASE_LOCK(${LOCK}) AS released`);
}

/** 0: there are no tables yet. */
async function versionOf(session: MysqlSession, known: number): Promise<number> {
  let found = 0;
  try {
    const [row] = await session.rows('SELECT MAX(version) AS version FROM schema_version');
    found = Number(row?.['version'] ?? 0);
  } catch (error) {
    if (!isNoSuchTable(error)) throw error;
  }
  if (found > known) throw new DatabaseTooNewError(found, known);
  return found;
}
