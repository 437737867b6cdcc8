import fc from 'fast-check';
import { parseValue } from '@tessera/tag-catalog';
import type { Guid, JsonValue, TagDefinition, TagValue } from '@tessera/tag-catalog';
import type { EventRow, UserView } from '../engine';
import { isMember } from '../membership';
import { buildPlan } from '../plan';
import { canonicalExpression, hashExpression } from './canonical-expression';
import { describeExpression } from './describe-expression';
import { bound, catalog } from './testing/bind-for-spec';

type Json = fc.Arbitrary<JsonValue>;

const TEXT = fc.constantFrom('', 'a', 'ab', 'b', '\u{1f600}', '\uff5e');
const DATE = fc.constantFrom('1996-02-29', '2000-03-01', '2026-02-28', '2026-03-01');
const INSTANT = fc.constantFrom('2026-02-28T00:00:00Z', '2026-03-01T08:00:00.000+08:00', '2026-03-01T11:59:59.5Z');
const DURATION = fc.constantFrom('P1D', 'PT36H', 'P1W', 'PT0.5S', 'P2DT12H');
const INT = fc.constantFrom(-1, 0, 1, 2, 3);
const DECIMAL = fc.constantFrom(-0.5, 0, 0.25, 1.25, 2);
const NEXT_DAYS = fc.record({ nextDays: fc.constantFrom(0, 1, 2, 365) });

function condition(ops: readonly string[], value: Json): Json {
  return fc.record({ op: fc.constantFrom(...ops), value });
}

function ordered(value: fc.Arbitrary<number | string>): readonly Json[] {
  const pair = fc.tuple(value, value).map(([left, right]) => (left <= right ? [left, right] : [right, left]));
  return [
    condition(['eq', 'ne', 'gt', 'gte', 'lt', 'lte'], value),
    condition(['in', 'notIn'], fc.array(value, { minLength: 1, maxLength: 4 })),
    condition(['between'], pair),
  ];
}

const EXISTS: Json = fc.oneof(fc.constant({ op: 'exists' }), condition(['exists'], fc.boolean()));

function temporal(value: fc.Arbitrary<string>): readonly Json[] {
  return [
    ...ordered(value),
    condition(['before', 'after'], value),
    condition(['withinLast'], DURATION),
    condition(['anniversary'], NEXT_DAYS),
  ];
}

/** Conditions by value type; strings in `between` stay in the part where all orders agree. */
const CONDITIONS = {
  bool: [condition(['eq', 'ne'], fc.boolean())],
  int: ordered(INT),
  decimal: ordered(DECIMAL),
  string: [
    ...ordered(fc.constantFrom('', 'a', 'ab', 'b')),
    condition(['in'], fc.array(TEXT, { minLength: 1, maxLength: 4 })),
    condition(['contains', 'startsWith', 'endsWith'], TEXT),
    condition(['matches'], fc.constantFrom('^a', 'b$', '[ab]{2}', '.')),
  ],
  date: temporal(DATE),
  datetime: temporal(fc.constantFrom('2026-02-28T00:00:00Z', '2026-02-28T23:30:00Z', '2026-03-01T00:00:00Z')),
  set: [
    condition(
      ['hasAny', 'hasAll', 'hasNone'],
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
    ),
  ],
} as const;

const TAGS = [
  ['vip_flag', 'bool'],
  ['level', 'int'],
  ['spend', 'decimal'],
  ['name', 'string'],
  ['birthday', 'date'],
  ['last_seen', 'datetime'],
  ['interests', 'set'],
  ['plan_name', 'string'],
  ['trial_ends', 'date'],
] as const;

const PROPERTIES = [
  ['gift', 'bool'],
  ['quantity', 'int'],
  ['amount', 'decimal'],
  ['invoice', 'string'],
  ['ship_on', 'date'],
  ['paid_at', 'datetime'],
  ['labels', 'set'],
] as const;

function merged(...parts: readonly Json[]): Json {
  return fc
    .tuple(...parts)
    .map((values) => Object.assign({}, ...values.map((value) => Object(value) as object)) as JsonValue);
}

