import { Catalog } from './catalog';
import { autoDeclare, declareTagType, removeTagType } from './declare-tag-type';
import type { DeclarationChecks } from './declare-tag-type';
import { describeTagType } from './describe-tag-type';
import { findImpliedUses } from './find-implied-uses';

const customer = {
  name: 'customer',
  kind: 'profile',
  labels: { en: 'Customer', zh: '客户' },
  owner: 'crm',
  description: 'who they are',
  autoDeclare: true,
  tags: [
    {
      name: 'level',
      valueType: 'enum',
      values: ['bronze', 'gold'],
      labels: { en: 'Level' },
      valueLabels: { gold: { en: 'Gold', zh: '金' } },
      ttl: 'P1W',
      unit: '',
      owner: 'loyalty',
      description: 'loyalty level',
      group: 'loyalty/status',
      impliedConditions: [{ tag: 'is_deleted', op: 'eq', value: false }],
      quality: { maxNullRate: 0.5, range: [0, 10] },
      freshness: 'P1D',
    },
    { name: 'spend', valueType: 'decimal', scale: 2 },
    { name: 'is_deleted', valueType: 'bool' },
  ],
};
const visit = { name: 'visit', kind: 'event', retentionDays: 30, properties: [{ name: 'page', valueType: 'string' }] };

function declare(catalog: Catalog, json: unknown, checks?: DeclarationChecks): Catalog {
  const parsed = declareTagType(catalog, json, checks);
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.errors));
  }
  return parsed.value;
}

/** `path code` of every error. */
function errorsOf(json: unknown, catalog = Catalog.empty): readonly string[] {
  const parsed = declareTagType(catalog, json);
  return parsed.ok ? [] : parsed.errors.map(({ path, code }) => `${path} ${code}`);
}

const withTag = (extra: object, tag: object = { name: 'x', valueType: 'int' }): object => ({
  name: 't',
  kind: 'profile',
  tags: [{ ...tag, ...extra }],
});
const parse = (text: string): unknown => JSON.parse(text);

