import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import { compareUtf8 } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import { canonicalExpression, hashExpression } from './canonical-expression';
import { audienceOf, fixedReferences } from './testing/shop-catalog';
import { bound } from './testing/bind-for-spec';

const A = { tag: 'level', op: 'eq', value: 1 };
const B = { tag: 'level', op: 'eq', value: 2 };
const C = { tag: 'vip_flag', op: 'eq', value: true };

async function canonical(json: unknown): Promise<JsonValue> {
  return canonicalExpression(await bound(json));
}

async function hash(json: unknown, timeZone = 'UTC'): Promise<string> {
  return hashExpression(await bound(json, { timeZone }));
}

describe('canonical form', () => {
  it('writes defaults out and drops ids', async () => {
    expect(JSON.stringify(await canonical({ onMissing: 'exclude', value: 1, op: 'eq', tag: 'level', id: 'x' }))).toBe(
      '{"tag":"level","op":"eq","value":1,"onMissing":"exclude"}',
    );
    expect(
      JSON.stringify(await canonical({ event: 'visit', op: 'gte', value: 1, window: { calendar: 'day', offset: 0 } })),
    ).toBe(
      '{"event":"visit","where":[],"measure":{"count":"*"},"op":"gte","value":1,"window":{"calendar":"day","offset":0,"timeZone":"UTC"}}',
    );
    expect(
      JSON.stringify(await canonical({ sequence: [{ event: 'visit' }, { event: 'visit' }], within: 'PT36H' })),
    ).toBe('{"sequence":[{"event":"visit","where":[]},{"event":"visit","where":[]}],"within":"P1DT12H"}');
  });

  it.each<[string, unknown, unknown]>([
    ['order of children', { and: [A, B, C] }, { and: [C, A, B] }],
    ['repeats', { or: [A, B, A] }, { or: [B, A] }],
    ['nested and', { and: [A, { and: [B, { and: [C] }] }] }, { and: [A, B, C] }],
    ['nested or', { or: [A, { or: [B, C] }] }, { or: [A, B, C] }],
    ['one child', { and: [{ or: [A] }] }, A],
    ['not not', { not: { not: A } }, A],
    ['and inside not not', { and: [A, { not: { not: { and: [B, C] } } }] }, { and: [A, B, C] }],
    ['one of n', { atLeast: 1, of: [A, B] }, { or: [A, B] }],
    ['n of n', { atLeast: 2, of: [A, B] }, { and: [A, B] }],
    ['order in atLeast', { atLeast: 2, of: [A, B, C] }, { atLeast: 2, of: [C, B, A] }],
    ['list order and repeats', { tag: 'level', op: 'in', value: [3, 1, 3] }, { tag: 'level', op: 'in', value: [1, 3] }],
    ['in of one', { tag: 'level', op: 'in', value: [1, 1] }, A],
    ['notIn of one', { tag: 'level', op: 'notIn', value: [1] }, { tag: 'level', op: 'ne', value: 1 }],
    ['between of one', { tag: 'level', op: 'between', value: [1, 1] }, A],
    [
      'before',
      { tag: 'birthday', op: 'before', value: '2000-01-01' },
      { tag: 'birthday', op: 'lt', value: '2000-01-01' },
    ],
    [
      'after',
      { tag: 'birthday', op: 'after', value: '2000-01-01' },
      { tag: 'birthday', op: 'gt', value: '2000-01-01' },
    ],
    ['exists', { tag: 'level', op: 'exists' }, { tag: 'level', op: 'exists', value: true }],
    ['-0', { tag: 'level', op: 'eq', value: -0 }, { tag: 'level', op: 'eq', value: 0 }],
    [
      'instants',
      { tag: 'last_seen', op: 'eq', value: '2026-01-01T08:00:00.000+08:00' },
      { tag: 'last_seen', op: 'eq', value: '2026-01-01T00:00:00Z' },
    ],
    [
      'durations',
      { tag: 'last_seen', op: 'withinLast', value: 'P1W' },
      { tag: 'last_seen', op: 'withinLast', value: 'PT168H' },
    ],
    [
      'filters',
      {
        event: 'visit',
        where: [
          { property: 'page', op: 'exists' },
          { property: 'page', op: 'in', value: ['a'] },
          { property: 'page', op: 'exists', value: true },
        ],
        op: 'gte',
        value: 1,
      },
      {
        event: 'visit',
        where: [
          { property: 'page', op: 'eq', value: 'a' },
          { property: 'page', op: 'exists' },
        ],
        measure: { count: '*' },
        op: 'gte',
        value: 1,
      },
    ],
    [
      'exact between of one',
      { event: 'order_paid', measure: { avg: 'amount' }, op: 'between', value: [1.5, 1.5] },
      { event: 'order_paid', measure: { avg: 'amount' }, op: 'eq', value: 1.5 },
    ],
  ])('is the same for %s', async (_, left, right) => {
    expect(await canonical(left)).toEqual(await canonical(right));
    expect(await hash(left)).toBe(await hash(right));
  });

  it.each<[string, unknown, unknown]>([
    ['onMissing', { not: A }, { not: { ...A, onMissing: 'include' } }],
    ['and and or', { and: [A, B] }, { or: [A, B] }],
    ['repeats in atLeast', { atLeast: 2, of: [A, A, B] }, { atLeast: 2, of: [A, B] }],
    [
      'order of steps',
      { sequence: [{ event: 'visit' }, { event: 'order_paid' }] },
      { sequence: [{ event: 'order_paid' }, { event: 'visit' }] },
    ],
    [
      'windows',
      { event: 'visit', op: 'gte', value: 1 },
      { event: 'visit', op: 'gte', value: 1, window: { last: 'P7D' } },
    ],
    [
      'within',
      { sequence: [{ event: 'visit' }, { event: 'visit' }] },
      { sequence: [{ event: 'visit' }, { event: 'visit' }], within: 'P1D' },
    ],
    [
      'measures',
      { event: 'order_paid', op: 'gte', value: 1 },
      { event: 'order_paid', measure: { distinct: 'invoice' }, op: 'gte', value: 1 },
    ],
    ['text that looks like a number', { tag: 'name', op: 'eq', value: '1' }, { tag: 'email', op: 'eq', value: '1' }],
    ['exists', { tag: 'level', op: 'exists', value: false }, { tag: 'level', op: 'exists' }],
  ])('differs for %s', async (_, left, right) => {
    expect(await hash(left)).not.toBe(await hash(right));
  });

  it('is what is hashed where no zone and no audience is left to put in', async () => {
    const node = await bound({ and: [A, { event: 'visit', op: 'eq', value: 0, window: { last: 'P7D' } }] });
    const digest = bytesToHex(sha256(utf8ToBytes(JSON.stringify(canonicalExpression(node)))));
    expect(hashExpression(node)).toBe(digest);
  });
});

