import fc from 'fast-check';
import { Catalog } from './catalog';
import { autoDeclare, declareTagType } from './declare-tag-type';
import { parseMessage } from './parse-message';
import type { MessageOptions, ParsedMessage } from './parse-message';

const arrivalMs = Date.UTC(2026, 2, 10, 12);
const customer = { header: { type: 'customer', cuid: 'c1' }, body: { city: 'bj' } };

const catalog = [
  {
    name: 'customer',
    kind: 'profile',
    tags: [
      { name: 'active', valueType: 'bool' },
      { name: 'points', valueType: 'int' },
      { name: 'spend', valueType: 'decimal', scale: 2 },
      { name: 'city', valueType: 'string' },
      { name: 'level', valueType: 'enum', values: ['gold', 'silver'] },
      { name: 'born', valueType: 'date' },
      { name: 'seen_at', valueType: 'datetime' },
      { name: 'likes', valueType: 'set' },
    ],
  },
  {
    name: 'visit',
    kind: 'event',
    retentionDays: 30,
    properties: [
      { name: 'page', valueType: 'string' },
      { name: 'ms', valueType: 'int' },
    ],
  },
  { name: 'open', kind: 'kv', autoDeclare: true, tags: [{ name: 'mood', valueType: 'string' }] },
  { name: 'click', kind: 'event', autoDeclare: true, retentionDays: 30, properties: [] },
].reduce<Catalog>((before, json) => {
  const parsed = declareTagType(before, json);
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.errors));
  }
  return parsed.value;
}, Catalog.empty);

const parse = (raw: unknown, options?: MessageOptions): ParsedMessage => parseMessage(catalog, raw, arrivalMs, options);

/** The code of the rejection, else the kind. */
function outcome(raw: unknown, options?: MessageOptions): string {
  const parsed = parse(raw, options);
  return parsed.kind === 'rejected' ? parsed.rejection.code : parsed.kind;
}

const header = (extra: object): object => ({ header: { ...customer.header, ...extra }, body: customer.body });
const profile = (body: unknown): object => ({ header: customer.header, body });
const event = (body: unknown, extra: object = {}): object => ({
  header: { type: 'visit', cuid: 'c1', ...extra },
  body,
});
const json = (text: string): unknown => JSON.parse(text);

describe('parseMessage reads', () => {
  it('a profile message of every type', () => {
    const raw = {
      header: { type: 'customer', cuid: 'é', time: '2026-03-01T00:00:00.25+08:00', id: 'm1' },
      body: {
        active: true,
        points: -5,
        spend: 12.34,
        city: '',
        level: 'gold',
        born: '2000-02-29',
        seen_at: '2026-01-01T00:00:00Z',
        likes: ['tea', 'art', 'tea'],
      },
    };
    const parsed = parse(raw);
    if (parsed.kind !== 'message') {
      throw new Error(JSON.stringify(parsed));
    }
    const { type, fields, ...rest } = parsed.message;
    expect(type).toBe(catalog.type('customer'));
    expect(rest).toEqual({ cuid: 'é', timeMs: Date.UTC(2026, 1, 28, 16, 0, 0, 250), id: 'm1' });
    expect(fields.map((write) => [write.op, write.field.name, 'value' in write ? write.value : null])).toEqual([
      ['set', 'active', true],
      ['set', 'points', -5],
      ['set', 'spend', 1234],
      ['set', 'city', ''],
      ['set', 'level', 'gold'],
      ['set', 'born', 11_016],
      ['set', 'seen_at', Date.UTC(2026, 0, 1)],
      ['set', 'likes', ['art', 'tea']],
    ]);
    expect(fields[1]!.field).toBe(catalog.tag('points'));
  });

  it('no clears of profile tags where the tag store has none, and those of kv tags all the same', () => {
    const options = { clearsProfiles: false };
    const message = { header: customer.header, body: { points: 1, city: null } };
    expect(outcome(message, options)).toBe('operatorNotAllowed');
    expect(outcome(message)).toBe('message');
    expect(outcome({ header: { type: 'open', cuid: 'c1' }, body: { mood: null } }, options)).toBe('message');
    expect(outcome({ header: { type: 'visit', cuid: 'c1' }, body: { page: null } }, options)).toBe('message');
  });

  it('clears, increments and changes of sets', () => {
    const body = { city: null, points: { $inc: -2 }, spend: { $inc: 0.5 }, likes: { $add: ['b', 'a', 'b'] } };
    const parsed = parse(profile(body));
    expect(parsed.kind === 'message' && parsed.message.fields).toEqual([
      { op: 'clear', field: catalog.tag('city') },
      { op: 'increment', field: catalog.tag('points'), by: -2 },
      { op: 'increment', field: catalog.tag('spend'), by: 50 },
      { op: 'add', field: catalog.tag('likes'), values: ['a', 'b'] },
    ]);
    const removal = parse(profile({ likes: { $remove: ['x'] } }));
    expect(removal.kind === 'message' && removal.message.fields).toEqual([
      { op: 'remove', field: catalog.tag('likes'), values: ['x'] },
    ]);
  });

  it('events, whose null properties are no value, with or without a body', () => {
    const parsed = parse(event({ page: null, ms: 5 }));
    expect(parsed.kind === 'message' && parsed.message.fields.map((write) => [write.op, write.field.name])).toEqual([
      ['set', 'ms'],
    ]);
    expect(parse(event({}))).toMatchObject({ kind: 'message', message: { fields: [], timeMs: arrivalMs, id: null } });
    expect(outcome(event({ page: null }))).toBe('message');
  });

  it('times and ids up to their limits', () => {
    expect(outcome(header({ time: '1970-01-01T00:00:00Z' }))).toBe('message');
    expect(outcome(header({ time: '2026-03-11T12:00:00Z' }))).toBe('message');
    expect(outcome(header({ id: 'é'.repeat(64) }))).toBe('message');
    expect(outcome(header({ cuid: 'x'.repeat(128) }))).toBe('message');
    expect(outcome(event({}, { time: '2026-02-08T00:00:00Z' }))).toBe('message');
  });
});

