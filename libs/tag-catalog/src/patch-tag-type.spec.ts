import { Catalog } from './catalog';
import { declareTagType, patchTagType } from './declare-tag-type';
import type { DeclarationChecks } from './declare-tag-type';
import { describeTagType } from './describe-tag-type';

function must(parsed: ReturnType<typeof declareTagType>): Catalog {
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.errors));
  }
  return parsed.value;
}

const base = [
  {
    name: 'customer',
    kind: 'profile',
    labels: { en: 'Customer', zh: '客户' },
    owner: 'crm',
    tags: [
      {
        name: 'level',
        valueType: 'enum',
        values: ['bronze', 'gold'],
        valueLabels: { gold: { en: 'Gold' } },
        ttl: 'P7D',
        unit: 'u',
        impliedConditions: [{ all: true }],
        quality: { a: 1 },
        freshness: 'P1D',
      },
      { name: 'spend', valueType: 'decimal', scale: 2 },
    ],
  },
  { name: 'visit', kind: 'event', retentionDays: 30, properties: [{ name: 'page', valueType: 'string' }] },
].reduce((catalog, json) => must(declareTagType(catalog, json)), Catalog.empty);

const patch = (name: string, json: unknown, checks?: DeclarationChecks): Catalog =>
  must(patchTagType(base, name, json, checks));
const level = (json: object): object => ({ tags: [{ name: 'level', ...json }] });

