import * as fc from 'fast-check';
import { leftoversOf, planMigration, schemaDefaults, tablesOf } from '../index';
import type { SchemaOptions, TableDefinition } from '../index';
import { readRange, readType } from './current-schema';
import type { PartitionRange } from './partition-range';
import { missingRanges } from './plan-migration';
import { currentOf } from './testing/current-of';
import { sampleCatalog, withFields } from './testing/sample-catalog';

const DAY_MS = 86_400_000;
const NOON_MS = Date.parse('2026-11-21T12:00:00Z');
const OPTIONS: SchemaOptions = { ...schemaDefaults('tessera'), eventDays: { back: 2, ahead: 2 } };

interface Later {
  readonly catalog?: ReturnType<typeof sampleCatalog>;
  readonly options?: Partial<SchemaOptions>;
  readonly nowMs?: number;
  readonly nextGuid?: number;
}

function tables({
  catalog = sampleCatalog(),
  options = {},
  nowMs = NOON_MS,
  nextGuid = 1,
}: Later = {}): TableDefinition[] {
  return tablesOf(catalog, { ...OPTIONS, ...options }, { nowMs, nextGuid });
}

/** `kind table` of each step from the sample as it was made to that. */
function stepsTo(later: Later): string[] {
  return planMigration(currentOf(tables()), tables(later)).steps.map(({ kind, table }) => `${kind} ${table}`);
}