describe('parseMessage rejects', () => {
  it.each<[string, unknown, string]>([
    ['a number', 5, 'invalidMessage'],
    ['null', null, 'invalidMessage'],
    ['a list', [customer], 'invalidMessage'],
    ['an unknown key', { ...customer, extra: 1 }, 'unknownKey'],
    ['__proto__', json('{"header":{"type":"customer","cuid":"c"},"body":{"city":"x"},"__proto__":{}}'), 'unknownKey'],
    [
      'a prototype as message',
      json('{"__proto__":{"header":{"type":"customer","cuid":"c"},"body":{"city":"x"}}}'),
      'unknownKey',
    ],
    ['no header', { body: {} }, 'invalidHeader'],
    ['a list as header', { header: [], body: {} }, 'invalidHeader'],
    ['an unknown header key', header({ guid: 5 }), 'unknownKey'],
    [
      '__proto__ in the header',
      json('{"header":{"type":"customer","cuid":"c","__proto__":{"id":"x"}},"body":{"city":"x"}}'),
      'unknownKey',
    ],
    ['no type', header({ type: undefined }), 'invalidType'],
    ['a number as type', header({ type: 5 }), 'invalidType'],
    ['an unknown type', header({ type: 'nobody' }), 'unknownType'],
    ['constructor as type', header({ type: 'constructor' }), 'unknownType'],
    ['__proto__ as type', header({ type: '__proto__' }), 'unknownType'],
    ['a system type', header({ type: 'sys_erase' }), 'reservedType'],
    ['no cuid', header({ cuid: undefined }), 'invalidCuid'],
    ['an empty cuid', header({ cuid: '' }), 'invalidCuid'],
    ['a long cuid', header({ cuid: 'x'.repeat(129) }), 'invalidCuid'],
    ['an ill-formed cuid', header({ cuid: '\ud800' }), 'invalidCuid'],
    ['a number as cuid', header({ cuid: 5 }), 'invalidCuid'],
    ['a number as time', header({ time: 5 }), 'invalidTime'],
    ['null as time', header({ time: null }), 'invalidTime'],
    ['a time without zone', header({ time: '2026-01-01T00:00:00' }), 'invalidTime'],
    ['microseconds', header({ time: '2026-01-01T00:00:00.000001Z' }), 'invalidTime'],
    ['1969', header({ time: '1969-12-31T23:59:59.999Z' }), 'timeTooEarly'],
    ['the day after tomorrow', header({ time: '2026-03-11T12:00:00.001Z' }), 'timeInFuture'],
    ['a number as id', header({ id: 5 }), 'invalidId'],
    ['null as id', header({ id: null }), 'invalidId'],
    ['an empty id', header({ id: '' }), 'invalidId'],
    ['a long id', header({ id: 'é'.repeat(65) }), 'invalidId'],
    ['an ill-formed id', header({ id: '\udc00' }), 'invalidId'],
    ['no body', { header: customer.header }, 'invalidBody'],
    ['a list as body', profile([]), 'invalidBody'],
    ['null as body', profile(null), 'invalidBody'],
    ['an empty profile', profile({}), 'emptyBody'],
    ['an unknown field', profile({ city: 'x', town: 'y' }), 'unknownField'],
    ['constructor', profile({ city: 'x', constructor: 'y' }), 'unknownField'],
    ['__proto__ in the body', profile(json('{"__proto__":{"city":"x"}}')), 'unknownField'],
    ['a wrong type', profile({ points: '5' }), 'wrongType'],
    ['an object as value', profile({ points: { value: 5 } }), 'wrongType'],
    ['an empty object as value', profile({ points: {} }), 'wrongType'],
    ['a value not listed', profile({ level: 'wood' }), 'notListed'],
    ['too large a number', profile({ points: 2 ** 53 }), 'outOfRange'],
    ['too fine a number', profile({ spend: 1.234 }), 'tooManyDigits'],
    ['a fraction', profile({ points: 1.5 }), 'notInteger'],
    ['infinity', profile({ spend: json('1e999') }), 'invalidNumber'],
    ['no real day', profile({ born: '2026-02-29' }), 'invalidDate'],
    ['no instant', profile({ seen_at: '2026-02-28' }), 'invalidDatetime'],
    ['a long string', profile({ city: 'x'.repeat(4097) }), 'tooLong'],
    ['a large set', profile({ likes: Array.from({ length: 1001 }, (_, index) => String(index)) }), 'tooMany'],
    ['an unknown operator', profile({ points: { $dec: 1 } }), 'unknownOperator'],
    ['a second key', profile({ points: { $inc: 1, x: 1 } }), 'invalidOperator'],
    ['two operators', profile({ likes: { $add: ['a'], $remove: ['b'] } }), 'invalidOperator'],
    ['$inc of a string', profile({ city: { $inc: 1 } }), 'operatorNotAllowed'],
    ['$inc of a date', profile({ born: { $inc: 1 } }), 'operatorNotAllowed'],
    ['$inc by a text', profile({ points: { $inc: '1' } }), 'wrongType'],
    ['$inc by null', profile({ points: { $inc: null } }), 'wrongType'],
    ['$inc by a fraction', profile({ points: { $inc: 0.5 } }), 'notInteger'],
    ['$inc too fine', profile({ spend: { $inc: 0.001 } }), 'tooManyDigits'],
    ['$add to an int', profile({ points: { $add: ['a'] } }), 'operatorNotAllowed'],
    ['$add of nothing', profile({ likes: { $add: [] } }), 'emptyList'],
    ['$remove of a text', profile({ likes: { $remove: 'a' } }), 'wrongType'],
    ['$add of numbers', profile({ likes: { $add: [1] } }), 'wrongType'],
    ['$inc in an event', event({ ms: { $inc: 1 } }), 'operatorNotAllowed'],
    ['an unknown property', event({ url: 'x' }), 'unknownField'],
    ['an old event', event({}, { time: '2026-02-07T23:59:59.999Z' }), 'expired'],
  ])('%s', (_, raw, code) => {
    expect(outcome(raw)).toBe(code);
  });

  it('what configured limits forbid', () => {
    expect(outcome(customer, { cuidPattern: /^[0-9]+$/ })).toBe('invalidCuid');
    expect(outcome(header({ time: '2026-03-10T12:00:01.001Z' }), { futureToleranceMs: 1000 })).toBe('timeInFuture');
    expect(outcome(header({ time: '2026-03-10T12:00:01Z' }), { futureToleranceMs: 1000 })).toBe('message');
    expect(outcome(profile({ city: 'abc' }), { stringBytesMax: 2 })).toBe('tooLong');
  });

  it.each<[unknown, string]>([
    [profile({ citty: 'x' }), 'did you mean "city"?'],
    [profile({ seenAt: 'x' }), 'did you mean "seen_at"?'],
    [profile({ mood: 'x' }), 'it is a tag of type "open"'],
    [profile({ zzz: 'x' }), 'PATCH /v1/tag-types/customer'],
    [profile({ level: 'wood' }), '"gold", "silver"'],
    [profile({ points: 'x' }), 'field "points" (int)'],
    [header({ type: 'x'.repeat(5000) }), '…'],
  ])('with a detail that helps', (raw, hint) => {
    const parsed = parse(raw);
    const detail = parsed.kind === 'rejected' ? parsed.rejection.detail : '';
    expect(detail).toContain(hint);
    expect(detail.length).toBeLessThan(400);
  });
});