describe('declareTagType', () => {
  it('makes the next version of the catalogue and leaves the old one alone', () => {
    const first = declare(Catalog.empty, customer);
    const second = declare(first, visit);
    expect([Catalog.empty.version, first.version, second.version]).toEqual([0, 1, 2]);
    expect([first.nextFieldId, second.nextFieldId, second.nextTypeId]).toEqual([4, 5, 3]);
    expect(first.type('visit')).toBeUndefined();
    expect(second.type('visit')).toMatchObject({
      id: 2,
      kind: 'event',
      retentionDays: 30,
      version: 1,
      autoDeclare: false,
    });
    expect(second.tag('level')).toMatchObject({
      id: 1,
      typeId: 1,
      typeName: 'customer',
      kind: 'profile',
      ttlMs: 7 * 86_400_000,
      values: ['bronze', 'gold'],
      scale: 0,
      valueLabels: { gold: { en: 'Gold', zh: '金' } },
      freshness: 'P1D',
    });
    expect(second.tag('spend')).toMatchObject({ id: 2, scale: 2 });
    expect(second.tag('page')).toBeUndefined();
    expect(second.fieldById(4)).toMatchObject({ name: 'page', valueType: 'string' });
  });

  it('shows a type as it was declared, and that can be declared again', () => {
    const type = declare(Catalog.empty, customer).type('customer')!;
    const shown = describeTagType(type);
    expect(shown).toEqual({
      ...customer,
      version: 1,
      tags: [
        { ...customer.tags[0], ttl: 'P7D' },
        expect.objectContaining({
          name: 'spend',
          valueType: 'decimal',
          scale: 2,
          ttl: null,
          quality: null,
          freshness: null,
        }),
        expect.objectContaining({ name: 'is_deleted', labels: {}, impliedConditions: [] }),
      ],
    });
    const { version, ...again } = shown as { version: number };
    expect(version).toBe(1);
    expect(describeTagType(declare(Catalog.empty, again).type('customer')!)).toEqual(shown);
  });

  it('copies and freezes what was sent', () => {
    const json = structuredClone(customer);
    const tag = declare(Catalog.empty, json).tag('level')!;
    json.tags[0]!.values!.push('hacked');
    (json.tags[0]!.impliedConditions![0] as { op: string }).op = 'hacked';
    expect(tag.values).toEqual(['bronze', 'gold']);
    expect(tag.impliedConditions).toEqual([{ tag: 'is_deleted', op: 'eq', value: false }]);
    expect(Object.isFrozen(tag) && Object.isFrozen(tag.values) && Object.isFrozen(tag.impliedConditions[0])).toBe(true);
  });

  it('defaults: scale 4, no labels, no retention', () => {
    const catalog = declare(Catalog.empty, withTag({}, { name: 'x', valueType: 'decimal' }));
    expect(catalog.tag('x')).toMatchObject({ scale: 4, labels: {}, values: [], ttlMs: null, quality: null });
    expect(catalog.type('t')).toMatchObject({ autoDeclare: false, retentionDays: null, owner: '' });
  });

  it.each<[string, unknown, string[]]>([
    ['null', null, [' wrongType']],
    ['a list', [], [' wrongType']],
    ['nothing in it', {}, ['/name required', '/kind required']],
    ['no tags', { name: 't', kind: 'kv' }, ['/tags required']],
    ['no properties', { name: 't', kind: 'event' }, ['/properties required']],
    ['bad name', { ...visit, name: 'Visit' }, ['/name invalidName']],
    ['reserved name', { ...visit, name: 'sys_erase' }, ['/name invalidName']],
    ['number as name', { ...visit, name: 7 }, ['/name invalidName']],
    ['bad kind', { ...visit, kind: 'fact' }, ['/kind invalidKind']],
    ['unknown key', { ...visit, color: 1 }, ['/color unknownKey']],
    ['__proto__', parse('{"name":"t","kind":"event","properties":[],"__proto__":{"x":1}}'), ['/__proto__ unknownKey']],
    ['constructor', parse('{"name":"t","kind":"event","properties":[],"constructor":{}}'), ['/constructor unknownKey']],
    ['tags of an event', { ...visit, tags: [] }, ['/tags notAllowed']],
    ['properties of a profile', { ...customer, properties: [] }, ['/properties notAllowed']],
    ['retention of a profile', { ...customer, retentionDays: 3 }, ['/retentionDays notAllowed']],
    ['retention 0', { ...visit, retentionDays: 0 }, ['/retentionDays outOfRange']],
    ['retention 1.5', { ...visit, retentionDays: 1.5 }, ['/retentionDays outOfRange']],
    ['retention text', { ...visit, retentionDays: '30' }, ['/retentionDays wrongType']],
    ['autoDeclare text', { ...visit, autoDeclare: 'yes' }, ['/autoDeclare wrongType']],
    ['owner number', { ...visit, owner: 5 }, ['/owner wrongType']],
    ['long description', { ...visit, description: 'x'.repeat(4097) }, ['/description tooLong']],
    ['ill-formed owner', { ...visit, owner: '\ud800' }, ['/owner illFormed']],
    ['labels text', { ...visit, labels: 'x' }, ['/labels wrongType']],
    ['label number', { ...visit, labels: { en: 5 } }, ['/labels/en wrongType']],
    ['label language', { ...visit, labels: { 'en/us~': 'x' } }, ['/labels/en~1us~0 invalidLanguage']],
    ['label __proto__', { ...visit, labels: parse('{"__proto__":"x"}') }, ['/labels/__proto__ invalidLanguage']],
    ['properties object', { ...visit, properties: {} }, ['/properties wrongType']],
    ['property number', { ...visit, properties: [5] }, ['/properties/0 wrongType']],
    [
      'ttl of a property',
      { ...visit, properties: [{ name: 'x', valueType: 'int', ttl: 'P1D' }] },
      ['/properties/0/ttl unknownKey'],
    ],
    [
      'twice in an event',
      { ...visit, properties: [...visit.properties, ...visit.properties] },
      ['/properties/1/name duplicateName'],
    ],
  ])('refuses a type with %s', (_, json, errors) => {
    expect(errorsOf(json)).toEqual(errors);
  });

  it.each<[string, unknown, string[]]>([
    ['no value type', withTag({}, { name: 'x' }), ['/tags/0/valueType required']],
    ['no name', withTag({}, { valueType: 'int' }), ['/tags/0/name required']],
    ['unknown value type', withTag({ valueType: 'float' }), ['/tags/0/valueType invalidValueType']],
    ['prototype value type', withTag({ valueType: 'constructor' }), ['/tags/0/valueType invalidValueType']],
    ['name constructor', withTag({ name: 'constructor' }), ['/tags/0/name invalidName']],
    ['name __proto__', withTag({ name: '__proto__' }), ['/tags/0/name invalidName']],
    ['unknown key', withTag({ colour: 1 }), ['/tags/0/colour unknownKey']],
    ['scale of an int', withTag({ scale: 2 }), ['/tags/0/scale notAllowed']],
    ['scale 10', withTag({ valueType: 'decimal', scale: 10 }), ['/tags/0/scale outOfRange']],
    ['scale -1', withTag({ valueType: 'decimal', scale: -1 }), ['/tags/0/scale outOfRange']],
    ['scale text', withTag({ valueType: 'decimal', scale: '2' }), ['/tags/0/scale wrongType']],
    ['values of an int', withTag({ values: ['a'] }), ['/tags/0/values notAllowed']],
    ['enum without values', withTag({ valueType: 'enum' }), ['/tags/0/values required']],
    ['enum of no values', withTag({ valueType: 'enum', values: [] }), ['/tags/0/values required']],
    ['enum repeated', withTag({ valueType: 'enum', values: ['a', 'b', 'a'] }), ['/tags/0/values/2 duplicateValue']],
    ['enum of numbers', withTag({ valueType: 'enum', values: ['a', 1] }), ['/tags/0/values/1 wrongType']],
    [
      'label of a value not listed',
      withTag({ valueType: 'enum', values: ['a'], valueLabels: { b: { en: 'B' } } }),
      ['/tags/0/valueLabels/b notListed'],
    ],
    ['ttl of months', withTag({ ttl: 'P1M' }), ['/tags/0/ttl invalidDuration']],
    ['ttl number', withTag({ ttl: 5 }), ['/tags/0/ttl wrongType']],
    ['freshness', withTag({ freshness: 'daily' }), ['/tags/0/freshness invalidDuration']],
    ['quality text', withTag({ quality: 'good' }), ['/tags/0/quality wrongType']],
    ['quality __proto__', withTag({ quality: parse('{"__proto__":{}}') }), ['/tags/0/quality/__proto__ invalidName']],
    [
      'quality constructor',
      withTag({ quality: parse('{"constructor":{}}') }),
      ['/tags/0/quality/constructor invalidName'],
    ],
    ['implied object', withTag({ impliedConditions: {} }), ['/tags/0/impliedConditions wrongType']],
    ['implied text', withTag({ impliedConditions: ['x'] }), ['/tags/0/impliedConditions/0 wrongType']],
    [
      'two of a name',
      {
        name: 't',
        kind: 'kv',
        tags: [
          { name: 'x', valueType: 'int' },
          { name: 'x', valueType: 'int' },
        ],
      },
      ['/tags/1/name duplicateName'],
    ],
    [
      'many faults',
      withTag({ valueType: 'enum', values: [1], ttl: 'x', unit: 3 }),
      ['/tags/0/values/0 wrongType', '/tags/0/ttl invalidDuration', '/tags/0/unit wrongType'],
    ],
  ])('refuses a tag with %s', (_, json, errors) => {
    expect(errorsOf(json)).toEqual(errors);
  });

  it('keeps type names and tag names unique, property names only in their type', () => {
    const catalog = declare(declare(Catalog.empty, customer), visit);
    expect(errorsOf(visit, catalog)).toEqual(['/name nameTaken']);
    expect(errorsOf(withTag({ name: 'spend' }), catalog)).toEqual(['/tags/0/name nameTaken']);
    expect(
      errorsOf(
        {
          ...visit,
          name: 'click',
          properties: [
            { name: 'page', valueType: 'int' },
            { name: 'spend', valueType: 'int' },
          ],
        },
        catalog,
      ),
    ).toEqual([]);
    expect(errorsOf(withTag({ name: 'visit' }), catalog)).toEqual([]);
  });

  it('lets a value be called __proto__', () => {
    const json = parse(
      '{"name":"t","kind":"kv","tags":[{"name":"x","valueType":"enum","values":["__proto__"],"valueLabels":{"__proto__":{"en":"P"}}}]}',
    );
    const tag = declare(Catalog.empty, json).tag('x')!;
    expect(Object.entries(tag.valueLabels)).toEqual([['__proto__', { en: 'P' }]]);
    expect(Object.getPrototypeOf(tag.valueLabels)).toBe(Object.prototype);
  });

  it('has implied conditions checked against the catalogue as it will be', () => {
    const seen: unknown[] = [];
    const checks: DeclarationChecks = {
      impliedCondition(json, path, catalogAfter) {
        seen.push([json, path, catalogAfter.version, catalogAfter.tag('is_deleted')?.valueType]);
        return [{ path: `${path}/op`, code: 'unsuitable', message: 'no' }];
      },
    };
    expect(declareTagType(Catalog.empty, customer, checks)).toEqual({
      ok: false,
      errors: [{ path: '/tags/0/impliedConditions/0/op', code: 'unsuitable', message: 'no' }],
    });
    expect(seen).toEqual([[{ tag: 'is_deleted', op: 'eq', value: false }, '/tags/0/impliedConditions/0', 1, 'bool']]);
  });

  it('refuses JSON nested beyond reason without falling over', () => {
    const deep = parse(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`);
    expect(errorsOf(withTag({ quality: deep }))).toEqual([expect.stringContaining(' tooDeep')]);
  });

  it('reports at most 100 errors', () => {
    expect(errorsOf(withTag({ valueType: 'enum', values: Array.from({ length: 5000 }, () => 1) }))).toHaveLength(100);
  });

  it('refuses what the ids have no room for', () => {
    const full = new Catalog(9, 2 ** 32 - 1, 2 ** 16 - 1, []);
    expect(errorsOf(withTag({}), full)).toEqual([]);
    expect(
      errorsOf(
        {
          ...withTag({}),
          tags: [
            { name: 'x', valueType: 'int' },
            { name: 'y', valueType: 'int' },
          ],
        },
        full,
      ),
    ).toEqual([' tooMany']);
    expect(errorsOf(withTag({}), new Catalog(9, 1, 2 ** 16, []))).toEqual([' tooMany']);
  });
});

describe('removeTagType', () => {
  it('keeps what messages under way refer to by number', () => {
    const removed = removeTagType(declare(Catalog.empty, customer), 'customer');
    expect([removed.typeById(1)?.name, removed.fieldById(1)?.name]).toEqual(['customer', 'level']);
    expect(declare(removed, visit).typeById(1)?.name).toBe('customer');
  });

  it('never gives an id out again', () => {
    const before = declare(declare(Catalog.empty, customer), visit);
    const removed = removeTagType(before, 'customer');
    expect(removed.version).toBe(3);
    expect([removed.type('customer'), removed.tag('level')]).toEqual([undefined, undefined]);
    const again = declare(removed, customer);
    expect([again.type('customer')!.id, again.tag('level')!.id]).toEqual([3, 5]);
    expect(before.tag('level')!.id).toBe(1);
  });

  it('changes nothing for an unknown name', () => {
    const catalog = declare(Catalog.empty, visit);
    expect(removeTagType(catalog, '__proto__')).toBe(catalog);
  });

  it('can be preceded by a look at who relies on the type', () => {
    const flags = { name: 'flags', kind: 'profile', tags: [{ name: 'is_deleted', valueType: 'bool' }] };
    const deleted = { not: { tag: 'is_deleted', op: 'eq', value: true } };
    const bought = { event: 'visit', op: 'gte', value: 1 };
    let catalog = declare(declare(Catalog.empty, flags), visit);
    catalog = declare(catalog, withTag({ name: 'a', impliedConditions: [deleted] }));
    catalog = declare(catalog, { ...withTag({ name: 'b', impliedConditions: [{ and: [bought] }] }), name: 'u' });
    expect(findImpliedUses(catalog, 'flags').map((tag) => tag.name)).toEqual(['a']);
    expect(findImpliedUses(catalog, 'visit').map((tag) => tag.name)).toEqual(['b']);
    expect(findImpliedUses(catalog, 't')).toEqual([]);
  });
});

describe('autoDeclare', () => {
  const open = declare(declare(Catalog.empty, customer), { ...visit, autoDeclare: true });

  it('adds tags and properties', () => {
    const parsed = autoDeclare(open, 'customer', [
      { name: 'city', valueType: 'string' },
      { name: 'points', valueType: 'decimal' },
    ]);
    const catalog = parsed.ok ? parsed.value : open;
    expect(catalog.version).toBe(open.version + 1);
    expect(catalog.type('customer')).toMatchObject({ version: 2 });
    expect(catalog.tag('points')).toMatchObject({ valueType: 'decimal', scale: 4, id: 6 });
    const event = autoDeclare(catalog, 'visit', [{ name: 'seen', valueType: 'set' }]);
    expect(event.ok && event.value.type('visit')!.properties.map((property) => property.name)).toEqual([
      'page',
      'seen',
    ]);
  });

  it('skips what is there by now', () => {
    const parsed = autoDeclare(open, 'customer', [{ name: 'spend', valueType: 'string' }]);
    expect(parsed.ok && parsed.value).toBe(open);
  });

  it.each([
    ['nobody', 'x', ' unknownType'],
    ['visit', 'X', '/properties/0/name invalidName'],
    ['customer', 'taken', '/tags/0/name nameTaken'],
    ['other', 'x', ' notAllowed'],
  ])('refuses %s.%s', (typeName, name, error) => {
    const catalog = declare(open, { name: 'other', kind: 'kv', tags: [{ name: 'taken', valueType: 'int' }] });
    const parsed = autoDeclare(catalog, typeName, [{ name, valueType: 'bool' }]);
    expect(parsed.ok ? [] : parsed.errors.map(({ path, code }) => `${path} ${code}`)).toEqual([error]);
  });
});