describe('planMigration', () => {
  it('makes every table of an empty database, and then finds nothing to do', () => {
    const { steps, refusals } = planMigration(new Map(), tables());
    expect(steps.map(({ kind, table }) => `${kind} ${table}`)).toEqual(
      tables().map(({ name }) => `create table ${name}`),
    );
    expect(refusals).toEqual([]);
    expect(planMigration(currentOf(tables()), tables())).toEqual({ steps: [], refusals: [] });
  });

  it('adds the value and the time of new tags in one statement, in the words of the table', () => {
    const catalog = withFields(sampleCatalog(), 'customer', [
      { name: 'age', valueType: 'int' },
      { name: 'likes', valueType: 'set' },
    ]);
    const [step, ...others] = planMigration(currentOf(tables()), tables({ catalog })).steps;
    expect(others).toEqual([]);
    expect(step).toMatchObject({
      kind: 'add columns',
      isBackground: true,
      reason: '4 columns are missing: age, sys_t_age, likes, sys_t_likes',
      statement:
        'ALTER TABLE `profile_1_customer` ADD COLUMN (`age` BIGINT NULL, `sys_t_age` DATETIME NULL, ' +
        '`likes` ARRAY<VARCHAR(65533)> NULL, `sys_t_likes` DATETIME NULL)',
    });
    const options = { profileModel: 'aggregate' as const };
    const [aggregate] = planMigration(currentOf(tables({ options })), tables({ catalog, options })).steps;
    expect(aggregate?.statement).toContain('ADD COLUMN (`age` BIGINT REPLACE_IF_NOT_NULL NULL');
  });

  it('adds properties to event tables, and nothing to kv tables, which hold any tag', () => {
    const more = [{ name: 'more', valueType: 'int' }];
    expect(stepsTo({ catalog: withFields(sampleCatalog(), 'order_paid', more) })).toEqual([
      'add columns event_3_order_paid',
    ]);
    expect(stepsTo({ catalog: withFields(sampleCatalog(), 'scores', more) })).toEqual([]);
  });

  it('adds partitions before guids need them, to all tables by guid', () => {
    expect(stepsTo({ nextGuid: 49_999_999 })).toEqual([]);
    const byGuid = ['sys_users', 'profile_1_customer', 'kv_2_scores'];
    expect(stepsTo({ nextGuid: 50_000_000 })).toEqual(byGuid.map((table) => `add partition ${table}`));
    const [first] = planMigration(currentOf(tables()), tables({ nextGuid: 50_000_000 })).steps;
    expect(first?.statement).toBe(
      'ALTER TABLE `sys_users` ADD PARTITION IF NOT EXISTS `p100000000` VALUES [("100000000"), ("150000000"))',
    );
  });

  it('adds the days that come, and drops those that retention has left behind', () => {
    expect(stepsTo({ nowMs: NOON_MS + DAY_MS })).toEqual([
      'add partition event_3_order_paid',
      'add partition event_4_page_seen',
    ]);
    const later = planMigration(currentOf(tables()), tables({ nowMs: NOON_MS + 40 * DAY_MS })).steps;
    // 32 days before 31 December is 29 November: the days up to the 23rd are there, and all gone.
    expect(later.filter(({ kind }) => kind === 'drop partition').map(({ statement }) => statement)).toEqual(
      ['p20261020', 'p20261119', 'p20261120', 'p20261121', 'p20261122', 'p20261123'].map(
        (name) => `ALTER TABLE \`event_4_page_seen\` DROP PARTITION IF EXISTS \`${name}\``,
      ),
    );
    // Days missed share one partition but for the newest.
    expect(
      later.filter(({ table }) => table === 'event_3_order_paid').map(({ statement }) => statement.slice(61)),
    ).toEqual([
      '`p20261124` VALUES [("2026-11-24 00:00:00"), ("2026-12-29 00:00:00"))',
      '`p20261229` VALUES [("2026-12-29 00:00:00"), ("2026-12-30 00:00:00"))',
      '`p20261230` VALUES [("2026-12-30 00:00:00"), ("2026-12-31 00:00:00"))',
      '`p20261231` VALUES [("2026-12-31 00:00:00"), ("2027-01-01 00:00:00"))',
      '`p20270101` VALUES [("2027-01-01 00:00:00"), ("2027-01-02 00:00:00"))',
      '`p20270102` VALUES [("2027-01-02 00:00:00"), ("2027-01-03 00:00:00"))',
    ]);
  });

  it('makes longer what may be made longer, and refuses by name what can not be changed in place', () => {
    const longer = planMigration(currentOf(tables()), tables({ options: { stringBytesMax: 70_000 } }));
    expect(longer.steps.map(({ statement }) => statement)).toContain(
      'ALTER TABLE `profile_1_customer` MODIFY COLUMN `city` VARCHAR(70000) NULL',
    );
    expect(longer.refusals.map(({ problem }) => problem)).toContain(
      "the table kv_2_scores has a column sys_elements of ARRAY<VARCHAR(65533)>, to be ARRAY<VARCHAR(70000)>, which can't be changed in place; lower STRING_BYTES_MAX, or drop the table and load it again",
    );
    expect(planMigration(currentOf(tables({ options: { stringBytesMax: 70_000 } })), tables())).toEqual({
      steps: [],
      refusals: [],
    });
    const model = planMigration(currentOf(tables()), tables({ options: { profileModel: 'aggregate' } }));
    expect(model.steps).toEqual([]);
    expect(model.refusals).toEqual([
      {
        table: 'profile_1_customer',
        problem: expect.stringContaining('is a table with PRIMARY KEY, to be one with AGGREGATE KEY'),
      },
    ]);
    expect(planMigration(currentOf(tables()), tables({ options: { buckets: 9 } })).refusals[0]?.problem).toBe(
      'the table sys_users has 8 buckets, to have 9; set STARROCKS_BUCKETS as it was when the tables were made',
    );
  });

  it('refuses columns of another type or nullability, and partitions that are none of ours', () => {
    const current = new Map(currentOf(tables()));
    const users = current.get('sys_users');
    if (users === undefined) throw new Error('there is no table of users');
    current.set('sys_users', {
      ...users,
      columns: new Map([
        ['sys_guid', { type: null, typeText: 'largeint', isNullable: false }],
        ['sys_cuid', { type: { kind: 'varchar', bytes: 128 }, typeText: 'varchar(128)', isNullable: true }],
      ]),
      partitions: [{ name: 'mine', range: null }],
    });
    expect(planMigration(current, tables()).refusals.map(({ problem }) => problem)).toEqual([
      "the table sys_users has a column sys_guid of largeint, to be BIGINT, which can't be changed in place; drop the table and load it again",
      'the table sys_users has a column sys_cuid that is NULL, to be NOT NULL; drop the table and load it again',
      'the table sys_users has a partition mine whose bounds are none of ours; replace it by others at whole guids',
    ]);
  });

  it('names the tables of removed types', () => {
    const current = new Map(currentOf(tables()));
    expect(leftoversOf(current, sampleCatalog())).toEqual([]);
    const [users] = current.values();
    if (users !== undefined) current.set('profile_5_gone', { ...users, name: 'profile_5_gone' });
    expect(leftoversOf(current, sampleCatalog())).toEqual(['profile_5_gone']);
  });
});

