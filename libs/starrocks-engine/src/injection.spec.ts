import { bindExpression, buildPlan, noReferences, universeNode } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import { describeWithServer } from '../../../test/support/services/with-server';
import { StarrocksGrammar } from '../../../test/support/starrocks-grammar/starrocks-grammar';
import { describeWithStarrocks } from '../../../test/support/starrocks-standin/with-starrocks';
import { HOSTILE_TEXTS, LONG_HOSTILE_TEXT } from '../../../test/support/texts/hostile-texts';
import {
  applyMigration,
  schemaDefaults,
  StarrocksEngine,
  StarrocksLists,
  StarrocksPool,
  StarrocksUsers,
  tablesOf,
} from './index';
import type { TableDefinition } from './schema/table-definition';
import { textLiteral } from './sql/literal';
import { InsertTransport } from './writer/insert-transport';
import { insertSql, rowSql } from './writer/load-sql';
import { SourceClaims } from './writer/source-claims';
import { SureStatements } from './writer/statements';
import { StreamLoadClient } from './writer/stream-load-client';
import { StreamLoadTransport } from './writer/stream-load-transport';
import { UnfitRowsError } from './writer/table-load';
import type { Cell, LoadColumn, LoadTransport } from './writer/table-load';

const NOW_MS = Date.now();
const HOUR_MS = 3_600_000;
const TIMEOUT_MS = 60_000;
const TEXTS = Object.values(HOSTILE_TEXTS);
const HARMLESS = 'harmless';
/** A value among the texts that needs no escape. */
const USUAL = HOSTILE_TEXTS['a number'] ?? '';
/** Of the writer's own: it is compared in every INSERT. */
const SOURCE = `tags.person'-0"\\`;
const WRITER = `w'); DROP TABLE sys_users; -- \\`;

const CATALOG = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'city', valueType: 'string' },
      { name: 'plan', valueType: 'enum', values: TEXTS.filter((text) => text !== '') },
      { name: 'likes', valueType: 'set' },
    ],
  },
  { name: 'coupon', kind: 'kv', tags: [{ name: 'code', valueType: 'string' }] },
  {
    name: 'buy',
    kind: 'event',
    properties: [
      { name: 'shop', valueType: 'string' },
      { name: 'labels', valueType: 'set' },
    ],
  },
].reduce<Catalog>((catalog, json: JsonValue) => {
  const declared = declareTagType(catalog, json);
  if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
  return declared.value;
}, Catalog.empty);

/** A character in a pattern that is nothing else there. */
function hex(character: string): string {
  return `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** A place where a text can stand in a question, and who of those that have text n is meant by it. */
interface Place {
  readonly rule: (text: string) => JsonValue;
  readonly matches: (held: string, text: string) => boolean;
  /** Asked with what it finds: how much that is shows in the statement. */
  readonly isByValues?: boolean;
}

const equal = (held: string, text: string): boolean => held === text;
const buys = (where: JsonValue): JsonValue => ({ event: 'buy', where: [where], op: 'gte', value: 1 });
/** More than stand in an IN list. */
const many = Array.from({ length: 1_500 }, (_, index) => `${HARMLESS} ${index}`);

const PLACES: Readonly<Record<string, Place>> = {
  'a string tag, eq': { rule: (value) => ({ tag: 'city', op: 'eq', value }), matches: equal },
  'a string tag, in': {
    rule: (value) => ({ tag: 'city', op: 'in', value: [value, `${value}'`] }),
    matches: (held, text) => held === text || held === `${text}'`,
  },
  'a string tag, gte': {
    rule: (value) => ({ tag: 'city', op: 'gte', value }),
    matches: (held, text) => Buffer.compare(Buffer.from(held), Buffer.from(text)) >= 0,
  },
  'a string tag, contains': {
    rule: (value) => ({ tag: 'city', op: 'contains', value }),
    matches: (held, text) => held.includes(text),
  },
  'a string tag, startsWith': {
    rule: (value) => ({ tag: 'city', op: 'startsWith', value }),
    matches: (held, text) => held.startsWith(text),
  },
  'a string tag, endsWith': {
    rule: (value) => ({ tag: 'city', op: 'endsWith', value }),
    matches: (held, text) => held.endsWith(text),
  },
  'an enum tag, in': { rule: (value) => ({ tag: 'plan', op: 'in', value: [value] }), matches: equal },
  'a set tag, hasAny': { rule: (value) => ({ tag: 'likes', op: 'hasAny', value: [value] }), matches: equal },
  'a set tag, hasAll': { rule: (value) => ({ tag: 'likes', op: 'hasAll', value: [value] }), matches: equal },
  'a list of many': { rule: (value) => ({ tag: 'city', op: 'in', value: [value, ...many] }), matches: equal },
  'a pattern': {
    rule: (value) => ({
      tag: 'city',
      op: 'matches',
      value: value.replace(/[^\p{L}\p{M}\p{N}\p{Extended_Pictographic} ]/gu, hex),
    }),
    matches: (held, text) => held.includes(text),
    isByValues: true,
  },
  'a kv tag, eq': { rule: (value) => ({ tag: 'code', op: 'eq', value }), matches: equal },
  'a property, eq': { rule: (value) => buys({ property: 'shop', op: 'eq', value }), matches: equal },
  'a property of sets': { rule: (value) => buys({ property: 'labels', op: 'hasAny', value: [value] }), matches: equal },
  'a step of a sequence': {
    rule: (value) => ({
      sequence: [{ event: 'buy', where: [{ property: 'shop', op: 'eq', value }] }, { event: 'buy' }],
    }),
    // Each has bought once.
    matches: () => false,
  },
};

