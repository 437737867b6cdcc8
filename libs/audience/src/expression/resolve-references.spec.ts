import type { JsonValue } from '@tessera/tag-catalog';
import type { AudienceDefinition, AudienceNode } from './expression';
import { audienceOf, fixedReferences } from './testing/shop-catalog';
import { bound, errorsOf, refusals } from './testing/bind-for-spec';

const ALL = { all: true };
const LEVEL = { tag: 'level', op: 'gte', value: { param: 'n' } };
const BIRTHDAY = { tag: 'birthday', op: 'anniversary', value: { nextDays: 0 } };

function references(...audiences: AudienceDefinition[]): { references: ReturnType<typeof fixedReferences> } {
  return { references: fixedReferences(audiences, ['upload'], ['vip@2']) };
}

describe('lists', () => {
  it('are looked up, by parameter too', async () => {
    expect(await bound({ list: 'upload' }, references())).toMatchObject({ kind: 'list', listId: 'upload' });
    expect(await bound({ list: { param: 'l' } }, { ...references(), params: { l: 'upload' } })).toMatchObject({
      listId: 'upload',
    });
    expect(await refusals({ or: [{ list: 'nope' }] }, references())).toEqual(['/or/0/list unknownList']);
    expect(await refusals({ list: '__proto__' }, references())).toEqual(['/list unknownList']);
    expect(await refusals({ list: 5 }, references())).toEqual(['/list wrongType']);
    expect(await refusals({ list: '' }, references())).toEqual(['/list wrongType']);
  });

  it('say when an id is that of something else', async () => {
    const context = references(audienceOf('vip', ALL));
    expect((await errorsOf({ list: 'vip' }, context))[0]?.message).toContain('It is an audience');
    expect((await errorsOf({ audience: 'upload' }, context))[0]?.message).toContain('It is a list');
    expect((await errorsOf({ audience: 'level' }, context))[0]?.message).toContain('is a tag');
  });
});

describe('audiences', () => {
  const versions = references(
    audienceOf('vip', { tag: 'level', op: 'gte', value: 3 }, { version: 1 }),
    audienceOf('vip', { and: [ALL, { tag: 'level', op: 'gte', value: 4 }] }, { version: 2 }),
  );

  it('get the number of their newest version, or the one asked for', async () => {
    expect(await bound({ not: { audience: 'vip' } }, versions)).toMatchObject({
      child: {
        kind: 'audience',
        path: '/not',
        version: 2,
        mode: 'live',
        child: { kind: 'and', path: '', children: [{ path: '/and/0' }, { path: '/and/1' }] },
      },
    });
    expect(await bound({ audience: 'vip', version: 'latest' }, versions)).toMatchObject({ version: 2 });
    expect(await bound({ audience: 'vip', version: 1 }, versions)).toMatchObject({
      version: 1,
      child: { kind: 'tag' },
    });
    expect(await bound({ audience: 'vip', version: { param: 'v' } }, { ...versions, params: { v: 1 } })).toMatchObject({
      version: 1,
    });
  });

  it('as snapshots need one of that version', async () => {
    expect(await bound({ audience: 'vip', mode: 'snapshot' }, versions)).toMatchObject({
      version: 2,
      mode: 'snapshot',
      child: null,
    });
    expect(await refusals({ audience: 'vip', version: 1, mode: 'snapshot' }, versions)).toEqual([
      '/audience noSnapshot',
    ]);
    expect(await refusals({ audience: 'vip', mode: 'snapshot', params: {} }, versions)).toEqual(['/params notAllowed']);
  });

  it.each<[object, string]>([
    [{ audience: 'nope' }, '/audience unknownAudience'],
    [{ audience: 'vip', version: 3 }, '/audience unknownVersion'],
    [{ audience: 'vip', version: 0 }, '/version outOfRange'],
    [{ audience: 'vip', version: 1.5 }, '/version outOfRange'],
    [{ audience: 'vip', version: '1' }, '/version wrongType'],
    [{ audience: 'vip', version: 'newest' }, '/version wrongType'],
    [{ audience: 'vip', mode: 'frozen' }, '/mode wrongType'],
    [{ audience: 5 }, '/audience wrongType'],
    [{ audience: { param: 'a' } }, '/audience wrongType'],
    [{ audience: 'vip', timeZone: 'UTC' }, '/timeZone unknownKey'],
    [{ audience: 'vip', params: [] }, '/params wrongType'],
    [{ audience: 'vip', params: { n: null } }, '/params/n wrongType'],
    [{ audience: 'vip', params: { 'a/b': { param: 'x' } } }, '/params/a~1b missingParam'],
    [{ audience: 'vip', params: { n: Array(100_001).fill(1) } }, '/params/n listTooLong'],
  ])('refuse %j', async (json, expected) => {
    expect(await refusals(json, versions)).toEqual([expected]);
  });
});

