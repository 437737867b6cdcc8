import type { Guid } from '@tessera/tag-catalog';
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { GuidsExhaustedError } from '../guids-exhausted-error';
import { SequenceUnavailableError } from '../resolve/sequence-allocator';
import type { GuidBlock, SequenceAllocator } from '../resolve/sequence-allocator';

/** 2^32 − 1 itself is refused. */
const GUID_MAX = 2 ** 32 - 2;
const NAME = 'guid';
const CONNECTIONS = 2;

/** The table, made by the first process: docs/formats/mysql.md. */
const CREATE = `CREATE TABLE IF NOT EXISTS segment (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  next_value BIGINT UNSIGNED NOT NULL
) ENGINE=InnoDB`;
const SEED = 'INSERT IGNORE INTO segment (name, next_value) VALUES (?, 1)';
// The row lock orders concurrent leases; the connection's LAST_INSERT_ID is the value before the addition.
const LEASE =
  'UPDATE segment SET next_value = LAST_INSERT_ID(next_value) + ? WHERE name = ? AND next_value + ? - 1 <= ?';
const RAISE = 'UPDATE segment SET next_value = GREATEST(next_value, ?) WHERE name = ?';
const READ = 'SELECT next_value FROM segment WHERE name = ?';

/** Leases blocks of guids from a row of MySQL or MariaDB. Each lease is one committed statement, so a block is nobody else's for ever. */
export class MysqlSequence implements SequenceAllocator {
  #isPrepared = false;

  private constructor(
    private readonly pool: Pool,
    private readonly guidMax: number,
  ) {}

  /** Connects when it is first asked. @param guidMax the last guid that may be given out. */
  static async open(url: string, guidMax = GUID_MAX): Promise<MysqlSequence> {
    // Loaded by those alone who use it.
    const { createPool } = await import('mysql2/promise');
    return new MysqlSequence(createPool({ uri: url, connectionLimit: CONNECTIONS }), guidMax);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  async lease(count: number): Promise<GuidBlock> {
    return this.#asked(async () => {
      const [{ affectedRows, insertId }] = await this.pool.execute<ResultSetHeader>(LEASE, [
        count,
        NAME,
        count,
        this.guidMax,
      ]);
      if (affectedRows === 0) throw new GuidsExhaustedError(this.guidMax);
      return { first: insertId as Guid, count };
    });
  }

  async startAbove(guid: number): Promise<void> {
    await this.#asked(() => this.pool.execute(RAISE, [guid + 1, NAME]));
  }

  /** The guid that the next lease begins with. */
  async next(): Promise<number> {
    return this.#asked(async () => {
      const [rows] = await this.pool.execute<RowDataPacket[]>(READ, [NAME]);
      return Number(rows[0]?.['next_value']);
    });
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      if (!this.#isPrepared) {
        await this.pool.query(CREATE);
        await this.pool.execute(SEED, [NAME]);
        this.#isPrepared = true;
      }
      return await ask();
    } catch (error) {
      if (error instanceof GuidsExhaustedError) throw error;
      const detail = error instanceof Error ? error.message : String(error);
      throw new SequenceUnavailableError(`no guids can be leased from MySQL: ${detail}`, { cause: error });
    }
  }
}
