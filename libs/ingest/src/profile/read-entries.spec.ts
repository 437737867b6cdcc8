import { INSTANT_MAX_MS } from '@tessera/tag-catalog';
import { Erasures, KnownUsers } from './read-entries';
import type { StreamRecord } from '../ports';

const record = (
  value: string | null,
  headers: Record<string, string> = {},
  key: string | null = 'ada',
): StreamRecord => ({
  offset: 7,
  timestampMs: 1_000,
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
});

describe('KnownUsers', () => {
  it('takes the user from the key and the header, and looks at nothing else', async () => {
    expect(await new KnownUsers().read([record('no JSON', { guid: '4294967294' })])).toEqual([
      { offset: 7, cuid: 'ada', guid: 4_294_967_294, arrivalMs: 1_000, content: 'known' },
    ]);
  });

  it.each(['', '0', '-1', '01', '1.5', '4294967295', '99999999999', 'x', ' 1'])(
    'refuses the guid "%s"',
    async (guid) => {
      expect(await new KnownUsers().read([record('{}', { guid })])).toMatchObject([{ code: 'invalidGuid' }]);
    },
  );

  it('refuses a record without a key, or without a guid', async () => {
    const read = await new KnownUsers().read([record('{}', { guid: '1' }, null), record('{}')]);
    expect(read).toMatchObject([{ code: 'missingKey' }, { code: 'invalidGuid' }]);
  });

  it('takes a user whatever time the record has: one in microseconds, or none, must not hold up those behind it', async () => {
    const times = [1_763_700_000_000_000, -1].map((timestampMs) => ({ ...record('{}', { guid: '1' }), timestampMs }));
    expect(await new KnownUsers().read(times)).toMatchObject([{ arrivalMs: INSTANT_MAX_MS }, { arrivalMs: 0 }]);
  });

  it('refuses a key that is no cuid: its row would be refused by the tag store, again and again', async () => {
    const notUtf8 = { ...record('{}', { guid: '1' }), key: Buffer.of(0x61, 0xff) };
    const keys = ['', 'x'.repeat(129)].map((key) => record('{}', { guid: '1' }, key));
    expect(await new KnownUsers().read([...keys, notUtf8, record('{}', { guid: '1' }, 'x'.repeat(128))])).toMatchObject(
      [...[1, 2, 3].map(() => ({ code: 'invalidCuid' })), { content: 'known' }],
    );
  });
});

describe('Erasures', () => {
  it('passes over bindings and marks, and refuses what is no entry by itself', async () => {
    const texts = [
      '{"op":"bind","cuid":"ada","guid":3}',
      '{"op":"mark"}',
      '{"op":"erase","cuid":"ada","guid":3}',
      '{"op":"erase","cuid":"ada"}',
      'x',
      null,
    ];
    expect(await new Erasures().read(texts.map((text) => record(text)))).toEqual([
      null,
      null,
      { offset: 7, cuid: 'ada', guid: 3, arrivalMs: 1_000, content: 'erase' },
      ...[1, 2, 3].map(() => ({ code: 'invalidEntry', detail: expect.any(String) })),
    ]);
  });
});
