import { bindExpression, noReferences } from './bind-expression';
import { bound, catalog, errorsOf, refusals } from './testing/bind-for-spec';

const ALL = { all: true };
const VIP = { tag: 'vip_flag', op: 'eq', value: true };

describe('kinds of nodes', () => {
  it('binds nested combinators with places, ids and values', async () => {
    const expression = await bound({
      and: [ALL, { not: VIP, id: 'no vip' }, { atLeast: 2, of: [ALL, VIP, ALL] }, { or: [VIP] }],
      id: 'root',
    });
    expect(expression).toMatchObject({
      kind: 'and',
      path: '',
      id: 'root',
      children: [
        { kind: 'all', path: '/and/0', id: null },
        { kind: 'not', path: '/and/1', id: 'no vip', child: { kind: 'tag', path: '/and/1/not', onMissing: 'exclude' } },
        {
          kind: 'atLeast',
          path: '/and/2',
          atLeast: 2,
          children: [{ path: '/and/2/of/0' }, { path: '/and/2/of/1' }, {}],
        },
        { kind: 'or', path: '/and/3', children: [{ path: '/and/3/or/0' }] },
      ],
    });
  });

  it.each<[unknown, string[]]>([
    [null, [' wrongType']],
    [undefined, [' wrongType']],
    ['all', [' wrongType']],
    [[ALL], [' wrongType']],
    [{}, [' noKind']],
    [{ id: 'x' }, [' noKind']],
    [{ param: 'x' }, [' noKind']],
    [{ and: [ALL], or: [ALL] }, [' severalKinds']],
    [{ tag: 'level', event: 'visit', op: 'eq', value: 1 }, [' severalKinds']],
    [{ all: true, extra: 1 }, ['/extra unknownKey']],
    [{ all: true, value: 1 }, ['/value unknownKey']],
    [{ all: true, of: [] }, ['/of unknownKey']],
    [{ all: true, 'a/b~c': 1 }, ['/a~1b~0c unknownKey']],
    [JSON.parse('{"all": true, "__proto__": {"x": 1}}'), ['/__proto__ unknownKey']],
    [{ all: true, constructor: 1 }, ['/constructor unknownKey']],
    [JSON.parse('{"__proto__": {"all": true}}'), [' noKind']],
    [{ all: false }, ['/all wrongType']],
    [{ all: 1 }, ['/all wrongType']],
    [{ and: [] }, ['/and emptyList']],
    [{ or: [] }, ['/or emptyList']],
    [{ and: {} }, ['/and wrongType']],
    [{ and: [ALL, 7, { or: 'x' }] }, ['/and/1 wrongType', '/and/2/or wrongType']],
    [{ not: [ALL] }, ['/not wrongType']],
    [{ atLeast: 1 }, ['/of missingKey']],
    [{ of: [ALL] }, [' noKind']],
    [{ atLeast: 0, of: [ALL] }, ['/atLeast outOfRange']],
    [{ atLeast: 2, of: [ALL] }, ['/atLeast outOfRange']],
    [{ atLeast: 1.5, of: [ALL, ALL] }, ['/atLeast outOfRange']],
    [{ atLeast: '1', of: [ALL] }, ['/atLeast wrongType']],
    [{ atLeast: 1, of: [] }, ['/of emptyList']],
    [{ all: true, id: 5 }, ['/id invalidId']],
    [{ all: true, id: '' }, ['/id invalidId']],
    [{ all: true, id: 'x'.repeat(129) }, ['/id invalidId']],
    [{ all: true, id: '\ud800' }, ['/id invalidId']],
  ])('refuses %j', async (json, expected) => {
    expect(await refusals(json)).toEqual(expected);
  });

  it('accepts atLeast of all and ids of 128 characters', async () => {
    expect(await bound({ atLeast: 2, of: [ALL, ALL], id: 'x'.repeat(128) })).toMatchObject({ atLeast: 2 });
  });

  it('reports all that is wrong, each at its place', async () => {
    const json = {
      and: [
        { tag: 'nope', op: 'eq', value: 1 },
        { tag: 'level', op: 'contains', value: 'x', onMissing: 'maybe', more: 1 },
        { or: [{ event: 'visit', where: [{ property: 'pag', op: 'eq', value: 5 }], op: 'eq', value: -1, window: {} }] },
      ],
    };
    expect([...(await refusals(json))].sort()).toEqual(
      [
        '/and/0/tag unknownTag',
        '/and/1/more unknownKey',
        '/and/1/onMissing wrongType',
        '/and/1/op operatorNotAllowed',
        '/and/2/or/0/where/0/property unknownProperty',
        '/and/2/or/0/window noForm',
        '/and/2/or/0/value outOfRange',
      ].sort(),
    );
  });

  it('suggests the kind that was probably meant', async () => {
    expect((await errorsOf({ adn: [ALL] }))[0]?.message).toContain('Did you mean "and"?');
    expect((await errorsOf({ param: 'x' }))[0]?.message).toContain('stands for a value, not for a node');
  });
});

