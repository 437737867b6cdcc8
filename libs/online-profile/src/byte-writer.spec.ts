import { ByteWriter } from './byte-writer';

describe('ByteWriter', () => {
  it.each(['bytes', 'text', 'uint', 'double'] as const)('keeps what %s writes where its room ends', (kind) => {
    for (let filled = 1_000; filled <= 1_030; filled++) {
      const writer = new ByteWriter();
      writer.bytes(Buffer.alloc(filled, 7));
      if (kind === 'bytes') writer.bytes(Buffer.from('abcdefgh'));
      if (kind === 'text') writer.text('abcdefgh', 8);
      if (kind === 'uint') writer.uint(0x616263, 3);
      if (kind === 'double') writer.double(1.5);
      const expected = {
        bytes: Buffer.from('abcdefgh'),
        text: Buffer.from('abcdefgh'),
        uint: Buffer.from('abc'),
        double: Buffer.from('3ff8000000000000', 'hex'),
      }[kind];
      expect(writer.written.equals(Buffer.concat([Buffer.alloc(filled, 7), expected]))).toBe(true);
    }
  });
});