describe('parameters of audiences', () => {
  const vip = audienceOf('vip', LEVEL, { params: { n: 3 } });
  const needy = audienceOf('needy', LEVEL);

  async function levelIn(json: JsonValue, params: object = {}): Promise<unknown> {
    const node = (await bound(json, { ...references(vip, needy), params })) as AudienceNode;
    return node.child?.kind === 'tag' ? node.child.condition.operand : null;
  }

  it('are its defaults, overridden by the node; those of the request stay outside', async () => {
    expect(await levelIn({ audience: 'vip' })).toEqual({ kind: 'value', value: 3 });
    expect(await levelIn({ audience: 'vip' }, { n: 9 })).toEqual({ kind: 'value', value: 3 });
    expect(await levelIn({ audience: 'vip', params: { n: 7 } })).toEqual({ kind: 'value', value: 7 });
    expect(await levelIn({ audience: 'vip', params: { n: { param: 'm' } } }, { m: 8 })).toEqual({
      kind: 'value',
      value: 8,
    });
    expect(await levelIn({ audience: 'needy', params: { n: 7 } })).toEqual({ kind: 'value', value: 7 });
    expect(await levelIn({ audience: 'vip', params: { unused: ['x', 1, true] } })).toEqual({ kind: 'value', value: 3 });
  });

  it('lists may hold outer parameters', async () => {
    const listed = audienceOf('listed', { tag: 'level', op: 'in', value: { param: 'levels' } });
    const node = await bound(
      { audience: 'listed', params: { levels: [1, { param: 'm' }] } },
      { ...references(listed), params: { m: 2 } },
    );
    expect(node).toMatchObject({ params: { levels: [1, 2] }, child: { condition: { operand: { values: [1, 2] } } } });
  });

  it('missing inside are an error at the node that uses it', async () => {
    const [error] = await errorsOf({ and: [{ audience: 'needy' }] }, { ...references(needy), params: { n: 1 } });
    expect(error).toMatchObject({ path: '/and/0/audience', code: 'missingParam' });
    expect(error?.message).toBe(
      'In audience "needy" at "/value": Parameter "n" has neither a value nor a default; give it one in "params".',
    );
  });

  it('called __proto__ are names like any other', async () => {
    const odd = audienceOf('odd', { tag: 'level', op: 'eq', value: { param: '__proto__' } });
    const json: JsonValue = { audience: 'odd', params: JSON.parse('{"__proto__": 4}') };
    expect(await bound(json, references(odd))).toMatchObject({ child: { condition: { operand: { value: 4 } } } });
    expect(await refusals({ audience: 'odd' }, references(odd))).toEqual(['/audience missingParam']);
  });
});

describe('zones of audiences', () => {
  const zoned = audienceOf('zoned', { and: [BIRTHDAY, { audience: 'plain' }] }, { timeZone: 'Asia/Tokyo' });
  const plain = audienceOf('plain', {
    and: [
      BIRTHDAY,
      { event: 'visit', op: 'gte', value: 1, window: { calendar: 'day', offset: 0, timeZone: 'Europe/Paris' } },
    ],
  });

  it("are the window's, else the audience's, else those around it, else the request's", async () => {
    const node = await bound(
      { and: [BIRTHDAY, { audience: 'zoned' }, { audience: 'plain' }] },
      {
        ...references(zoned, plain),
        timeZone: 'America/New_York',
      },
    );
    expect(node).toMatchObject({
      children: [
        { condition: { timeZone: 'America/New_York' } },
        {
          child: {
            children: [
              { condition: { timeZone: 'Asia/Tokyo' } },
              {
                child: {
                  children: [{ condition: { timeZone: 'Asia/Tokyo' } }, { window: { timeZone: 'Europe/Paris' } }],
                },
              },
            ],
          },
        },
        {
          child: {
            children: [{ condition: { timeZone: 'America/New_York' } }, { window: { timeZone: 'Europe/Paris' } }],
          },
        },
      ],
    });
  });

  it('that are none are an error', async () => {
    const broken = audienceOf('broken', ALL, { timeZone: 'Mars/Olympus' });
    expect(await refusals({ audience: 'broken' }, references(broken))).toEqual(['/audience unknownTimeZone']);
  });
});

describe('circles', () => {
  it('are an error that names the path', async () => {
    const circle = references(
      audienceOf('start', { audience: 'a' }),
      audienceOf('a', { or: [ALL, { audience: 'b' }] }),
      audienceOf('b', { not: { audience: 'a' } }),
    );
    const errors = await errorsOf({ and: [{ audience: 'start' }, { audience: 'b' }] }, circle);
    expect(errors.map(({ path, code }) => `${path} ${code}`)).toEqual([
      '/and/1/audience audienceCycle',
      '/and/0/audience audienceCycle',
    ]);
    expect(errors[1]?.message).toContain('"a" → "b" → "a"');
    expect(await refusals({ audience: 'self' }, references(audienceOf('self', { audience: 'self' })))).toEqual([
      '/audience audienceCycle',
    ]);
  });

  it('an older version of itself is none', async () => {
    const self = references(
      audienceOf('a', ALL, { version: 1 }),
      audienceOf('a', { audience: 'a', version: 1 }, { version: 2 }),
    );
    expect(await bound({ audience: 'a' }, self)).toMatchObject({
      version: 2,
      child: { version: 1, child: { kind: 'all' } },
    });
  });

  it('two uses side by side are none', async () => {
    await bound({ and: [{ audience: 'a' }, { audience: 'a' }] }, references(audienceOf('a', ALL)));
  });
});

it('rejects if the port does', async () => {
  const port = { ...fixedReferences([]), hasList: () => Promise.reject(new Error('store closed')) };
  await expect(bound({ list: 'x' }, { references: port })).rejects.toThrow('store closed');
});