const TAG: Json = fc.oneof(
  ...TAGS.map(([tag, type]) =>
    merged(
      fc.constant({ tag }),
      fc.oneof(...CONDITIONS[type], EXISTS),
      fc.constantFrom<JsonValue>({}, { onMissing: 'include' }, { onMissing: 'exclude' }),
    ),
  ),
);

const FILTER: Json = fc.oneof(
  ...PROPERTIES.map(([property, type]) => merged(fc.constant({ property }), fc.oneof(...CONDITIONS[type], EXISTS))),
);

const WHERE: Json = fc.oneof(fc.constant({}), fc.record({ where: fc.array(FILTER, { maxLength: 3 }) }));

const WINDOW: Json = fc.oneof(
  fc.constant({}),
  fc.record({
    window: fc.oneof<Json[]>(
      fc.record({ last: DURATION }),
      fc.record({ from: INSTANT }),
      fc.record({ to: INSTANT }),
      fc.constant({ from: '2026-02-28T00:00:00Z', to: '2026-03-01T00:00:00Z' }),
      fc.record({ calendar: fc.constantFrom('day', 'week', 'month'), offset: fc.constantFrom(0, -1, -2) }),
      fc.constant({ calendar: 'day', offset: -1, timeZone: 'Europe/Berlin' }),
    ),
  }),
);

const NUMBER_OPERATORS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'];

function measured(measures: readonly JsonValue[], conditions: Json): Json {
  return merged(fc.record({ measure: fc.constantFrom(...measures) }), conditions);
}

function compared(value: fc.Arbitrary<number>): Json {
  const [, , between] = ordered(value);
  return fc.oneof(condition(NUMBER_OPERATORS, value), ...(between === undefined ? [] : [between]));
}

const MEASURED: Json = fc.oneof(
  condition(NUMBER_OPERATORS, fc.nat(3)),
  measured([{ count: '*' }, { distinct: 'invoice' }, { distinct: 'labels' }], compared(fc.nat(3))),
  measured(
    [{ sum: 'amount' }, { avg: 'amount' }, { avg: 'quantity' }, { min: 'amount' }, { max: 'amount' }],
    compared(DECIMAL),
  ),
  measured([{ sum: 'quantity' }, { min: 'quantity' }], compared(INT)),
  measured([{ min: 'ship_on' }, { max: 'ship_on' }], fc.oneof(...CONDITIONS.date, EXISTS)),
  measured([{ firstTime: '*' }, { lastTime: '*' }, { max: 'paid_at' }], fc.oneof(...CONDITIONS.datetime, EXISTS)),
);

const EVENT: Json = merged(fc.constant({ event: 'order_paid' }), WHERE, MEASURED, WINDOW);

const STEP: Json = fc.oneof(fc.constant({ event: 'visit' }), merged(fc.constant({ event: 'order_paid' }), WHERE));

const SEQUENCE: Json = merged(
  fc.record({ sequence: fc.array(STEP, { minLength: 2, maxLength: 3 }) }),
  fc.oneof(fc.constant({}), fc.record({ within: DURATION })),
  WINDOW,
);