describe('tag nodes', () => {
  it.each<[object, string[]]>([
    [{ tag: 'level', value: 1 }, [' missingKey']],
    [{ tag: 'level', op: 'eq' }, ['/value missingKey']],
    [{ tag: 5, op: 'eq', value: 1 }, ['/tag wrongType']],
    [{ tag: 'level', op: 5, value: 1 }, ['/op wrongType']],
    [{ tag: 'level', op: 'eg', value: 1 }, ['/op unknownOperator']],
    [{ tag: 'level', op: '__proto__', value: 1 }, ['/op unknownOperator']],
    [{ tag: '__proto__', op: 'eq', value: 1 }, ['/tag unknownTag']],
    [{ tag: 'constructor', op: 'eq', value: 1 }, ['/tag unknownTag']],
    [{ tag: 'level', op: 'eq', value: 1, onMissing: null }, ['/onMissing wrongType']],
    [{ tag: 'level', op: 'eq', value: 1, window: { last: 'P1D' } }, ['/window unknownKey']],
    [{ tag: 'level', op: 'eq', value: 1, timeZone: 'UTC' }, ['/timeZone unknownKey']],
  ])('refuses %j', async (json, expected) => {
    expect(await refusals(json)).toEqual(expected);
  });

  it.each([
    [{ tag: 'levle', op: 'eq', value: 1 }, 'Did you mean "level"?'],
    [{ tag: 'order_paid', op: 'eq', value: 1 }, 'It is an event: write {"event": "order_paid"'],
    [{ tag: 'amount', op: 'eq', value: 1 }, 'It is a property of the event "order_paid"'],
    [{ tag: 'customer', op: 'eq', value: 1 }, 'It is a tag type; its tags are vip_flag'],
    [{ tag: 'level', op: 'gtee', value: 1 }, 'Did you mean "gte"?'],
    [{ event: 'level', op: 'eq', value: 1 }, 'It is a tag: write {"tag": "level"'],
    [{ event: 'order_piad', op: 'eq', value: 1 }, 'Did you mean "order_paid"?'],
    [{ event: 'customer', op: 'eq', value: 1 }, 'It is a tag type of kind profile'],
    [{ event: 'visit', measure: { distinct: 'amount' }, op: 'eq', value: 1 }, 'The event "order_paid" has it'],
    [{ event: 'visit', measure: { distinct: 'pge' }, op: 'eq', value: 1 }, 'Did you mean "page"?'],
    [
      { event: 'visit', measure: { distinct: 'level' }, op: 'eq', value: 1 },
      'It is a tag, which is tested by a tag node',
    ],
  ])('says what was probably meant in %j', async (json, hint) => {
    expect((await errorsOf(json))[0]?.message).toContain(hint);
  });

  it('carries the implied conditions of its tag, not expanded in turn', async () => {
    const expression = await bound({ tag: 'plan_name', op: 'eq', value: 'pro' });
    expect(expression).toMatchObject({
      implied: [{ kind: 'tag', path: '', onMissing: 'include', tag: { name: 'is_deleted' }, implied: [] }],
    });
    const zoned = await bound({ tag: 'trial_ends', op: 'exists' }, { timeZone: 'Asia/Shanghai' });
    expect(zoned).toMatchObject({ implied: [{ kind: 'event', window: { timeZone: 'Asia/Shanghai' } }] });
  });
});

describe('the request', () => {
  it('refuses a zone that is none and parameters that are no object, at their own places', async () => {
    expect(await refusals(ALL, { timeZone: 'Mars/Olympus' })).toEqual(['/timeZone unknownTimeZone']);
    expect(await refusals(ALL, { timeZone: '+08:00' })).toEqual(['/timeZone unknownTimeZone']);
    expect(await refusals(ALL, { params: [1] })).toEqual(['/params wrongType']);
    expect(await refusals(ALL, { params: null })).toEqual(['/params wrongType']);
  });

  it('never throws for anything that JSON can hold', async () => {
    for (const json of [
      0,
      '',
      true,
      [],
      [[]],
      { and: [[]] },
      { tag: {} },
      { event: [] },
      { sequence: {} },
      { list: {} },
    ]) {
      const parsed = await bindExpression(json, { catalog, references: noReferences, timeZone: 'UTC' });
      expect(parsed.ok).toBe(false);
    }
  });

  it('judges numbers that only JavaScript can hold', async () => {
    for (const value of [NaN, Infinity, -Infinity, JSON.parse('1e999')]) {
      expect(await refusals({ tag: 'level', op: 'eq', value })).toEqual(['/value invalidNumber']);
      expect(await refusals({ tag: 'spend', op: 'eq', value })).toEqual(['/value invalidNumber']);
      expect(await refusals({ event: 'order_paid', measure: { sum: 'amount' }, op: 'eq', value })).toEqual([
        '/value invalidNumber',
      ]);
    }
  });
});

