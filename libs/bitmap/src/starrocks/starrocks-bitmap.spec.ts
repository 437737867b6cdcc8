import fc from 'fast-check';
import { decodeStarrocksBitmap, encodeStarrocksBitmap, MalformedBitmapError, RoaringBitmap32 } from '../index';
import { starrocksBitmapText } from './encode-starrocks-bitmap';
import { encodeInForm, FORMS, formsFor, u32, u64 } from '../../../../test/support/starrocks-bitmaps/encode-in-form';

const VALUE_MAX = 2 ** 32 - 1;

/** A few values, pieces that become runs, arrays and bitsets, and the edges of the range. */
const bitmaps = fc
  .record({
    values: fc.array(fc.oneof(fc.integer({ min: 0, max: VALUE_MAX }), fc.integer({ min: 0, max: 300_000 })), {
      maxLength: 60,
    }),
    pieces: fc.array(
      fc.record({
        from: fc.integer({ min: 0, max: 1_000_000 }),
        length: fc.integer({ min: 1, max: 70_000 }),
        step: fc.constantFrom(1, 1, 2, 7, 100),
      }),
      { maxLength: 3 },
    ),
    edges: fc.subarray([0, 65_535, 65_536, VALUE_MAX - 1, VALUE_MAX]),
  })
  .map(({ values, pieces, edges }) => {
    const bitmap = new RoaringBitmap32([...values, ...edges]);
    for (const { from, length, step } of pieces) bitmap.orInPlace(RoaringBitmap32.fromRange(from, from + length, step));
    return bitmap;
  });

/** Runs, arrays and bitsets would only repeat what the portable format's own specs say. */
const smallBitmaps = fc
  .uniqueArray(fc.integer({ min: 0, max: VALUE_MAX }), { maxLength: 12 })
  .map((values) => new RoaringBitmap32(values));

