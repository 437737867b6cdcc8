import type { Connection } from 'mysql2/promise';
import { errorOf, rowsOf, startWithDatabase, valueOf, write } from './client';
import type { StarrocksStandIn } from './standin';

const BODY = 'DISTRIBUTED BY HASH(k) BUCKETS 1';

describe('What the stand-in for StarRocks refuses', () => {
  let standIn: StarrocksStandIn;
  let connection: Connection;

  beforeAll(async () => {
    ({ standIn, connection } = await startWithDatabase());
    await write(
      connection,
      `CREATE TABLE t (k BIGINT NOT NULL, v VARCHAR(10) NULL, d DATE NULL, c DECIMAL(18, 4) NULL) PRIMARY KEY (k) ${BODY}`,
    );
  });

  afterAll(async () => {
    await connection.end();
    await standIn.close();
  });

  it.each([
    // Functions that DuckDB has and STARROCKS.md does not list.
    ['SELECT list_sort([1])', /No matching function/],
    ['SELECT read_csv(v) FROM t', /No matching function/],
    ['SELECT bitmap_andd(to_bitmap(1), to_bitmap(1))', /No matching function/],
    ['SELECT nvl(1, 2)', /No matching function/],
    ['SELECT regexp_like(v, v) FROM t', /No matching function/],
    ['SELECT count_if(k) FROM t', /BOOLEAN is wanted/],
    ['SELECT lag(k) FROM t', /without OVER/],
    ['SELECT count(DISTINCT k) FILTER (WHERE k > 1) FROM t', /DISTINCT with FILTER/],
    ['SELECT bitmap_agg(k) FILTER (WHERE k > 1) FROM t', /FILTER/],
    ['SELECT sum(DISTINCT k) OVER () FROM t', /DISTINCT with OVER/],
    ['SELECT sum(CAST(k AS LARGEINT) - 5), sum(5 + CAST(k AS LARGEINT)) FROM t', /Invalid agg function plan/],
    // Names.
    ['SELECT nope FROM t', /cannot be resolved/],
    ['SELECT * FROM nope', /Unknown table/],
    ['SELECT * FROM T', /Unknown table/],
    ['SELECT k FROM t AS a CROSS JOIN t AS b', /ambiguous/],
    ['SELECT 1 FROM t CROSS JOIN t', /^1066 /],
    ['SELECT A.k FROM t AS a', /cannot be resolved/],
    ['SELECT 1 FROM nope.t', /^1049 /],
    // Clauses.
    ['SELECT k IS TRUE FROM t', /syntax/],
    ['SELECT k FROM t WHERE k IN ()', /syntax/],
    ['SELECT k FROM t WHERE (k, v) IN ((1, 2))', /syntax/],
    ["SELECT v LIKE 'a' ESCAPE 'b' FROM t", /syntax/],
    ["SELECT v ILIKE 'a' FROM t", /syntax/],
    ['SELECT k FROM t GROUP BY ALL', /syntax/],
    ['WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r', /syntax/],
    ['SELECT k FROM t WINDOW w AS (ORDER BY k)', /syntax/],
    ['SELECT sum(k) OVER (ORDER BY k RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t', /syntax/],
    ['SELECT 1 FROM (SELECT 1)', /^1248 /],
    ['SELECT 1; ; SELECT 2', /syntax/],
    ['/*! SELECT 1 */', /syntax/],
    ['SELECT k::INT FROM t', /syntax/],
    ['SELECT CAST(k AS TIMESTAMP) FROM t', /syntax/],
    ['SELECT CAST(d AS BIGINT) FROM t', /Invalid type cast/],
    ['SELECT k + v FROM t', /only numbers/],
    ['SELECT 1 FROM t LEFT JOIN unnest([1]) AS u(x) ON true', /table function/],
    ['SELECT 1 FROM t LIMIT k', /syntax/],
    // Statements.
    ['REPLACE INTO t (k) VALUES (1)', /syntax/],
    ['INSERT INTO t (k) VALUES (1) ON DUPLICATE KEY UPDATE k = 2', /syntax/],
    ['WITH x AS (SELECT 1) INSERT INTO t (k) SELECT * FROM x', /syntax/],
    ['INSERT INTO t (k) PROPERTIES ("merge_condition"="k") VALUES (1)', /ignored by many versions/],
    ['MERGE INTO t USING t ON true', /syntax/],
    ['BEGIN', /syntax/],
    ['COPY t TO "x"', /syntax/],
    ['ATTACH "x"', /syntax/],
    ['SET nope = 1', /^1193 /],
    ['SELECT /*+ SET_VAR(nope = 1) */ 1', /^1193 /],
    ["SELECT /*+ SET_VAR(query_timeout = 'x') */ 1", /^1231 /],
    ['KILL QUERY 123456', /^1094 /],
    ['UPDATE t SET k = 2 WHERE k = 1', /primary key column cannot be updated/],
    // Declarations.
    [`CREATE TABLE x (v INT NULL, k INT NOT NULL) PRIMARY KEY (k) ${BODY}`, /must be the first columns/],
    ['CREATE TABLE x (k INT NOT NULL) PRIMARY KEY (k)', /DISTRIBUTED BY is missing/],
    [
      'CREATE TABLE x (k INT NOT NULL, p INT NOT NULL) PRIMARY KEY (k) DISTRIBUTED BY HASH(p) BUCKETS 1',
      /not a key column/,
    ],
    [
      `CREATE TABLE x (k INT NOT NULL, p INT NOT NULL) PRIMARY KEY (k) PARTITION BY RANGE (p) (START ("0") END ("9") EVERY (1)) ${BODY}`,
      /not a key column/,
    ],
    [
      `CREATE TABLE x (k INT NOT NULL) PRIMARY KEY (k) PARTITION BY RANGE (k) (START (0) END (9) EVERY (1)) ${BODY}`,
      /syntax/,
    ],
    [
      `CREATE TABLE x (k INT NOT NULL) PRIMARY KEY (k) PARTITION BY RANGE (k) (PARTITION p VALUES [(0), (9))) ${BODY}`,
      /syntax/,
    ],
    [`CREATE TABLE x (k INT NOT NULL, b BITMAP NULL) DUPLICATE KEY (k) ${BODY}`, /not supported by a DUPLICATE KEY/],
    [`CREATE TABLE x (k BITMAP NOT NULL) PRIMARY KEY (k) ${BODY}`, /key column/],
    [`CREATE TABLE x (k DECIMAL(9,2) NOT NULL) PRIMARY KEY (k) ${BODY}`, /PRIMARY KEY/],
    [`CREATE TABLE x (k INT NOT NULL, v INT NULL) AGGREGATE KEY (k) ${BODY}`, /has no aggregation/],
    [`CREATE TABLE x (k INT NOT NULL, v INT SUM NULL) PRIMARY KEY (k) ${BODY}`, /SUM in a PRIMARY KEY table/],
    [`CREATE TABLE x (k INT NOT NULL, v INT NOT NULL DEFAULT 5) PRIMARY KEY (k) ${BODY}`, /syntax/],
    [`CREATE TABLE x (k INT NOT NULL, v DATETIME(3) NULL) PRIMARY KEY (k) ${BODY}`, /syntax/],
    [`CREATE TABLE x (k INT UNSIGNED NOT NULL) PRIMARY KEY (k) ${BODY}`, /syntax/],
    [`CREATE TABLE x (k INT NOT NULL, v VARCHAR(1048577) NULL) PRIMARY KEY (k) ${BODY}`, /Varchar size/],
    [`CREATE TABLE x (k INT NOT NULL) PRIMARY KEY (k) ${BODY} PROPERTIES ("nope" = "1")`, /Unknown properties/],
    [`CREATE TABLE t (k INT NOT NULL) PRIMARY KEY (k) ${BODY}`, /^1050 /],
    ['DROP TABLE nope', /^1051 /],
    ['DROP DATABASE nope', /^1008 /],
    ['CREATE DATABASE d', /^1007 /],
  ])('%s', async (sql, message) => {
    expect(await errorOf(connection, sql)).toMatch(message);
  });

  it('more than 10,000 values', async () => {
    const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));
    expect(await valueOf(connection, `SELECT count(*) FROM t WHERE k IN (${numbers(10_000).join(',')})`)).toBe('0');
    expect(await errorOf(connection, `SELECT 1 FROM t WHERE k IN (${numbers(10_001).join(',')})`)).toMatch(
      /expr_children_limit/,
    );
    const rows = numbers(10_001).map((number) => `(${number})`);
    expect(await errorOf(connection, `INSERT INTO t (k) VALUES ${rows.join(',')}`)).toMatch(/expr_children_limit/);
    expect(await write(connection, `INSERT INTO t (k) VALUES ${rows.slice(1).join(',')}`)).toBe(10_000);
    await write(connection, 'TRUNCATE TABLE t');
    expect(await write(connection, `INSERT INTO t (k) SELECT * FROM (VALUES ${rows.join(',')}) v`)).toBe(10_001);
  });

  it('expressions of more than 10,000 operators and constants, columns of sub-selects put in', async () => {
    // Each level uses the one below it twice: 2 ** (levels + 1) - 1 operators.
    const doubled = (levels: number, top = '*'): string => {
      let from = 'SELECT k AS n0 FROM t WHERE k < 0';
      for (let level = 1; level <= levels; level++) {
        from = `SELECT s${level}.*, s${level}.n${level - 1} + n${level - 1} AS n${level} FROM (${from}) s${level}`;
      }
      return `SELECT ${top} FROM (${from}) o`;
    };
    expect(await rowsOf(connection, doubled(12))).toEqual([]);
    expect(await errorOf(connection, doubled(13))).toMatch(/^1064 .*Expression too complex.*flat_children/);
    const kept = doubled(12, 'max(n12) AS m');
    expect(await rowsOf(connection, `SELECT m + m + m + m FROM (${kept}) x`)).toHaveLength(1);
    const shown = doubled(12, 'n12 AS m');
    expect(await errorOf(connection, `SELECT m + m FROM (${shown}) x`)).toMatch(/Expression too complex/);
    expect(await errorOf(connection, `SELECT 1 FROM (${shown}) x WHERE m + m > 0`)).toMatch(/too complex/);
    expect(await rowsOf(connection, `SELECT 1 FROM (${shown}) x WHERE m > 0 AND m < 5`)).toEqual([]);
    expect(await rowsOf(connection, `SELECT m + m FROM (${shown}) x, t`)).toEqual([]);
    expect(await errorOf(connection, `SELECT 1 FROM (${shown}) x, t WHERE m + m > 0`)).toMatch(/too complex/);
    expect(await errorOf(connection, `INSERT INTO t (k) SELECT m + m FROM (${shown}) x`)).toMatch(/too complex/);
    expect(await errorOf(connection, `WITH x AS (${shown}) SELECT m + m FROM x`)).toMatch(/too complex/);
    expect(
      await errorOf(connection, `SELECT k IN (${Array.from({ length: 10_000 }, (_, n) => n).join()}) FROM t`),
    ).toMatch(/too complex/);
  });

  it('takes what is alike: values of every kind, few or many, give the same', async () => {
    await write(connection, 'TRUNCATE TABLE t');
    const texts = ["'", '\\', '\0', '\n', '--', '/*', '`', '😀', '\u001f', '\u0001', '', ' x ', '%', '\\%'];
    const rows = texts.map((text, index) => `(${index}, ${escaped(text)}, '2024-02-29', ${index}.12345)`);
    for (const copies of [1, 2]) {
      const all = Array.from({ length: copies }, () => rows).flat();
      await write(connection, `INSERT INTO t VALUES ${all.join(', ')}`);
      const found = await rowsOf(connection, 'SELECT v, d, c FROM t ORDER BY k');
      expect(found).toEqual(texts.map((text, index) => [text, '2024-02-29', `${index}.1235`]));
      for (const text of texts) {
        expect(await valueOf(connection, `SELECT count(*) FROM t WHERE v = ${escaped(text)}`)).toBe('1');
      }
    }
  });
});

function escaped(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&').replaceAll('\0', '\\0').replaceAll('\n', '\\n')}'`;
}
