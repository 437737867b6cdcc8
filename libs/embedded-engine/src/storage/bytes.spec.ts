import fc from 'fast-check';
import { ByteReader, ByteWriter } from './bytes';

describe('ByteWriter and ByteReader', () => {
  it('bring every safe integer and text back', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.maxSafeInteger(), fc.string({ unit: 'binary' }))), (items) => {
        const texts = items.map((item) => (typeof item === 'string' ? Buffer.from(item).toString() : item));
        const writer = new ByteWriter();
        for (const item of texts) {
          if (typeof item === 'number') {
            writer.signed(item);
          } else {
            writer.text(item);
          }
        }
        const reader = new ByteReader(writer.finish());
        expect(texts.map((item) => (typeof item === 'number' ? reader.signed() : reader.text()))).toEqual(
          texts.map((item) => (item === 0 ? 0 : item)),
        );
        expect(reader.done).toBe(true);
      }),
    );
  });

  it('notices an end that comes too early', () => {
    const writer = new ByteWriter();
    writer.text('a longer text than is left');
    const bytes = writer.finish();
    expect(() => new ByteReader(bytes.subarray(0, 5)).text()).toThrow('damaged');
    expect(() => new ByteReader(Buffer.alloc(3)).u32()).toThrow();
  });
});