describe('parseMessage and auto-declaration', () => {
  const open = (body: unknown): object => ({ header: { type: 'open', cuid: 'c1' }, body });

  it('names the fields to declare, and reads the message once they are', () => {
    const raw = open({ mood: 'fine', fun: true, score: 1.5, note: 'x', tags: ['b', 'a'], none: [] });
    const parsed = parse(raw);
    if (parsed.kind !== 'undeclared') {
      throw new Error(JSON.stringify(parsed));
    }
    expect(parsed).toEqual({
      kind: 'undeclared',
      typeName: 'open',
      fields: [
        { name: 'fun', valueType: 'bool' },
        { name: 'score', valueType: 'decimal' },
        { name: 'note', valueType: 'string' },
        { name: 'tags', valueType: 'set' },
        { name: 'none', valueType: 'set' },
      ],
    });
    const declared = autoDeclare(catalog, parsed.typeName, parsed.fields);
    const again = declared.ok ? parseMessage(declared.value, raw, arrivalMs) : parsed;
    expect(again.kind === 'message' && again.message.fields.map((write) => write.field.name)).toEqual([
      'mood',
      'fun',
      'score',
      'note',
      'tags',
      'none',
    ]);
  });

  it('declares properties of events too', () => {
    expect(outcome({ header: { type: 'click', cuid: 'c1' }, body: { x: 5 } })).toBe('undeclared');
  });

  it.each<[string, object, string]>([
    ['null', { x: null }, 'cannotDeclare'],
    ['an object', { x: { y: 1 } }, 'cannotDeclare'],
    ['an increment', { x: { $inc: 1 } }, 'cannotDeclare'],
    ['a mixed list', { x: ['a', 1] }, 'cannotDeclare'],
    ['a number too fine', { x: 0.00001 }, 'tooManyDigits'],
    ['a number too large', { x: 1e12 }, 'outOfRange'],
    ['a string too long', { x: 'x'.repeat(4097) }, 'tooLong'],
    ['an ill-formed string', { x: '\ud800' }, 'illFormed'],
    ['a set too large', { x: Array.from({ length: 1001 }, (_, index) => `${index}`) }, 'tooMany'],
    ['a bad name', { 'Fav Color': 1 }, 'invalidName'],
    ['constructor', { constructor: 1 }, 'invalidName'],
    ['a system name', { sys_x: 1 }, 'invalidName'],
    ["another type's tag", { city: 'x' }, 'nameTaken'],
    ['another bad field before', { mood: 5, x: 1 }, 'wrongType'],
    ['another bad field after', { x: 1, mood: 5 }, 'wrongType'],
  ])('leaves nothing behind for %s', (_, body, code) => {
    expect(outcome(open(body))).toBe(code);
  });

  it('leaves nothing behind for __proto__ or for an expired event', () => {
    expect(outcome(open(json('{"__proto__":"x"}')))).toBe('invalidName');
    expect(outcome({ header: { type: 'click', cuid: 'c', time: '2026-01-01T00:00:00Z' }, body: { x: 1 } })).toBe(
      'expired',
    );
  });

  it('suggests a name', () => {
    const parsed = parse(open({ 'Fav Color': 'red' }));
    expect(parsed.kind === 'rejected' && parsed.rejection.detail).toContain('use "fav_color"');
  });
});