/** The root of the rule's plan; null: the rule is refused, with what is wrong. */
async function planned(rule: JsonValue): Promise<{ readonly root: PlanNode } | { readonly refused: string }> {
  const bound = await bindExpression(rule, { catalog: CATALOG, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) return { refused: JSON.stringify(bound.errors) };
  return { root: buildPlan(bound.value, { asOfMs: NOW_MS }).root };
}

describeWithStarrocks('Hostile texts in StarRocks', (starrocks) => {
  let pool: StarrocksPool;
  let engine: StarrocksEngine;
  let tables: readonly TableDefinition[];

  beforeAll(async () => {
    const { mysqlUrl, database } = starrocks();
    pool = new StarrocksPool({ urls: [mysqlUrl], database });
    engine = new StarrocksEngine({ pool, nowMs: () => NOW_MS });
    const options = {
      ...schemaDefaults(database),
      ...{ replication: 1, buckets: 1, bitmapBuckets: 1, eventDays: { back: 2, ahead: 2 } },
    };
    tables = tablesOf(CATALOG, options, { nowMs: NOW_MS, nextGuid: 1 });
    await pool.use((session) => applyMigration(session, { database, wanted: tables, nowMs: NOW_MS }, { pollMs: 10 }));
    await pool.write(
      `INSERT INTO sys_positions (sys_source, sys_begun, sys_next, sys_writer) VALUES (${textLiteral(SOURCE)}, 1, 1, ${textLiteral(WRITER)})`,
    );
    await store(inserts(), 1);
  }, 300_000);

  afterAll(async () => {
    await pool.close();
  });

  async function write(
    transport: LoadTransport,
    name: string,
    rows: readonly Readonly<Record<string, Cell>>[],
  ): Promise<void> {
    const table = tables.find((one) => one.name === name || one.name.endsWith(`_${name}`));
    const columns = Object.keys(rows[0] ?? {}).map((column): LoadColumn => {
      const type = table?.columns.find((one) => one.name === column)?.type;
      if (type === undefined) throw new Error(`no ${column} in ${name}`);
      return { name: column, type };
    });
    const cells = rows.map((row) => columns.map(({ name: column }) => row[column] ?? null));
    const load = {
      ...{ table: table?.name ?? name, columns, batch: `${name}'"\\;` },
      rows: cells.map((some) => ({ cells: some, source: SOURCE, records: [] })),
    };
    await transport.load(load, new Map([[SOURCE, WRITER]]));
  }

  /** Every text in every column that takes one; users from `firstGuid` on. */
  async function store(transport: LoadTransport, firstGuid: number): Promise<void> {
    const of = (rowOf: (text: string, guid: number) => Readonly<Record<string, Cell>>) =>
      TEXTS.map((text, index) => rowOf(text, firstGuid + index));
    await write(
      transport,
      'sys_users',
      of((text, guid) => ({ sys_guid: guid, sys_cuid: text === '' ? '-' : text })),
    );
    await write(
      transport,
      'person',
      of((text, guid) => ({
        sys_guid: guid,
        ...{ city: text, sys_t_city: NOW_MS, plan: text, sys_t_plan: NOW_MS, likes: [text], sys_t_likes: NOW_MS },
      })),
    );
    const tag = CATALOG.tag('code')?.id ?? 0;
    await write(
      transport,
      'coupon',
      of((text, guid) => ({ sys_tag: tag, sys_guid: guid, sys_text: text, sys_t: NOW_MS })),
    );
    await write(
      transport,
      'buy',
      of((text, guid) => ({ sys_guid: guid, sys_t: NOW_MS - HOUR_MS, sys_row: guid, shop: text, labels: [text] })),
    );
  }

  function inserts(): LoadTransport {
    return new InsertTransport(new SureStatements(pool, TIMEOUT_MS));
  }

  function streamLoads(): LoadTransport {
    const { httpUrls: urls, database } = starrocks();
    const client = new StreamLoadClient({ urls, user: 'root', password: '', database, timeoutMs: TIMEOUT_MS });
    const statements = new SureStatements(pool, TIMEOUT_MS);
    return new StreamLoadTransport({
      ...{ client, statements, claims: new SourceClaims(statements), closing: new AbortController().signal },
      takesPartialUpdates: () => true,
      onWait: (_table, error) => {
        throw error;
      },
    });
  }

  it('are stored by Stream Load as they are by INSERT', async () => {
    const firstGuid = 1_001;
    await store(streamLoads(), firstGuid);
    for (const table of ['sys_users', 'profile_1_person', 'kv_2_coupon', 'event_3_buy']) {
      const rows = await pool.rows(`SELECT * FROM ${table} ORDER BY sys_guid`);
      expect(rows).toHaveLength(2 * TEXTS.length);
      const withoutPlace = rows.map((row) => ({ ...row, sys_guid: null, sys_row: null }));
      expect(withoutPlace.slice(TEXTS.length)).toEqual(withoutPlace.slice(0, TEXTS.length));
      await pool.write(`DELETE FROM ${table} WHERE sys_guid >= ${firstGuid}`);
    }
  });

  it('are stored as they are', async () => {
    const stored = await pool.rows('SELECT sys_guid, city, plan FROM profile_1_person ORDER BY sys_guid');
    expect(stored.map(({ city, plan }) => [city, plan])).toEqual(TEXTS.map((text) => [text, text]));
    const users = await pool.rows('SELECT sys_cuid FROM sys_users ORDER BY sys_guid');
    expect(users.map(({ sys_cuid }) => sys_cuid)).toEqual(TEXTS.map((text) => (text === '' ? '-' : text)));
  });

  it.each(Object.entries(PLACES))('are found, and only they, in %s', async (_place, { rule, matches }) => {
    for (const text of [...TEXTS, HARMLESS]) {
      const plan = await planned(rule(text));
      if ('refused' in plan) {
        // Elsewhere every text is a value.
        expect({ text, isEnum: plan.refused.includes('notListed') }).toEqual({
          text: text === HARMLESS ? HARMLESS : '',
          isEnum: true,
        });
        continue;
      }
      const { counts } = await engine.counts([plan.root]);
      expect({ text, counts }).toEqual({ text, counts: [TEXTS.filter((held) => matches(held, text)).length] });
    }
  });

  it('are told by distributions, and of users', async () => {
    const [city, likes] = [CATALOG.tag('city'), CATALOG.tag('likes')];
    if (city === undefined || likes === undefined) throw new Error('no tags');
    const requests = [city, likes].map((tag) => ({ tag, validAfterMs: null }));
    const { tags } = await engine.distribution(universeNode(), requests, 100);
    const each = TEXTS.map((text) => [text, 1]).sort();
    for (const { values } of tags) expect(values.map(({ value, count }) => [value, count]).sort()).toEqual(each);
    const guids = TEXTS.map((_, index) => index + 1);
    expect(await new StarrocksUsers(pool).cuidsOf(guids)).toEqual(TEXTS.map((text) => (text === '' ? '-' : text)));
  });

  it('are names of lists', async () => {
    const known = async (cuids: readonly string[]): Promise<number[]> => cuids.map((cuid) => TEXTS.indexOf(cuid) + 1);
    const lists = new StarrocksLists(pool, engine, known, () => NOW_MS, 5_000);
    const made: [string, string][] = [];
    for (const text of TEXTS.filter((one) => one !== '')) {
      const { list, matched } = await lists.create(
        text,
        (async function* () {
          yield text;
        })(),
      );
      expect({ text, matched }).toEqual({ text, matched: 1 });
      made.push([list.id, text]);
    }
    const stored = await pool.rows('SELECT sys_list, sys_name FROM sys_list_names');
    expect(stored.map(({ sys_list: id, sys_name: name }) => [id, name]).sort()).toEqual(made.sort());
  });

  it('of a million characters are refused by the language, and by StarRocks or stored as they are', async () => {
    for (const [place, { rule }] of Object.entries(PLACES)) {
      const plan = await planned(rule(LONG_HOSTILE_TEXT));
      expect({ place, plan }).toMatchObject({
        plan: { refused: expect.stringMatching(/tooLong|bytes|notListed/) },
      });
      // Nor are they said back whole.
      expect(JSON.stringify(plan).length).toBeLessThan(2_000);
    }
    for (const [place, transport] of [inserts(), streamLoads()].entries()) {
      const guid = 2_000 + place;
      const row = { sys_guid: guid, city: LONG_HOSTILE_TEXT, sys_t_city: NOW_MS };
      const refusal: unknown = await write(transport, 'person', [row]).then(
        () => null,
        (error: unknown) => error,
      );
      const stored = await pool.rows(`SELECT city FROM profile_1_person WHERE sys_guid = ${guid}`);
      if (refusal === null) expect(stored).toEqual([{ city: LONG_HOSTILE_TEXT }]);
      else expect([refusal, stored]).toEqual([expect.any(UnfitRowsError), []]);
    }
  });

  it('have changed nothing else', async () => {
    const [users] = await pool.rows('SELECT count(*) AS users FROM sys_users');
    expect(Number(users?.['users'])).toBe(TEXTS.length);
    const [positions] = await pool.rows("SELECT count(*) AS positions FROM sys_positions WHERE sys_writer <> ''");
    expect(Number(positions?.['positions'])).toBeGreaterThan(0);
  });

  // Each statement is parsed, and whatever is said in it, it is made of the same.
  describeWithServer('in its grammar', StarrocksGrammar, (grammar) => {
    /** What a statement is made of, whatever its texts say. */
    async function kindsOf(sql: string): Promise<readonly string[]> {
      await grammar().check(sql);
      return (await grammar().tokens(sql)).map(({ name }) => name);
    }

    it.each(Object.entries(PLACES))(
      'a question is made of the same tokens whatever stands in %s',
      async (_place, { rule, isByValues = false }) => {
        const kinds = async (text: string): Promise<readonly string[]> => {
          const plan = await planned(rule(text));
          if ('refused' in plan) throw new Error(plan.refused);
          const { statements } = await engine.explain([plan.root]);
          return (await Promise.all(statements.map(kindsOf))).flat();
        };
        const expected = await kinds(USUAL);
        expect(expected).toContain('SINGLE_QUOTED_TEXT');
        // What is empty is asked otherwise, or not at all.
        for (const text of TEXTS.filter((one) => one !== '')) {
          const found = await kinds(text);
          if (!isByValues) expect({ text, found }).toEqual({ text, found: expected });
        }
      },
    );

    it('an INSERT is made of the same tokens', async () => {
      const types = ['varchar', 'strings'] as const;
      const columns = types.map((kind) => ({ name: kind, type: { kind, bytes: 100 } }));
      const statement = (text: string): string =>
        insertSql(
          't',
          columns,
          [rowSql(columns, { cells: [text, [text, text]], source: '', records: [] })],
          new Map([[text, text]]),
        );
      const expected = await kindsOf(statement(HARMLESS));
      for (const text of [...TEXTS, LONG_HOSTILE_TEXT]) expect(await kindsOf(statement(text))).toEqual(expected);
    });
  });
});
