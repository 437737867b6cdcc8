import { Catalog } from '@tessera/tag-catalog';
import { createTableSql, schemaDefaults, tablesOf } from '../index';
import type { SchemaOptions } from '../index';
import { guidRanges } from './partition-range';
import { sampleCatalog } from './testing/sample-catalog';

const NOON_MS = Date.parse('2026-11-21T12:00:00Z');
const OPTIONS: SchemaOptions = {
  ...schemaDefaults('tessera'),
  replication: 1,
  buckets: 4,
  eventDays: { back: 1, ahead: 1 },
};

function ddlOf(name: string, options = OPTIONS, nextGuid = 1, catalog = sampleCatalog()): string {
  const table = tablesOf(catalog, options, { nowMs: NOON_MS, nextGuid }).find((one) => one.name === name);
  if (table === undefined) throw new Error(`there is no table ${name}`);
  return createTableSql(table);
}

describe('tablesOf', () => {
  it('makes the same tables of the same catalogue, those of our own first', () => {
    const moment = { nowMs: NOON_MS, nextGuid: 1 };
    const tables = tablesOf(sampleCatalog(), OPTIONS, moment);
    expect(tables.map(({ name }) => name)).toEqual([
      'sys_users',
      'sys_kv_bitmaps',
      'sys_lists',
      'sys_list_names',
      'sys_snapshots',
      'sys_values',
      'sys_positions',
      'profile_1_customer',
      'kv_2_scores',
      'event_3_order_paid',
      'event_4_page_seen',
    ]);
    expect(tablesOf(sampleCatalog(), OPTIONS, moment)).toEqual(tables);
  });

  it('keeps a value and the time of its last plain write side by side', () => {
    expect(ddlOf('profile_1_customer')).toBe(`CREATE TABLE IF NOT EXISTS \`profile_1_customer\` (
  \`sys_guid\` BIGINT NOT NULL,
  \`sys_version\` BIGINT NULL,
  \`vip\` BOOLEAN NULL,
  \`sys_t_vip\` DATETIME NULL,
  \`level\` BIGINT NULL,
  \`sys_t_level\` DATETIME NULL,
  \`spend\` DECIMAL(18,2) NULL,
  \`sys_t_spend\` DATETIME NULL,
  \`city\` VARCHAR(65533) NULL,
  \`sys_t_city\` DATETIME NULL,
  \`plan\` VARCHAR(65533) NULL,
  \`sys_t_plan\` DATETIME NULL,
  \`birthday\` DATE NULL,
  \`sys_t_birthday\` DATETIME NULL,
  \`seen\` DATETIME NULL,
  \`sys_t_seen\` DATETIME NULL,
  \`interests\` ARRAY<VARCHAR(65533)> NULL,
  \`sys_t_interests\` DATETIME NULL
) PRIMARY KEY (\`sys_guid\`)
COMMENT "tags of the profile type customer"
PARTITION BY RANGE (\`sys_guid\`) (
  PARTITION \`p0\` VALUES [("0"), ("50000000")),
  PARTITION \`p50000000\` VALUES [("50000000"), ("100000000"))
)
DISTRIBUTED BY HASH (\`sys_guid\`) BUCKETS 4
PROPERTIES ("replication_num" = "1", "enable_persistent_index" = "true", "colocate_with" = "tessera_guid")`);
  });

  it('makes profile tables with AGGREGATE KEY where that is asked for, and no other table', () => {
    const options: SchemaOptions = { ...OPTIONS, profileModel: 'aggregate' };
    const profile = ddlOf('profile_1_customer', options);
    expect(profile).toContain(
      '`vip` BOOLEAN REPLACE_IF_NOT_NULL NULL,\n  `sys_t_vip` DATETIME REPLACE_IF_NOT_NULL NULL',
    );
    expect(profile).toContain(') AGGREGATE KEY (`sys_guid`)');
    expect(profile).not.toContain('persistent_index');
    expect(ddlOf('kv_2_scores', options)).toBe(ddlOf('kv_2_scores'));
  });

  it('gives events one partition a day, and one for the days before', () => {
    expect(ddlOf('event_3_order_paid')).toContain(`) PRIMARY KEY (\`sys_guid\`, \`sys_t\`, \`sys_row\`)
COMMENT "rows of the event type order_paid"
PARTITION BY RANGE (\`sys_t\`) (
  PARTITION \`p19700101\` VALUES [("1970-01-01 00:00:00"), ("2026-11-20 00:00:00")),
  PARTITION \`p20261120\` VALUES [("2026-11-20 00:00:00"), ("2026-11-21 00:00:00")),
  PARTITION \`p20261121\` VALUES [("2026-11-21 00:00:00"), ("2026-11-22 00:00:00")),
  PARTITION \`p20261122\` VALUES [("2026-11-22 00:00:00"), ("2026-11-23 00:00:00"))
)
DISTRIBUTED BY HASH (\`sys_guid\`) BUCKETS 4
PROPERTIES ("replication_num" = "1", "enable_persistent_index" = "true", "colocate_with" = "tessera_guid")`);
    // 30 days of retention, and two for clocks that differ.
    expect(ddlOf('event_4_page_seen')).toContain('PARTITION `p20261020` VALUES [("2026-10-20 00:00:00"), ("2026-11-20');
  });

  it('spreads bitmaps by segment, and leaves colocation out where it is not wanted', () => {
    const bitmaps = ddlOf('sys_kv_bitmaps', { ...OPTIONS, colocation: null, bitmapBuckets: 3 });
    expect(bitmaps).toContain(`  \`sys_guids\` BITMAP BITMAP_UNION NOT NULL
) AGGREGATE KEY (\`sys_tag\`, \`sys_value\`, \`sys_seg\`)`);
    expect(bitmaps).toContain('DISTRIBUTED BY HASH (`sys_seg`) BUCKETS 3\nPROPERTIES ("replication_num" = "1")');
    expect(ddlOf('sys_lists')).toContain('"colocate_with" = "tessera_seg"');
    expect(ddlOf('sys_values')).not.toContain('colocate_with');
  });

  it('takes longer strings where they are accepted, and refuses what StarRocks does not hold', () => {
    expect(ddlOf('kv_2_scores', { ...OPTIONS, stringBytesMax: 100_000 })).toContain('`sys_text` VARCHAR(100000) NULL');
    expect(() => ddlOf('kv_2_scores', { ...OPTIONS, stringBytesMax: 1_048_577 })).toThrow('lower STRING_BYTES_MAX');
  });

  it('knows where indexes of primary keys may lie', () => {
    expect(ddlOf('sys_users', { ...OPTIONS, primaryIndex: 'cloud' })).toContain(
      '"enable_persistent_index" = "true", "persistent_index_type" = "CLOUD_NATIVE"',
    );
    expect(ddlOf('sys_users', { ...OPTIONS, primaryIndex: 'memory' })).toContain('"enable_persistent_index" = "false"');
  });

  it('has a place for every guid that may come', () => {
    for (const next of [1, 49_999_999, 50_000_000, 4_294_967_294]) {
      const ranges = guidRanges(next, 50_000_000);
      expect(ranges[0]?.from).toBe(0);
      expect(ranges.at(-1)?.to).toBeGreaterThan(next + 50_000_000);
      expect(ranges.at(-1)?.from).toBeLessThanOrEqual(next + 50_000_000);
    }
    expect(tablesOf(Catalog.empty, OPTIONS, { nowMs: NOON_MS, nextGuid: 1 })).toHaveLength(7);
  });
});
