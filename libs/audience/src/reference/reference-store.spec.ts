import type { Guid, JsonValue } from '@tessera/tag-catalog';
import { SampleWorld, verdictCode } from './testing/sample-world';

const DAY_MS = 86_400_000;
const NOW = '2025-06-15T12:00:00Z';

function valueOf(world: SampleWorld, cuid: string, tagName: string): JsonValue | undefined {
  const value = world.engine.user(cuid)?.tagValue(world.catalog.tag(tagName)!);
  return value === undefined ? undefined : { value: value.value as JsonValue, timeMs: value.timeMs };
}

function at(time: string): number {
  return Date.parse(time);
}

describe('profile and kv writes', () => {
  it('lets the newest time win, per field and inside one batch', async () => {
    const world = new SampleWorld(NOW);
    const messages = [
      world.message('customer', 'u', { level: 1, city: 'old' }, { time: '2025-06-10T00:00:00Z' }),
      world.message('customer', 'u', { level: 2 }, { time: '2025-06-12T00:00:00Z' }),
      world.message('customer', 'u', { level: 3, city: 'new' }, { time: '2025-06-11T00:00:00Z' }),
      world.message('customer', 'u', { level: 4 }, { time: '2025-06-11T00:00:00Z' }),
    ];
    const { verdicts } = await world.store.apply({ arrivalMs: world.nowMs, messages });
    // The third wins by its city alone; the fourth wins nothing.
    expect(verdicts).toEqual(['accepted', 'accepted', 'accepted', 'stale']);
    expect(valueOf(world, 'u', 'level')).toEqual({ value: 2, timeMs: at('2025-06-12T00:00:00Z') });
    expect(valueOf(world, 'u', 'city')).toEqual({ value: 'new', timeMs: at('2025-06-11T00:00:00Z') });
  });

  it('gives equal times to the later arrival', async () => {
    const world = new SampleWorld(NOW);
    const time = '2025-06-10T00:00:00Z';
    expect(await world.send('customer', 'u', { level: 1 }, { time })).toBe('accepted');
    expect(await world.send('customer', 'u', { level: 2 }, { time })).toBe('accepted');
    expect(valueOf(world, 'u', 'level')).toEqual({ value: 2, timeMs: at(time) });
  });

  it('treats a clear as a write like any other', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { city: 'x' }, { time: '2025-06-10T00:00:00Z' });
    expect(await world.send('customer', 'u', { city: null }, { time: '2025-06-09T00:00:00Z' })).toBe('stale');
    expect(await world.send('customer', 'u', { city: null }, { time: '2025-06-11T00:00:00Z' })).toBe('accepted');
    expect(valueOf(world, 'u', 'city')).toBeUndefined();
    expect(world.engine.user('u')?.tagStates()).toEqual([
      { tag: world.catalog.tag('city'), value: null, timeMs: at('2025-06-11T00:00:00Z') },
    ]);
    expect(await world.send('customer', 'u', { city: 'y' }, { time: '2025-06-10T12:00:00Z' })).toBe('stale');
  });

  it('makes a user known by a clear alone, with no value', async () => {
    const world = new SampleWorld(NOW);
    expect(await world.send('interest', 'u', { hobby: null })).toBe('accepted');
    expect(await world.members({ all: true })).toEqual(['u']);
    expect(await world.members({ tag: 'hobby', op: 'exists', value: false })).toEqual(['u']);
  });
});

