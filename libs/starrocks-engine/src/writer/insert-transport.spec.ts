import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { INT, varchar, VARCHAR_BYTES_MAX } from '../schema/column-type';
import { SourceClaims } from './source-claims';
import { InsertTransport } from './insert-transport';
import type { StatementLimits } from './insert-transport';
import { SureStatements } from './statements';
import { UnfitRowsError } from './table-load';
import type { Fence, LoadRow } from './table-load';
import { catalogOf, makeTables, poolAt } from './testing/writer-at-work';

const TIMEOUT_MS = 60_000;
const SOURCE = 'tags.long/0';
const TABLE = 'long_texts';
/** Twice as long as SQL. */
const LONG = "'".repeat(VARCHAR_BYTES_MAX);
const TEXTS = 30;

describeWithStarrocks('Rows by INSERT', (starrocks) => {
  let pool: StarrocksPool;
  let fence: Fence;
  const sent: number[] = [];

  beforeAll(async () => {
    pool = poolAt(starrocks().mysqlUrl, TIMEOUT_MS);
    await makeTables(pool, catalogOf([]));
    const columns = Array.from({ length: TEXTS }, (_, place) => `t${place} VARCHAR(${VARCHAR_BYTES_MAX}) NULL`);
    await pool.run(
      `CREATE TABLE ${TABLE} (id INT NOT NULL, ${columns.join(', ')}) PRIMARY KEY (id) DISTRIBUTED BY HASH (id) BUCKETS 1 PROPERTIES ("replication_num" = "1")`,
    );
    const { writer } = await new SourceClaims(new SureStatements(pool, TIMEOUT_MS)).claim(SOURCE);
    fence = new Map([[SOURCE, writer]]);
  });

  afterAll(() => pool.close());

  /** @param texts of each row. */
  async function insert(
    firstId: number,
    rows: readonly (readonly string[])[],
    limits?: StatementLimits,
  ): Promise<void> {
    const counted = {
      rows: pool.rows.bind(pool),
      use: pool.use.bind(pool),
      untilVisible: pool.untilVisible.bind(pool),
      write: (statement: string) => {
        sent.push(Buffer.byteLength(statement));
        return pool.write(statement);
      },
    };
    const names = Array.from({ length: rows[0]?.length ?? 0 }, (_, place) => `t${place}`);
    const columns = [{ name: 'id', type: INT }, ...names.map((name) => ({ name, type: varchar(VARCHAR_BYTES_MAX) }))];
    const loaded = rows.map((texts, place): LoadRow => ({
      cells: [firstId + place, ...texts],
      source: SOURCE,
      records: [],
    }));
    const transport = new InsertTransport(new SureStatements(counted, TIMEOUT_MS), limits);
    await transport.load({ table: TABLE, columns, rows: loaded, batch: 'long' }, fence);
  }

  it('go in as many statements as a frontend takes packets of, however long they become as SQL', async () => {
    await insert(
      1,
      Array.from({ length: 20 }, () => [LONG]),
    );
    expect(sent.length).toBe(2);
    expect(Math.max(...sent)).toBeLessThan(33_554_432);
    expect(await pool.rows(`SELECT count(*) AS n FROM ${TABLE} WHERE length(t0) = ${VARCHAR_BYTES_MAX}`)).toEqual([
      { n: '20' },
    ]);
  });

  it('go in as many statements as a frontend reads tokens of, however short they are', async () => {
    sent.length = 0;
    const rows = Array.from({ length: 40 }, () => Array.from({ length: TEXTS }, () => ''));
    // A word, a comma, at times a minus: a row of 31 cells has 96 at the most.
    await insert(1_000, rows, { bytes: 1_000_000, tokens: 1_000 });
    expect(sent.length).toBe(4);
    expect(await pool.rows(`SELECT count(*) AS n FROM ${TABLE} WHERE t29 = ''`)).toEqual([{ n: '40' }]);
    // Whatever it is, a row by itself is tried.
    await insert(2_000, rows.slice(0, 2), { bytes: 1_000_000, tokens: 10 });
    expect(sent.length).toBe(6);
  });

  it('are refused if one is longer than a statement by itself, before the connection is lost over it', async () => {
    sent.length = 0;
    await expect(insert(100, [Array.from({ length: TEXTS }, () => LONG)])).rejects.toThrow(UnfitRowsError);
    expect(sent).toEqual([]);
  });
});
