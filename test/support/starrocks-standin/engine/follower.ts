import type { DuckDBConnection } from '@duckdb/node-api';
import type { Duck } from './duck';

/**
 * A frontend that is not the leader: rows that it shows may be older than what was committed, until a session has it catch up. The catalogue of
 * tables, and what is committed but not visible yet, it knows at once.
 */
export class Follower {
  #behind: DuckDBConnection | null = null;

  constructor(private readonly duck: Duck) {}

  /** Shows rows as they are now, whatever is committed from now on. */
  async fallBehind(): Promise<void> {
    const connection = await this.duck.connect();
    await connection.run('BEGIN');
    // A transaction sees what was committed when it read first.
    await connection.run('SELECT count(*) FROM standin.tables');
    this.#behind = connection;
  }

  /** By `SYNC`, and behind what a session here has had the leader write. The connection may be reading still; it is closed with all others. */
  catchUp(): void {
    this.#behind = null;
  }

  /** Where its sessions read. */
  connectionFor(own: DuckDBConnection): DuckDBConnection {
    return this.#behind ?? own;
  }
}