describe('$inc', () => {
  it('adds to the value without moving its time; earlier plain writes are stale, earlier increments void', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { level: 10 }, { time: '2025-06-10T00:00:00Z' });
    const send = (by: number, time: string): Promise<string> =>
      world.send('customer', 'u', { level: { $inc: by } }, { time });
    expect(await send(1, '2025-06-10T00:00:00Z')).toBe('accepted');
    expect(await send(2, '2025-06-12T00:00:00Z')).toBe('accepted');
    expect(await send(100, '2025-06-09T23:59:59.999Z')).toBe('stale');
    expect(valueOf(world, 'u', 'level')).toEqual({ value: 13, timeMs: at('2025-06-10T00:00:00Z') });
    expect(await world.send('customer', 'u', { level: 5 }, { time: '2025-06-09T00:00:00Z' })).toBe('stale');
    // At the field's own time, which increments have not moved, a plain write replaces the value and the later increments.
    expect(await world.send('customer', 'u', { level: 5 }, { time: '2025-06-10T00:00:00Z' })).toBe('accepted');
    expect(valueOf(world, 'u', 'level')).toEqual({ value: 5, timeMs: at('2025-06-10T00:00:00Z') });
  });

  it('makes a value with no time out of increments alone, which any plain write replaces', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { spend: { $inc: 1.25 } }, { time: '2025-06-10T00:00:00Z' });
    await world.send('customer', 'u', { spend: { $inc: -3 } }, { time: '1999-01-01T00:00:00Z' });
    expect(valueOf(world, 'u', 'spend')).toEqual({ value: -175, timeMs: null });
    expect(await world.send('customer', 'u', { spend: 7 }, { time: '1999-01-01T00:00:00Z' })).toBe('accepted');
    expect(valueOf(world, 'u', 'spend')).toEqual({ value: 700, timeMs: at('1999-01-01T00:00:00Z') });
  });

  it('counts a cleared field as 0 from the time of the clear on', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { level: 9 }, { time: '2025-06-10T00:00:00Z' });
    await world.send('customer', 'u', { level: null }, { time: '2025-06-11T00:00:00Z' });
    expect(await world.send('customer', 'u', { level: { $inc: 2 } }, { time: '2025-06-10T12:00:00Z' })).toBe('stale');
    expect(valueOf(world, 'u', 'level')).toBeUndefined();
    expect(await world.send('customer', 'u', { level: { $inc: 2 } }, { time: '2025-06-11T00:00:00Z' })).toBe(
      'accepted',
    );
    expect(valueOf(world, 'u', 'level')).toEqual({ value: 2, timeMs: at('2025-06-11T00:00:00Z') });
  });

  it('refuses a message whose result is out of range as a whole, leaving no trace', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { level: Number.MAX_SAFE_INTEGER, spend: 9_999_999_999_999.99 });
    const id = { id: 'once' };
    expect(await world.send('customer', 'u', { city: 'x', level: { $inc: 1 } }, id)).toBe('outOfRange');
    expect(await world.send('customer', 'u', { spend: { $inc: 0.01 } }, id)).toBe('outOfRange');
    expect(valueOf(world, 'u', 'city')).toBeUndefined();
    expect(valueOf(world, 'u', 'level')).toMatchObject({ value: Number.MAX_SAFE_INTEGER });
    // The id of a rejected message is not remembered.
    expect(await world.send('customer', 'u', { level: { $inc: -1 } }, id)).toBe('accepted');
    expect(await world.send('customer', 'u', { level: { $inc: 5 } }, id)).toBe('duplicate');

    const most = Number.MAX_SAFE_INTEGER;
    const messages = [
      world.message('customer', 'new', { level: { $inc: most }, spend: 1 }),
      world.message('customer', 'other', { level: { $inc: -1 } }),
      world.message('customer', 'other', { level: { $inc: -most }, spend: 1 }),
    ];
    const { verdicts } = await world.store.apply({ arrivalMs: world.nowMs, messages });
    expect(verdicts.map(verdictCode)).toEqual(['accepted', 'accepted', 'outOfRange']);
    expect(valueOf(world, 'other', 'spend')).toBeUndefined();
  });

  it('adds to an expired value as if it had not expired, and does not revive it', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { mood: 3 }, { time: '2025-06-14T12:00:00Z' });
    expect(await world.members({ tag: 'mood', op: 'exists' }, at(NOW) - 1)).toEqual(['u']);
    expect(await world.members({ tag: 'mood', op: 'exists' }, at(NOW))).toEqual([]);
    await world.send('customer', 'u', { mood: { $inc: 1 } });
    expect(await world.members({ tag: 'mood', op: 'exists' })).toEqual([]);
    expect(valueOf(world, 'u', 'mood')).toEqual({ value: 4, timeMs: at('2025-06-14T12:00:00Z') });
    // A value that only increments made does not expire.
    await world.send('customer', 'v', { mood: { $inc: 1 } }, { time: '2020-01-01T00:00:00Z' });
    expect(await world.members({ tag: 'mood', op: 'eq', value: 1 })).toEqual(['v']);
  });
});

describe('$add and $remove', () => {
  it('follow the rules of $inc; the empty set is a value', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { labels: { $remove: ['a'] } });
    expect(valueOf(world, 'u', 'labels')).toEqual({ value: [], timeMs: null });
    expect(await world.members({ tag: 'labels', op: 'hasNone', value: ['a'] })).toEqual(['u']);
    await world.send('customer', 'u', { labels: { $add: ['b', 'a', 'ü', 'b'] } });
    await world.send('customer', 'u', { labels: { $remove: ['b'] } });
    expect(valueOf(world, 'u', 'labels')).toEqual({ value: ['a', 'ü'], timeMs: null });
    expect(await world.send('customer', 'u', { labels: ['z', 'y'] }, { time: '2025-06-01T00:00:00Z' })).toBe(
      'accepted',
    );
    expect(await world.send('customer', 'u', { labels: { $add: ['x'] } }, { time: '2025-05-31T00:00:00Z' })).toBe(
      'stale',
    );
    expect(valueOf(world, 'u', 'labels')).toEqual({ value: ['y', 'z'], timeMs: at('2025-06-01T00:00:00Z') });
  });

  it('refuses a set that would grow past 1,000', async () => {
    const world = new SampleWorld(NOW);
    const thousand = Array.from({ length: 1_000 }, (_, index) => `label ${index}`);
    await world.send('customer', 'u', { labels: thousand });
    expect(await world.send('customer', 'u', { labels: { $add: ['label 7'] } })).toBe('accepted');
    expect(await world.send('customer', 'u', { labels: { $add: ['one more'] } })).toBe('outOfRange');
    expect(await world.send('customer', 'u', { labels: { $remove: ['label 7'] } })).toBe('accepted');
    expect(await world.send('customer', 'u', { labels: { $add: ['one more'] } })).toBe('accepted');
  });
});

