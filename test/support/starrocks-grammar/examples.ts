/** Statements as StarRocks' documents and its frontend have them, in the forms that are generated or may come to be. */
export const ACCEPTED: Readonly<Record<string, string>> = {
  'a table by primary key': `CREATE TABLE \`profile\` (
  \`guid\` BIGINT NOT NULL, \`city\` INT NULL, \`grade\` TINYINT NULL, \`tags\` ARRAY<VARCHAR(255)> NULL,
  \`price\` DECIMAL(18, 4) NULL, \`seen\` DATETIME NULL, \`vip\` BOOLEAN NULL, \`ver\` BIGINT NOT NULL DEFAULT "0"
) PRIMARY KEY (\`guid\`)
PARTITION BY RANGE (\`guid\`) (START ("0") END ("500000000") EVERY (50000000))
DISTRIBUTED BY HASH (\`guid\`) BUCKETS 5
PROPERTIES ("replication_num" = "3", "enable_persistent_index" = "true", "colocate_with" = "cg_guid5")`,
  'an aggregating table with explicit partitions': `CREATE TABLE profile_agg (
  guid BIGINT NOT NULL, city INT REPLACE_IF_NOT_NULL NULL, seen DATETIME MAX NULL, hits BIGINT SUM NOT NULL DEFAULT "0"
) AGGREGATE KEY (guid)
PARTITION BY RANGE (guid) (PARTITION p0 VALUES [("0"), ("50000000")), PARTITION pmax VALUES [("50000000"), (MAXVALUE)))
DISTRIBUTED BY HASH (guid) BUCKETS 5`,
  'a table by day': `CREATE TABLE fact (guid BIGINT NOT NULL, dt DATE NOT NULL, event_id INT NOT NULL, n INT NULL)
DUPLICATE KEY (guid, dt)
PARTITION BY RANGE (dt) (START ("2024-05-01") END ("2024-06-01") EVERY (INTERVAL 1 DAY))
DISTRIBUTED BY HASH (guid) BUCKETS 5 PROPERTIES ("colocate_with" = "cg_guid5")`,
  'a table of bitmaps': `CREATE TABLE IF NOT EXISTS tag_kv (tag_id INT NOT NULL, tag_value VARCHAR(4096) NOT NULL, seg INT NOT NULL,
  guids BITMAP BITMAP_UNION NOT NULL)
AGGREGATE KEY (tag_id, tag_value, seg)
DISTRIBUTED BY HASH (seg) BUCKETS 16`,
  snapshots: `CREATE TABLE audience_snapshot (
  audience_id BIGINT NOT NULL, version BIGINT NOT NULL, seg INT NOT NULL,
  guids BITMAP NOT NULL, cnt BIGINT NOT NULL, created DATETIME NOT NULL)
PRIMARY KEY (audience_id, version, seg)
DISTRIBUTED BY HASH (audience_id) BUCKETS 8 PROPERTIES ("replication_num" = "3")`,
  'a temporary partition': 'ALTER TABLE profile_agg ADD TEMPORARY PARTITION tp0 VALUES [("0"), ("50000000"))',
  'a load into it': 'INSERT INTO profile_agg TEMPORARY PARTITION (tp0) SELECT guid, city, seen, hits FROM s',
  'its replacing another': `ALTER TABLE profile_agg REPLACE PARTITION (p0) WITH TEMPORARY PARTITION (tp0)
  PROPERTIES ("strict_range" = "true", "use_temp_partition_name" = "false")`,
  'a partition ahead':
    'ALTER TABLE `t` ADD PARTITION IF NOT EXISTS `p20240601` VALUES [("2024-06-01 00:00:00"), ("2024-06-02 00:00:00"))',
  'a partition dropped': 'ALTER TABLE `t` DROP PARTITION IF EXISTS `p20240501` FORCE',
  'a column added':
    'ALTER TABLE `profile_1_user` ADD COLUMN `city` VARCHAR(65533) NULL, ADD COLUMN `sys_t_city` DATETIME NULL',
  'tables swapped': 'ALTER TABLE live_t SWAP WITH shadow_t',
  'an overwritten partition': 'INSERT OVERWRITE t PARTITION (p0) WITH LABEL lbl1 SELECT a, b FROM s',
  'a conditional update':
    'INSERT INTO `profile` (`guid`, `city`, `ver`) PROPERTIES ("merge_condition" = "ver") VALUES (1, 2, 3)',
  rows: "INSERT INTO `fact` (`guid`, `dt`, `s`) VALUES (1, '2024-05-01', 'a'), (2, NULL, ''), (-3, DEFAULT, 'ü')",
  'newest wins': `INSERT INTO profile (guid, city, city__t)
SELECT v.g, if(v.ct >= ifnull(p.city__t, CAST('0001-01-01 00:00:00' AS DATETIME)), v.c, p.city), greatest(v.ct, p.city__t)
FROM (VALUES (CAST(1 AS BIGINT), CAST('x' AS VARCHAR), CAST('2024-05-01 10:00:00.123' AS DATETIME))) v (g, c, ct)
LEFT JOIN (SELECT guid, city, city__t FROM profile WHERE guid IN (1)) p ON p.guid = v.g`,
  'bitmaps from base64':
    "INSERT INTO `sys_lists` (`sys_list`, `sys_seg`, `sys_guids`) VALUES ('l', 0, base64_to_bitmap('AQEAAAA='))",
  deletes: 'DELETE FROM `profile` WHERE `guid` IN (1, 2, 3)',
  'an update': "UPDATE `sys_positions` SET `sys_next` = `sys_begun` WHERE `sys_source` = 'lists'",
  'leaves as bitmaps': `SELECT bitmap_count(bitmap_andnot(bitmap_and(a.b, c.b), d.b)) AS cnt
FROM (SELECT ifnull(bitmap_agg(guid), bitmap_empty()) AS b FROM profile WHERE city = 110100) a
CROSS JOIN (SELECT ifnull(bitmap_agg(guid), bitmap_empty()) AS b FROM
   (SELECT guid FROM fact WHERE dt >= '2024-05-01' AND event_id = 7 GROUP BY guid HAVING count(*) >= 3) q) c
CROSS JOIN (SELECT ifnull(bitmap_union(guids), bitmap_empty()) AS b FROM tag_kv WHERE tag_id = 9 AND tag_value = 'x') d`,
  'segments of bitmaps': `SELECT guid DIV 4194304 AS seg, bitmap_to_base64(bitmap_agg(guid)) AS b FROM profile
WHERE NOT ifnull(vip = true, false) GROUP BY guid DIV 4194304 ORDER BY seg LIMIT 10`,
  'a scan with joins': `SELECT /*+ SET_VAR(query_timeout = 10, enable_profile = false) */ count(*), count(if(n.x, 1, NULL))
FROM (SELECT p.guid, (p.city IN ('a', 'b') AND e.m0 >= 3 OR bitmap_contains(k.b0, p.guid)) AS x
  FROM \`sys_users\` u LEFT JOIN [colocate] \`profile\` p ON p.guid = u.guid
  LEFT JOIN [colocate] (SELECT guid, count(if(t > '2024-05-01 00:00:00.000', 1, NULL)) AS m0 FROM ev
    WHERE t > '2024-04-01' AND t <= '2024-05-02' GROUP BY guid) e ON e.guid = u.guid
  LEFT JOIN [broadcast] (SELECT seg, bitmap_union(if(tag_id = 9 AND tag_value = 'x', guids, NULL)) AS b0 FROM tag_kv GROUP BY seg) k
    ON k.seg = CAST(u.guid DIV 4194304 AS INT)) n`,
  'running maxima': `SELECT guid FROM (SELECT guid, max(if(h1, t, NULL)) OVER (PARTITION BY guid ORDER BY t
  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS s1, t, h2 FROM ev) q
WHERE h2 AND s1 >= milliseconds_sub(t, 86400000) GROUP BY guid HAVING CAST(sum(n) AS LARGEINT) > 9`,
  'unnested bitmaps': 'SELECT u.g FROM s, unnest_bitmap(s.b) AS u (g) WHERE u.g > 10 ORDER BY u.g LIMIT 100',
  'sets and patterns':
    "SELECT 1 FROM t WHERE arrays_overlap(a, ['x', 'y']) AND array_contains_all(b, ['z']) AND c RLIKE '(?-s:^a.c)' AND locate('x', d) > 0",
  'grouping sets': 'SELECT city, grade, count(*) FROM profile GROUP BY GROUPING SETS ((city), (grade))',
  'a common table expression': 'WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT x FROM a',
  EXPLAIN: 'EXPLAIN VERBOSE SELECT 1',
  'KILL of a query': "KILL QUERY '0198a1b2-0000-7000-8000-0123456789ab'",
  'KILL of what a connection does': 'KILL QUERY 123',
  'what is shown': "SHOW PARTITIONS FROM `t` WHERE PartitionName = 'p0'",
  'a session variable': "SET query_timeout = 10, time_zone = 'UTC'",
  'a role': 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN DATABASE seg TO ROLE seg_rw',
};

