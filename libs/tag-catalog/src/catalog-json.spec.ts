import fc from 'fast-check';
import { Catalog } from './catalog';
import { CatalogFormatError, catalogFromJson, catalogToJson } from './catalog-json';
import { declareTagType, patchTagType, removeTagType } from './declare-tag-type';
import { VALUE_TYPES } from './value-type';

const labels = fc.dictionary(fc.constantFrom('en', 'zh', 'pt-BR'), fc.string());

const field = (isTag: boolean): fc.Arbitrary<object> =>
  fc
    .record({
      valueType: fc.constantFrom(...VALUE_TYPES),
      values: fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }),
      scale: fc.integer({ min: 0, max: 9 }),
      labels,
      description: fc.string(),
      ttl: fc.constantFrom(null, 'P1W', 'PT0.5S'),
      unit: fc.string(),
      quality: fc.constantFrom(null, { maxNullRate: 0.5, range: [0, null] }),
      freshness: fc.constantFrom(null, 'P1D'),
      impliedConditions: fc.array(fc.record({ tag: fc.string(), value: fc.jsonValue() }), { maxLength: 2 }),
    })
    .map(({ valueType, values, scale, labels: texts, description, ...tagParts }) => ({
      valueType,
      labels: texts,
      description,
      ...(valueType === 'enum' ? { values, valueLabels: { [values[0]!]: { en: 'first' } } } : {}),
      ...(valueType === 'decimal' ? { scale } : {}),
      ...(isTag ? tagParts : {}),
    }));

const declaration = fc.constantFrom('profile', 'kv', 'event').chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    labels,
    autoDeclare: fc.boolean(),
    ...(kind === 'event' ? { retentionDays: fc.option(fc.integer({ min: 1, max: 400 })) } : {}),
    [kind === 'event' ? 'properties' : 'tags']: fc.array(field(kind !== 'event'), { maxLength: 4 }),
  }),
);

function named(json: Record<string, unknown>, index: number): object {
  const key = json['kind'] === 'event' ? 'properties' : 'tags';
  const fields = json[key] as object[];
  return { name: `t${index}`, ...json, [key]: fields.map((item, at) => ({ name: `f${index}_${at}`, ...item })) };
}

function build(declarations: readonly Record<string, unknown>[]): Catalog {
  return declarations.reduce<Catalog>((catalog, json, index) => {
    const parsed = declareTagType(catalog, named(json, index));
    if (!parsed.ok) {
      throw new Error(JSON.stringify(parsed.errors));
    }
    return parsed.value;
  }, Catalog.empty);
}

function contentOf(catalog: Catalog): unknown {
  const { version, nextFieldId, nextTypeId, types, retiredTypes } = catalog;
  return { version, nextFieldId, nextTypeId, types, retiredTypes };
}

describe('the storage form of the catalogue', () => {
  it('survives JSON text, with every field type and after changes', () => {
    fc.assert(
      fc.property(fc.array(declaration, { maxLength: 4 }), fc.boolean(), (declarations, remove) => {
        let catalog = build(declarations);
        if (remove) {
          catalog = removeTagType(catalog, 't0');
        }
        const patched = patchTagType(catalog, 't1', { autoDeclare: true });
        catalog = patched.ok ? patched.value : catalog;
        const loaded = catalogFromJson(JSON.parse(JSON.stringify(catalogToJson(catalog))));
        expect(contentOf(loaded)).toEqual(contentOf(catalog));
        expect(JSON.stringify(catalogToJson(loaded))).toBe(JSON.stringify(catalogToJson(catalog)));
      }),
      { numRuns: 300 },
    );
  });

  it('is this', () => {
    const parsed = declareTagType(Catalog.empty, {
      name: 'visit',
      kind: 'event',
      properties: [{ name: 'ms', valueType: 'int' }],
    });
    expect(parsed.ok && catalogToJson(parsed.value)).toEqual({
      format: 1,
      version: 1,
      nextFieldId: 2,
      nextTypeId: 2,
      retiredTypes: [],
      types: [
        {
          id: 1,
          version: 1,
          fieldIds: [1],
          declaration: {
            name: 'visit',
            kind: 'event',
            labels: {},
            owner: '',
            description: '',
            autoDeclare: false,
            retentionDays: null,
            properties: [{ name: 'ms', valueType: 'int', labels: {}, description: '' }],
          },
        },
      ],
    });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'the root: expected an object'],
    ['a newer format', { format: 2 }, 'format is the number 2'],
    ['no version', { format: 1 }, '/version is missing'],
    ['an unknown key', { format: 1, more: 1 }, '/more'],
    ['types that are no list', stored({ types: {} }), '/types'],
    ['a broken declaration', stored({ types: [type({ declaration: { name: 'X' } })] }), '/types/0/declaration/name'],
    ['too few field ids', stored({ types: [type({ fieldIds: [] })] }), '/types/0/fieldIds'],
    ['a text as field id', stored({ types: [type({ fieldIds: ['1'] })] }), '/types/0/fieldIds'],
    ['a field id not given out yet', stored({ types: [type({ fieldIds: [7] })] }), 'field id 7'],
    ['a type id twice', stored({ types: [type({}), type({ fieldIds: [2] }, 'b')] }), 'type id 1 occurs twice'],
    ['a field id twice', stored({ types: [type({}), type({ id: 2 }, 'b')] }), 'field id 1 occurs twice'],
    ['a type name twice', stored({ types: [type({}), type({ id: 2, fieldIds: [2] })] }), 'type name "a" occurs twice'],
  ])('refuses %s', (_, json, message) => {
    expect(() => catalogFromJson(json)).toThrow(CatalogFormatError);
    expect(() => catalogFromJson(json)).toThrow(message);
  });
});

function stored(extra: object): object {
  return { format: 1, version: 5, nextFieldId: 5, nextTypeId: 5, types: [], ...extra };
}

function type(extra: object, name = 'a'): object {
  const declared = { name, kind: 'event', properties: [{ name: 'x', valueType: 'int' }] };
  return { id: 1, version: 1, fieldIds: [1], declaration: declared, ...extra };
}