describe('duplicates', () => {
  it('are events and messages with operators of the same type, cuid and id', async () => {
    const world = new SampleWorld(NOW);
    const id = { id: 'x' };
    expect(await world.send('visit', 'u', {}, id)).toBe('accepted');
    expect(await world.send('visit', 'u', { page: 'other' }, id)).toBe('duplicate');
    expect(await world.send('visit', 'v', {}, id)).toBe('accepted');
    expect(await world.send('order_paid', 'u', {}, id)).toBe('accepted');
    expect(await world.send('customer', 'u', { level: { $inc: 1 } }, id)).toBe('accepted');
    expect(await world.send('customer', 'u', { level: { $inc: 1 } }, id)).toBe('duplicate');
    expect(await world.send('visit', 'u', {}, { id: 'y' })).toBe('accepted');
    expect(await world.send('visit', 'u', {})).toBe('accepted');
    expect(world.engine.user('u')?.events(world.catalog.type('visit')!, null, Infinity)).toHaveLength(3);
  });

  it('are not looked for among plain writes, whose ids are not remembered either', async () => {
    const world = new SampleWorld(NOW);
    const header = { id: 'x', time: '2025-06-10T00:00:00Z' };
    expect(await world.send('customer', 'u', { level: 1 }, header)).toBe('accepted');
    expect(await world.send('customer', 'u', { level: { $inc: 1 } }, header)).toBe('accepted');
    expect(await world.send('customer', 'u', { level: 1 }, header)).toBe('accepted');
    expect(valueOf(world, 'u', 'level')).toMatchObject({ value: 1 });
  });

  it('are decided before staleness; the id of a stale message is remembered', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { level: 5 }, { time: '2025-06-10T00:00:00Z' });
    const late = { id: 'x', time: '2025-06-09T00:00:00Z' };
    expect(await world.send('customer', 'u', { level: { $inc: 1 } }, late)).toBe('stale');
    expect(await world.send('customer', 'u', { level: { $inc: 1 } }, late)).toBe('duplicate');
    expect(await world.send('customer', 'u', { level: { $inc: 1 } }, { id: 'x' })).toBe('duplicate');
  });

  it('are forgotten 7 days after the first arrival, to the millisecond, whatever the time in the message', async () => {
    const world = new SampleWorld(NOW);
    const header = { id: 'x', time: '2025-06-14T00:00:00Z' };
    await world.send('visit', 'u', {}, header);
    world.nowMs += 7 * DAY_MS - 1;
    expect(await world.send('visit', 'u', {}, header)).toBe('duplicate');
    world.nowMs += 1;
    expect(await world.send('visit', 'u', {}, header)).toBe('accepted');
    world.nowMs += 7 * DAY_MS - 1;
    expect(await world.send('visit', 'u', {}, header)).toBe('duplicate');
  });

  it('are forgotten once enough newer ids have come', async () => {
    const world = new SampleWorld(NOW, 2);
    for (const id of ['1', '2', '3']) await world.send('visit', 'u', {}, { id });
    expect(await world.send('visit', 'u', {}, { id: '2' })).toBe('duplicate');
    expect(await world.send('visit', 'u', {}, { id: '1' })).toBe('accepted');
    expect(await world.send('visit', 'u', {}, { id: '2' })).toBe('accepted');
  });
});