describe('patchTagType', () => {
  it('adds fields after those there are, with new ids', () => {
    const catalog = patch('customer', { tags: [{ name: 'city', valueType: 'string' }] });
    expect(catalog.version).toBe(base.version + 1);
    expect(catalog.type('customer')).toMatchObject({
      id: 1,
      version: 2,
      owner: 'crm',
      labels: { en: 'Customer', zh: '客户' },
    });
    expect(catalog.type('customer')!.tags.map((tag) => [tag.id, tag.name])).toEqual([
      [1, 'level'],
      [2, 'spend'],
      [4, 'city'],
    ]);
    expect(catalog.nextFieldId).toBe(5);
    expect(catalog.type('visit')).toBe(base.type('visit'));
    expect(catalog.tag('level')).toEqual(base.tag('level'));
    const event = patch('visit', { properties: [{ name: 'ms', valueType: 'int' }] });
    expect(event.type('visit')).toMatchObject({
      retentionDays: 30,
      properties: [{ name: 'page' }, { name: 'ms', id: 4 }],
    });
    expect(base.type('customer')!.tags).toHaveLength(2);
  });

  it('adds enum values to those there are', () => {
    expect(patch('customer', level({ values: ['platinum'] })).tag('level')!.values).toEqual([
      'bronze',
      'gold',
      'platinum',
    ]);
    expect(patch('customer', level({ values: ['gold', 'diamond', 'bronze'] })).tag('level')!.values).toEqual([
      'bronze',
      'gold',
      'diamond',
    ]);
    expect(
      patch('customer', level({ values: ['platinum'], valueLabels: { platinum: { en: 'P' } } })).tag('level')!
        .valueLabels,
    ).toEqual({ gold: { en: 'Gold' }, platinum: { en: 'P' } });
  });

  it('lays labels over those there are; null takes one away', () => {
    expect(patch('customer', { labels: { zh: '顾客', fr: 'Client', en: null } }).type('customer')!.labels).toEqual({
      zh: '顾客',
      fr: 'Client',
    });
    expect(patch('customer', { labels: null }).type('customer')!.labels).toEqual({});
    expect(patch('customer', level({ valueLabels: { gold: null } })).tag('level')!.valueLabels).toEqual({});
    expect(patch('customer', level({ valueLabels: { gold: { zh: '金' } } })).tag('level')!.valueLabels).toEqual({
      gold: { en: 'Gold', zh: '金' },
    });
  });

  it('changes what is mentioned and keeps the rest', () => {
    const changed = patch('customer', {
      owner: 'sales',
      autoDeclare: true,
      ...level({ unit: 'v', group: 'g', ttl: 'P1D' }),
    });
    expect(changed.type('customer')).toMatchObject({ owner: 'sales', autoDeclare: true, description: '' });
    expect(changed.tag('level')).toMatchObject({
      id: 1,
      unit: 'v',
      group: 'g',
      ttlMs: 86_400_000,
      freshness: 'P1D',
      quality: { a: 1 },
    });
    const cleared = patch('customer', level({ ttl: null, quality: null, freshness: null, impliedConditions: [] }));
    expect(cleared.tag('level')).toMatchObject({
      ttlMs: null,
      quality: null,
      freshness: '',
      impliedConditions: [],
      unit: 'u',
    });
    expect(patch('visit', { retentionDays: null }).type('visit')!.retentionDays).toBeNull();
    expect(patch('visit', { retentionDays: 7 }).type('visit')!.retentionDays).toBe(7);
  });

  it('changes nothing for a change that changes nothing', () => {
    expect(patch('customer', {})).toBe(base);
    expect(
      patch('customer', {
        name: 'customer',
        kind: 'profile',
        owner: 'crm',
        ...level({ valueType: 'enum', values: ['gold'] }),
      }),
    ).toBe(base);
    const shown = Object.fromEntries(
      Object.entries(describeTagType(base.type('customer')!) as object).filter(([key]) => key !== 'version'),
    );
    expect(patch('customer', shown)).toBe(base);
  });

  it.each<[string, unknown, string[]]>([
    ['customer', null, [' wrongType']],
    ['nobody', {}, [' unknownType']],
    ['__proto__', {}, [' unknownType']],
    ['customer', { name: 'client' }, ['/name immutable']],
    ['customer', { kind: 'kv' }, ['/kind immutable']],
    ['customer', { version: 3 }, ['/version unknownKey']],
    ['customer', level({ valueType: 'string' }), ['/tags/0/valueType immutable']],
    ['customer', { tags: [{ name: 'spend', scale: 4 }] }, ['/tags/0/scale immutable']],
    ['customer', { tags: [{ name: 'spend', values: ['a'] }] }, ['/tags/0/values notAllowed']],
    ['customer', level({ values: ['a', 'a'] }), ['/tags/0/values/1 duplicateValue']],
    ['customer', level({ values: 'a' }), ['/tags/0/values wrongType']],
    ['customer', level({ nonsense: 1 }), ['/tags/0/nonsense unknownKey']],
    ['customer', { tags: [{ name: 'fresh' }] }, ['/tags/0/valueType required']],
    ['customer', { tags: [{ name: 'level' }, { name: 'level' }] }, ['/tags/1/name duplicateName']],
    ['customer', { properties: [{ name: 'x', valueType: 'int' }] }, ['/properties notAllowed']],
    ['customer', { retentionDays: 3 }, ['/retentionDays notAllowed']],
    ['visit', { tags: [] }, ['/tags notAllowed']],
    ['visit', { properties: [{ name: 'page', ttl: 'P1D' }] }, ['/properties/0/ttl unknownKey']],
  ])('refuses %s %j', (name, json, errors) => {
    const parsed = patchTagType(base, name, json);
    expect(parsed.ok ? [] : parsed.errors.map(({ path, code }) => `${path} ${code}`)).toEqual(errors);
  });

  it("refuses another type's tag", () => {
    const catalog = must(
      declareTagType(base, { name: 'other', kind: 'kv', tags: [{ name: 'theirs', valueType: 'int' }] }),
    );
    const parsed = patchTagType(catalog, 'customer', { tags: [{ name: 'theirs', valueType: 'int' }] });
    expect(parsed).toMatchObject({ ok: false, errors: [{ path: '/tags/0/name', code: 'nameTaken' }] });
  });

  it('has new implied conditions checked', () => {
    const checks: DeclarationChecks = { impliedCondition: (_, path) => [{ path, code: 'bad', message: 'bad' }] };
    const parsed = patchTagType(base, 'customer', level({ impliedConditions: [{ all: true }, { all: true }] }), checks);
    expect(parsed.ok ? [] : parsed.errors.map((error) => error.path)).toEqual([
      '/tags/0/impliedConditions/0',
      '/tags/0/impliedConditions/1',
    ]);
  });
});