describe('missingRanges', () => {
  const bounds = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 12 }).map((all) => {
    const sorted = [...all].sort((one, other) => one - other);
    return sorted.slice(1).map((to, index) => ({ from: sorted[index] ?? 0, to }));
  });
  const some = (ranges: readonly PartitionRange[]): fc.Arbitrary<PartitionRange[]> => fc.subarray([...ranges]);
  const covers = (ranges: readonly PartitionRange[], point: number): number =>
    ranges.filter(({ from, to }) => from <= point && point < to).length;

  it('fills what is wanted and not covered, and covers nothing twice', () => {
    fc.assert(
      fc.property(bounds.chain(some), bounds, (covered, wanted) => {
        const missing = missingRanges(covered, wanted);
        for (let point = 0; point <= 40; point++) {
          const isMissing = covers(wanted, point) > 0 && covers(covered, point) === 0;
          expect(covers(missing, point)).toBe(isMissing ? 1 : 0);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('what information_schema says', () => {
  it('is read as types', () => {
    expect(readType('varchar(65533)')).toEqual({ kind: 'varchar', bytes: 65_533 });
    expect(readType('array<varchar(65533)>')).toEqual({ kind: 'strings', bytes: 65_533 });
    expect(readType('ARRAY<VARCHAR(65533)>')).toEqual({ kind: 'strings', bytes: 65_533 });
    expect(['decimal64(18, 4)', 'decimal(18,4)'].map(readType)).toEqual([
      { kind: 'decimal', scale: 4 },
      { kind: 'decimal', scale: 4 },
    ]);
    expect(['tinyint(1)', 'boolean', 'int(11)', 'bigint(20)', 'date', 'datetime', 'bitmap'].map(readType)).toEqual(
      ['boolean', 'boolean', 'int', 'bigint', 'date', 'datetime', 'bitmap'].map((kind) => ({ kind })),
    );
    expect(['tinyint(4)', 'bigint(20) unsigned', 'decimal(10,2)', 'array<int(11)>', 'json'].map(readType)).toEqual(
      Array(5).fill(null),
    );
  });

  it('is read as bounds of partitions', () => {
    expect(readRange('[types: [BIGINT]; keys: [0]; ..types: [BIGINT]; keys: [50000000]; )')).toEqual({
      from: 0,
      to: 50_000_000,
    });
    expect(
      readRange('[types: [DATETIME]; keys: [2026-11-21 00:00:00]; ‥types: [DATETIME]; keys: [2026-11-22 00:00:00]; )'),
    ).toEqual({ from: Date.parse('2026-11-21'), to: Date.parse('2026-11-22') });
    for (const text of ['', 'MAXVALUE', '[types: [INT]; keys: [5]; ..types: [INT]; keys: [5]; )'])
      expect(readRange(text)).toBeNull();
    expect(
      readRange('[types: [DATETIME]; keys: [2026-11-21 07:00:00]; ..types: [DATETIME]; keys: [2026-11-22 00:00:00]; )'),
    ).toBeNull();
  });
});