/** Typing errors, and forms of other databases that StarRocks lacks. */
export const REFUSED: readonly string[] = [
  '',
  ';',
  'SELECT 1;;',
  'SELECT 1; SELECT 2',
  'SELEC 1',
  'SELECT FROM t',
  'SELECT a FORM t WHERE b',
  'SELECT a FROM t WHERE',
  'SELECT (a FROM t',
  'SELECT a FROM t WHERE x IN ()',
  "SELECT 'a",
  'SELECT "a',
  'SELECT `a',
  "SELECT 'a' 'b' 'c' FROM",
  'SELECT a FROM t WHERE b IS TRUE',
  'SELECT 1 /* open',
  'SELECT a FROM t LEFT JOIN [colocate u ON t.a = u.a',
  'REPLACE INTO t (a) VALUES (1)',
  'INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 1',
  'INSERT INTO t (a) VALUES',
  'INSERT INTO t (a) PROPERTIES ("other" = "ver") VALUES (1)',
  "KILL QUERY 'a; b'",
  'ALTER TABLE a SWAP WITH db.b',
  'CREATE TABLE t (a BIGINT UNSIGNED) DUPLICATE KEY (a) DISTRIBUTED BY HASH (a)',
  'CREATE TABLE t (a DATETIME(3)) DUPLICATE KEY (a) DISTRIBUTED BY HASH (a)',
  'CREATE TABLE t (a BIGINT) PRIMARY KEY (a) DISTRIBUTED BY HASH (a) PARTITION BY RANGE (a) ()',
  'CREATE TABLE t (a BIGINT NOT NULL) PRIMARY KEY (a) PARTITION BY RANGE (a) (START (0) END (5) EVERY (1)) DISTRIBUTED BY HASH (a)',
  'WITH RECURSIVE a AS (SELECT 1) SELECT 1 FROM a',
  'WITH a AS (SELECT 1) INSERT INTO t SELECT 1 FROM a',
  'SELECT a FROM t GROUP BY ALL',
  "SELECT a FROM t WHERE b LIKE 'x' ESCAPE '!'",
  "SELECT a FROM t WHERE b ILIKE 'x'",
  'MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE',
];
