import Ajv2020 from 'ajv/dist/2020';
import { Catalog, declareTagType } from '@tessera/tag-catalog';
import { EXPRESSION_EXAMPLES } from './expression-examples';
import { expressionSchema } from './expression-schema';
import { audienceOf, fixedReferences } from './testing/shop-catalog';
import { bound } from './testing/bind-for-spec';

const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: false }).compile(
  Object(expressionSchema()) as object,
);

const ALL = { all: true };
const LEVEL = { tag: 'level', op: 'eq', value: 1 };
const EVENT = { event: 'order_paid', op: 'gte', value: 1 };

function exampleCatalog(): Catalog {
  let catalog = Catalog.empty;
  const tag = (name: string, valueType: string): object => ({ name, valueType });
  for (const declaration of [
    {
      name: 'customer',
      kind: 'profile',
      tags: [
        tag('city', 'string'),
        tag('level', 'int'),
        tag('name', 'string'),
        tag('birthday', 'date'),
        tag('last_seen', 'datetime'),
        tag('interests', 'set'),
        tag('email', 'string'),
      ],
    },
    { name: 'order_paid', kind: 'event', properties: [tag('category', 'string'), tag('amount', 'decimal')] },
    { name: 'visit', kind: 'event', properties: [] },
  ]) {
    const declared = declareTagType(catalog, declaration);
    if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
    catalog = declared.value;
  }
  return catalog;
}

describe('the published schema', () => {
  const examples = Object.entries(EXPRESSION_EXAMPLES).flatMap(([kind, list]) =>
    list.map((json) => [kind, json] as const),
  );

  it.each(examples)('its example of %s is valid and binds: %j', async (kind, json) => {
    expect(validate(json)).toBe(true);
    const references = fixedReferences([audienceOf('vip', ALL, { version: 3 })], ['upload_20261101'], ['vip@3']);
    const node = await bound(json, { catalog: exampleCatalog(), references, params: { minimum_spend: 5 } });
    expect(node.kind).toBe(kind);
  });

  it('has an example of each kind and is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(expressionSchema()))).toEqual(expressionSchema());
    expect(Object.values(EXPRESSION_EXAMPLES).every((list) => list.length > 0)).toBe(true);
  });

  it.each<[unknown]>([
    [{ atLeast: { param: 'k' }, of: [ALL, ALL] }],
    [{ tag: 'level', op: 'in', value: { param: 'x' } }],
    [{ tag: 'level', op: 'in', value: [1, { param: 'x' }] }],
    [{ tag: 'level', op: 'between', value: [{ param: 'x' }, 5] }],
    [{ tag: 'birthday', op: 'anniversary', value: { nextDays: { param: 'x' } } }],
    [{ ...EVENT, window: { calendar: 'week', offset: 0 } }],
    [{ event: 'visit', measure: { lastTime: '*' }, op: 'exists' }],
    [{ list: { param: 'l' } }],
    [{ audience: 'vip', version: { param: 'v' } }],
    [{ tag: 'level', op: 'in', value: Array.from({ length: 100_000 }, () => 1) }],
  ])('accepts %#', (json) => {
    expect(validate(json)).toBe(true);
  });

  it.each<[unknown]>([
    [null],
    ['x'],
    [[]],
    [{}],
    [{ id: 'x' }],
    [{ ...ALL, ...LEVEL }],
    [{ and: [ALL], or: [ALL] }],
    [{ ...ALL, extra: 1 }],
    [JSON.parse('{"all": true, "__proto__": 1}')],
    [{ ...ALL, constructor: 1 }],
    [{ all: false }],
    [{ and: [] }],
    [{ and: ALL }],
    [{ not: [ALL] }],
    [{ atLeast: 0, of: [ALL] }],
    [{ atLeast: 1.5, of: [ALL] }],
    [{ of: [ALL] }],
    [{ all: true, id: '' }],
    [{ all: true, id: 5 }],
    [{ tag: 'level', value: 1 }],
    [{ tag: 'level', op: 'eq' }],
    [{ tag: 'Level', op: 'eq', value: 1 }],
    [{ tag: 'level', op: 'equals', value: 1 }],
    [{ tag: 'level', op: 'eq', value: null }],
    [{ tag: 'level', op: 'eq', value: [1] }],
    [{ tag: 'level', op: 'in', value: [] }],
    [{ tag: 'level', op: 'in', value: 1 }],
    [{ tag: 'level', op: 'in', value: Array.from({ length: 100_001 }, () => 1) }],
    [{ tag: 'level', op: 'between', value: [1] }],
    [{ tag: 'level', op: 'exists', value: 'yes' }],
    [{ tag: 'level', op: 'withinLast', value: 'P1M' }],
    [{ tag: 'level', op: 'withinLast', value: 'P' }],
    [{ tag: 'level', op: 'withinLast', value: 'PT' }],
    [{ tag: 'level', op: 'anniversary', value: { nextDays: 366 } }],
    [{ tag: 'level', op: 'anniversary', value: { nextDays: 1, more: 1 } }],
    [{ ...LEVEL, onMissing: 'maybe' }],
    [{ ...LEVEL, window: { last: 'P1D' } }],
    [{ ...LEVEL, value: { param: 5 } }],
    [{ ...LEVEL, value: { param: 'x', default: 1 } }],
    [{ event: 'order_paid', value: 1 }],
    [{ ...EVENT, where: [{ property: 'amount', op: 'eq' }] }],
    [{ ...EVENT, where: [{ property: 'amount', op: 'eq', value: 1, more: 1 }] }],
    [{ ...EVENT, where: Array.from({ length: 1_001 }, () => ({ property: 'amount', op: 'exists' })) }],
    [{ ...EVENT, measure: { count: '*', sum: 'amount' } }],
    [{ ...EVENT, measure: { count: 'amount' } }],
    [{ ...EVENT, measure: {} }],
    [{ ...EVENT, window: {} }],
    [{ ...EVENT, window: { last: 'P1D', from: '2026-01-01T00:00:00Z' } }],
    [{ ...EVENT, window: { from: '2026-01-01' } }],
    [{ ...EVENT, window: { calendar: 'year', offset: 0 } }],
    [{ ...EVENT, window: { calendar: 'day', offset: 1 } }],
    [{ ...EVENT, window: { calendar: 'day' } }],
    [{ sequence: [{ event: 'visit' }] }],
    [{ sequence: Array.from({ length: 11 }, () => ({ event: 'visit' })) }],
    [{ sequence: [{ event: 'visit' }, { event: 'visit', op: 'eq' }] }],
    [{ audience: 'vip', version: 0 }],
    [{ audience: 'vip', mode: 'frozen' }],
    [{ audience: 'vip', mode: 'snapshot', params: {} }],
    [{ list: '' }],
  ])('refuses %#', (json) => {
    expect(validate(json)).toBe(false);
  });
});
