import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { connect, errorOf, rowsOf, valueOf, write } from './client';
import { StarrocksStandIn } from './standin';

const PROFILE = `CREATE TABLE profile (
  \`guid\` BIGINT NOT NULL, city VARCHAR(5) NULL, grade INT NULL, ver BIGINT NOT NULL DEFAULT "0", need INT NOT NULL
) PRIMARY KEY (guid)
PARTITION BY RANGE (guid) (START ("0") END ("100") EVERY (50))
DISTRIBUTED BY HASH (guid) BUCKETS 5
PROPERTIES ("replication_num" = "1", "colocate_with" = "g")`;

describe('Tables of the stand-in for StarRocks', () => {
  let standIn: StarrocksStandIn;
  let connection: Connection;
  let made = 0;

  beforeAll(async () => {
    standIn = await StarrocksStandIn.start();
    connection = await connect(standIn.mysqlUrl);
  });

  beforeEach(async () => {
    await write(connection, `CREATE DATABASE d${made}`);
    await write(connection, `USE d${made++}`);
  });

  afterAll(async () => {
    await connection.end();
    await standIn.close();
  });

  it('PRIMARY KEY: the last row of a key, missing columns kept, defaults for new rows', async () => {
    await write(connection, PROFILE);
    expect(
      await write(connection, "INSERT INTO profile VALUES (1, 'a', 1, 1, 1), (2, 'b', 2, 2, 2), (1, 'c', 3, 3, 3)"),
    ).toBe(3);
    await write(connection, "INSERT INTO profile (guid, city) VALUES (1, NULL), (2, 'é')");
    await write(connection, 'INSERT INTO profile (guid, need) VALUES (3, 9)');
    expect(await rowsOf(connection, 'SELECT * FROM profile ORDER BY guid')).toEqual([
      ['1', null, 3, '3', 3],
      ['2', 'é', 2, '2', 2],
      ['3', null, null, '0', 9],
    ]);
    expect(await errorOf(connection, 'INSERT INTO profile (guid, grade) VALUES (4, 1)')).toMatch(
      /is not null and has no default/,
    );
    expect(await errorOf(connection, 'INSERT INTO profile (guid, need) VALUES (1, NULL)')).toMatch(
      /NULL value in non-nullable column 'need'/,
    );
    expect(await errorOf(connection, "INSERT INTO profile (guid, city) VALUES (1, 'ééé')")).toMatch(/too long/);
    expect(await errorOf(connection, "INSERT INTO profile (guid, grade) VALUES (1, 'x')")).toMatch(/is no INT/);
    expect(await errorOf(connection, 'INSERT INTO profile (city) VALUES (1)')).toMatch(/^5002 /);
    expect(await errorOf(connection, "INSERT INTO profile VALUES (1, 'a')")).toMatch(/^1058 /);
    expect(await valueOf(connection, 'SELECT sum(need) FROM profile')).toBe('14');
    expect(
      await write(
        connection,
        "DELETE FROM profile WHERE guid IN (SELECT guid FROM profile WHERE city = 'é') OR guid = 3",
      ),
    ).toBe(2);
    await write(connection, 'UPDATE profile SET grade = grade + 1 WHERE guid = 1');
    expect(await rowsOf(connection, 'SELECT guid, grade FROM profile')).toEqual([['1', 4]]);
  });

  it('AGGREGATE KEY: rows of a key are folded, each column in its way', async () => {
    await write(
      connection,
      `CREATE TABLE a (k INT NOT NULL, s BIGINT SUM NULL, x INT MAX NULL, n INT MIN NULL, r INT REPLACE NULL,
         i INT REPLACE_IF_NOT_NULL NULL, b BITMAP BITMAP_UNION NULL) AGGREGATE KEY (k) DISTRIBUTED BY HASH(k) BUCKETS 1`,
    );
    await write(
      connection,
      'INSERT INTO a VALUES (1, 1, 1, 1, 1, 1, to_bitmap(1)), (1, 2, 2, 2, NULL, NULL, to_bitmap(2))',
    );
    await write(connection, 'INSERT INTO a (k, s, b) VALUES (1, 5, to_bitmap(9)), (2, NULL, NULL)');
    expect(await rowsOf(connection, 'SELECT k, s, x, n, r, i, bitmap_to_string(b) FROM a ORDER BY k')).toEqual([
      [1, '8', 2, 1, null, 1, '1,2,9'],
      [2, null, null, null, null, null, null],
    ]);
  });

  it('DUPLICATE KEY: every row is kept', async () => {
    await write(
      connection,
      'CREATE TABLE u (k INT NOT NULL, v INT NULL) DUPLICATE KEY (k) DISTRIBUTED BY HASH(k) BUCKETS 1',
    );
    await write(connection, 'INSERT INTO u VALUES (1, 1), (1, 1), (2, NULL)');
    expect(await valueOf(connection, 'SELECT count(*) FROM u')).toBe('3');
    expect(await write(connection, 'DELETE FROM u WHERE k = 1')).toBe(2);
    expect(await errorOf(connection, 'DELETE FROM u WHERE k + 1 = 1')).toMatch(/only column, operator and literal/);
    await write(connection, 'TRUNCATE TABLE u');
    expect(await valueOf(connection, 'SELECT count(*) FROM u')).toBe('0');
  });

  it('rows lie in partitions, or nowhere', async () => {
    await write(connection, PROFILE);
    const insert = (guid: number): string => `INSERT INTO profile (guid, need) VALUES (${guid}, 1)`;
    await write(connection, insert(99));
    expect(await errorOf(connection, insert(100))).toMatch(/out of partition ranges/);
    expect(await errorOf(connection, insert(-1))).toMatch(/out of partition ranges/);
    await write(connection, 'ALTER TABLE profile ADD PARTITION IF NOT EXISTS p100 VALUES [("100"), ("150"))');
    await write(connection, 'ALTER TABLE profile ADD PARTITION IF NOT EXISTS p100 VALUES [("100"), ("150"))');
    await write(connection, insert(100));
    expect(await errorOf(connection, 'ALTER TABLE profile ADD PARTITION x VALUES [("140"), ("160"))')).toMatch(
      /intersected/,
    );
    expect(await errorOf(connection, 'ALTER TABLE profile ADD PARTITION p100 VALUES [("200"), ("210"))')).toMatch(
      /^1517 /,
    );
    expect(await valueOf(connection, 'SELECT count(*) FROM profile PARTITION (p100)')).toBe('1');
    await write(connection, 'ALTER TABLE profile DROP PARTITION p100');
    expect(await valueOf(connection, 'SELECT count(*) FROM profile')).toBe('1');
    const names =
      'SELECT PARTITION_NAME, PARTITION_VALUE FROM information_schema.partitions_meta WHERE DB_NAME = database() ORDER BY 1';
    expect(await rowsOf(connection, names)).toEqual([
      ['p0', '[types: [BIGINT]; keys: [0]; ..types: [BIGINT]; keys: [50]; )'],
      ['p50', '[types: [BIGINT]; keys: [50]; ..types: [BIGINT]; keys: [100]; )'],
    ]);
  });

  it('days are partitions, quoted and not shifted', async () => {
    await write(
      connection,
      `CREATE TABLE e (g BIGINT NOT NULL, t DATETIME NOT NULL) PRIMARY KEY (g, t)
       PARTITION BY RANGE (t) (START ("2024-05-01") END ("2024-05-03") EVERY (INTERVAL 1 DAY)) DISTRIBUTED BY HASH(g) BUCKETS 1`,
    );
    await write(connection, "INSERT INTO e VALUES (1, '2024-05-02 23:59:59.999')");
    expect(await errorOf(connection, "INSERT INTO e VALUES (1, '2024-05-03 00:00:00')")).toMatch(
      /out of partition ranges/,
    );
    await write(
      connection,
      'ALTER TABLE e ADD PARTITIONS START ("2024-05-03") END ("2024-05-05") EVERY (INTERVAL 1 DAY)',
    );
    await write(connection, "INSERT INTO e VALUES (1, '2024-05-03 00:00:00')");
    expect(await rowsOf(connection, 'SELECT t FROM e ORDER BY t')).toEqual([
      ['2024-05-02 23:59:59.999000'],
      ['2024-05-03 00:00:00'],
    ]);
    expect(await errorOf(connection, "SELECT count(*) FROM e WHERE t > '2024-05-02T00:00:00Z'")).toMatch(
      /literal with a zone/,
    );
    expect((await rowsOf(connection, 'SHOW PARTITIONS FROM e')).map(([, name]) => name)).toEqual([
      'p20240501',
      'p20240502',
      'p20240503',
      'p20240504',
    ]);
  });

  it('temporary partitions take the place of others, tables that of tables', async () => {
    await write(connection, PROFILE);
    await write(connection, "INSERT INTO profile VALUES (1, 'old', 1, 1, 1), (60, 'old', 1, 1, 1)");
    await write(connection, 'ALTER TABLE profile ADD TEMPORARY PARTITION tp VALUES [("0"), ("50"))');
    expect(
      await errorOf(connection, 'INSERT INTO profile TEMPORARY PARTITION (tp) (guid, need) VALUES (60, 1)'),
    ).toMatch(/out of partition/);
    await write(connection, "INSERT INTO profile TEMPORARY PARTITION (tp) SELECT 2, 'new', 1, 1, 1");
    expect(await errorOf(connection, 'ALTER TABLE profile ADD COLUMN z INT NULL')).toMatch(/temp partitions/);
    expect(await valueOf(connection, 'SELECT count(*) FROM profile')).toBe('2');
    await write(
      connection,
      'ALTER TABLE profile REPLACE PARTITION (p0) WITH TEMPORARY PARTITION (tp) PROPERTIES ("strict_range"="true")',
    );
    expect(await rowsOf(connection, 'SELECT guid, city FROM profile ORDER BY guid')).toEqual([
      ['2', 'new'],
      ['60', 'old'],
    ]);
    await write(
      connection,
      'INSERT OVERWRITE profile PARTITION (p50) SELECT guid + 5, city, grade, ver, need FROM profile WHERE guid = 60',
    );
    expect(await rowsOf(connection, 'SELECT guid FROM profile ORDER BY guid')).toEqual([['2'], ['65']]);
    await write(connection, 'CREATE TABLE shadow LIKE profile');
    await write(connection, 'ALTER TABLE profile SWAP WITH shadow');
    expect(await valueOf(connection, 'SELECT count(*) FROM profile')).toBe('0');
    expect(await valueOf(connection, 'SELECT count(*) FROM shadow')).toBe('2');
    expect(await errorOf(connection, 'ALTER TABLE profile SWAP WITH d0.shadow')).toMatch(/^1064 /);
  });

  it('columns are added, with defaults for the rows that are there', async () => {
    await write(connection, PROFILE);
    await write(connection, 'INSERT INTO profile (guid, need) VALUES (1, 1)');
    await write(
      connection,
      'ALTER TABLE profile ADD COLUMN (x INT NULL, y BIGINT NOT NULL DEFAULT "7", s ARRAY<VARCHAR(9)> NULL)',
    );
    expect(await rowsOf(connection, 'SELECT x, y, s FROM profile')).toEqual([[null, '7', null]]);
    expect(await errorOf(connection, 'ALTER TABLE profile ADD COLUMN x INT NULL')).toMatch(/^1060 /);
    const columns =
      "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE FROM information_schema.columns WHERE TABLE_SCHEMA = database() AND TABLE_NAME = 'profile' ORDER BY ORDINAL_POSITION";
    expect((await rowsOf(connection, columns)).slice(-3)).toEqual([
      ['x', 'int(11)', 'YES'],
      ['y', 'bigint(20)', 'NO'],
      ['s', 'array<varchar(9)>', 'YES'],
    ]);
    const [row] = await rowsOf(connection, 'SHOW CREATE TABLE profile');
    await write(connection, String(row![1]).replace('`profile`', '`again`'));
    expect(await rowsOf(connection, 'SHOW TABLES')).toEqual([['again'], ['profile']]);
  });

  it('labels are used once, in their database', async () => {
    await write(connection, PROFILE);
    const insert = (need: string): string => `INSERT INTO profile WITH LABEL once (guid, need) VALUES (1, ${need})`;
    expect(await errorOf(connection, insert('NULL'))).toMatch(/non-nullable/);
    const [header] = await connection.query<ResultSetHeader>(insert('1'));
    expect(header.info).toMatch(/\{'label':'once', 'status':'VISIBLE', 'txnId':'\d+'\}$/);
    expect(await errorOf(connection, insert('2'))).toBe('1064 Label [once] has already been used.');
    expect(await valueOf(connection, 'SELECT need FROM profile')).toBe(1);
    const state = "SELECT STATE FROM information_schema.loads WHERE LABEL = 'once' AND DB_NAME = database()";
    expect(await valueOf(connection, state)).toBe('FINISHED');
  });

  it('a statement is done whole or not at all, while others read', async () => {
    await write(
      connection,
      'CREATE TABLE s (k INT NOT NULL, v INT NOT NULL) PRIMARY KEY (k) DISTRIBUTED BY HASH(k) BUCKETS 1',
    );
    const rows = (value: number): string => Array.from({ length: 50 }, (_, index) => `(${index}, ${value})`).join(', ');
    await write(connection, `INSERT INTO s VALUES ${rows(0)}`);
    const database = await valueOf(connection, 'database()');
    const others = await Promise.all([1, 2, 3].map(() => connect(`${standIn.mysqlUrl}/${String(database)}`)));
    let isOver = false;
    const readers = others.slice(1).map(async (reader) => {
      while (!isOver) {
        const [row] = await rowsOf(reader, 'SELECT count(*), count(DISTINCT v) FROM s');
        expect(row).toEqual(['50', '1']);
      }
    });
    await Promise.all(
      [connection, others[0]!].map(async (writer, which) => {
        for (let round = 1; round <= 20; round++)
          await write(writer, `INSERT INTO s VALUES ${rows(round * 2 + which)}`);
      }),
    );
    isOver = true;
    await Promise.all(readers);
    await Promise.all(others.map((other) => other.end()));
  });
});