describe('bitmaps of StarRocks', () => {
  it.each<[string, number[]]>([
    ['00', []],
    ['0101000000', [1]],
    ['023A3000000100000000000300100000000000010002000300', [0, 1, 2, 3]],
    ['0A030000000D0000000000000017000000000000002100000000000000', [13, 23, 33]],
  ])('are read as its manual shows them: %s', (hex, values) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(decodeStarrocksBitmap(bytes).toArray()).toEqual(values);
    expect(decodeStarrocksBitmap(bytes.toString('base64')).toArray()).toEqual(values);
  });

  it.each<[number[], string]>([
    [[], '00'],
    [[1], '0101000000'],
    [[VALUE_MAX], '01ffffffff'],
    [[0, 2, 9], '023a30000001000000000002001000000000000200' + '0900'],
    [[0, 1, 2, 3], '023b3000000100000300010000000300'],
  ])('are written: %j', (values, hex) => {
    const bitmap = new RoaringBitmap32(values);
    expect(encodeStarrocksBitmap(bitmap).toString('hex')).toBe(hex);
    expect(starrocksBitmapText(bitmap)).toBe(Buffer.from(hex, 'hex').toString('base64'));
  });

  it('are read in every form, from bytes and from text, and written in forms 0, 1 and 2', () => {
    fc.assert(
      fc.property(bitmaps, fc.infiniteStream(fc.nat()), (bitmap, numbers) => {
        const order = (values: number[]): number[] =>
          values
            .map((value) => ({ value, place: numbers.next().value }))
            .sort((a, b) => a.place - b.place)
            .map(({ value }) => value);
        for (const form of formsFor(bitmap.size)) {
          const bytes = encodeInForm(form, bitmap, order);
          const read = [decodeStarrocksBitmap(bytes), decodeStarrocksBitmap(bytes.toString('base64'))];
          if (!read.every((copy) => copy.isEqual(bitmap))) throw new Error(`${form}: read as another`);
        }
        const written = encodeStarrocksBitmap(bitmap);
        expect(written[0]).toBe(bitmap.size < 2 ? bitmap.size : 2);
        expect(decodeStarrocksBitmap(written).isEqual(bitmap)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('are read whatever their place in memory, and stay as they are when others are read', () => {
    const bitmap = RoaringBitmap32.fromRange(3, 5_000_000, 3);
    const bytes = encodeStarrocksBitmap(bitmap);
    for (const shift of [1, 2, 3]) {
      const memory = Buffer.alloc(bytes.length + shift);
      bytes.copy(memory, shift);
      expect(decodeStarrocksBitmap(memory.subarray(shift)).isEqual(bitmap)).toBe(true);
    }
    const text = bytes.toString('base64');
    const [first, second] = [decodeStarrocksBitmap(text), decodeStarrocksBitmap(text)];
    first.add(1);
    decodeStarrocksBitmap(starrocksBitmapText(RoaringBitmap32.fromRange(0, 9_000_000, 7)));
    expect(second.isEqual(bitmap)).toBe(true);
    expect(first.size).toBe(bitmap.size + 1);
  });

  it('may be longer than any that a segment makes', () => {
    const bitmap = RoaringBitmap32.fromRange(0, 20_000_000, 3);
    const text = starrocksBitmapText(bitmap);
    expect(text.length).toBeGreaterThan(3_000_000);
    expect(decodeStarrocksBitmap(text).isEqual(bitmap)).toBe(true);
  });
});

describe('decodeStarrocksBitmap refuses', () => {
  const portable = new RoaringBitmap32([5, 9]).serialize('portable');
  const bytes = (...parts: (number | Uint8Array)[]): Buffer =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)));
  const none = new RoaringBitmap32().serialize('portable');

  it.each<[string, Buffer, string]>([
    ['nothing', bytes(), 'at byte 0: type cut off'],
    ['a type that there is not', bytes(5, 0), 'at byte 0: unknown type 5'],
    ['a type that there was', bytes(11), 'unknown type 11'],
    ['an empty one with bytes', bytes(0, 0), '1 bytes behind the end'],
    ['a short value', bytes(1, 7, 0, 0), 'at byte 1: value cut off at the end, 4 bytes'],
    ['a value with bytes behind', bytes(1, u32(7), 0), '1 bytes behind the end'],
    ['a short u64', bytes(3, u32(7)), 'value cut off at the end, 5 bytes'],
    ['a guid of 33 bits', bytes(3, u64(2n ** 32n)), 'at byte 1: value 4294967296, guids are below 4294967296'],
    ['containers cut off', bytes(2, portable.subarray(0, -1)), 'at byte 17: array cut off at the end'],
    ['containers with bytes behind', bytes(2, portable, 0), '1 bytes after the last container'],
    ['unsorted containers', bytes(2, portable.subarray(0, 16), 9, 0, 5, 0), 'at byte 19: array value 5 after 9'],
    ['no count of halves', bytes(4), 'at byte 1: count of bitmaps cut off'],
    ['a count without end', bytes(4, Buffer.alloc(12, 0x80)), 'at byte 1: a count of more than five bytes'],
    ['more halves than there are', bytes(4, 2, u32(0), portable), 'at byte 26: upper half cut off'],
    ['a huge count', bytes(4, 0xff, 0xff, 0xff, 0xff, 0x7f), 'at byte 6: upper half cut off'],
    ['fewer halves than there are', bytes(4, 0, u32(0), portable), '24 bytes behind the end'],
    ['halves twice', bytes(4, 2, u32(0), portable, u32(0), none), 'upper half 0 after 0'],
    ['halves in another order', bytes(4, 2, u32(3), none, u32(0), portable), 'upper half 0 after 3'],
    ['guids of 34 bits', bytes(4, 1, u32(2), portable), 'values from 8589934592 on, guids are below 4294967296'],
    ['a set without a count', bytes(10, 1, 0), 'at byte 1: count of values cut off'],
    ['a set cut off', bytes(10, u32(2), u64(1), u32(7)), 'values cut off at the end'],
    ['a huge set', bytes(10, u32(VALUE_MAX), u64(1)), 'at byte 5: values cut off at the end, 13 bytes'],
    ['a set with more', bytes(10, u32(1), u64(1), u64(2)), '8 bytes behind the end'],
    ['a value twice', bytes(10, u32(2), u64(1), u64(1)), 'at byte 5: a set with 1 twice'],
    ['a set with a guid of 64 bits', bytes(10, u32(1), u64(2n ** 64n - 1n)), 'value 18446744073709551615'],
    ['a native one without form', bytes(12), 'at byte 1: form cut off'],
    ['another native form', bytes(12, 3), 'unknown native form 3'],
    ['native values cut off', bytes(12, 1, u32(2), u32(8)), 'values cut off at the end'],
    ['native values in no order', bytes(12, 1, u32(2), u32(8), u32(7)), 'at byte 10: value 7 after 8'],
    ['a native value twice', bytes(12, 1, u32(2), u32(8), u32(8)), 'value 8 after 8'],
    ['native values and more', bytes(12, 1, u32(1), u32(8), 0), '1 bytes behind the end'],
    ['native containers and more', bytes(12, 2, portable, 0), '1 bytes behind the end'],
    ['native guids of 33 bits', bytes(13, 1, u32(1), 1, u32(1), u32(0)), 'values from 4294967296 on'],
  ])('%s', (_name, malformed, message) => {
    for (const source of [malformed, malformed.toString('base64')]) {
      const read = (): unknown => decodeStarrocksBitmap(source);
      expect(read).toThrow(MalformedBitmapError);
      expect(read).toThrow(message);
    }
  });

  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    '====',
    'A===',
    'AA==\n',
    ' AA==',
    'AA==AA==',
    'AA=A',
    'A.==',
    'ĀA==',
    '{"a":1}',
    '?',
  ])('what is no base64: %j', (text) => {
    expect(() => decodeStarrocksBitmap(text)).toThrow(MalformedBitmapError);
  });

  it('every beginning of a bitmap', () => {
    fc.assert(
      fc.property(smallBitmaps, (bitmap) => {
        for (const form of formsFor(bitmap.size)) {
          const whole = encodeInForm(form, bitmap, (values) => values);
          for (let length = 0; length < whole.length; length += 1) {
            try {
              decodeStarrocksBitmap(whole.subarray(0, length));
            } catch (error) {
              if (error instanceof MalformedBitmapError) continue;
              throw error;
            }
            throw new Error(`${form}: ${length} of ${whole.length} bytes were read`);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('any bytes behind any type, or reads what they say', () => {
    const types = fc.constantFrom(0, 1, 2, 3, 4, 10, 12, 13);
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 40 }), (type, rest) => {
        expectReadOrRefused(Buffer.concat([Buffer.of(type), rest]));
      }),
      { numRuns: 5_000 },
    );
  });

  it('bitmaps with a bit changed, or reads what they say', () => {
    fc.assert(
      fc.property(smallBitmaps, (bitmap) => {
        for (const form of formsFor(bitmap.size)) {
          const whole = encodeInForm(form, bitmap, (values) => values);
          for (let bit = 0; bit < whole.length * 8; bit += 1) {
            const changed = Buffer.from(whole);
            changed[bit >>> 3]! ^= 1 << (bit & 7);
            expectReadOrRefused(changed);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  function expectReadOrRefused(bytes: Buffer): void {
    try {
      const bitmap = decodeStarrocksBitmap(bytes);
      const copy = new RoaringBitmap32(bitmap.toUint32Array());
      if (copy.size === bitmap.size && decodeStarrocksBitmap(encodeStarrocksBitmap(bitmap)).isEqual(copy)) return;
    } catch (error) {
      if (error instanceof MalformedBitmapError) return;
      throw error;
    }
    throw new Error(`not the bitmap that its values make: ${bytes.toString('hex')}`);
  }

  it('knows all forms', () => {
    const types = FORMS.map((form) => encodeInForm(form, new RoaringBitmap32([1]), (values) => values)[0]);
    expect(new Set(types)).toEqual(new Set([0, 1, 2, 3, 4, 10, 12, 13]));
  });
});