describe('zones in the hash', () => {
  it.each<[string, unknown, boolean]>([
    ['a plain tag', A, false],
    ['withinLast of a datetime', { tag: 'last_seen', op: 'withinLast', value: 'P1D' }, false],
    ['withinLast of a date', { tag: 'birthday', op: 'withinLast', value: 'P1D' }, true],
    ['anniversary of a date', { tag: 'birthday', op: 'anniversary', value: { nextDays: 0 } }, true],
    ['anniversary of a datetime', { tag: 'last_seen', op: 'anniversary', value: { nextDays: 0 } }, true],
    ['a calendar window', { event: 'visit', op: 'gte', value: 1, window: { calendar: 'day', offset: 0 } }, true],
    [
      'a calendar window with a zone',
      { event: 'visit', op: 'gte', value: 1, window: { calendar: 'day', offset: 0, timeZone: 'UTC' } },
      false,
    ],
    [
      'a filter',
      { event: 'order_paid', where: [{ property: 'ship_on', op: 'withinLast', value: 'P1D' }], op: 'gte', value: 1 },
      true,
    ],
    [
      'a filter of a step',
      {
        sequence: [
          { event: 'visit' },
          { event: 'order_paid', where: [{ property: 'ship_on', op: 'anniversary', value: { nextDays: 1 } }] },
        ],
      },
      true,
    ],
    ['the latest time', { event: 'visit', measure: { lastTime: '*' }, op: 'withinLast', value: 'P1D' }, false],
    ['the greatest date', { event: 'order_paid', measure: { max: 'ship_on' }, op: 'withinLast', value: 'P1D' }, true],
    ['an implied calendar window', { tag: 'trial_ends', op: 'exists' }, true],
  ])('%s', async (_, json, matters) => {
    const same = (await hash(json, 'UTC')) === (await hash(json, 'Asia/Tokyo'));
    expect(same).toBe(!matters);
    expect((await hash({ not: json }, 'UTC')) === (await hash({ not: json }, 'Asia/Tokyo'))).toBe(!matters);
  });
});

