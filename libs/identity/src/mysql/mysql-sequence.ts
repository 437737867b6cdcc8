import { MysqlDatabase } from '@tessera/mysql';
import type { MysqlSession } from '@tessera/mysql';
import type { Guid } from '@tessera/tag-catalog';
import { GuidsExhaustedError } from '../guids-exhausted-error';
import { SequenceUnavailableError } from '../resolve/sequence-allocator';
import type { GuidBlock, SequenceAllocator } from '../resolve/sequence-allocator';

/** 2^32 − 1 itself is refused. */
const GUID_MAX = 2 ** 32 - 2;
const NAME = 'guid';

// The row lock orders concurrent leases; the connection's LAST_INSERT_ID is the value before the addition.
const LEASE =
  'UPDATE segment SET next_value = LAST_INSERT_ID(next_value) + ? WHERE name = ? AND next_value + ? - 1 <= ?';
const RAISE = 'UPDATE segment SET next_value = GREATEST(next_value, ?) WHERE name = ?';
const READ = 'SELECT next_value FROM segment WHERE name = ?';

/** Leases blocks of guids from a row of MySQL or MariaDB. Each lease is one committed statement, so a block is nobody else's for ever. */
export class MysqlSequence implements SequenceAllocator {
  private constructor(
    private readonly database: MysqlDatabase,
    private readonly guidMax: number,
  ) {}

  /** Connects when it is first asked. @param guidMax the last guid that may be given out. */
  static async open(url: string, guidMax = GUID_MAX): Promise<MysqlSequence> {
    return new MysqlSequence(await MysqlDatabase.open(url), guidMax);
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  async lease(count: number): Promise<GuidBlock> {
    const { changed, insertId } = await this.#asked((session) =>
      session.run(LEASE, [count, NAME, count, this.guidMax]),
    );
    if (changed === 0) throw new GuidsExhaustedError(this.guidMax);
    return { first: insertId as Guid, count };
  }

  async startAbove(guid: number): Promise<void> {
    await this.#asked((session) => session.run(RAISE, [guid + 1, NAME]));
  }

  /** The guid that the next lease begins with. */
  async next(): Promise<number> {
    const [row] = await this.#asked((session) => session.rows(READ, [NAME]));
    return Number(row?.['next_value']);
  }

  async #asked<T>(ask: (session: MysqlSession) => Promise<T>): Promise<T> {
    try {
      return await this.database.use(ask);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new SequenceUnavailableError(`no guids can be leased from MySQL: ${detail}`, { cause: error });
    }
  }
}
