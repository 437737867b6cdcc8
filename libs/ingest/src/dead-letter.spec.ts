import { codeOfLetter, deadLetter, recordOfLetter } from './dead-letter';
import { headerBytesOf } from './header-bytes';
import type { OutgoingRecord, StreamRecord } from './ports';

const ORIGIN = { topic: 'tags.raw', partition: 3 };
const FAULT = { code: 'unknownType', detail: 'there is no such type' };

function record(value: Buffer | null): StreamRecord {
  return {
    offset: 7,
    timestampMs: 1_700_000_000_123,
    key: Buffer.from('ada'),
    value,
    headers: { trace: Buffer.of(1) },
  };
}

/** As it is read again. */
function readAgain({ key, value, headers }: OutgoingRecord): StreamRecord {
  return { offset: 0, timestampMs: 0, key, value, headers };
}

describe('A dead letter', () => {
  it.each([['{}'], [null]])('holds all of the record %s', (text) => {
    const dead = record(text === null ? null : Buffer.from(text));
    const letter = deadLetter(dead, ORIGIN, FAULT, 5);
    expect(letter.topic).toBe('tags.dead');
    expect(String(letter.headers['dead.origin'])).toBe('tags.raw/3/7');
    expect(codeOfLetter(readAgain(letter))).toBe('unknownType');
    const { key, value, headers, timestampMs } = dead;
    expect(recordOfLetter(readAgain(letter))).toEqual({ topic: 'tags.raw', key, value, headers, timestampMs });
  });

  it('says how long a value was that is cut, and is not replayed then', () => {
    const letter = deadLetter(record(Buffer.alloc(2_000_000)), ORIGIN, FAULT, 5);
    expect(letter.value).toHaveLength(512 * 1024);
    expect(String(letter.headers['dead.bytes'])).toBe('2000000');
    expect(recordOfLetter(readAgain(letter))).toBeNull();
  });

  it('gets through, however long the key and however large the headers are, and is not replayed then', () => {
    const large = Buffer.alloc(900_000);
    for (const dead of [
      { ...record(Buffer.from('{}')), key: large },
      { ...record(Buffer.from('{}')), headers: { trace: large } },
      {
        ...record(Buffer.from('{}')),
        headers: Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`h${at}`, Buffer.alloc(1)])),
      },
      { ...record(large), key: large, headers: { trace: large } },
    ]) {
      const letter = deadLetter(dead, ORIGIN, FAULT, 5);
      const size = (letter.key?.length ?? 0) + (letter.value?.length ?? 0) + headerBytesOf(letter.headers);
      expect(size).toBeLessThan(900_000);
      expect(codeOfLetter(readAgain(letter))).toBe('unknownType');
      expect(String(letter.headers['dead.bytes'])).toBe(String(dead.value?.length));
      expect(recordOfLetter(readAgain(letter))).toBeNull();
    }
  });

  it('is told from other records', () => {
    expect(recordOfLetter(record(null))).toBeNull();
    expect(codeOfLetter(record(null))).toBe('unknown');
  });
});