describe('audiences in the hash', () => {
  const birthday = { tag: 'birthday', op: 'anniversary', value: { nextDays: 0 } };
  const references = fixedReferences(
    [
      audienceOf('vip', { tag: 'level', op: 'gte', value: { param: 'n' } }, { version: 1, params: { n: 1 } }),
      audienceOf('vip', { tag: 'level', op: 'gte', value: { param: 'n' } }, { version: 2, params: { n: 2 } }),
      audienceOf('plain', birthday),
      audienceOf('zoned', birthday, { timeZone: 'Asia/Tokyo' }),
    ],
    [],
    ['vip@2'],
  );
  const hashIn = async (json: unknown, timeZone = 'UTC'): Promise<string> =>
    hashExpression(await bound(json, { references, timeZone }));

  it('their version and parameters are put in', async () => {
    const node = await bound({ audience: 'vip', params: { z: 1, n: 5 } }, { references });
    expect(JSON.stringify(canonicalExpression(node))).toBe(
      '{"audience":"vip","version":2,"mode":"live","params":{"n":5,"z":1}}',
    );
    expect(await hashIn({ audience: 'vip' })).toBe(await hashIn({ audience: 'vip', version: 2, mode: 'live' }));
    expect(await hashIn({ audience: 'vip' })).toBe(await hashIn({ audience: 'vip', params: { n: 2 } }));
    expect(await hashIn({ audience: 'vip' })).not.toBe(await hashIn({ audience: 'vip', version: 1 }));
    expect(await hashIn({ audience: 'vip' })).not.toBe(await hashIn({ audience: 'vip', params: { n: 3 } }));
    expect(await hashIn({ audience: 'vip' })).not.toBe(await hashIn({ audience: 'vip', mode: 'snapshot' }));
  });

  it('the zone counts where it comes from outside', async () => {
    expect(await hashIn({ audience: 'plain' }, 'UTC')).not.toBe(await hashIn({ audience: 'plain' }, 'Asia/Tokyo'));
    expect(await hashIn({ audience: 'zoned' }, 'UTC')).toBe(await hashIn({ audience: 'zoned' }, 'Asia/Tokyo'));
    // Both zones occur in both, but at different places.
    const both = {
      and: [
        birthday,
        { audience: 'zoned' },
        { event: 'visit', op: 'gte', value: 1, window: { calendar: 'day', offset: 0, timeZone: 'UTC' } },
      ],
    };
    expect(await hashIn(both, 'UTC')).not.toBe(await hashIn(both, 'Asia/Tokyo'));
  });

  it('is the same after binding the canonical form again', async () => {
    for (const json of [
      { audience: 'vip', params: { n: 7 } },
      { or: [{ audience: 'plain' }, { audience: 'vip', mode: 'snapshot' }, { not: { audience: 'zoned' } }] },
    ]) {
      const again = canonicalExpression(await bound(json, { references, timeZone: 'Asia/Shanghai' }));
      expect(await hashIn(again, 'Asia/Shanghai')).toBe(await hashIn(json, 'Asia/Shanghai'));
    }
  });
});

it('lists are sorted as bytes of UTF-8', async () => {
  const values = ['\u{1f600}', '\uff5e', 'b', 'a'];
  expect(await canonical({ tag: 'name', op: 'in', value: values })).toMatchObject({
    value: [...values].sort(compareUtf8),
  });
});
