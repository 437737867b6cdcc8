import type { StreamRecord } from '../ports';
import { readEnvelope } from './read-envelope';

function record(key: string | null, value: string | Buffer | null): StreamRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return { offset: 1, timestampMs: 0, key: key === null ? null : Buffer.from(key), value: bytes, headers: {} };
}

const message = (header: object): string => JSON.stringify({ header, body: { city: 'x' } });

describe('readEnvelope', () => {
  it('reads type and cuid and nothing of the body', () => {
    expect(readEnvelope(record('é', '{"header":{"type":"city","cuid":"é"},"body":{not json'), null)).toEqual({
      kind: 'envelope',
      type: 'city',
      cuid: 'é',
    });
  });

  it.each([
    ['emptyValue', record('a', null)],
    ['missingKey', record(null, message({ type: 'city', cuid: 'a' }))],
    ['tooLarge', record('a', `{"header":{"type":"city","cuid":"a"},"body":{"x":"${'x'.repeat(1_000_000)}"}}`)],
    ['tooLarge', { ...record('a', message({ type: 'city', cuid: 'a' })), headers: { trace: Buffer.alloc(1_000_000) } }],
    ['invalidMessage', record('a', 'hello')],
    ['invalidMessage', record('a', '{"body":{}}')],
    ['invalidHeader', record('a', '{"header":"a"}')],
    ['invalidHeader', record('a', '{"header":{,}}')],
    [
      'invalidHeader',
      record('a', Buffer.concat([Buffer.from('{"header":{"cuid":"'), Buffer.of(0xff), Buffer.from('"}}')])),
    ],
    ['invalidType', record('a', message({ cuid: 'a' }))],
    ['invalidCuid', record('', message({ type: 'city', cuid: '' }))],
    ['invalidCuid', record('a', message({ type: 'city' }))],
    ['keyDiffers', record('b', message({ type: 'city', cuid: 'a' }))],
  ])('says %s', (code, given) => {
    expect(readEnvelope(given, null)).toMatchObject({ kind: 'fault', code });
  });

  it('narrows cuids by the pattern', () => {
    const given = record('a1', message({ type: 'city', cuid: 'a1' }));
    expect(readEnvelope(given, /^[a-z]+$/u)).toMatchObject({ code: 'invalidCuid' });
    expect(readEnvelope(given, /^[a-z0-9]+$/u)).toMatchObject({ kind: 'envelope' });
  });
});
