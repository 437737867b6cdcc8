import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { migrate } from './migrate';
import { MIGRATIONS } from './migrations';
import type { Migration } from './migrations';
import { CommitUnknownError, DatabaseTimeoutError, isDeadlock } from './mysql-errors';
import { sessionOf } from './mysql-session';
import type { MysqlSession } from './mysql-session';

export interface MysqlOptions {
  /** Statements that can be under way at once (2). */
  readonly connections?: number;
  /** How long one piece of work may take before its connection is given up (10 s). */
  readonly timeoutMs?: number;
  readonly migrations?: readonly Migration[];
}

const CONNECTIONS = 2;
const TIMEOUT_MS = 10_000;
const CONNECT_MS_MAX = 10_000;
/** Waiting for others who change the tables included. */
const MIGRATE_MS_MAX = 60_000;
/** A client that stands still in the middle of a transaction is cut off by the server after this: its row locks hold up the others. */
const IDLE_SECONDS_MAX = 30;

/**
 * A database of MySQL or MariaDB with our tables, made and changed when it is first used. Errors of the driver come through as they are; a connection on
 * which anything failed is closed, so what it had not committed is undone.
 */
export class MysqlDatabase {
  #migrated: Promise<void> | null = null;

  private constructor(
    private readonly pool: Pool,
    private readonly timeoutMs: number,
    private readonly migrations: readonly Migration[],
  ) {}

  /** Connects when it is first asked. @param url `mysql://user:password@host:port/database`. */
  static async open(url: string, options: MysqlOptions = {}): Promise<MysqlDatabase> {
    const { connections = CONNECTIONS, timeoutMs = TIMEOUT_MS, migrations = MIGRATIONS } = options;
    // Loaded by those alone who use it.
    const { createPool } = await import('mysql2/promise');
    const pool = createPool({
      uri: url,
      connectionLimit: connections,
      connectTimeout: CONNECT_MS_MAX,
      charset: 'utf8mb4_bin',
      timezone: 'Z',
      supportBigNumbers: true,
    });
    return new MysqlDatabase(pool, timeoutMs, migrations);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  /**
   * Does some work on one connection, with the tables there.
   *
   * @throws DatabaseTooNewError, DatabaseTimeoutError, what the driver throws (unreachable, refused), what `work` throws.
   */
  async use<T>(work: (session: MysqlSession) => Promise<T>): Promise<T> {
    this.#migrated ??= this.#on((session) => migrate(session, this.migrations), MIGRATE_MS_MAX);
    try {
      await this.#migrated;
    } catch (error) {
      this.#migrated = null;
      throw error;
    }
    return this.#on(work, this.timeoutMs);
  }

  /**
   * Does some work in one transaction: committed when `work` resolves, undone when it throws.
   *
   * @returns `conflict` if MySQL undid it for the sake of another one: the same may be tried again.
   * @throws as `use`; CommitUnknownError.
   */
  transaction<T>(work: (session: MysqlSession) => Promise<T>): Promise<T | 'conflict'> {
    return this.use(async (session) => {
      await session.run(`SET SESSION wait_timeout = ${IDLE_SECONDS_MAX}`);
      await session.run('START TRANSACTION');
      const result = await work(session);
      await session.run('COMMIT').catch((error: unknown) => {
        if (isDeadlock(error)) throw error;
        throw new CommitUnknownError(messageOf(error), { cause: error });
      });
      await session.run('SET SESSION wait_timeout = DEFAULT').catch(() => undefined);
      return result;
    }).catch((error: unknown) => {
      if (isDeadlock(error)) return 'conflict';
      throw error;
    });
  }

  async #on<T>(work: (session: MysqlSession) => Promise<T>, timeoutMs: number): Promise<T> {
    const lateness = new AbortController();
    const late = sleep(timeoutMs, 'late' as const, { signal: lateness.signal, ref: false }).catch(
      () => 'late' as const,
    );
    const connecting = this.pool.getConnection();
    try {
      const connection = await Promise.race([connecting, late]);
      if (connection === 'late') {
        connecting.then((unused) => unused.release()).catch(() => undefined);
        throw new DatabaseTimeoutError(timeoutMs);
      }
      return await finish(connection, work, late, timeoutMs);
    } finally {
      lateness.abort();
    }
  }
}

async function finish<T>(
  connection: PoolConnection,
  work: (session: MysqlSession) => Promise<T>,
  late: Promise<'late'>,
  timeoutMs: number,
): Promise<T> {
  const working = work(sessionOf(connection)).then((result) => ({ result }));
  // Of a late one nobody waits for the end.
  working.catch(() => undefined);
  try {
    const outcome = await Promise.race([working, late]);
    if (outcome === 'late') throw new DatabaseTimeoutError(timeoutMs);
    connection.release();
    return outcome.result;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