describe('retention', () => {
  it('rejects rows older than the last UTC midnight less the retention, and lets the wall clock drop them', async () => {
    const world = new SampleWorld(NOW);
    const start = at('2025-05-16T00:00:00Z');
    const message = { ...world.message('order_paid', 'u', {}), timeMs: start - 1 };
    const outcome = await world.store.apply({
      arrivalMs: world.nowMs,
      messages: [message, { ...message, timeMs: start }],
    });
    expect(outcome.verdicts.map(verdictCode)).toEqual(['expired', 'accepted']);
    const done = { event: 'order_paid', op: 'gte', value: 1 };
    expect(await world.members(done)).toEqual(['u']);
    const before = world.engine.dataVersion;
    world.nowMs = at('2025-06-15T23:59:59.999Z');
    expect(await world.members(done)).toEqual(['u']);
    expect(world.engine.dataVersion).toBe(before);
    world.nowMs = at('2025-06-16T00:00:00Z');
    expect(await world.members(done)).toEqual([]);
    // Whatever the as-of.
    expect(await world.members(done, at(NOW))).toEqual([]);
    expect(world.engine.dataVersion).toBe(before + 1);
    // The user stays known.
    expect(await world.members({ event: 'order_paid', op: 'eq', value: 0 })).toEqual(['u']);
  });
});

describe('users', () => {
  it('get the numbers 1, 2, 3 … in the order of their first message that was not rejected', async () => {
    const world = new SampleWorld(NOW);
    const old = { ...world.message('order_paid', 'rejected', {}), timeMs: 0 };
    await world.store.apply({
      arrivalMs: world.nowMs,
      messages: [old, world.message('visit', 'b', {}), world.message('visit', 'a', {})],
    });
    expect(world.store.users().map(({ guid, cuid }) => [guid, cuid])).toEqual([
      [1, 'b'],
      [2, 'a'],
    ]);
    expect(world.engine.guidOf('rejected')).toBeUndefined();
    expect(world.engine.cuidOf(2 as Guid)).toBe('a');
  });

  it('are erased for ever: a later message starts empty under a new number, a repeat brings nobody back', async () => {
    const world = new SampleWorld(NOW);
    await world.send('customer', 'u', { level: 1 }, { time: '2025-06-14T00:00:00Z' });
    await world.send('visit', 'u', {}, { id: 'x' });
    world.store.putList('l', ['u', 'nobody', 'u']);
    world.store.putSnapshot('vip', 3, ['u']);
    const { erased, position } = await world.store.erase('u');
    expect({ erased, position }).toEqual({ erased: true, position: world.engine.dataVersion });
    expect(world.engine.user('u')).toBeUndefined();
    expect(world.engine.cuidOf(1 as Guid)).toBeUndefined();
    expect(await world.send('visit', 'u', {}, { id: 'x' })).toBe('duplicate');
    expect(await world.members({ all: true })).toEqual([]);
    expect(await world.store.erase('u')).toEqual({ erased: false, position: position + 1 });
    // Older than what was erased, yet not stale.
    expect(await world.send('customer', 'u', { city: 'x' }, { time: '2025-06-01T00:00:00Z' })).toBe('accepted');
    expect(world.engine.guidOf('u')).toBe(2);
    expect(valueOf(world, 'u', 'level')).toBeUndefined();
    expect(await world.members({ list: 'l' })).toEqual([]);
    expect(world.engine.user('u')?.inSnapshot('vip', 3)).toBe(false);
  });
});

describe('versions and positions', () => {
  it('skip a batch whose position is not after the last of its source', async () => {
    const world = new SampleWorld(NOW);
    const batch = { arrivalMs: world.nowMs, messages: [world.message('customer', 'u', { level: { $inc: 1 } })] };
    const first = await world.store.apply(batch, { source: 'topic/0', position: 5 });
    expect(first.verdicts).toEqual(['accepted']);
    for (const position of [5, 4]) {
      const again = await world.store.apply(batch, { source: 'topic/0', position });
      expect(again).toEqual({ verdicts: ['duplicate'], position: first.position });
    }
    expect((await world.store.apply(batch, { source: 'topic/1', position: 5 })).verdicts).toEqual(['accepted']);
    expect((await world.store.apply(batch, { source: 'topic/0', position: 6 })).verdicts).toEqual(['accepted']);
    expect(valueOf(world, 'u', 'level')).toEqual({ value: 3, timeMs: null });
  });

  it('grow with each batch, erasure and list change, and can be waited for', async () => {
    const world = new SampleWorld(NOW);
    const versions = [world.engine.dataVersion];
    const note = (): number => versions.push(world.engine.dataVersion);
    await world.send('visit', 'u', {});
    note();
    world.store.putList('l', ['u']);
    note();
    world.store.dropList('l');
    note();
    expect(world.store.dropList('l')).toBe(false);
    await world.store.erase('u');
    note();
    versions.slice(1).forEach((version, index) => expect(version).toBeGreaterThan(versions[index]!));
    expect(await world.engine.waitFor(world.engine.dataVersion, 0)).toBe(true);
    expect(await world.engine.waitFor(world.engine.dataVersion + 1, 5)).toBe(false);
    const waiting = world.engine.waitFor(world.engine.dataVersion + 1, 10_000);
    await world.send('visit', 'u', {});
    expect(await waiting).toBe(true);
  });
});
