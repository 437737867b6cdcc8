/** A step from one version of the tables to the next. */
export interface Migration {
  readonly name: string;
  /**
   * In order. Each must do no harm when it is run again: MySQL commits a change of a table at once, so a process that dies in the middle leaves
   * the statements before it done and the version not counted up.
   */
  readonly statements: readonly string[];
}

const SEGMENT = `CREATE TABLE IF NOT EXISTS segment (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  next_value BIGINT UNSIGNED NOT NULL
) ENGINE=InnoDB`;

const TAG_CATALOG = `CREATE TABLE IF NOT EXISTS tag_catalog (
  id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  format INT UNSIGNED NOT NULL,
  version BIGINT UNSIGNED NOT NULL,
  next_field_id BIGINT UNSIGNED NOT NULL,
  next_type_id INT UNSIGNED NOT NULL
) ENGINE=InnoDB`;

const TAG_TYPE = `CREATE TABLE IF NOT EXISTS tag_type (
  id INT UNSIGNED NOT NULL PRIMARY KEY,
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version BIGINT UNSIGNED NOT NULL,
  retired_in BIGINT UNSIGNED NULL,
  field_ids LONGTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  declaration LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE=InnoDB`;

const SECRET = `CREATE TABLE IF NOT EXISTS secret (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
) ENGINE=InnoDB`;

/** All of them; the n-th makes version n. docs/formats/mysql.md describes what they make. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'numbers leased in blocks',
    statements: [SEGMENT, "INSERT IGNORE INTO segment (name, next_value) VALUES ('guid', 1)"],
  },
  {
    name: 'tag catalogue',
    statements: [
      TAG_CATALOG,
      TAG_TYPE,
      'INSERT IGNORE INTO tag_catalog (id, format, version, next_field_id, next_type_id) VALUES (1, 1, 0, 1, 1)',
    ],
  },
  { name: 'secrets that processes share', statements: [SECRET] },
];
