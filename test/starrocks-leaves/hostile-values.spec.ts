import { bindExpression, buildPlan, noReferences, ReferenceEngine, ReferenceStore } from '@tessera/audience';
import { Catalog, declareTagType, parseMessage } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import { compareLeaves, scanNodesOf } from './check-leaves';
import { StarrocksStore } from './starrocks-store';

const NOW_MS = Date.UTC(2026, 2, 15, 12);

const HOSTILE = [
  "'",
  '"',
  '\\',
  "\\'",
  "' OR 1 = 1 -- ",
  "\\' OR 1 = 1 #",
  '\0',
  'a\0b',
  '/* */',
  '; DROP TABLE sys_users; --',
  '`',
  '%',
  '_',
  '\n\r\t\b\u001a',
  '\u{1f600}',
  '\ud7ff\ue000',
  ' ends with blanks  ',
  ',',
  ';',
  ':',
  'é'.repeat(2_048),
  "'".repeat(4_096),
];

const TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'note', valueType: 'string' },
      { name: 'words', valueType: 'set' },
      { name: 'kind', valueType: 'enum', values: HOSTILE },
    ],
  },
  {
    name: 'loose',
    kind: 'kv',
    tags: [
      { name: 'loose_note', valueType: 'string' },
      { name: 'loose_words', valueType: 'set' },
    ],
  },
  {
    name: 'act',
    kind: 'event',
    properties: [
      { name: 'text', valueType: 'string' },
      { name: 'texts', valueType: 'set' },
    ],
  },
];

const CATALOG = TYPES.reduce<Catalog>((catalog, json) => {
  const declared = declareTagType(catalog, json);
  if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
  return declared.value;
}, Catalog.empty);

/** Matches texts that begin as the value does, in characters that have no meaning in a pattern. */
function patternOf(value: string): string {
  const characters = Array.from(value, (character) => `\\x{${character.codePointAt(0)?.toString(16) ?? ''}}`).slice(
    0,
    40,
  );
  return `^${characters.join('')}`;
}

/** Every place of an expression in which a text can stand. */
function rulesWith(value: string, all: readonly string[]): readonly JsonValue[] {
  const texts = ['eq', 'ne', 'gt', 'lte', 'contains', 'startsWith', 'endsWith'];
  const sets = ['hasAny', 'hasAll', 'hasNone'];
  const where = [
    ...texts.map((op) => ({ property: 'text', op, value })),
    ...sets.map((op) => ({ property: 'texts', op, value: [value] })),
    { property: 'text', op: 'in', value: all },
  ];
  return [
    ...texts.flatMap((op) => [
      { tag: 'note', op, value },
      { tag: 'loose_note', op, value },
    ]),
    { tag: 'kind', op: 'eq', value },
    { tag: 'note', op: 'in', value: [value, 'x'] },
    { tag: 'note', op: 'matches', value: patternOf(value) },
    ...sets.flatMap((op) => [
      { tag: 'words', op, value: [value] },
      { tag: 'loose_words', op, value: [value, 'x'] },
    ]),
    ...where.map((filter) => ({ event: 'act', where: [filter], op: 'gte', value: 1 })),
    { sequence: where.slice(0, 2).map((filter) => ({ event: 'act', where: [filter] })) },
  ];
}

describe('values that try to break out of the SQL', () => {
  let starrocks: StarrocksStore;
  const store = new ReferenceStore({ nowMs: () => NOW_MS });

  beforeAll(async () => {
    starrocks = await StarrocksStore.open();
    const bodies = HOSTILE.flatMap((value, index): JsonValue[] => [
      { header: { type: 'person', cuid: `u${index}` }, body: { note: value, words: [value, 'x'], kind: value } },
      { header: { type: 'loose', cuid: `u${index}` }, body: { loose_note: value, loose_words: [value] } },
      { header: { type: 'act', cuid: `u${index}`, time: '2026-03-01T00:00:00Z' }, body: { text: value } },
      { header: { type: 'act', cuid: `u${index}`, time: '2026-03-02T00:00:00Z' }, body: { text: 'x', texts: [value] } },
      {
        header: { type: 'act', cuid: 'everything', time: '2026-03-02T00:00:00Z' },
        body: { texts: [value, 'a,b', ','] },
      },
    ]);
    const messages = bodies.map((body) => {
      const parsed = parseMessage(CATALOG, body, NOW_MS);
      if (parsed.kind !== 'message') throw new Error(JSON.stringify(parsed));
      return parsed.message;
    });
    await store.apply({ arrivalMs: NOW_MS, messages });
    await starrocks.fill(CATALOG, store);
  });

  afterAll(async () => {
    await starrocks.close();
  });

  it.each(HOSTILE.map((value, index) => [index, value] as const))(
    'are compared as they are, text %i',
    async (_, value) => {
      const rules = [
        ...rulesWith(value, HOSTILE),
        { event: 'act', measure: { distinct: 'texts' }, op: 'eq', value: HOSTILE.length },
      ];
      const roots = await Promise.all(
        rules.map(async (rule) => {
          const bound = await bindExpression(rule, { catalog: CATALOG, references: noReferences, timeZone: 'UTC' });
          if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
          return buildPlan(bound.value, { asOfMs: NOW_MS, rewrites: false }).root;
        }),
      );
      const leaves = scanNodesOf(roots);
      expect(leaves.length).toBeGreaterThan(20);
      expect(await compareLeaves(starrocks, new ReferenceEngine(store), leaves, NOW_MS)).toEqual([]);
    },
  );

  it('find the users that have them', async () => {
    const bound = await bindExpression(
      { tag: 'note', op: 'eq', value: "' OR 1 = 1 -- " },
      { catalog: CATALOG, references: noReferences, timeZone: 'UTC' },
    );
    if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
    const { root } = buildPlan(bound.value, { asOfMs: NOW_MS });
    const { set } = await new ReferenceEngine(store).materialise(root);
    expect(set.size).toBe(1);
  });
});