describe('parseMessage and anything at all', () => {
  const names = fc.constantFrom('city', 'points', 'likes', 'spend', '__proto__', 'constructor', 'toString', 'x');
  const body = fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.constant({ $inc: 1 }), fc.constant({ $add: ['a'] })));
  const raw = fc.oneof(
    fc.jsonValue(),
    fc.record({
      header: fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            type: fc.constantFrom('customer', 'visit', 'open', '__proto__'),
            cuid: fc.string(),
            time: fc.string(),
            id: fc.string(),
          },
          { requiredKeys: ['type', 'cuid'] },
        ),
        fc.record({ type: fc.constantFrom('customer', 'visit', 'open'), cuid: fc.constant('c') }),
      ),
      body: fc.oneof(fc.jsonValue(), body),
    }),
  );

  it('never throws, and is read alike after a trip through JSON text', () => {
    fc.assert(
      fc.property(raw, (value) => {
        const text = JSON.stringify(value);
        const parsed = parse(JSON.parse(text));
        expect(parse(JSON.parse(text))).toEqual(parsed);
        if (parsed.kind === 'undeclared') {
          const declared = autoDeclare(catalog, parsed.typeName, parsed.fields);
          const again = declared.ok ? parseMessage(declared.value, JSON.parse(text), arrivalMs) : parsed;
          expect(again.kind).toBe('message');
        }
      }),
      { numRuns: 3000 },
    );
  });
});