describe('parameters', () => {
  const level = (value: unknown): object => ({ tag: 'level', op: 'gte', value });

  it('stand for values, elements, bounds, durations, window parts, k, list ids and versions', async () => {
    const params = {
      n: 3,
      cities: ['beijing'],
      city: 'shanghai',
      week: 'P7D',
      days: 5,
      anniversary: { nextDays: 2 },
      unit: 'month',
      offset: -1,
      zone: 'Asia/Tokyo',
      from: '2026-01-01T00:00:00Z',
      yes: false,
    };
    const json = {
      and: [
        level({ param: 'n' }),
        { tag: 'city', op: 'in', value: { param: 'cities' } },
        { tag: 'city', op: 'in', value: ['beijing', { param: 'city' }] },
        { tag: 'level', op: 'between', value: [{ param: 'n' }, 9] },
        { tag: 'last_seen', op: 'withinLast', value: { param: 'week' } },
        { tag: 'birthday', op: 'anniversary', value: { nextDays: { param: 'days' } } },
        { tag: 'birthday', op: 'anniversary', value: { param: 'anniversary' } },
        { tag: 'level', op: 'exists', value: { param: 'yes' } },
        { event: 'visit', op: 'gte', value: { param: 'n' }, window: { last: { param: 'week' } } },
        { event: 'visit', op: 'gte', value: 1, window: { from: { param: 'from' } } },
        {
          event: 'visit',
          op: 'gte',
          value: 1,
          window: { calendar: { param: 'unit' }, offset: { param: 'offset' }, timeZone: { param: 'zone' } },
        },
        { atLeast: { param: 'n' }, of: [{ all: true }, { all: true }, { all: true }] },
        { sequence: [{ event: 'visit' }, { event: 'visit' }], within: { param: 'week' } },
        { event: 'order_paid', measure: { sum: 'amount' }, op: 'between', value: [{ param: 'n' }, 100.5] },
      ],
    };
    expect(await bound(json, { params })).toMatchObject({
      children: [
        { condition: { operand: { value: 3 } } },
        { condition: { operand: { values: ['beijing'] } } },
        { condition: { operand: { values: ['beijing', 'shanghai'] } } },
        { condition: { operand: { low: 3, high: 9 } } },
        { condition: { operand: { durationMs: 604_800_000 } } },
        { condition: { operand: { nextDays: 5 } } },
        { condition: { operand: { nextDays: 2 } } },
        { condition: { operand: { exists: false } } },
        { operand: { value: 3 }, window: { durationMs: 604_800_000 } },
        { window: { fromMs: 1_767_225_600_000, toMs: null } },
        { window: { unit: 'month', offset: -1, timeZone: 'Asia/Tokyo' } },
        { atLeast: 3 },
        { withinMs: 604_800_000 },
        { operand: { scale: 1, low: 30n, high: 1005n } },
      ],
    });
  });

  it('without value or default are an error that names them', async () => {
    const [error] = await errorsOf(level({ param: 'n' }), { params: { m: 1 } });
    expect(error).toMatchObject({ path: '/value', code: 'missingParam' });
    expect(error?.message).toContain('"n"');
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(await refusals(level({ param: name }), { params: {} })).toEqual(['/value missingParam']);
    }
  });

  it('that nothing uses are accepted; a value of null is of no type', async () => {
    await bound(level(1), { params: { unused: 5 } });
    expect(await refusals(level({ param: 'n' }), { params: { n: null } })).toEqual(['/value wrongType']);
  });

  it('are judged where they stand, by name; a value is never a parameter again', async () => {
    const [error] = await errorsOf(level({ param: 'n' }), { params: { n: '5' } });
    expect(error).toMatchObject({ path: '/value', code: 'wrongType' });
    expect(error?.message).toMatch(/^Parameter "n": /);
    expect(await refusals(level({ param: 'n' }), { params: { n: { param: 'm' }, m: 1 } })).toEqual([
      '/value wrongType',
    ]);
    expect(
      await refusals({ tag: 'level', op: 'in', value: { param: 'n' } }, { params: { n: [{ param: 'm' }], m: 1 } }),
    ).toEqual(['/value wrongType']);
  });

  it.each<[unknown, string[]]>([
    [{ param: 5 }, ['/value/param wrongType']],
    [{ param: '' }, ['/value/param wrongType']],
    [{ param: 'n', default: 5 }, ['/value/default unknownKey']],
  ])('refuses %j', async (value, expected) => {
    expect(await refusals(level(value), { params: { n: 1 } })).toEqual(expected);
  });
});
