import { StarrocksGrammar } from '../../../../test/support/starrocks-grammar/starrocks-grammar';
import { describeWithServer } from '../../../../test/support/services/with-server';
import { applyMigration, createTableSql, dropLeftover, planMigration, schemaDefaults, tablesOf } from '../index';
import type { SchemaOptions, StarrocksRow, StarrocksSession, TableDefinition } from '../index';
import { currentOf } from './testing/current-of';
import { sampleCatalog, withFields } from './testing/sample-catalog';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-21T12:00:00Z');

describeWithServer("Statements of the schema in StarRocks' grammar", StarrocksGrammar, (grammar) => {
  const defaults = schemaDefaults('tessera');
  const some: Partial<SchemaOptions>[] = [
    {},
    { profileModel: 'aggregate', colocation: null },
    { primaryIndex: 'cloud', stringBytesMax: 1_000_000, eventDays: { back: 400, ahead: 30 } },
    { primaryIndex: 'memory', eventDays: { back: 0, ahead: 0 } },
  ];

  function tables(options: Partial<SchemaOptions> = {}, nowMs = NOW_MS, nextGuid = 1): TableDefinition[] {
    const catalog = withFields(sampleCatalog(), 'customer', [{ name: 'select', valueType: 'int' }]);
    return tablesOf(catalog, { ...defaults, ...options }, { nowMs, nextGuid });
  }

  it.each(some)('has tables made with %j', async (options) => {
    for (const table of tables(options, NOW_MS, 4_294_967_294)) await grammar().check(createTableSql(table));
  });

  it('has every change of a table', async () => {
    const current = currentOf(tablesOf(sampleCatalog(), defaults, { nowMs: NOW_MS, nextGuid: 1 }));
    const later = tables({ stringBytesMax: 70_000 }, NOW_MS + 100 * DAY_MS, 120_000_000);
    const { steps } = planMigration(current, later);
    expect(new Set(steps.map(({ kind }) => kind))).toEqual(
      new Set(['add columns', 'widen column', 'add partition', 'drop partition']),
    );
    for (const { statement } of [...steps, dropLeftover('profile_5_gone')]) await grammar().check(statement);
  });

  it('has every question about them', async () => {
    const asked: string[] = [];
    const answers: StarrocksRow[][] = [];
    const session: StarrocksSession = {
      rows: async (statement) => {
        await Promise.resolve(asked.push(statement));
        return answers.shift() ?? [];
      },
      stream: () => {
        throw new Error('nothing is read row by row');
      },
      write: () => Promise.reject(new Error('nothing is written')),
      run: () => Promise.reject(new Error('killed')),
    };
    const dying = applyMigration(session, { database: 'tessera', wanted: tables(), nowMs: NOW_MS });
    await expect(dying).rejects.toThrow('killed');
    expect(asked).toHaveLength(4);
    asked.push("SHOW ALTER TABLE COLUMN FROM `tessera` WHERE TableName = 'a' ORDER BY CreateTime DESC LIMIT 1");
    for (const statement of [...asked, 'SELECT utc_timestamp() AS now']) await grammar().check(statement);
  });

  it('has what connections say by themselves', async () => {
    const said = [
      'SET query_timeout = 60',
      'SET insert_timeout = 60',
      'SET tx_visible_wait_timeout = 60',
      "SET partial_update_mode = 'row'",
      'SHOW TRANSACTION WHERE ID = 4005',
      'SYNC',
      'KILL QUERY 7',
      'SELECT /*+ SET_VAR(query_timeout = 2) */ 1',
      "SELECT STATE FROM information_schema.loads WHERE LABEL = 'insert_7'",
      'CREATE DATABASE IF NOT EXISTS `tessera`',
    ];
    for (const statement of said) await grammar().check(statement);
  });
});