/** Valid expressions over the small shop, without references and parameters; shrinks to its smallest part. */
function randomExpression(): Json {
  const { node } = fc.letrec<{ node: JsonValue }>((tie) => {
    const children = fc.array(tie('node'), { minLength: 1, maxLength: 4 });
    return {
      node: fc.oneof(
        { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
        TAG,
        EVENT,
        SEQUENCE,
        fc.constant({ all: true }),
        fc.record({ and: children }),
        fc.record({ or: children }),
        fc.record({ not: tie('node') }),
        fc.tuple(children, fc.nat(3)).map(([of, k]) => ({ atLeast: (k % of.length) + 1, of })),
      ),
    };
  });
  return node;
}

const AS_OF_MS = Date.parse('2026-03-01T12:00:00Z');

const VALUES: ReadonlyMap<string, readonly JsonValue[]> = new Map<string, readonly JsonValue[]>([
  ['bool', [true, false]],
  ['int', [-1, 0, 1, 2, 3]],
  ['decimal', [-0.5, 0, 1.25, 2]],
  ['string', ['', 'a', 'ab', 'b', '\u{1f600}', '\uff5e']],
  ['enum', ['beijing', 'shanghai']],
  ['date', ['1996-02-29', '2000-03-01', '2026-02-27', '2026-03-01']],
  ['datetime', ['2000-03-01T00:00:00Z', '2026-02-28T23:30:00Z', '2026-03-01T11:59:59Z']],
  ['set', [[], ['a'], ['a', 'b']]],
]);

/** A user with random values and rows; what the membership evaluation needs of a view. */
function randomUser(pick: (choices: number) => number): UserView {
  const value = (tag: {
    valueType: TagDefinition['valueType'];
    scale: number;
    values: readonly string[];
  }): TagValue | undefined => {
    const choices = tag.valueType === 'enum' ? tag.values : (VALUES.get(tag.valueType) ?? []);
    const index = pick(choices.length + 1);
    if (index === choices.length) return undefined;
    const parsed = parseValue(tag, choices[index]);
    return parsed.ok ? parsed.value : undefined;
  };
  const tags = new Map([...catalog.tags].map((tag) => [tag.name, value(tag)]));
  const rows = new Map(
    catalog.types.map((type) => [
      type.name,
      Array.from({ length: pick(4) }, (): EventRow => {
        const properties = new Map<number, TagValue>();
        for (const property of type.properties) {
          const held = value(property);
          if (held !== undefined) properties.set(property.id, held);
        }
        return { timeMs: AS_OF_MS - pick(5) * 43_200_000, properties };
      }).sort((left, right) => left.timeMs - right.timeMs),
    ]),
  );
  return {
    guid: 1 as Guid,
    cuid: 'user',
    tagValue: (tag) => {
      const held = tags.get(tag.name);
      return held === undefined ? undefined : { value: held, timeMs: 0 };
    },
    tagStates: () => [],
    events: (type, fromMs, toMs) =>
      (rows.get(type.name) ?? []).filter((row) => (fromMs === null || row.timeMs >= fromMs) && row.timeMs < toMs),
    inList: () => false,
    inSnapshot: () => false,
  };
}

describe('random expressions', () => {
  it('the canonical form binds, has the same hash and the same members', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomExpression(),
        fc.constantFrom('UTC', 'Asia/Tokyo', 'America/New_York'),
        fc.infiniteStream(fc.nat()),
        async (json, timeZone, naturals) => {
          const node = await bound(json, { timeZone });
          const form = canonicalExpression(node);
          const again = await bound(form, { timeZone });
          expect(canonicalExpression(again)).toEqual(form);
          expect(hashExpression(again)).toBe(hashExpression(node));
          expect(describeExpression(node).length).toBeGreaterThan(0);
          const options = { asOfMs: AS_OF_MS, rewrites: false };
          const plans = [buildPlan(node, options).root, buildPlan(again, options).root] as const;
          for (let round = 0; round < 8; round += 1) {
            const user = randomUser((choices) => (naturals.next().value ?? 0) % choices);
            expect(isMember(plans[1], user)).toBe(isMember(plans[0], user));
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('shuffling groups and lists keeps the hash', async () => {
    await fc.assert(
      fc.asyncProperty(randomExpression(), fc.nat(), async (json, seed) => {
        let state = seed;
        const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
        const shuffled = shuffle(json, next);
        expect(hashExpression(await bound(shuffled))).toBe(hashExpression(await bound(json)));
      }),
      { numRuns: 300 },
    );
  });
});

/** Puts keys, children, filters and list values into another order; steps and bounds keep theirs. */
function shuffle(json: JsonValue, next: () => number): JsonValue {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const entries = Object.entries(json).map(([key, value]: [string, JsonValue]): [string, JsonValue] => {
    if (key === 'sequence' && Array.isArray(value)) return [key, value.map((step: JsonValue) => shuffle(step, next))];
    const isOrdered = key === 'value' && 'op' in json && json['op'] === 'between';
    if (Array.isArray(value) && !isOrdered) {
      const elements = value.map((element: JsonValue) => shuffle(element, next));
      return [
        key,
        elements
          .map((element) => [next(), element] as const)
          .sort(([a], [b]) => a - b)
          .map(([, element]) => element),
      ];
    }
    return [key, shuffle(value, next)];
  });
  return Object.fromEntries(
    entries
      .map((entry) => [next(), entry] as const)
      .sort(([a], [b]) => a - b)
      .map(([, entry]) => entry),
  );
}
